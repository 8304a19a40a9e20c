"""Units, files and the session, as a plan needs them."""

from pathlib import Path

from portward.apply.harden_look import (
    ephemeral_ports,
    has_unit,
    read_files,
    read_units_below,
    read_where_from,
    shown_units,
)
from portward.exposure.mend_situation import Unit
from portward.policy.policy import Policy
from portward.sources.policy_reader import read_policy


SHOWN = """Id=ssh.service
LoadState=loaded
ActiveState=active
UnitFileState=enabled
TriggeredBy=ssh.socket
Triggers=

Id=gone.service
LoadState=not-found
ActiveState=inactive
"""


def test_units_are_read_and_those_that_are_not_there_left_out() -> None:
    assert list(shown_units(SHOWN)) == [Unit("ssh.service", "enabled", active=True, others=("ssh.socket",))]


def test_what_systemctl_may_ever_print_is_no_mistake() -> None:
    assert list(shown_units("")) == []
    assert list(shown_units("x\n\n=\nId=\nLoadState=loaded")) == []


def test_below_a_root_a_socket_and_its_service_belong_together(tmp_path: Path) -> None:
    folder = tmp_path / "usr/lib/systemd/system"
    folder.mkdir(parents=True)
    (folder / "a.socket").write_text("[Socket]\nListenStream=23\n[Install]\nWantedBy=sockets.target\n")
    (folder / "a.service").write_text("[Service]\nExecStart=/bin/true\n")
    (folder / "b@.service").write_text("[Service]\nExecStart=/bin/true\n")
    assert set(read_units_below(str(tmp_path), ["a.socket", "no.service"])) == {"a.socket", "a.service"}
    assert has_unit(str(tmp_path), "b@x.service")


def test_files_are_known_by_their_path_in_the_system(tmp_path: Path) -> None:
    (tmp_path / "etc/ssh/sshd_config.d").mkdir(parents=True)
    (tmp_path / "etc/ssh/sshd_config").write_bytes(b"# \xff\n")
    (tmp_path / "etc/ssh/sshd_config.d/a.conf").write_text("Port 5\n")
    assert list(read_files(str(tmp_path))) == ["/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/a.conf"]


def test_a_session_is_its_port_and_whether_it_needs_to_knock() -> None:
    policy, _ = read_policy('schema = 1\nalways = ["192.0.2.0/24"]\n', "p")
    assert policy
    assert read_where_from("192.0.2.7 4000 198.51.100.1 22", policy).port == 22
    assert read_where_from("192.0.2.7 4000 198.51.100.1 22", policy).welcome
    assert not read_where_from("203.0.113.7 4000 198.51.100.1 22", policy).welcome
    assert read_where_from("", Policy()).port == 0


def test_the_ephemeral_ports_are_the_kernels() -> None:
    first, last = ephemeral_ports()
    assert 1024 <= first < last <= 65535
