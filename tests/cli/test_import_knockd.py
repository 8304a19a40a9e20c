"""`portward import knockd`, from a file to a policy file, through the command line."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from portward.cli.environment import Environment
from portward.cli.import_knockd import read_opens
from portward.cli.main import main
from portward.errors import UsageError
from portward.policy.notation import read_ports
from portward.sources.policy_reader import read_policy


GOOD = """\
[options]
  UseSyslog
[shell]
  sequence = 1001,1002:udp,1003
  seq_timeout = 9
  command = /usr/sbin/ufw allow from %IP% to any port 2022 proto tcp
  cmd_timeout = 60
  stop_command = /usr/sbin/ufw delete allow from %IP% to any port 2022 proto tcp
"""
SCRIPT = "[vpn]\nsequence = 5001,5003\ncommand = /root/open %IP%\n"


class Run:
    """One run: its exit code, and what it said."""

    def __init__(self, *words: str, stdin: str = "") -> None:
        out, err = io.StringIO(), io.StringIO()
        self.status = main(["import", "knockd", *words], Environment(io.StringIO(stdin), out, err, {}))
        self.out, self.err = out.getvalue(), err.getvalue()

    @property
    def object(self) -> Any:
        """The one JSON object."""
        return json.loads(self.out)


@pytest.fixture
def good(tmp_path: Path) -> str:
    """A file that is all understood."""
    path = tmp_path / "knockd.conf"
    path.write_text(GOOD)
    return str(path)


@pytest.fixture
def script(tmp_path: Path) -> str:
    """A file whose door runs a script."""
    path = tmp_path / "script.conf"
    path.write_text(SCRIPT)
    return str(path)


def test_the_policy_is_on_stdout_and_the_talk_on_stderr(good: str) -> None:
    """The policy is whole; 0 says that all was understood."""
    run = Run(good)
    policy, found = read_policy(run.out, "policy.toml")
    assert run.status == 0
    assert policy
    assert found == ()
    assert [each.name for each in policy.sequences] == ["shell"]
    assert run.err == "[shell]: the sequence shell opens tcp-2022 for 1m\n"


def test_stdin(good: str) -> None:
    """`-` is the same."""
    assert Run("-", stdin=Path(good).read_text()).out == Run(good).out


def test_writing_a_file(good: str, tmp_path: Path) -> None:
    """It is the owner's alone, and only --force replaces one that is there."""
    output = tmp_path / "policy.toml"
    run = Run(good, "-o", str(output))
    assert (run.status, run.out, output.stat().st_mode & 0o777) == (0, "", 0o600)
    assert output.read_text() == Run(good).out
    refused = Run(good, "-o", str(output))
    assert refused.status == 2
    assert "is there already; --force replaces it" in refused.err
    assert Run(good, "-o", str(output), "--force").status == 0


def test_what_is_not_understood_is_a_finding(script: str, tmp_path: Path) -> None:
    """The exit code is 1, the place is told, and an empty policy is not written."""
    output = tmp_path / "policy.toml"
    run = Run(script, "-o", str(output))
    assert run.status == 1
    assert f"{script}:3:11: error[PW654]: portward does not run this" in run.err
    assert "--opens vpn=tcp/PORT" in run.err
    assert not output.exists()


def test_the_user_says_what_a_script_opens(script: str) -> None:
    """Then the door is a sequence, and the script is a note."""
    run = Run(script, "--opens", "vpn=udp/4500,tcp/443")
    policy, _ = read_policy(run.out, "policy.toml")
    assert run.status == 0
    assert policy
    assert policy.services[0].ports == (read_ports("udp/4500"), read_ports("tcp/443"))
    assert "# not run by portward (what this program does is not known here): /root/open %IP%" in run.out


def test_exact_meaning(good: str) -> None:
    """Strict only without it."""
    assert "\nstrict = true\n" in Run(good).out
    assert "\nstrict = false\n" in Run(good, "--exact-meaning").out


def test_fatal_mistakes_come_all_at_once(tmp_path: Path) -> None:
    """What knockd would not start with is no policy."""
    path = tmp_path / "bad.conf"
    path.write_text("[a]\nsequence = 1:icmp\nseqtimeout = 1\nsequence = 5x\n")
    run = Run(str(path))
    assert (run.status, run.out) == (1, "")
    assert [line.split(":")[1] for line in run.err.splitlines() if line.startswith(str(path))] == [
        "2",
        "2",
        "3",
        "4",
    ]


