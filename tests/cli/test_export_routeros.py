"""`portward export routeros`, from a policy file to a script."""

import argparse
import io
import stat
from pathlib import Path
from typing import Any

import pytest

from portward.cli.environment import Environment
from portward.cli.exit import ExitStatus
from portward.cli.export_routeros import run
from portward.cli.import_routeros import run as import_routeros
from portward.compile.routeros_owned import recognise
from portward.errors import HostError, PolicyError, Severity, UsageError


POLICY = """\
schema = 1
[services.ssh]
ports = ["tcp/22"]
published = ["tcp/12345"]
[sequences.admin]
knocks = ["tcp/33333", "udp/22222", "icmp/128", "tcp/11111"]
opens = ["ssh"]
"""
WITH_WORD = POLICY.replace("udp/22222", "udp/22222=geheim")


@pytest.fixture
def environment() -> Environment:
    """A run without a terminal."""
    return Environment(io.StringIO(), io.StringIO(), io.StringIO(), {})


@pytest.fixture
def options(tmp_path: Path) -> Any:
    """Make options with a policy file."""

    def make(policy: str = POLICY, **given: Any) -> argparse.Namespace:
        path = tmp_path / "policy.toml"
        path.write_text(policy)
        path.chmod(0o600)
        usual = {"routeros": "7", "output": None, "force": False, "remove": False}
        return argparse.Namespace(
            policy=str(path), **{**usual, "allow_weaker": False, "disable": [], **given}
        )

    return make


def test_the_script_is_printed(environment: Environment, options: Any) -> None:
    """The difference that every export has is a note; nothing is written."""
    outcome = run(options(), environment)
    assert recognise(outcome.text + "\n") is not None
    assert outcome.result["text"] == outcome.text + "\n"
    assert outcome.result["moved_services"] == {"ssh": 12345}
    assert [each.severity for each in outcome.diagnostics] == [Severity.NOTE]
    assert not outcome.changed


def test_a_file_is_for_its_owner_alone_and_never_replaced_unasked(
    environment: Environment, options: Any, tmp_path: Path
) -> None:
    """It holds the knocks."""
    path = tmp_path / "gate.rsc"
    outcome = run(options(output=str(path)), environment)
    assert outcome.changed
    assert not outcome.text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert recognise(path.read_text()) is not None
    with pytest.raises(UsageError, match="--force"):
        run(options(output=str(path)), environment)
    assert run(options(output=str(path), force=True), environment).changed
    with pytest.raises(HostError, match="No such file"):
        run(options(output=str(tmp_path / "none" / "gate.rsc")), environment)


def test_what_is_weaker_must_be_wanted(environment: Environment, options: Any) -> None:
    """Refused with its place, or taken with advice; the word is told to nobody."""
    with pytest.raises(PolicyError) as caught:
        run(options(WITH_WORD), environment)
    first = caught.value.diagnostics[0]
    assert (first.code, first.severity, first.span and first.span.line) == ("PW542", Severity.ERROR, 6)
    assert not any("geheim" in text for text in [str(caught.value), *caught.value.sources.values()])
    outcome = run(options(WITH_WORD, allow_weaker=True), environment)
    assert outcome.diagnostics[0].severity is Severity.ADVICE
    assert "# weaker: the word of udp/22222=" in outcome.text
    assert [each["kind"] for each in outcome.result["differences"]] == ["weaker", "different"]


def test_what_is_impossible_stays_so(environment: Environment, options: Any) -> None:
    with pytest.raises(PolicyError, match="ppp\\* stands for many"):
        run(options('interfaces = ["ppp*"]\n' + POLICY, allow_weaker=True), environment)


def test_a_policy_with_mistakes_is_not_exported(environment: Environment, options: Any) -> None:
    with pytest.raises(PolicyError):
        run(options(POLICY.replace('opens = ["ssh"]', 'opens = ["shs"]')), environment)


def test_services_of_the_router_are_switched_off(environment: Environment, options: Any) -> None:
    outcome = run(options(disable=["www,telnet", "ftp"]), environment)
    assert outcome.result["disabled_services"] == ["ftp", "telnet", "www"]
    for name in ("ftp", "telnet", "www"):
        assert f"/ip service set {name} disabled=yes" in outcome.text


@pytest.mark.parametrize(
    ("name", "why"), [("ssh", "the policy guards it as ssh"), ("tellnet", "it has ftp, ssh")]
)
def test_a_service_that_the_policy_opens_stays_on(
    environment: Environment, options: Any, name: str, why: str
) -> None:
    """Nor is there a service of any name."""
    with pytest.raises(UsageError, match=why):
        run(options(disable=[name]), environment)


def test_the_removal_needs_no_leave_to_be_weaker(environment: Environment, options: Any) -> None:
    outcome = run(options(WITH_WORD, remove=True, routeros="6"), environment)
    assert outcome.text.startswith("# portward removal 1, RouterOS 6\n")
    assert " add " not in outcome.text
    assert not outcome.diagnostics


def imported(text: str, path: Path, environment: Environment) -> Any:
    """What `import routeros` makes of a script."""
    path.write_text(text)
    given = {"file": str(path), "output": None, "strict": True, "exact_meaning": False}
    return import_routeros(argparse.Namespace(**given), environment)


def test_import_gives_back_the_very_policy(environment: Environment, options: Any, tmp_path: Path) -> None:
    """From the script itself, without a word of doubt."""
    script = run(options(WITH_WORD, allow_weaker=True), environment).text + "\n"
    outcome = imported(script, tmp_path / "gate.rsc", environment)
    assert outcome.status is ExitStatus.OK
    assert 'knocks = ["tcp/33333", "udp/22222=geheim", "icmp/128", "tcp/11111"]' in outcome.text
    assert [each.severity for each in outcome.diagnostics] == [Severity.NOTE]


def test_import_finds_the_policy_among_the_rules_of_a_router(
    environment: Environment, options: Any, tmp_path: Path
) -> None:
    """Without our comments; the router's other rules are told, and the exit code says so."""
    lines = run(options(), environment).text.splitlines(keepends=True)
    script = "".join(line for line in lines if not line.startswith("#"))
    outcome = imported(script, tmp_path / "router.rsc", environment)
    assert outcome.status is ExitStatus.OK
    assert 'published = ["tcp/12345"]' in outcome.text
    assert "strict = true" in outcome.text
    other = "/ip firewall filter add chain=input action=drop src-address=192.0.2.9\n"
    outcome = imported(script + other, tmp_path / "router.rsc", environment)
    assert outcome.status is ExitStatus.FINDINGS
    assert "none of portward's own" in " ".join(each.message for each in outcome.diagnostics)
    assert 'published = ["tcp/12345"]' in outcome.text
