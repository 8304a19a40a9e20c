"""Connection tracking in small: which packets are part of something known. Pure; the time is an argument.

It follows the kernel's as far as a replay needs: a packet is established when it answers one that this host
sent, or belongs to a TCP connection whose SYN the gate left alone; an ICMP error about such a flow is
related. How long a silent flow stays known is what the kernel has by default (nf_conntrack_*_timeout).
"""

import attrs

from portward.simulate.ip import read_ip
from portward.simulate.packet import Begun, ConnectionState, Packet


_SECONDS = {6: 432_000.0, 17: 120.0}
_OTHERS = 30.0

_ERRORS_V4 = frozenset({3, 4, 11, 12})
_ERRORS_V6 = frozenset({1, 2, 3, 4})
"""ICMP types that quote the packet they are about (RFC 792, RFC 4443 §3)."""

Flow = tuple[object, ...]


@attrs.define
class Flows:
    """The flows that are known, each with the end of its silence; and those that visitors began, known yet or not."""

    _ends: dict[Flow, float] = attrs.field(factory=dict)
    _visitors: dict[Flow, float] = attrs.field(factory=dict)

    def sent(self, packet: Packet, now: float) -> None:
        """Note a packet of this host's own."""
        if not is_error(packet):
            flow, end = turned(packet), now + lifetime(packet)
            if self._alive(self._visitors, flow, now):
                self._visitors[flow] = end
            self._ends[flow] = end

    def let_in(self, packet: Packet, now: float) -> None:
        """Note a packet that the gate left alone."""
        if not self._knows(forward(packet), now) or self.begun(packet, now) is Begun.VISITOR:
            self._visitors[forward(packet)] = now + lifetime(packet)
        if packet.is_new_tcp or self._knows(forward(packet), now):
            self._ends[forward(packet)] = now + lifetime(packet)

    def state_of(self, packet: Packet, now: float) -> ConnectionState:
        """Say what a packet that comes in is part of."""
        if self._knows(forward(packet), now):
            return ConnectionState.ESTABLISHED
        if is_error(packet):
            quoted = read_ip(packet.payload, quoted=True)
            about_known = isinstance(quoted, Packet) and self._knows(turned(quoted), now)
            return ConnectionState.RELATED if about_known else ConnectionState.INVALID
        if packet.protocol == 6 and not packet.is_new_tcp:
            return ConnectionState.INVALID
        return ConnectionState.NEW

    def begun(self, packet: Packet, now: float) -> Begun:
        """Say who began what an established packet that comes in is part of."""
        return Begun.VISITOR if self._alive(self._visitors, forward(packet), now) else Begun.HOST

    def _knows(self, flow: Flow, now: float) -> bool:
        return self._alive(self._ends, flow, now)

    @staticmethod
    def _alive(ends: dict[Flow, float], flow: Flow, now: float) -> bool:
        return now < ends.get(flow, now)


def is_error(packet: Packet) -> bool:
    """Whether an ICMP message is about another packet, which it quotes."""
    return packet.icmp_type in {1: _ERRORS_V4, 58: _ERRORS_V6}.get(packet.protocol, ())


def lifetime(packet: Packet) -> float:
    """How many seconds a flow of this protocol stays known in silence."""
    return _SECONDS.get(packet.protocol, _OTHERS)


def forward(packet: Packet) -> Flow:
    """The flow of a packet, in the packet's own direction."""
    return packet.protocol, packet.source, packet.source_port, packet.destination, packet.destination_port


def turned(packet: Packet) -> Flow:
    """The flow of the answers to a packet."""
    return packet.protocol, packet.destination, packet.destination_port, packet.source, packet.source_port