def test_json_accounts_for_every_door_and_command(tmp_path: Path) -> None:
    """Fate, knocks, services, commands with their words and places."""
    path = tmp_path / "knockd.conf"
    path.write_text(GOOD + SCRIPT)
    run = Run(str(path), "--json")
    assert run.object["ok"] is False
    shell, vpn = run.object["result"]["doors"]
    assert (shell["door"], shell["line"], shell["fate"], shell["opens"], shell["open_for"]) == (
        "shell",
        3,
        "sequence",
        ["tcp-2022"],
        "1m",
    )
    assert shell["commands"][0]["effects"] == [
        {"does": "opens", "ports": ["tcp/2022"], "published": [], "host": None, "set": None, "for": None}
    ]
    assert (vpn["fate"], vpn["sequence"], vpn["knocks"]) == ("refused", None, ["tcp/5001", "tcp/5003"])
    command = vpn["commands"][0]
    assert (command["kind"], command["arguments"], command["line"]) == ("hook", ["/root/open", "%IP%"], 11)
    assert command["packets_depend"]
    assert not command["run_by_portward"]
    assert run.object["result"]["options"] == [{"key": "UseSyslog", "value": None, "line": 2}]


def test_one_time_sequences_become_sequences_that_open_once(tmp_path: Path) -> None:
    """Each that is left in the file; what differs is told once for all."""
    once = tmp_path / "once"
    once.write_text(" 11,12\n#13,14\n 15:udp,16\n")
    path = tmp_path / "knockd.conf"
    path.write_text(f"[a]\none_time_sequences = {once}\ncommand = ufw allow from %IP%\n")
    run = Run(str(path), "--json")
    assert run.status == 0
    doors = run.object["result"]["doors"]
    assert [(each["sequence"], each["once"], each["knocks"]) for each in doors] == [
        ("a-1", True, ["tcp/11", "tcp/12"]),
        ("a-2", True, ["udp/15", "tcp/16"]),
    ]
    policy, found = read_policy(run.object["result"]["policy"], "f")
    assert policy, found
    assert [each.once for each in policy.sequences] == [True, True]
    told = [each["message"] for each in run.object["warnings"]]
    assert sum("the file is not read any more" in each for each in told) == 1
    assert "2 of its one-time sequences are left" in run.out


def test_a_one_time_sequence_that_is_left_out_is_told_at_its_place(tmp_path: Path) -> None:
    """The others are kept, and the mistakes stand behind those of the main file."""
    once = tmp_path / "once"
    once.write_text(" 11,x\n 15,16\n")
    path = tmp_path / "knockd.conf"
    path.write_text(f"[a]\none_time_sequences = {once}\ncommand = ufw allow from %IP%\n{SCRIPT}")
    run = Run(str(path), "--json")
    assert run.status == 1
    assert [each["sequence"] for each in run.object["result"]["doors"]] == [None, "a-2", None]
    left_out = [each for each in run.object["errors"] if "does not become a sequence" in each["message"]]
    assert [each["file"] for each in left_out] == [str(path), str(once)]


@pytest.mark.parametrize("name", ["missing", "."])
def test_a_one_time_file_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    """It is on another machine, perhaps: the rest is read all the same."""
    path = tmp_path / "knockd.conf"
    path.write_text(GOOD + f"[a]\none_time_sequences = {tmp_path / name}\ncommand = ufw allow from %IP%\n")
    run = Run(str(path))
    assert run.status == 1
    assert "this file cannot be read here" in run.err
    assert "[sequences.shell]" in run.out


@pytest.mark.parametrize("word", ["vpn", "=tcp/1", "vpn=", "vpn=tcp/0", "vpn=tcp/1,", "vpn=*,tcp/1"])
def test_wrong_spellings_of_what_a_door_opens(word: str) -> None:
    """Told as a wrong command line."""
    with pytest.raises(UsageError, match="--opens"):
        read_opens([word])


def test_what_a_door_opens() -> None:
    """Names may hold =."""
    assert read_opens(["a=b=tcp/1", "c=*"]) == {"a=b": (read_ports("tcp/1"),), "c": None}


def test_wrong_use(good: str, tmp_path: Path) -> None:
    """A door that is not there, a file that is not there, a place that cannot be written."""
    assert Run(good, "--opens", "shel=tcp/1").status == 2
    assert Run(str(tmp_path / "none")).status == 4
    assert Run(str(tmp_path)).status == 4
    assert Run(good, "-o", str(tmp_path / "none" / "policy.toml")).status == 4
