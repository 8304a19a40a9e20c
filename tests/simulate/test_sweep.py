"""The sweeps: their orders, and that jumping over packets changes nothing."""

from datetime import timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulate.transcript import policy, sequence

from portward.policy.net import PortRange, Protocol
from portward.policy.policy import Mode, Policy, Service
from portward.simulate.judgement import Judgement
from portward.simulate.machine import Machine
from portward.simulate.packet import Packet
from portward.simulate.state import State
from portward.simulate.sweep import BOUND, ORDERS, WHOLE, Field, Order, Space, lay_out, run


SMALL = Space(ports=9, smallest_echo=28, largest_echo=31)

KNOCKS = st.one_of(
    st.builds("tcp/{}".format, st.integers(1, 9)),
    st.builds("udp/{}".format, st.integers(1, 9)),
    st.builds("icmp/{}".format, st.integers(28, 31)),
)
SERVICES = st.sampled_from(
    [
        (),
        (PortRange(Protocol.TCP, 3, 5),),
        (PortRange(Protocol.UDP, 1, 9), PortRange(Protocol.TCP, 2, 2)),
        (PortRange(Protocol.TCP, 1, 65535), PortRange(Protocol.ICMP)),
    ]
)
SECONDS = st.sampled_from([0.1, 0.25, 0.7, 1.3, 3.0, 9.0])


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    knocks = draw(st.lists(KNOCKS, min_size=1, max_size=4))
    steps = tuple(draw(SECONDS) for _ in knocks[1:])
    guarded, public = draw(SERVICES), draw(SERVICES)
    published = draw(st.booleans())
    ssh = Service("ssh", guarded or (PortRange(Protocol.SCTP, 1, 1),))
    if published and all(len(ports) == 1 for ports in guarded) and guarded:
        ssh = Service("ssh", guarded, tuple(PortRange(Protocol.UDP, 7, 7) for _ in guarded))
    return policy(
        sequence(knocks=" ".join(knocks), steps=steps),
        services=(ssh,),
        public=public,
        strict=draw(st.booleans()),
        penalty=timedelta(seconds=draw(SECONDS)),
        mode=draw(st.sampled_from(Mode)),
    )


def field_of(kept: Policy, space: Space) -> Field:
    numbers = {space.number(knock) for knock in kept.sequences[0].knocks}
    echo = any(knock.protocol is Protocol.ICMP for knock in kept.sequences[0].knocks)
    return Field(
        Machine(kept),
        space,
        lay_out(kept, space, echo_strays=echo),
        frozenset(n for n in numbers if n is not None),
    )


class Spy(Machine):
    """A machine that writes down each knock that counts, and the end of the penalty at that time."""

    def __init__(self, kept: Policy) -> None:
        super().__init__(kept)
        self.counted: list[Any] = []
        self.state = self.start()

    def advance(self, state: State, packet: Packet, now: float) -> Judgement:
        """Judge as ever, and write it down."""
        judgement = super().advance(state, packet, now)
        self.state = state
        if judgement.reached or judgement.granted:
            penalty = dict(state.penalties[4].ends)
            self.counted.append((now, judgement.reached, judgement.granted, penalty))
        return judgement


def every_packet(spy: Spy, space: Space, order: Order, rate: int, bound: int) -> int | None:
    """The same sweep without jumping: the machine judges each single packet."""
    sent = ((index / rate, space.packet(order.at(space, index))) for index in range(bound))
    return next((n for n, judgement in enumerate(spy.run(sent), 1) if judgement.granted), None)


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: order.name)
@given(kept=policies(), rate=st.sampled_from([7, 50, 1000]))
@settings(max_examples=200, deadline=None)
def test_jumping_over_packets_changes_nothing(order: Order, kept: Policy, rate: int) -> None:
    """The same packets count, with the same penalties, as when the machine judges every single packet."""
    jumping, plodding = Spy(kept), Spy(kept)
    field = attrs.evolve(field_of(kept, SMALL), machine=jumping)
    assert run(field, order, rate, 400).packets == every_packet(plodding, SMALL, order, rate, 400)
    assert jumping.counted == plodding.counted
    assert jumping.state.penalties == plodding.state.penalties


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: order.name)
@given(turn=st.integers(0, 50))
def test_every_round_sends_every_candidate_once(order: Order, turn: int) -> None:
    places = range(SMALL.size)
    assert sorted(order.candidate(SMALL, turn, place) for place in places) == list(places)
    assert all(order.place(SMALL, turn, order.candidate(SMALL, turn, place)) == place for place in places)


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: order.name)
@given(candidate=st.integers(0, SMALL.size - 1), index=st.integers(0, 500))
def test_the_next_packet_of_a_candidate_is_found(order: Order, candidate: int, index: int) -> None:
    found = order.next(SMALL, candidate, index)
    assert order.at(SMALL, found) == candidate
    assert all(order.at(SMALL, between) != candidate for between in range(index, found))


def test_the_orders_are_what_they_are_called() -> None:
    def first(name: str, index: int) -> Any:
        order = next(each for each in ORDERS if each.name == name)
        sent = WHOLE.packet(order.at(WHOLE, index))
        return sent.transport, sent.destination_port or sent.length

    assert first("ascending", 0) == ("tcp", 1)
    assert first("ascending", 65535) == ("udp", 1)
    assert first("ascending", 131070) == ("icmp", 28)
    assert first("descending", 0) == ("tcp", 65535)
    assert first("descending", 65535) == ("udp", 65535)
    assert first("descending", 131070) == ("icmp", 1500)
    assert [first("repeated", index) for index in range(5)] == [("tcp", 1)] * 4 + [("tcp", 2)]
    assert len({first("random", index) for index in range(1000)}) == 1000


def test_a_sweep_ends_where_it_is_told_to() -> None:
    field = field_of(policy(sequence(knocks="tcp/1 udp/9 tcp/2"), strict=False), SMALL)
    assert run(field, ORDERS[0], 50, 10).packets is None
    assert run(field, ORDERS[0], 50, 1000, most=1).judged == 1


def test_the_defaults_withstand_every_sweep() -> None:
    """Four knocks apart and out of order, strict: shut after all packets of all sweeps."""
    field = field_of(policy(), WHOLE)
    assert [run(field, order).packets for order in ORDERS] == [None] * 4
    assert BOUND >= 5_000_000
