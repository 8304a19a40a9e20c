"""What is loaded ahead: never twice what may have been used, whatever happens to the table and the clock."""

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from portward.policy.notation import read_ports
from portward.policy.people import Passes, Person, Rolling, Ways, Windows
from portward.policy.policy import Policy, Service
from portward.spa.ahead import LONGEST_STEP_BACK, Load, Past, due, key_number, latest_seen, sequence_number
from portward.spa.keyring import Term, TokenKey
from portward.spa.passes import pass_of
from portward.spa.rolling import Shape, rolling_knocks
from portward.spa.windows import counts, window_at


LENGTH = timedelta(minutes=10)
HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 27, 12, 3, tzinfo=UTC)
TERM = Term(datetime(2020, 1, 1, tzinfo=UTC))
ALICE = TokenKey("alice", b"a" * 32, 0, TERM)
BOB = TokenKey("bob", b"b" * 32, 1, TERM)
SERVER = b"s" * 32
SHAPE = Shape(20000, 24999, 32, 5)


def policy(*people: Person, **ways: Any) -> Policy:
    """Alice and bob, unless others are given, with passes and rolling sequences an hour ahead."""
    usual: dict[str, Any] = {"passes": Passes(62202), "rolling": Rolling(20000, 24999)} | ways
    return Policy(
        services=(Service("ssh", (read_ports("tcp/22"),)),),
        people=people or (Person("alice", ("ssh",), HOUR), Person("bob", ("ssh",), HOUR)),
        ways=Ways(Windows(LENGTH, HOUR), **usual),
    )


def after(past: Past, loads: tuple[Load, ...], now: datetime) -> Past:
    """What is known when something was loaded."""
    reached, since = dict(past.reached), dict(past.since)
    for load in loads:
        reached[load.key] = max(load.begins, reached.get(load.key, load.begins))
        since[load.key] = min(load.begins, since.get(load.key, load.begins))
    loaded = past.loaded | {(load.key, load.window) for load in loads}
    return Past(loaded, reached, since, latest_seen(now, past.latest))


def lost(past: Past) -> Past:
    """What is known when the table is gone, and another one is there."""
    return attrs.evolve(past, loaded=frozenset(), since={})


def test_everything_that_counts_or_will_count_within_the_hour() -> None:
    """The two windows that count now, and the ones up to the window that is an hour away."""
    loads = due(policy(), [ALICE], SERVER, Past(), NOW)
    first = window_at(NOW, LENGTH)
    assert [load.window for load in loads] == list(range(first - 1, first + 7))
    assert all((load.begins, load.ends) == counts(load.window, LENGTH) for load in loads)
    assert loads[1].passes == tuple(pass_of(ALICE.secret, SERVER, first, counter) for counter in range(4))
    assert loads[1].knocks == rolling_knocks(ALICE.secret, SERVER, first, 0, SHAPE)
    assert {load.person for load in loads} == {"alice"}


def test_only_what_the_gate_takes() -> None:
    assert {load.knocks for load in due(policy(rolling=None), [ALICE], SERVER, Past(), NOW)} == {()}
    assert {load.passes for load in due(policy(passes=None), [ALICE], SERVER, Past(), NOW)} == {()}


def test_nothing_twice_and_later_only_what_is_new() -> None:
    """A second round has nothing to do; ten minutes later there is one more window for each key."""
    loads = due(policy(), [ALICE, BOB], SERVER, Past(), NOW)
    past = after(Past(), loads, NOW)
    assert due(policy(), [ALICE, BOB], SERVER, past, NOW) == ()
    later = due(policy(), [ALICE, BOB], SERVER, past, NOW + LENGTH)
    assert {load.window for load in later} == {window_at(NOW, LENGTH) + 7}
    assert len(later) == 2


def test_people_who_may_not() -> None:
    """Revoked, unknown, over; and a key before and after its time."""
    gone = Person("alice", ("ssh",), HOUR, revoked=True)
    assert due(policy(gone), [ALICE], SERVER, Past(), NOW) == ()
    assert due(policy(Person("eve", ("ssh",), HOUR)), [ALICE], SERVER, Past(), NOW) == ()
    assert due(policy(Person("alice", ("ssh",), HOUR, until=NOW)), [ALICE], SERVER, Past(), NOW) == ()
    for term in (Term(NOW - HOUR, NOW), Term(NOW + 3 * HOUR)):
        assert due(policy(), [attrs.evolve(ALICE, term=term)], SERVER, Past(), NOW) == ()


def test_what_ends_sooner_is_loaded_with_that_end() -> None:
    """A person's end, or a rotated key's."""
    end = NOW + timedelta(minutes=4)
    for some, key in (
        (policy(Person("alice", ("ssh",), HOUR, until=end)), ALICE),
        (policy(), attrs.evolve(ALICE, term=Term(TERM.since, end))),
    ):
        assert {load.ends for load in due(some, [key], SERVER, Past(), NOW)} == {
            end,
            NOW + timedelta(minutes=2),
        }


