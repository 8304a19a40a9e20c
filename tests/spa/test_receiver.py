from collections.abc import Mapping
from datetime import datetime, timedelta
from ipaddress import ip_address

import attrs
import pytest
from hypothesis import given, settings
from tests.spa.gates import (
    CLIENTS,
    GATE,
    HOME,
    HOME_6,
    HOUR,
    KEYRING,
    NOW,
    POLICY,
    ROAD,
    SERVER,
    STRANGER,
    client,
    gate,
)
from tests.spa.story import EVENTS, Event, Story

from portward.policy.net import Address
from portward.policy.people import Ways
from portward.spa import receiver
from portward.spa.effects import Open, Refusal, Refuse
from portward.spa.keyring import Keyring, SealedKey, ServerKey
from portward.spa.memory import Memory, Remember, Way, memory_of
from portward.spa.receiver import gate_of, nanoseconds, receive_sealed
from portward.spa.request import Request
from portward.spa.sealed import KNOCK_BYTES, Opened, open_plausible, sieve_of


MICRO = timedelta(microseconds=1)
AGE = timedelta(minutes=2)


def _outcome(
    name: str,
    request: Request = Request(),  # noqa: B008 - frozen
    source: Address = HOME,
    now: datetime = NOW,
    at: datetime | None = None,
) -> Refusal | Open:
    """What comes of one knock at a gate that remembers nothing."""
    effects = receive_sealed(GATE, Memory(), CLIENTS[name].knock(request, at or now), source, now)
    return effects[0].reason if isinstance(effects[0], Refuse) else effects[1]


def _opened(*args: object, **more: object) -> Open:
    outcome = _outcome(*args, **more)  # type: ignore[arg-type]
    assert isinstance(outcome, Open)
    return outcome


def test_a_good_knock_is_remembered_and_then_opens() -> None:
    memory = Memory()
    alice = CLIENTS["alice"]
    effects = receive_sealed(GATE, memory, alice.knock(), HOME, NOW)
    mark = Remember(Way.SEALED, alice.key.public, nanoseconds(NOW))
    assert effects == (
        mark,
        Open("alice", ("ssh", "web", "cam"), HOME, 8 * HOUR, Way.SEALED, nanoseconds(NOW)),
    )
    assert not memory.is_new(mark)


def test_its_copy_opens_nothing_from_anywhere() -> None:
    memory, knock = Memory(), CLIENTS["alice"].knock()
    receive_sealed(GATE, memory, knock, HOME, NOW)
    memory = memory_of(memory.saved(), memory.floor_ns)
    for source in (HOME, ROAD, HOME_6):
        assert receive_sealed(GATE, memory, knock, source, NOW) == (Refuse(Refusal.REPLAY, "alice"),)


