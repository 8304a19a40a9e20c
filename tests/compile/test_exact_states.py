from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.compile.exact_matchers import Ground
from portward.compile.exact_states import rate_of, statement
from portward.sources.routeros_matchers import ConnectionLimit, DstLimit, Limit, Matcher, Nth, Random, StateIs
from portward.sources.routeros_rules import Family


GROUND = Ground(Family.V4, {}, {})
SECOND = timedelta(seconds=1)


@given(st.integers(1, 1000), st.integers(1, 10**6))
def test_a_rate_is_the_same_or_known_to_be_rounded(rate: int, seconds: int) -> None:
    times, unit, same = rate_of(Limit(rate, timedelta(seconds=seconds), 1))
    lengths = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
    assert same == (times * seconds == rate * lengths[unit])
    assert same or unit == "week"


@pytest.mark.parametrize(
    ("matcher", "text"),
    [
        (Limit(5, timedelta(minutes=1), 2), "limit rate 5/minute burst 2 packets"),
        (Limit(1, timedelta(seconds=7), 2, negated=True), "limit rate over 86400/week burst 2 packets"),
        (Random(30), "numgen random mod 100 < 30"),
        (Nth(3, 3, negated=True), "numgen inc mod 3 != 2"),
        (Nth(1, 1), ""),
        (ConnectionLimit(3, 24), "add @{set} {{ ip saddr & 255.255.255.0 ct count over 3 }}"),
        (
            DstLimit(1, SECOND, 2, "src-and-dst-addresses", timedelta(minutes=1)),
            "update @{set} {{ ip saddr . ip daddr timeout 1m limit rate 1/second burst 2 packets }}",
        ),
    ],
    ids=str,
)
def test_matchers_that_keep_a_state_are_statements(matcher: Matcher, text: str) -> None:
    assert statement(matcher, GROUND).text == text


def test_a_matcher_without_a_state_is_no_statement() -> None:
    with pytest.raises(TypeError):
        statement(StateIs(frozenset()), GROUND)
