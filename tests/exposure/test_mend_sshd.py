"""sshd's files for another port: every `Port` goes, one drop-in names the new one, the rest stays byte for byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.exposure.mend_sshd import client_lines, moved_config, moved_socket, without_ports


MAIN = "/etc/ssh/sshd_config"
DROP_IN = "/etc/ssh/sshd_config.d/00-portward.conf"
INCLUDE = "Include /etc/ssh/sshd_config.d/*.conf\n"


def texts_of(*files: tuple[str, str], ports: tuple[int, ...] = (20022,)) -> dict[str, str]:
    """What the files become."""
    return {put.path: put.text for put in moved_config(dict(files), "/etc/ssh", ports)}


def test_a_drop_in_names_the_port() -> None:
    made = texts_of((MAIN, INCLUDE + "UsePAM no\n"))
    assert list(made) == [DROP_IN]
    assert made[DROP_IN].endswith("\nPort 20022\n")


def test_during_a_trial_it_names_both() -> None:
    assert texts_of((MAIN, INCLUDE), ports=(22, 20022))[DROP_IN].endswith("\nPort 22\nPort 20022\n")


def test_other_ports_are_commented_out_wherever_they_stand() -> None:
    other = "/etc/ssh/sshd_config.d/mine.conf"
    made = texts_of(
        (MAIN, INCLUDE + "Port 22\r\n  port=222 # x\nPortX 5\n"), (other, 'Port "2222"\nMatch all\n')
    )
    assert made[MAIN] == INCLUDE + "#portward# Port 22\r\n#portward#   port=222 # x\nPortX 5\n"
    assert made[other] == '#portward# Port "2222"\nMatch all\n'


@pytest.mark.parametrize("main", ["UsePAM no\n", f"Match user x\n{INCLUDE}", f"#{INCLUDE}"])
def test_without_an_include_that_counts_for_all_the_main_file_names_the_port(main: str) -> None:
    assert texts_of((MAIN, main)) == {MAIN: f"Port 20022\n{main}"}


@pytest.mark.parametrize(
    "line", ["ListenAddress 0.0.0.0:22", "listenaddress [::]:22", 'ListenAddress "192.0.2.1:22"']
)
def test_an_address_with_a_port_is_left_to_a_person(line: str) -> None:
    with pytest.raises(ValueError, match="by hand"):
        texts_of((MAIN, f"{INCLUDE}{line}\n"))


@pytest.mark.parametrize("line", ["ListenAddress 0.0.0.0", "ListenAddress ::", "ListenAddress 2001:db8::1"])
def test_an_address_without_a_port_is_no_hindrance(line: str) -> None:
    assert texts_of((MAIN, f"{INCLUDE}{line}\n"))


def test_without_a_configuration_there_is_nothing_to_move() -> None:
    with pytest.raises(ValueError, match="no /etc/ssh/sshd_config"):
        moved_config({}, "/etc/ssh", (1,))


def test_a_socket_unit_forgets_its_old_ports() -> None:
    put = moved_socket("ssh.socket", (22, 20022))
    assert put.path == "/etc/systemd/system/ssh.socket.d/portward.conf"
    assert put.text.endswith("[Socket]\nListenStream=\nListenStream=22\nListenStream=20022\n")


def test_clients_write_host_and_port() -> None:
    assert client_lines("gate", 20022) == ("Host gate", "    Port 20022")


@given(
    st.lists(st.sampled_from(["Port 22", "UsePAM no", "", "# Port 5", "Match all", "X\x0bPort 1"])),
    st.booleans(),
)
def test_commenting_out_changes_no_other_line(lines: list[str], ended: bool) -> None:  # noqa: FBT001 - a drawn value
    text = "\n".join(lines) + ("\n" if ended else "")
    assert without_ports(text).replace("#portward# ", "") == text
