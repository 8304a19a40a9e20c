"""Run what was seen through a router's rules, connection tracking beside them. Pure: sightings in, steps out."""

from collections.abc import Iterable, Iterator

import attrs

from portward.simulate.flows import Flow, Flows, forward, lifetime, turned
from portward.simulate.packet import ConnectionState, Packet, TcpFlag
from portward.simulate.passage import Passage
from portward.simulate.routeros import Ending, Judgement, Router
from portward.simulate.routeros_memory import Memory
from portward.simulate.sighting import Sighting


@attrs.frozen
class Step:
    """One packet of a replay.

    Attributes:
        sighting: what was seen.
        packet: the same packet, with the connection state that it was judged by.
        judgement: what became of it.
    """

    sighting: Sighting
    packet: Packet
    judgement: Judgement


def picked_up(packet: Packet) -> bool:
    """Whether it makes a connection though it is not the first packet of one (`loose-tcp-tracking`, on by default)."""
    ends = TcpFlag.SYN | TcpFlag.FIN | TcpFlag.RST
    return packet.protocol == 6 and bool(packet.tcp_flags & TcpFlag.ACK) and not packet.tcp_flags & ends


@attrs.define
class Tracking:
    """Connection tracking as RouterOS's rules see it.

    A SYN sent again before it is answered is still new; an ACK out of nowhere is new, too.
    """

    _flows: Flows = attrs.field(factory=Flows)
    _answered: set[Flow] = attrs.field(factory=set)
    _ends: dict[Flow, float] = attrs.field(factory=dict)
    now: float = 0.0

    def state_of(self, packet: Packet) -> ConnectionState:
        """Say what a packet that comes in is part of."""
        state = self._flows.state_of(packet, self.now)
        if packet.is_new_tcp and forward(packet) not in self._answered:
            return ConnectionState.NEW
        if state is ConnectionState.INVALID and picked_up(packet):
            return ConnectionState.NEW
        return state

    def state_of_own(self, packet: Packet) -> ConnectionState:
        """Say what a packet of the router's own is part of."""
        known = turned(packet) in self._ends and self.alive(turned(packet))
        return ConnectionState.ESTABLISHED if known else ConnectionState.NEW

    def let_through(self, packet: Packet, *, outgoing: bool) -> None:
        """Note a packet that the rules accepted."""
        self._ends[forward(packet)] = self.now + lifetime(packet)
        if outgoing:
            self._flows.sent(packet, self.now)
            self._answered.add(turned(packet))
        else:
            self._flows.let_in(packet, self.now)

    def alive(self, flow: Flow) -> bool:
        """Whether a connection that was let through is still there."""
        return self.now < self._ends.get(flow, self.now)


def replay(router: Router, sightings: Iterable[Sighting], memory: Memory) -> Iterator[Step]:
    """Judge sightings one after another, times rising; all the steps share the one memory, which changes."""
    tracking = Tracking()
    memory.alive = tracking.alive
    for sighting in sightings:
        packet = sighting.packet
        tracking.now = sighting.time
        if not sighting.state_given:
            find = tracking.state_of_own if sighting.outgoing else tracking.state_of
            packet = attrs.evolve(packet, state=find(packet))
        judgement = router.advance(memory, Passage(packet, sighting.outgoing), sighting.time)
        if judgement.ending is Ending.ACCEPT:
            tracking.let_through(packet, outgoing=sighting.outgoing)
        yield Step(sighting, packet, judgement)
