from datetime import timedelta
from hashlib import sha256
from ipaddress import IPv4Address
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.spa.gates import FWKNOP_KEY, GATE, HOME, HOME_6, HOUR, NOW, POLICY, ROAD, gate

from portward.policy.net import Protocol
from portward.policy.people import Ways
from portward.spa.effects import Effects, Open, Refusal, Refuse
from portward.spa.fwknop_receiver import receive_fwknop
from portward.spa.fwknop_request import Kind, Packet
from portward.spa.memory import Memory, Remember, Way, memory_of
from portward.spa.receiver import nanoseconds


SENT = int(NOW.timestamp())
SSH, DOOR = ((Protocol.TCP, 22),), ((Protocol.TCP, 8081),)


def _packet(**changes: Any) -> Packet:
    """A packet of alice's that opens ssh, with changes."""
    packet = Packet(FWKNOP_KEY, SENT, "alice", Kind.ACCESS, None, SSH, None, None, b"")
    packet = attrs.evolve(packet, **changes)
    return attrs.evolve(packet, digest=sha256(repr(packet).encode()).digest())


def _outcome(**changes: Any) -> Refusal | Open:
    effects = receive_fwknop(GATE, Memory(), _packet(**changes), HOME, NOW)
    return effects[0].reason if isinstance(effects[0], Refuse) else effects[1]


def test_a_good_packet_is_remembered_and_then_opens() -> None:
    packet = _packet()
    opened = Open("alice", ("ssh",), HOME, 8 * HOUR, Way.FWKNOP, nanoseconds(NOW))
    mark = Remember(Way.FWKNOP, packet.digest, nanoseconds(NOW))
    assert receive_fwknop(GATE, Memory(), packet, HOME, NOW) == (mark, opened)


def test_its_copy_opens_nothing_from_anywhere_even_after_a_restart() -> None:
    memory, packet = Memory(), _packet()
    receive_fwknop(GATE, memory, packet, HOME, NOW)
    memory = memory_of(memory.saved(), memory.floor_ns)
    for source in (HOME, ROAD, HOME_6):
        assert receive_fwknop(GATE, memory, packet, source, NOW) == (Refuse(Refusal.REPLAY, "alice"),)


