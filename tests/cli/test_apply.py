"""`portward apply`: what it asks, and what it tells; tests/net has what it does."""

import argparse
import io
from datetime import timedelta

import pytest

from portward.apply.gate import Plan
from portward.apply.listing import Block, Listing
from portward.apply.rollback import Snapshot
from portward.apply.trial import Ending, Trial
from portward.apply.wanted import Wanted
from portward.cli.apply import agreed, ask, ended, read_trial, shown
from portward.cli.environment import Environment
from portward.cli.exit import ExitStatus
from portward.errors import UsageError


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """As a terminal does."""
        return True


def table(*lines: str) -> Listing:
    """A table with one chain."""
    return Listing((), {("chain", "door"): Block("chain", "door", lines)})


def person(answer: str) -> Environment:
    """A person at a terminal who answers."""
    return Environment(stdin=Terminal(answer), stdout=Terminal(), stderr=Terminal(), variables={})


def nobody() -> Environment:
    """A program, or a unit."""
    return Environment(stdin=io.StringIO("yes\n"), stdout=io.StringIO(), stderr=io.StringIO(), variables={})


@pytest.mark.parametrize(
    ("answer", "agrees"), [("y\n", True), ("YES\n", True), ("\n", False), ("no\n", False), ("", False)]
)
def test_only_a_yes_is_a_yes(answer: str, *, agrees: bool) -> None:
    assert ask("go on?", person(answer)) is agrees


def test_nobody_is_asked_without_a_terminal() -> None:
    options = argparse.Namespace(yes=False, confirmed=False)
    with pytest.raises(UsageError, match="--trial"):
        agreed(options, nobody())
    assert agreed(argparse.Namespace(yes=True, confirmed=False), nobody())
    assert agreed(argparse.Namespace(yes=False, confirmed=True), nobody())


def test_a_person_sees_the_whole_plan_and_a_log_only_counts() -> None:
    """Knocks and secret words stand in the rules."""
    plan = Plan(Wanted("", "policy.toml"), table("tcp dport 33333"), table("tcp dport 44444"))
    assert "44444" in shown(plan, person(""))
    assert shown(plan, nobody()) == "1 changed"


@pytest.mark.parametrize("text", ["4s", "2d", "soon", "", "120"])
def test_a_trial_lasts_neither_too_short_nor_too_long(text: str) -> None:
    with pytest.raises(UsageError, match="--trial"):
        read_trial(text)


def test_a_trial_is_given_as_any_other_length() -> None:
    assert read_trial("2m") == timedelta(minutes=2)


def test_the_exit_code_tells_how_the_trial_ended() -> None:
    begun = Trial("id", "boot", 0.0, 120.0, "", Wanted(""), Snapshot(None, {}, 0.0))
    kept, undone = ended(Ending.KEPT, begun), ended(Ending.UNDONE, begun)
    assert (kept.status, kept.changed) == (ExitStatus.OK, True)
    assert (undone.status, undone.changed) == (ExitStatus.FINDINGS, False)
    assert undone.result["trial"] == {"seconds": 120.0, "ending": "undone"}
