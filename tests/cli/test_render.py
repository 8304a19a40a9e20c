"""How an outcome is shown."""

import io
import json

from portward.cli.commands import COMMANDS
from portward.cli.environment import Environment
from portward.cli.exit import ExitStatus
from portward.cli.outcome import Outcome
from portward.cli.render import render, show
from portward.errors import Diagnostic, Severity, Span


MISTAKE = Diagnostic("PW101", Severity.ERROR, "no such key", Span("p.toml", 2, 3, 4), "did you mean port?")
ADVICE = Diagnostic("PW201", Severity.ADVICE, "slow", Span("p.toml", 1, 1))
SOURCES = {"p.toml": "one\n\tport = 1\n"}


def rendered(outcome: Outcome, *, as_json: bool = False, **variables: str) -> tuple[str, str]:
    """What reaches stdout and stderr."""
    out, talk = io.StringIO(), io.StringIO()
    render(COMMANDS[0], outcome, Environment(io.StringIO(), out, talk, variables), as_json=as_json)
    return out.getvalue(), talk.getvalue()


def test_data_goes_to_stdout_and_talk_to_stderr() -> None:
    out, talk = rendered(Outcome("data", diagnostics=(MISTAKE, ADVICE), sources=SOURCES))
    assert out == "data\n"
    assert talk == (
        "p.toml:2:3: error[PW101]: no such key\n"
        "    \tport = 1\n"
        "    \t ^^^^\n"
        "    hint: did you mean port?\n"
        "p.toml:1:1: advice[PW201]: slow\n"
        "    one\n"
        "    ^\n"
        "1 mistake, 1 piece of advice\n"
    )


def test_colour_only_on_the_label() -> None:
    assert show(MISTAKE, {}, colour=True).startswith("p.toml:2:3: \x1b[31merror[PW101]\x1b[0m: no such key")
    assert "\x1b" in rendered(Outcome(diagnostics=(MISTAKE,)), FORCE_COLOR="1")[1]


def test_json_is_one_object_and_nothing_else() -> None:
    outcome = Outcome("text", {"a": 1}, ExitStatus.FINDINGS, changed=True, diagnostics=(MISTAKE, ADVICE))
    out, talk = rendered(outcome, as_json=True)
    assert talk == ""
    read = json.loads(out)
    assert (read["schema"], read["ok"], read["changed"], read["result"]) == (1, False, True, {"a": 1})
    assert (read["errors"][0]["code"], read["errors"][0]["line"]) == ("PW101", 2)
    assert read["warnings"][0]["severity"] == "advice"


def test_a_place_beyond_the_text_is_shown_without_its_line() -> None:
    """The file may have changed since."""
    far = Diagnostic("PW1", Severity.ERROR, "x", Span("p.toml", 99, 1))
    assert show(far, SOURCES) == "p.toml:99:1: error[PW1]: x"