def test_packets_of_one_second_and_in_the_wrong_order_all_count() -> None:
    memory = Memory()
    for sent, timeout in ((SENT, 1), (SENT, 2), (SENT - 1, 3)):
        packet = _packet(sent=sent, timeout=timeout)
        assert len(receive_fwknop(GATE, memory, packet, HOME, NOW)) == 2


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"wanted": ((Protocol.UDP, 443),)}, ("web",)),
        ({"wanted": ((Protocol.UDP, 443), *SSH)}, ("ssh", "web")),
        ({"wanted": ((Protocol.TCP, 8081),)}, ("cam",)),
        ({"wanted": ((Protocol.TCP, 23),)}, Refusal.NOT_OPEN),
        ({"wanted": (*SSH, (Protocol.TCP, 23))}, Refusal.NOT_OPEN),
        ({"wanted": ()}, Refusal.NOT_OPEN),
        ({"kind": Kind.COMMAND}, Refusal.NOT_OPEN),
        ({"kind": Kind.COMMAND, "wanted": ()}, Refusal.NOT_OPEN),
        ({"kind": Kind.NAT, "wanted": DOOR, "nat": ("192.168.1.7", 80)}, ("cam",)),
        ({"kind": Kind.NAT, "wanted": DOOR, "nat": ("192.168.1.7", 81)}, Refusal.NOT_OPEN),
        ({"kind": Kind.NAT, "wanted": DOOR, "nat": ("192.168.1.8", 80)}, Refusal.NOT_OPEN),
        ({"kind": Kind.NAT, "wanted": DOOR, "nat": ("cam.lan", 80)}, Refusal.NOT_OPEN),
        ({"kind": Kind.NAT, "wanted": DOOR, "nat": ("192.168.1.7/24", 80)}, Refusal.NOT_OPEN),
        ({"kind": Kind.NAT, "wanted": DOOR}, Refusal.NOT_OPEN),
        ({"kind": Kind.NAT, "wanted": SSH, "nat": ("192.168.1.7", 22)}, Refusal.NOT_OPEN),
        ({"kind": Kind.LOCAL_NAT, "wanted": SSH, "nat": ("192.0.2.1", 22)}, ("ssh",)),
        ({"kind": Kind.LOCAL_NAT, "wanted": SSH, "nat": ("192.0.2.1", 23)}, Refusal.NOT_OPEN),
        ({"kind": Kind.LOCAL_NAT, "wanted": DOOR, "nat": ("192.168.1.7", 80)}, Refusal.NOT_OPEN),
        ({"kind": Kind.LOCAL_NAT, "wanted": SSH}, Refusal.NOT_OPEN),
        ({"key": attrs.evolve(FWKNOP_KEY, username="alice")}, ("ssh",)),
        ({"key": attrs.evolve(FWKNOP_KEY, username="root")}, Refusal.NOT_OPEN),
        ({"key": attrs.evolve(FWKNOP_KEY, person="carol")}, Refusal.REVOKED),
        ({"key": attrs.evolve(FWKNOP_KEY, person="nobody")}, Refusal.NOBODY),
        ({"key": attrs.evolve(FWKNOP_KEY, person="bob")}, Refusal.ADDRESS),
        ({"address": HOME}, ("ssh",)),
        ({"address": ROAD}, Refusal.ADDRESS),
        ({"sent": SENT - 120}, ("ssh",)),
        ({"sent": SENT - 121}, Refusal.AGE),
        ({"sent": SENT + 121}, Refusal.AGE),
        ({"sent": 10**12 - 1}, Refusal.AGE),
    ],
)
def test_what_comes_of_a_packet(changes: dict[str, Any], outcome: tuple[str, ...] | Refusal) -> None:
    if changes.get("key", FWKNOP_KEY).person == "bob":
        changes = {**changes, "wanted": ((Protocol.TCP, 443),)}
    result = _outcome(**changes)
    assert (result.services if isinstance(result, Open) else result) == outcome


@pytest.mark.parametrize(("timeout", "seconds"), [(None, 28800), (0, 28800), (60, 60), (65536, 28800)])
def test_a_packet_may_ask_for_less_time_but_not_for_more(timeout: int | None, seconds: int) -> None:
    outcome = _outcome(timeout=timeout)
    assert isinstance(outcome, Open)
    assert outcome.length == timedelta(seconds=seconds)


def test_a_way_that_the_policy_does_not_take_is_off() -> None:
    off = gate(attrs.evolve(POLICY, ways=Ways()))
    assert receive_fwknop(off, Memory(), _packet(), HOME, NOW) == (Refuse(Refusal.OFF),)


PACKETS = st.builds(
    _packet,
    sent=st.integers(SENT - 4000, SENT + 4000),
    timeout=st.integers(1, 3),
    address=st.none() | st.just(IPv4Address(HOME)),
)
EVENTS = st.tuples(
    st.integers(0, 2),
    st.sampled_from([HOME, ROAD, HOME_6]),
    st.sampled_from([0, 0, 60, -60, 3600, -3600, 20000]),
)


@given(st.lists(PACKETS, min_size=1, max_size=3), st.lists(EVENTS, max_size=40))
@settings(max_examples=200, deadline=None)
def test_no_packet_counts_twice_however_the_clock_runs(
    packets: list[Packet], events: list[tuple[int, Any, int]]
) -> None:
    """Each at its own time, before or long after, in any order, with forgetting, saving and loading at each step."""
    memory, counted = Memory(), set()
    for which, source, seconds in events:
        packet = packets[which % len(packets)]
        now = NOW + timedelta(seconds=packet.sent - SENT + seconds)
        effects: Effects = receive_fwknop(GATE, memory, packet, source, now)
        if len(effects) == 2:
            assert packet.digest not in counted
            counted.add(packet.digest)
        memory.forget(nanoseconds(now), timedelta(minutes=2))
        memory = memory_of(memory.saved(), memory.floor_ns)
