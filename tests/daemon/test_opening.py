"""Openings: what the reader may ask for, judged without trusting it."""

import json
from datetime import timedelta
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.daemon_case import HOUR, NOW, opening, policy

from portward.daemon.opening import Opening, from_json, permitted, read_message, to_json


def test_a_message_holds_openings_both_ways() -> None:
    made = (opening(), opening("root", "ssh", "web", number=7, address=ip_address("2001:db8::7")))
    assert from_json(read_message(to_json(made))) == made


@pytest.mark.parametrize(
    "wanted",
    [opening(), opening("root", "ssh", "web"), opening("dave"), opening(length=timedelta(seconds=1))],
    ids=["theirs", "all", "from there", "shorter"],
)
def test_what_the_policy_allows_is_permitted(wanted: Opening) -> None:
    assert permitted(policy(), wanted, NOW)


@pytest.mark.parametrize(
    "wanted",
    [
        opening("alice", "web"),
        opening("alice", "ssh", "web"),
        opening("nobody"),
        opening("carol"),
        opening("erin"),
        opening("dave", address=ip_address("198.51.100.1")),
        opening(length=2 * HOUR),
        opening(length=timedelta()),
        opening("root", "telnet"),
        opening("root", "*"),
    ],
    ids=[
        "another",
        "one too many",
        "unknown",
        "revoked",
        "over",
        "elsewhere",
        "too long",
        "no time",
        "no such",
        "star",
    ],
)
def test_a_reader_that_was_taken_over_gets_no_more_than_the_policy_allows(wanted: Opening) -> None:
    assert not permitted(policy(), wanted, NOW)


def test_the_end_holds_whatever_the_clock_says() -> None:
    """Neither a clock set back nor one set forward lengthens it."""
    made = opening()
    assert made.left(NOW) == HOUR
    assert made.left(NOW - 5 * HOUR) == HOUR
    assert made.left(NOW + HOUR) == timedelta()


@given(st.binary(max_size=80) | st.text(max_size=80).map(str.encode))
def test_what_is_no_message_is_a_value_error(data: bytes) -> None:
    try:
        message = read_message(data)
    except ValueError:
        return
    with pytest.raises(ValueError):  # noqa: PT011 - the one error there is
        from_json(message)


@pytest.mark.parametrize(
    "stored", [[1], ["x"] * 6, [1, "alice", ["ssh"], "nowhere", 0, 0], [1, "a", 5, "::1", 0, 0]]
)
def test_a_damaged_opening_is_a_value_error(stored: list[object]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the one error there is
        from_json(json.loads(json.dumps({"openings": [stored]})))
