import io
import json
import time
from pathlib import Path

import pytest
from tests.cli.live_router import desk

from lab.routeros_device import Device
from portward.cli.environment import Environment
from portward.cli.main import main


RSC = "/ip service set telnet disabled=no\n/ip socks set enabled=yes\n"


def run(*words: str, stdin: str = "") -> tuple[int, str, str]:
    out, talk = io.StringIO(), io.StringIO()
    status = main(["audit", *words], Environment(io.StringIO(stdin), out, talk, {}))
    return status, out.getvalue(), talk.getvalue()


@pytest.fixture
def script(tmp_path: Path) -> str:
    path = tmp_path / "r.rsc"
    path.write_text(RSC)
    return str(path)


def test_a_router_is_told_line_by_line_with_the_command_that_mends(script: str) -> None:
    status, out, _ = run(script)
    assert status == 1
    assert f"{script}:2:1: error[PX505]: /ip socks is enabled" in out
    assert "        /ip socks set enabled=no" in out


def test_a_script_on_stdin() -> None:
    assert run("-", stdin="/ip socks set enabled=no\n")[0] == 0
    assert run("-", stdin=RSC)[0] == 1


def test_three_forms_of_one_answer(script: str) -> None:
    assert {each["code"] for each in json.loads(run(script, "--json")[1])["result"]["findings"]} == {
        "PX501",
        "PX505",
    }
    assert json.loads(run(script, "--sarif")[1])["version"] == "2.1.0"
    assert run(script, "--html")[1].startswith("<!doctype html>")


@pytest.mark.parametrize(
    "words",
    [("--html", "--sarif"), ("--json", "--sarif"), ("r.rsc", "--root", "/"), ("r.rsc", "--router", "x")],
)
def test_what_does_not_go_together_is_a_wrong_command_line(words: tuple[str, ...]) -> None:
    assert run(*words)[0] == 2


def test_a_file_that_is_not_there_is_the_machines_fault() -> None:
    status, _, talk = run("/nonexistent.rsc")
    assert status == 4
    assert "cannot read /nonexistent.rsc" in talk


def test_a_policy_with_mistakes_is_refused(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("schema = 1\nfoo = 1\n")
    assert run("--policy", str(policy), "--no-ask")[0] == 1


def test_this_host_is_laid_out_as_a_table() -> None:
    """Whatever listens here: the heading, or that nothing does."""
    status, out, _ = run("--no-ask")
    assert status in {0, 1}
    assert out.startswith(("PORT ", "nothing listens"))


def test_a_system_that_does_not_run(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    status, out, _ = run("--root", str(tmp_path))
    assert status == 0
    assert "the system does not run" in out


@pytest.mark.parametrize(("api", "version"), [("rest", 7), ("binary", 7), ("binary", 6)])
def test_a_router_that_runs_is_asked_by_pushs_connection(tmp_path: Path, api: str, version: int) -> None:
    device = Device(time.monotonic, version=version)
    device.command("/ip/socks/set", {"enabled": "yes"})
    with desk(device, api, tmp_path) as at:
        status, out, _ = at.run("audit", "--router", "edge")
        assert status == 1
        assert (
            "error[PX505]: /ip socks is enabled\n    mend (command):\n        /ip socks set enabled=no" in out
        )
        told = json.loads(at.run("audit", "--router", "edge", "--json")[1])["result"]
        assert told["router"] == "edge"
        subjects = {each["subject"] for each in told["findings"]}
        assert {"/ip service telnet", "/tool mac-server", "/user admin", "/ip firewall filter"} <= subjects
        results = json.loads(at.run("audit", "--router", "edge", "--sarif")[1])["runs"][0]["results"]
        places = {each["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] for each in results}
        assert "edge /ip socks" in places
        assert "What edge shows" in at.run("audit", "--router", "edge", "--html")[1]
        assert at.run("audit", "--router", "core")[0] == 2
