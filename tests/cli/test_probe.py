import io
import json
import socket
from contextlib import closing
from ipaddress import ip_address
from pathlib import Path

import pytest

from portward.cli.environment import Environment
from portward.cli.main import main
from portward.cli.probe import resolve
from portward.errors import PeerError, UsageError


def run(*words: str) -> tuple[int, str, str]:
    out, talk = io.StringIO(), io.StringIO()
    status = main(["probe", *words], Environment(io.StringIO(), out, talk, {}))
    return status, out.getvalue(), talk.getvalue()


def test_what_listens_is_told_and_that_it_is_for_ones_own_hosts() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        status, out, talk = run("127.0.0.1", "--ports", f"tcp/{port}", "--rate", "1000")
    assert status == 0
    assert f"127.0.0.1 tcp/{port}" in out
    assert "only hosts that are yours" in talk


def test_programs_get_every_port_that_said_something() -> None:
    result = json.loads(run("127.0.0.1", "--ports", "tcp/1", "--json")[1])["result"]
    assert [(each["port"], each["state"]) for each in result["ports"]] == [(1, "closed")]


@pytest.mark.parametrize(
    "words",
    [
        ("10.0.0.0/8",),
        ("2001:db8::/64",),
        ("224.0.0.1",),
        ("0.0.0.0",),
        ("127.0.0.1", "--ports", "22"),
        ("127.0.0.1", "--ports", "icmp/64"),
        ("127.0.0.1", "--ports", "tcp/70000"),
        ("127.0.0.1", "--rate", "0"),
        ("127.0.0.1", "--rate", "100000"),
        ("127.0.0.0/24", "--ports", "tcp/1-65535"),
    ],
)
def test_what_is_too_much_or_no_port_is_a_wrong_command_line(words: tuple[str, ...]) -> None:
    assert run(*words)[0] == 2


def test_this_host_does_not_see_itself_as_a_stranger_does(tmp_path: Path) -> None:
    audit = tmp_path / "audit.json"
    audit.write_text(json.dumps({"result": {"listeners": []}}))
    status, _, talk = run("127.0.0.1", "--ports", "tcp/1", "--against", str(audit))
    assert status == 2
    assert "from another machine" in talk


@pytest.mark.parametrize("text", ["", "{}", "[]", "not json"])
def test_what_is_no_audit_is_refused(tmp_path: Path, text: str) -> None:
    audit = tmp_path / "audit.json"
    audit.write_text(text)
    assert run("127.0.0.1", "--against", str(audit))[0] == 4


def test_a_small_network_is_each_of_its_hosts() -> None:
    assert resolve("192.0.2.0/30", None) == (ip_address("192.0.2.1"), ip_address("192.0.2.2"))
    assert resolve("192.0.2.7", None) == (ip_address("192.0.2.7"),)
    with pytest.raises(UsageError, match="one's own hosts"):
        resolve("192.0.0.0/16", None)


def test_a_name_that_does_not_resolve_is_told() -> None:
    with pytest.raises(PeerError, match="does not resolve"):
        resolve("no-such-name.invalid", None)
