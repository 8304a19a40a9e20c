"""The command line: finding the verb, exit codes, mistakes; and how fast it starts."""

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import portward
from portward.cli import main as module
from portward.cli.commands import COMMANDS
from portward.cli.environment import Environment
from portward.cli.exit import ExitStatus
from portward.cli.main import find_command, main, split_command
from portward.cli.outcome import Outcome
from portward.errors import (
    Diagnostic,
    HostError,
    PeerError,
    PolicyError,
    Severity,
    TargetError,
    UsageError,
)


SOURCES = str(Path(portward.__file__).parents[1])


def run(*words: str) -> tuple[int, str, str]:
    """Run one command line and give its exit code, stdout and stderr."""
    environment = Environment(io.StringIO(), io.StringIO(), io.StringIO(), {})
    code = main(words, environment)
    assert isinstance(environment.stdout, io.StringIO)
    assert isinstance(environment.stderr, io.StringIO)
    return code, environment.stdout.getvalue(), environment.stderr.getvalue()


def test_verbs_of_one_and_of_two_words_are_found() -> None:
    command, rest = find_command(["import", "routeros", "file"])
    assert command is not None
    assert (command.name, rest) == ("import routeros", ["file"])
    command, rest = find_command(["knock", "gate", "tcp/1"])
    assert command is not None
    assert (command.name, rest) == ("knock", ["gate", "tcp/1"])
    assert find_command(["--help"]) == (None, ["--help"])
    assert find_command([]) == (None, [])


def test_a_command_to_run_is_cut_off_at_the_first_dashes() -> None:
    assert split_command(["gate", "--", "ssh", "--", "x"]) == (["gate"], ["ssh", "--", "x"])
    assert split_command(["gate", "--"]) == (["gate"], [])
    assert split_command(["gate"]) == (["gate"], [])


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("x"), ExitStatus.USAGE),
        (PeerError("x"), ExitStatus.FINDINGS),
        (TargetError("x"), ExitStatus.REFUSED),
        (HostError("x"), ExitStatus.HOST),
        (PolicyError([Diagnostic("", Severity.ERROR, "x")]), ExitStatus.FINDINGS),
        (KeyboardInterrupt(), ExitStatus.INTERRUPTED),
    ],
)
def test_an_error_becomes_the_exit_code_of_whose_fault_it_is(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, code: ExitStatus
) -> None:
    def fail(*_: Any) -> Outcome:
        raise error

    monkeypatch.setattr(module, "find_handler", lambda _command: fail)
    assert run("profiles")[0] == code
    if code is not ExitStatus.INTERRUPTED:
        assert run("profiles")[2] == "error: x\n"


def test_positional_words_and_options_may_be_mixed(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def handle(options: Any, _environment: Environment) -> Outcome:
        seen.append(options)
        return Outcome()

    monkeypatch.setattr(module, "find_handler", lambda _command: handle)
    run("knock", "gate", "tcp/1", "--verify", "22", "tcp/2", "-6", "--", "ssh", "-v", "gate")
    assert seen[0].sequence == ["tcp/1", "tcp/2"]
    assert (seen[0].verify, seen[0].family, seen[0].then) == (["22"], "6", ["ssh", "-v", "gate"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nock"], "there is no command 'nock'; did you mean knock?"),
        (["xyzzy"], "there is no command 'xyzzy'; portward --help lists the commands"),
        (["import"], "import what? there is: import routeros"),
        (["knock"], "the following arguments are required: HOST"),
        (["knock", "gate", "--verfy", "22"], "unrecognized arguments: --verfy"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_a_wrong_command_line_exits_2_with_a_hint(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == ExitStatus.USAGE
    assert message in capsys.readouterr().err


def test_no_words_at_all_print_the_overview_as_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == ExitStatus.USAGE
    assert "the client:" in capsys.readouterr().err


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    out = capsys.readouterr().out
    assert all(command.name in out for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: str(command.name))
def test_every_command_has_help_and_a_handler(command: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*command.name.split(), "--help"])
    assert caught.value.code == 0
    assert command.summary[1:] in " ".join(capsys.readouterr().out.split())
    assert callable(module.find_handler(command))


def test_a_reader_that_went_away_is_no_error() -> None:
    """`portward … | head -0`: no traceback, exit 0."""
    command = f"{sys.executable} -m portward completion bash | head -c 1 >/dev/null; exit ${{PIPESTATUS[0]}}"
    ended = subprocess.run(
        ["bash", "-c", command],
        check=False,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": SOURCES, "PATH": "/usr/bin:/bin"},
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_help_imports_no_heavy_module() -> None:
    """So that it starts at once; how fast, `make bench` measures."""
    code = "import sys; from portward.cli.main import main; sys.exit(main())"
    imported = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code, "knock", "--help"],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": SOURCES},
    ).stderr
    assert not [name for name in ("attr", "json", "pathlib", "socket", "tomllib") if f" {name}\n" in imported]