def test_a_lost_table_brings_back_only_what_has_not_begun() -> None:
    past = after(Past(), due(policy(), [ALICE], SERVER, Past(), NOW), NOW)
    again = due(policy(), [ALICE], SERVER, lost(past), NOW)
    assert again
    assert all(load.begins > NOW for load in again)


def test_a_daemon_killed_between_record_and_load_loads_all_of_it() -> None:
    """The record is of the table that is still there, and the marker is not: it was never loaded."""
    loads = due(policy(), [ALICE], SERVER, Past(), NOW)
    recorded = attrs.evolve(after(Past(), loads, NOW), loaded=frozenset())
    assert due(policy(), [ALICE], SERVER, recorded, NOW) == loads


def test_a_clock_set_back_brings_nothing_back() -> None:
    """By an hour: windows that were over stay over; those that had begun, of a lost table, stay used."""
    past = after(Past(), due(policy(), [ALICE], SERVER, Past(), NOW), NOW)
    earlier = NOW - HOUR
    assert all(load.begins > NOW for load in due(policy(), [ALICE], SERVER, lost(past), earlier))
    assert all(load.ends > NOW for load in due(policy(), [ALICE], SERVER, past, earlier))


def test_a_clock_set_forward_loads_on() -> None:
    """By an hour: what was loaded for then is there already; the next hour follows."""
    past = after(Past(), due(policy(), [ALICE], SERVER, Past(), NOW), NOW)
    later = due(policy(), [ALICE], SERVER, past, NOW + HOUR)
    assert [load.window for load in later] == list(
        range(window_at(NOW, LENGTH) + 7, window_at(NOW, LENGTH) + 13)
    )


def test_a_clock_that_was_years_ahead_is_forgotten() -> None:
    """A gate whose battery had failed is not shut for years."""
    wrong = NOW + 2 * LONGEST_STEP_BACK
    assert latest_seen(NOW, wrong) == NOW
    assert due(policy(), [ALICE], SERVER, Past(latest=wrong), NOW)


def test_two_keys_that_would_share_a_port_do_not() -> None:
    """The newer key of the same slot has its passes, but no sequence where one port is the other's."""
    new = TokenKey("alice", b"n" * 32, 0, Term(NOW - timedelta(minutes=1)))
    loads = due(policy(), [new, ALICE], SERVER, Past(), NOW)
    for window in {load.window for load in loads}:
        knocks = [knock for load in loads if load.window == window for knock in load.knocks]
        numbers = [load.sequence for load in loads if load.window == window and load.knocks]
        assert len(knocks) == len(set(knocks))
        assert len(numbers) == len(set(numbers))
    assert all(load.passes for load in loads)


def test_a_slot_that_the_policy_no_longer_has() -> None:
    """Its key has passes and no sequence."""
    far = attrs.evolve(ALICE, slot=31)
    loads = due(policy(rolling=Rolling(20000, 24999, slots=16)), [far], SERVER, Past(), NOW)
    assert {load.knocks for load in loads} == {()}


def test_numbers_of_sequences_differ_and_leave_room_for_the_place() -> None:
    window = window_at(NOW, LENGTH)
    numbers = {
        sequence_number(attrs.evolve(ALICE, slot=slot), window + step)
        for slot in range(256)
        for step in range(150)
    }
    assert len(numbers) == 256 * 150
    assert all(number & 0xF == 0 and number < 2**32 for number in numbers)


def test_a_keys_number_tells_nothing_of_it() -> None:
    """Nor is it one of those that mark other things."""
    assert key_number(ALICE) == key_number(attrs.evolve(ALICE, slot=9))
    assert key_number(ALICE) != key_number(BOB)
    assert key_number(ALICE) >= 16


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("pass"), st.integers(0, 7200)),
        st.tuples(st.just("clock"), st.integers(-7200, 7200)),
        st.tuples(st.just("lost"), st.just(0)),
        st.tuples(st.just("killed"), st.just(0)),
    ),
    max_size=12,
)


@given(EVENTS)
@settings(max_examples=300, deadline=None)
def test_no_pass_is_ever_good_twice(events: list[tuple[str, int]]) -> None:
    """Whatever happens: a window that has counted while it was loaded may have been used, and is not loaded again.

    Time passes, clocks are set, tables are lost, and the daemon is killed between writing down and loading.
    """
    past, now = Past(), NOW
    there: set[int] = set()
    usable: set[int] = set()
    for kind, value in [*events, ("pass", 0)]:
        if kind in {"pass", "clock"}:
            now += timedelta(seconds=value)
        elif kind == "lost":
            past, there = lost(past), set()
        loads = due(policy(), [ALICE], SERVER, past, now)
        windows = {load.window for load in loads}
        assert not windows & usable
        assert not windows & there
        loaded = past.loaded
        past = after(past, loads, now)
        if kind == "killed":
            past = attrs.evolve(past, loaded=loaded)
            continue
        there |= windows
        usable |= {window for window in there if counts(window, LENGTH)[0] <= now < counts(window, LENGTH)[1]}
