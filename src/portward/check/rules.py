"""All rules, in one tuple, and what runs them."""

from collections.abc import Iterable
from typing import Protocol

from portward.check import doors, guessing, keys, order, reach, timing
from portward.check.session import Session, session_stays_welcome
from portward.errors import Diagnostic, Severity
from portward.policy.policy import Policy


class Rule(Protocol):
    """What a rule is: it takes any policy that the reader can build, and tells what it finds, each with its place.

    It must not raise, must not depend on other rules, and stays near linear in the number of sequences. It also meets
    policies from whose text something had to be left out; of those, only mistakes are told.
    """

    def __call__(self, policy: Policy, /) -> Iterable[Diagnostic]:
        """Judge a policy."""


RULES: tuple[Rule, ...] = (
    *doors.RULES,
    *order.RULES,
    *guessing.RULES,
    *timing.RULES,
    *reach.RULES,
    *keys.RULES,
)

_RANK = {Severity.ERROR: 0, Severity.ADVICE: 1, Severity.NOTE: 2}


def check(policy: Policy, session: Session | None = None) -> tuple[Diagnostic, ...]:
    """Run all rules over a policy.

    Args:
        policy: what to judge.
        session: the login of the person who asks, when there is one.

    Returns:
        Mistakes, then advice, then notes, each in the order of the text.
    """
    found = [each for rule in RULES for each in rule(policy)]
    if session:
        found += session_stays_welcome(policy, session)
    return in_order(found)


def mistakes(policy: Policy) -> tuple[Diagnostic, ...]:
    """Run all rules and keep the mistakes: all that can be said of a policy that is not whole."""
    return tuple(each for each in check(policy) if each.severity is Severity.ERROR)


def in_order(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Sort by severity, then by the order of the text; what has no place comes last."""
    return tuple(sorted(found, key=_order))


def _order(diagnostic: Diagnostic) -> tuple[int, bool, str, int, int, str]:
    span = diagnostic.span
    place = (False, span.file, span.line, span.column) if span else (True, "", 0, 0)
    return (_RANK[diagnostic.severity], *place, diagnostic.code)
