"""Rolling sequences, as transcripts."""

from datetime import timedelta
from ipaddress import ip_network

import attrs
import pytest
from tests.simulate.keyed import ALICE, BOB, BOBS_KNOCKS, KNOCKS, WAYS, gate, opened
from tests.simulate.transcript import OTHER, VISITOR, VISITOR_6, sequence

from portward.policy.people import Rolling, Ways
from portward.policy.policy import Mode, Sizes


ONCE = attrs.evolve(WAYS, rolling=Rolling(20000, 20999, knocks=3, once=True))
FIRST, SECOND, THIRD = KNOCKS.split(" ")


def test_the_knocks_in_order_open_for_their_person() -> None:
    here = gate()
    reached = here.hears(FIRST).reached[0]
    assert (reached.sequence, reached.place, reached.person) == ("", 1, "alice")
    assert here.hears(SECOND).reached[0].place == 2
    assert opened(here.hears(THIRD)) == [("ssh", "alice")]
    assert here.is_open()
    assert not here.is_open(source=OTHER)


@pytest.mark.parametrize(
    "knocks", [f"{SECOND} {THIRD}", f"{FIRST} {THIRD}", f"{SECOND} {FIRST} {THIRD}", f"{FIRST} {SECOND}"]
)
def test_not_all_or_not_in_order_opens_nothing(knocks: str) -> None:
    here = gate(strict=False)
    here.hears_all(knocks)
    assert not here.is_open()


def test_the_protocol_counts() -> None:
    here = gate(strict=False)
    assert not here.hears("udp/20000").reached


def test_another_window_is_another_sequence() -> None:
    here = gate()
    here.now = 1000.0
    assert not here.hears(FIRST).reached


def test_a_knock_that_comes_too_late_is_out_of_turn() -> None:
    """Each step has 10 seconds."""
    here = gate(sequences=(sequence(steps=30),))
    here.hears(FIRST)
    late = here.hears(SECOND, after=10.1)
    assert late.stray
    assert late.penalised  # mid-sequence lasts the longest step of the whole policy


def test_a_repeat_renews_its_stage_and_is_no_stray() -> None:
    here = gate()
    for _ in range(3):
        assert here.hears(FIRST, after=9).reached
    for _ in range(3):
        assert not here.hears(SECOND, after=3).stray
    assert here.hears(THIRD).granted
    assert here.hears(THIRD).granted


def test_a_stray_costs_a_penalty() -> None:
    here = gate(penalty=timedelta(seconds=30))
    here.hears(FIRST)
    assert here.hears("tcp/9").penalised
    assert not here.hears(FIRST).reached
    here.now += 31
    assert here.hears_all(KNOCKS).granted


def test_somebody_elses_knock_is_a_stray_and_no_help() -> None:
    here = gate()
    theirs = BOBS_KNOCKS.split(" ")
    here.hears_all(f"{FIRST} {SECOND}")
    assert here.hears(theirs[2]).penalised
    assert not here.hears(THIRD).granted


def test_somebody_elses_first_knock_is_no_stray() -> None:
    here = gate()
    here.hears_all(f"{FIRST} {SECOND}")
    assert not here.hears(BOBS_KNOCKS.split(" ")[0]).stray
    assert here.hears(THIRD).granted


def test_the_policys_own_sequences_and_rolling_ones_do_not_mix() -> None:
    """But mid-sequence is one."""
    here = gate(sequences=(sequence(knocks="tcp/1 tcp/2"),))
    here.hears("tcp/1")
    assert here.hears(SECOND).penalised
    assert not here.hears(THIRD).granted


def test_a_knock_goes_on_as_to_a_closed_port() -> None:
    here = gate(mode=Mode.LOCKDOWN)
    assert [here.hears(each).verdict for each in KNOCKS.split(" ")] == ["drop"] * 3
    theirs = [here.hears(each, source=OTHER).verdict for each in BOBS_KNOCKS.split(" ")]
    assert theirs == ["drop", "drop", "leave"]


def test_without_strict_there_is_no_stray() -> None:
    here = gate(strict=False)
    assert here.hears_all(f"{FIRST} tcp/9 {THIRD} {SECOND} udp/9 {THIRD}").granted
    assert not here.state.midway[4].ends


def test_once_is_once_whoever_comes() -> None:
    here = gate(ways=ONCE)
    assert here.hears_all(KNOCKS).granted
    again = here.hears_all(KNOCKS, source=OTHER)
    assert not again.granted
    assert not again.stray
    assert here.hears_all(BOBS_KNOCKS, source=OTHER).granted


def test_once_counts_even_where_its_person_may_not_be() -> None:
    here = gate(attrs.evolve(ALICE, networks=(ip_network(f"{VISITOR}/32"),)), ways=ONCE)
    assert not here.hears_all(KNOCKS, source=VISITOR_6).granted
    assert not here.hears_all(KNOCKS).granted


def test_the_last_knock_of_somebody_who_is_gone_is_a_stray() -> None:
    """It was loaded before its person was revoked."""
    here = gate(ALICE, attrs.evolve(BOB, revoked=True))
    last = here.hears_all(BOBS_KNOCKS)
    assert (last.granted, last.penalised) == ((), True)


def test_a_policy_with_fewer_knocks_has_no_place_for_the_rest() -> None:
    """What was loaded for longer sequences stays."""
    here = gate(ways=Ways(rolling=Rolling(20000, 20999, knocks=2)), strict=False)
    assert here.hears_all(f"{FIRST} {SECOND}").granted
    assert here.hears(THIRD).line == "5.6"
    assert len(here.hears(THIRD).reasons) == 1


def test_when_the_set_of_stages_is_full_a_first_knock_does_not_count() -> None:
    here = gate(sizes=Sizes(stages=64))
    for number in range(64):
        here.hears(FIRST, after=0, source=OTHER + 1 + number)
    full = here.hears(FIRST)
    assert not full.reached
    assert "full" in full.reasons[0].text
