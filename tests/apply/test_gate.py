"""A plan as a value; tests/net/test_apply.py carries plans out."""

from portward.apply.gate import Plan
from portward.apply.listing import Block, Listing
from portward.apply.wanted import Wanted


def table(*lines: str) -> Listing:
    """A table with one chain."""
    return Listing((), {("chain", "door"): Block("chain", "door", lines)})


def test_a_plan_without_changes_says_nothing() -> None:
    plan = Plan(Wanted("text"), table("drop"), table("drop"))
    assert not plan.changes
    assert plan.difference() == []


def test_a_plan_is_named_after_the_policys_file() -> None:
    plan = Plan(Wanted("text", "policy.toml"), table("drop"), table("accept"))
    assert plan.changes
    assert plan.difference()[:2] == ["--- live", "+++ policy.toml"]


def test_the_summary_says_that_nothing_was_there() -> None:
    plan = Plan(Wanted("text"), None, table("tcp dport 33333 accept"))
    assert plan.summary() == "the gate is not up; chains, sets and maps: 1 new"
