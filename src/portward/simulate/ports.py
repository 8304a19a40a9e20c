"""What stands at a port: services' doors, public ports, knocks. Made once from a policy, then only asked.

Nothing here knows time or state.
"""

from bisect import bisect_right
from collections.abc import Iterable
from typing import Generic, TypeVar

import attrs

from portward.policy.net import Address, Knock, PortRange, Protocol
from portward.policy.policy import Expiry, Policy, Sequence, Service
from portward.simulate.packet import Begun, Packet


Value = TypeVar("Value")

Place = tuple[Sequence, int]
"""A sequence, and which of its knocks, from 1 on."""


class PortMap(Generic[Value]):
    """Which values stand at a port; found by bisection, however many ranges there are and overlap."""

    def __init__(self, ranges: Iterable[tuple[PortRange, Value]]) -> None:
        by_protocol: dict[Protocol, list[tuple[PortRange, Value]]] = {}
        for ports, value in ranges:
            by_protocol.setdefault(ports.protocol, []).append((ports, value))
        self._cuts = {protocol: cut(found) for protocol, found in by_protocol.items()}

    def at(self, packet: Packet) -> tuple[Value, ...]:
        """The values at a packet's protocol and destination port, in the order that they were given in."""
        protocol = packet.transport
        if protocol is None or protocol not in self._cuts:
            return ()
        starts, values = self._cuts[protocol]
        found = bisect_right(starts, packet.destination_port if protocol.has_ports else 0) - 1
        return values[found] if found >= 0 else ()


def cut(ranges: list[tuple[PortRange, Value]]) -> tuple[list[int], list[tuple[Value, ...]]]:
    """Cut ranges of one protocol at their ends: where each piece starts, and what stands there."""
    events: dict[int, list[tuple[int, bool]]] = {}
    for number, (ports, _) in enumerate(ranges):
        events.setdefault(ports.first, []).append((number, True))
        events.setdefault(ports.last + 1, []).append((number, False))
    open_now: set[int] = set()
    starts, values = [], []
    for port in sorted(events):
        for number, begins in events[port]:
            (open_now.add if begins else open_now.discard)(number)
        starts.append(port)
        values.append(tuple(ranges[number][1] for number in sorted(open_now)))
    return starts, values


@attrs.frozen
class Ground:
    """Everything of a policy that stands still.

    Attributes:
        doors: of this host: services' own, and published ones of services behind it.
        hidden: services' own ports at this host, which are published elsewhere.
        inside: services behind this host, by the addresses of their machines.
        public: open to all.
    """

    doors: PortMap[Service]
    hidden: PortMap[Service]
    inside: dict[Address, PortMap[Service]]
    public: PortMap[PortRange]

    def guarded(self, packet: Packet) -> tuple[Service, ...]:
        """The services whose ports or published ports, at their destination, the packet is to."""
        if packet.local and (here := self.doors.at(packet) or self.hidden.at(packet)):
            return here
        return self.behind(packet)

    def behind(self, packet: Packet) -> tuple[Service, ...]:
        """The services of other machines that the packet is to."""
        inside = self.inside.get(packet.destination)
        return inside.at(packet) if inside else ()

    def cutting(self, packet: Packet) -> Service | None:
        """The service whose grant an established packet still needs: it is to a door that cuts."""
        if packet.begun is Begun.BEHIND:
            return None
        if packet.begun is Begun.VISITOR:
            found = self.doors.at(packet) if packet.local else ()
            found = found or tuple(each for each in self.behind(packet) if not each.published)
        else:
            found = tuple(each for each in self.guarded(packet) if tunnels(each, packet))
        return next((each for each in found if each.on_expiry is Expiry.CUT), None)


def tunnels(service: Service, packet: Packet) -> bool:
    """Whether either end may have begun what the packet is part of: a VPN, or a protocol without ports."""
    protocol = packet.transport
    return service.kind is not None or (protocol is not None and not protocol.has_ports)


def survey(policy: Policy) -> Ground:
    """Find what stands where."""
    doors, hidden = [], []
    inside: dict[Address, list[tuple[PortRange, Service]]] = {}
    for service in policy.services:
        ports = [(each, service) for each in service.ports]
        published = [(each, service) for each in service.published]
        doors += published if service.hosts else published or ports
        hidden += ports if published and not service.hosts else []
        for host in service.hosts:
            inside.setdefault(host, []).extend(ports)
    return Ground(
        PortMap(doors),
        PortMap(hidden),
        {host: PortMap(found) for host, found in inside.items()},
        PortMap((each, each) for each in policy.public),
    )


class Knocks:
    """The knocks of all sequences, found by a packet."""

    def __init__(self, sequences: Iterable[Sequence]) -> None:
        self._places: dict[tuple[Protocol, int], list[tuple[Knock, Place]]] = {}
        for sequence in sequences:
            for place in range(len(sequence.knocks), 0, -1):
                knock = sequence.knocks[place - 1]
                found = self._places.setdefault((knock.protocol, knock.number), [])
                found.append((knock, (sequence, place)))
        self.by_echo = any(protocol is Protocol.ICMP for protocol, _ in self._places)

    def at(self, packet: Packet) -> tuple[Place, ...]:
        """Where the packet stands as a knock: each sequence's places, last first; empty if it is none."""
        if packet.is_new_tcp:
            found = self._places.get((Protocol.TCP, packet.destination_port))
        elif packet.protocol == 17:
            found = self._places.get((Protocol.UDP, packet.destination_port))
        elif packet.is_echo_request:
            found = self._places.get((Protocol.ICMP, packet.length))
        else:
            return ()
        return tuple(place for knock, place in found or () if packet.payload.startswith(knock.word))
