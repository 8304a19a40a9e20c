"""`portward invite`, from a policy file to what a person is given."""

import argparse
import io
import stat
from pathlib import Path
from typing import Any

import pytest

from portward.cli.environment import Environment
from portward.cli.invite import run
from portward.errors import HostError, UsageError
from portward.knock.profile_text import read_profiles


POLICY = """\
schema = 1
[services.ssh]
ports = ["tcp/22"]
[sequences.admin]
knocks = ["tcp/33333", "udp/7000=geheim", "icmp/128", "tcp/11111"]
opens = ["ssh"]
[sequences.guest]
knocks = ["tcp/41001", "tcp/21002", "tcp/31003", "tcp/51005"]
opens = ["ssh"]
once = true
[sequences.web]
knocks = ["tcp/40001", "tcp/20002", "tcp/30003", "tcp/50005"]
opens = ["ssh"]
"""


@pytest.fixture
def environment() -> Environment:
    """A run without a terminal."""
    return Environment(io.StringIO(), io.StringIO(), io.StringIO(), {})


@pytest.fixture
def options(tmp_path: Path) -> Any:
    """Make options with this policy."""
    path = tmp_path / "policy.toml"
    path.write_text(POLICY)
    path.chmod(0o600)

    def make(sequence: str = "admin", **given: Any) -> argparse.Namespace:
        usual = {"host": "gate.example.org", "name": None, "html": False, "shell": False, "link": None}
        return argparse.Namespace(
            sequence=sequence, policy=str(path), **{**usual, "output": None, "force": False, **given}
        )

    return make


@pytest.mark.parametrize("kind", [{}, {"html": True}, {"shell": True}], ids=str)
def test_whoever_gets_a_sequence_that_opens_once_is_told_so(
    environment: Environment, options: Any, kind: dict[str, bool]
) -> None:
    """In each kind of invitation, and not in that of another sequence."""
    guest, web = (run(options(name, **kind), environment) for name in ("guest", "web"))
    assert "It opens once" in guest.text
    assert "It opens once" not in web.text
    assert (guest.result["once"], web.result["once"]) == (True, False)


def test_the_profile_is_what_import_profile_takes(environment: Environment, options: Any) -> None:
    profile = read_profiles(run(options(), environment).text, "f")[0]
    assert (profile.name, profile.host, profile.verify, profile.ssh_port) == (
        "gate",
        "gate.example.org",
        (22,),
        22,
    )
    assert profile.knocks[1].word == b"geheim"


def test_the_file_is_for_its_owner_alone(environment: Environment, options: Any, tmp_path: Path) -> None:
    out = tmp_path / "invitation.toml"
    outcome = run(options(output=str(out)), environment)
    assert outcome.text == ""
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert read_profiles(out.read_text(), "f")
    with pytest.raises(UsageError, match="is there already; --force"):
        run(options(output=str(out)), environment)
    run(options(output=str(out), name="new", force=True), environment)
    assert read_profiles(out.read_text(), "f")[0].name == "new"
    with pytest.raises(HostError, match="cannot write"):
        run(options(output=str(tmp_path / "no" / "where")), environment)


def test_a_page_and_lines_are_other_kinds(environment: Environment, options: Any) -> None:
    page = run(options("web", html=True, link="https://gate.example.org/"), environment)
    assert page.text.startswith("<!doctype html>")
    assert page.result["kind"] == "html"
    lines: dict[str, Any] = {"shell": True}
    assert "# nmap" in run(options("web", **lines), environment).text


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sequence": "root"}, "no sequence 'root'; it has admin, guest, web"),
        ({"host": "-x"}, "no host name"),
        ({"html": True, "shell": True}, "ask for one"),
        ({"link": "http://a"}, "--link belongs to --html"),
        ({"html": True}, "a web page cannot knock this sequence: udp/7000=… is no TCP knock; icmp/128"),
        ({"sequence": "web", "html": True, "link": "javascript:alert(1)"}, "no link to a service"),
    ],
)
def test_what_cannot_be_is_refused_without_the_word(
    environment: Environment, options: Any, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError) as caught:
        run(options(**given), environment)
    assert message in str(caught.value)
    assert "geheim" not in str(caught.value)
