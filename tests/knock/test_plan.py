"""From knocks to packets with times."""

from datetime import timedelta
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.errors import UsageError
from portward.knock.plan import copies_of_try, pause_after_try, plan_sequence
from portward.policy.notation import read_knock, write_knock


V4 = ip_address("192.0.2.1")
V6 = ip_address("2001:db8::1")
KNOCKS = tuple(map(read_knock, ("tcp/3", "udp/1", "icmp/100")))
FIFTH = timedelta(milliseconds=200)


def as_lines(plan: tuple[object, ...]) -> list[str]:
    """Write a plan as a person would note it."""
    return [
        f"{send.at / timedelta(milliseconds=1):g} {send.address} {write_knock(send.knock)}"  # type: ignore[attr-defined]
        for send in plan
    ]


def test_one_address_gets_one_knock_after_the_other() -> None:
    assert as_lines(plan_sequence(KNOCKS, [V4], FIFTH)) == [
        "0 192.0.2.1 tcp/3",
        "200 192.0.2.1 udp/1",
        "400 192.0.2.1 icmp/100",
    ]


def test_both_families_get_the_whole_sequence_in_step() -> None:
    assert as_lines(plan_sequence(KNOCKS[:2], [V4, V6], FIFTH)) == [
        "0 192.0.2.1 tcp/3",
        "0 2001:db8::1 tcp/3",
        "200 192.0.2.1 udp/1",
        "200 2001:db8::1 udp/1",
    ]


def test_copies_follow_within_milliseconds() -> None:
    assert as_lines(plan_sequence(KNOCKS[:2], [V4], FIFTH, copies=2)) == [
        "0 192.0.2.1 tcp/3",
        "5 192.0.2.1 tcp/3",
        "200 192.0.2.1 udp/1",
        "205 192.0.2.1 udp/1",
    ]


@given(
    numbers=st.lists(st.integers(1, 65535), min_size=1, max_size=8),
    delay=st.timedeltas(timedelta(), timedelta(minutes=1)),
    copies=st.integers(1, 5),
)
def test_no_copy_comes_after_the_next_knock(numbers: list[int], delay: timedelta, copies: int) -> None:
    """Whatever the delay: times never go back, and knocks stay in order."""
    knocks = [read_knock(f"udp/{number}") for number in numbers]
    plan = plan_sequence(knocks, [V4, V6], delay, copies)
    assert [each.at for each in plan] == sorted(each.at for each in plan)
    assert [each.knock for each in plan] == [knock for knock in knocks for _ in range(2 * copies)]


def test_an_echo_too_small_for_ipv6_is_refused() -> None:
    knock = read_knock("icmp/47")
    assert plan_sequence([knock], [V4], FIFTH)
    with pytest.raises(UsageError, match=r"icmp/47 cannot be sent to 2001:db8::1.*at least 48 bytes; use -4"):
        plan_sequence([knock], [V4, V6], FIFTH)


def test_a_word_needs_room_in_the_ipv6_packet_too() -> None:
    knock = read_knock("icmp/50=abcdef")
    with pytest.raises(UsageError, match="at least 54 bytes") as caught:
        plan_sequence([knock], [V6], FIFTH)
    assert "abcdef" not in str(caught.value)


def test_retries_send_more_copies() -> None:
    assert [copies_of_try(number, 1) for number in (1, 2, 3)] == [1, 3, 3]
    assert [copies_of_try(number, 5) for number in (1, 2)] == [5, 5]


def test_a_known_penalty_is_waited_out_an_unknown_one_is_felt_for() -> None:
    minute = timedelta(minutes=1)
    assert [pause_after_try(number, minute) for number in (1, 7)] == [timedelta(seconds=61)] * 2
    assert [pause_after_try(number, None).seconds for number in (1, 2, 3, 4)] == [2, 4, 8, 16]