def test_a_knock_that_is_sent_again_and_again_costs_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a restart one copy is opened once more; then, and after it was accepted, its tag is enough."""
    opened = []

    def spy(server: ServerKey, keys: Mapping[bytes, SealedKey], datagram: bytes) -> Opened:
        opened.append(datagram)
        return open_plausible(server, keys, datagram)

    monkeypatch.setattr(receiver, "open_plausible", spy)
    memory, knock = Memory(), CLIENTS["alice"].knock()
    for times in (1, 2):
        for _ in range(50):
            receive_sealed(GATE, memory, knock, HOME, NOW + times * HOUR - HOUR)
        assert len(opened) == times
        memory = memory_of(memory.saved(), memory.floor_ns)


def test_a_copy_that_comes_first_from_elsewhere_does_not_spoil_the_knock() -> None:
    """Who is faster than the sender, but may not open, costs the sender nothing."""
    memory, knock = Memory(), CLIENTS["alice"].knock(Request(address=HOME))
    assert receive_sealed(GATE, memory, knock, ROAD, NOW) == (Refuse(Refusal.ADDRESS, "alice"),)
    assert not memory.spent
    assert len(receive_sealed(GATE, memory, knock, HOME, NOW)) == 2


def test_an_older_knock_that_comes_later_opens_nothing() -> None:
    memory, alice = Memory(), CLIENTS["alice"]
    receive_sealed(GATE, memory, alice.knock(at=NOW), HOME, NOW)
    older = receive_sealed(GATE, memory, alice.knock(at=NOW - MICRO), HOME, NOW)
    newer = receive_sealed(GATE, memory, alice.knock(at=NOW + MICRO), HOME, NOW)
    assert older == (Refuse(Refusal.REPLAY, "alice"),)
    assert len(newer) == 2


def test_what_is_asked_for_is_given_if_it_may_be() -> None:
    assert _opened("alice", Request(("cam", "ssh"))).services == ("ssh", "cam")
    assert _outcome("bob", Request(("ssh",), address=HOME)) is Refusal.NOT_OPEN
    assert _outcome("bob", Request(("web", "ssh"), address=HOME)) is Refusal.NOT_OPEN
    assert _outcome("alice", Request(("mail",))) is Refusal.NOT_OPEN


def test_less_time_may_be_asked_for_but_not_more() -> None:
    assert _opened("alice", Request(duration=HOUR)).length == HOUR
    assert _opened("alice", Request(duration=9 * HOUR)).length == 8 * HOUR
    assert _opened("bob", Request(address=HOME)).length == HOUR / 2
    last = NOW + HOUR / 2 - MICRO
    assert _opened("bob", Request(address=HOME), now=last).length == MICRO


@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        ("alice's old", Refusal.OUT_OF_TERM),
        ("alice's next", Refusal.OUT_OF_TERM),
        ("nobody", Refusal.NOBODY),
        ("carol", Refusal.REVOKED),
        ("frank", Refusal.ENDED),
    ],
)
def test_keys_and_people_that_do_not_count(name: str, refusal: Refusal) -> None:
    assert _outcome(name) is refusal


def test_keys_count_from_and_until_their_moments() -> None:
    assert _opened("alice's old", now=NOW - MICRO).person == "alice"
    assert _opened("alice's next", now=NOW + HOUR).person == "alice"


def test_strangers_and_junk_are_not_told_apart_from_outside() -> None:
    knock = CLIENTS["alice"].knock()
    for datagram, refusal in (
        (b"", Refusal.JUNK),
        (bytes(KNOCK_BYTES), Refusal.JUNK),
        (knock[:-1], Refusal.JUNK),
        (STRANGER.knock(), Refusal.NOT_GENUINE),
        (attrs.evolve(CLIENTS["alice"], key=client("alice").key).knock(), Refusal.NOT_GENUINE),
    ):
        assert receive_sealed(GATE, Memory(), datagram, HOME, NOW) == (Refuse(refusal),)


@pytest.mark.parametrize(
    ("name", "stated", "source", "outcome"),
    [
        ("alice", None, HOME, HOME),
        ("alice", HOME, HOME, HOME),
        ("alice", HOME_6, HOME_6, HOME_6),
        ("alice", HOME, ROAD, Refusal.ADDRESS),
        ("alice", HOME, HOME_6, Refusal.ADDRESS),
        ("bob", HOME, HOME, HOME),
        ("bob", None, HOME, Refusal.ADDRESS),
        ("bob", HOME, ROAD, Refusal.ADDRESS),
        ("dave", None, HOME, HOME),
        ("dave", HOME, ROAD, HOME),
        ("dave", HOME, HOME_6, HOME),
        ("dave", None, ROAD, Refusal.ELSEWHERE),
        ("dave", ROAD, HOME, Refusal.ELSEWHERE),
        ("erin", None, HOME, HOME),
        ("erin", HOME_6, HOME_6, HOME_6),
        ("erin", None, ROAD, Refusal.ELSEWHERE),
        ("erin", HOME, ROAD, Refusal.ELSEWHERE),
        ("erin", ROAD, HOME, Refusal.ELSEWHERE),
        ("erin", ip_address("198.51.100.8"), HOME, Refusal.ADDRESS),
    ],
)
def test_the_door_opens_for_the_address_that_the_rule_allows(
    name: str, stated: Address | None, source: Address, outcome: Address | Refusal
) -> None:
    """Alice is as-seen, bob must-match, dave given; dave and erin have networks."""
    result = _outcome(name, Request(address=stated), source)
    assert (result.address if isinstance(result, Open) else result) == outcome


@pytest.mark.parametrize(
    ("offset", "opens"), [(-AGE - MICRO, False), (-AGE, True), (AGE, True), (AGE + MICRO, False)]
)
def test_a_knock_counts_while_it_is_not_too_old_and_not_too_far_ahead(
    offset: timedelta, *, opens: bool
) -> None:
    outcome = _outcome("alice", at=NOW + offset)
    assert isinstance(outcome, Open) if opens else outcome is Refusal.AGE


def test_a_way_that_the_policy_does_not_take_is_off() -> None:
    off = gate(attrs.evolve(POLICY, ways=Ways()))
    effects = receive_sealed(off, Memory(), CLIENTS["alice"].knock(), HOME, NOW)
    assert effects == (Refuse(Refusal.OFF),)


def test_a_gate_is_made_ready_once() -> None:
    made = gate_of(POLICY, SERVER, KEYRING)
    assert made.sieve == sieve_of(SERVER.public)
    assert made == GATE
    key = KEYRING.sealed[0]
    with pytest.raises(ValueError, match="the same"):
        gate_of(POLICY, SERVER, Keyring(sealed=(key, attrs.evolve(key, person="bob"))))


@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_while_the_gates_clock_is_an_hour_wrong_knocks_are_refused_and_then_all_is_well(
    step: timedelta,
) -> None:
    memory, alice = Memory(), CLIENTS["alice"]
    assert len(receive_sealed(GATE, memory, alice.knock(at=NOW), HOME, NOW)) == 2
    for seconds in range(1, 4):
        at = NOW + timedelta(seconds=seconds)
        assert receive_sealed(GATE, memory, alice.knock(at=at), HOME, at + step) == (
            Refuse(Refusal.AGE, "alice"),
        )
    later = NOW + timedelta(seconds=9)
    assert len(receive_sealed(GATE, memory, alice.knock(at=later), HOME, later)) == 2


@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_a_senders_clock_that_is_an_hour_wrong_leaves_no_trace(step: timedelta) -> None:
    memory, alice = Memory(), CLIENTS["alice"]
    assert receive_sealed(GATE, memory, alice.knock(at=NOW + step), HOME, NOW) == (
        Refuse(Refusal.AGE, "alice"),
    )
    assert memory == Memory()


def test_a_knock_of_before_is_not_accepted_again_when_the_clock_is_set_back() -> None:
    memory, alice = Memory(), CLIENTS["alice"]
    first = alice.knock(at=NOW)
    receive_sealed(GATE, memory, first, HOME, NOW)
    receive_sealed(GATE, memory, alice.knock(at=NOW + HOUR), HOME, NOW + HOUR)
    assert receive_sealed(GATE, memory, first, HOME, NOW) == (Refuse(Refusal.REPLAY, "alice"),)


def test_where_both_clocks_were_ahead_time_must_catch_up() -> None:
    memory, alice = Memory(), CLIENTS["alice"]
    receive_sealed(GATE, memory, alice.knock(at=NOW + HOUR), HOME, NOW + HOUR)
    assert receive_sealed(GATE, memory, alice.knock(at=NOW), HOME, NOW) == (Refuse(Refusal.REPLAY, "alice"),)
    later = NOW + HOUR + MICRO
    assert len(receive_sealed(GATE, memory, alice.knock(at=later), HOME, later)) == 2


@given(EVENTS)
@settings(max_examples=250, deadline=None)
def test_nothing_that_happens_opens_a_service_for_who_may_not_have_it(
    steps: list[Event],
) -> None:
    """Knocks, altered, caught and sent on from elsewhere, late, by ended keys, through restarts and clock steps."""
    story = Story()
    for step in steps:
        story.tell(step)
