from pathlib import Path

import pytest
from tests.exposure.firewalls import listener

from portward.errors import HostError
from portward.exposure.settings import ask_sshd, has_communities, read_sshd, takes_communities


def test_only_what_rules_ask_for_is_kept() -> None:
    assert read_sshd("port 22\npasswordauthentication Yes\nhostkey /etc/ssh/key\n") == {
        "passwordauthentication": "yes"
    }


def test_the_server_itself_is_asked_with_its_own_file(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7/cmdline").write_text(
        "sshd: /usr/sbin/sshd -D -f /etc/other [listener] 0 of 10-100 startups\0"
    )
    asked: list[tuple[str, ...]] = []

    def run(*words: str) -> str:
        asked.append(words)
        return "passwordauthentication no\n"

    found, failed = ask_sshd(run, tmp_path, [listener("tcp/22", program="sshd")])
    assert (found, failed) == ({22: {"passwordauthentication": "no"}}, [])
    assert asked == [("/usr/sbin/sshd", "-T", "-f", "/etc/other")]


def test_the_server_that_a_socket_unit_starts_is_asked_too(tmp_path: Path) -> None:
    def run(*words: str) -> str:
        assert words == ("sshd", "-T")
        return "passwordauthentication yes\n"

    sockets = [listener("tcp/2222", program="systemd", unit=unit) for unit in ("ssh.socket", "own.socket")]
    assert ask_sshd(run, tmp_path, sockets[:1]) == ({2222: {"passwordauthentication": "yes"}}, [])
    assert ask_sshd(run, tmp_path, sockets[1:]) == ({}, [])


def test_such_a_server_tells_also_while_its_folder_is_not_there(tmp_path: Path) -> None:
    def run(*words: str) -> str:
        if words[0] == "sshd":
            raise HostError("sshd: Missing privilege separation directory: /run/sshd")
        assert words[:2] == ("unshare", "--mount")
        return "passwordauthentication yes\n"

    found, failed = ask_sshd(run, tmp_path, [listener("tcp/22", program="systemd", unit="ssh.socket")])
    assert (found, failed) == ({22: {"passwordauthentication": "yes"}}, [])


def test_a_server_that_does_not_tell_is_said(tmp_path: Path) -> None:
    def run(*words: str) -> str:
        raise HostError(str(words))

    found, failed = ask_sshd(run, tmp_path, [listener("tcp/22", program="sshd")])
    assert found == {}
    assert failed == ["sshd on tcp/22 would not tell its settings (sshd -T)"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("rocommunity s3cret default\n", True),
        ("  rwcommunity6 s3cret\n", True),
        ("com2sec readonly default s3cret\n", True),
        ("# rocommunity public\nrouser admin authpriv\n", False),
    ],
)
def test_communities_are_found_and_not_kept(text: str, found: bool) -> None:  # noqa: FBT001 - a column
    assert has_communities(text) is found


def test_without_a_server_or_its_file_nobody_knows(tmp_path: Path) -> None:
    assert takes_communities(tmp_path, tmp_path, [listener("udp/161", program="snmpd")]) is None
    assert takes_communities(tmp_path, tmp_path, [listener("tcp/22", program="sshd")]) is None
