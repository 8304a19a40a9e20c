import inspect
from datetime import timedelta

from hypothesis import given, settings
from tests.policies import policies

from portward.check.rules import RULES, check, in_order, mistakes
from portward.errors import Diagnostic, Severity, Span
from portward.policy.net import Knock, Protocol
from portward.policy.policy import Policy, Sequence


@settings(deadline=None)
@given(policies())
def test_no_rule_raises_whatever_the_policy_and_each_finding_is_in_order(policy: Policy) -> None:
    found = check(policy)
    assert in_order(found) == found
    assert mistakes(policy) == tuple(each for each in found if each.severity is Severity.ERROR)


def test_every_rule_says_in_one_sentence_what_holds() -> None:
    for rule in RULES:
        sentence = inspect.getdoc(rule) or ""
        assert sentence.endswith("."), rule


def test_mistakes_come_first_then_advice_then_notes_each_in_the_order_of_the_text() -> None:
    def at(severity: Severity, line: int | None) -> Diagnostic:
        return Diagnostic("PW999", severity, "m", Span("f", line, 1) if line else None)

    first = [at(Severity.ERROR, 2), at(Severity.ERROR, 9), at(Severity.ADVICE, 1), at(Severity.ADVICE, None)]
    wanted = (*first, at(Severity.NOTE, 1))
    assert in_order(reversed(wanted)) == wanted


def test_a_policy_without_places_is_judged_too() -> None:
    policy = Policy(
        sequences=(
            Sequence("a", (Knock(Protocol.TCP, 7),) * 2, (timedelta(days=1),), ("x", "x"), timedelta.max),
        )
    )
    assert {each.code for each in check(policy)} >= {"PW322", "PW323", "PW201", "PW212", "PW408"}
