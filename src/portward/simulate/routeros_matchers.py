"""Whether a matcher of a RouterOS rule fits a packet: one small function for each kind, found by its type.

A matcher that keeps a state changes it when it is asked, so it must be asked only when all before it fit. The time
and the dice are arguments.
"""

import re
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from typing import Any

import attrs

from portward.simulate.flows import forward, turned
from portward.simulate.packet import Packet, TcpFlag
from portward.simulate.passage import Passage
from portward.simulate.routeros_interfaces import Interfaces
from portward.simulate.routeros_memory import Bucket, Key, Memory
from portward.sources.routeros_matchers import (
    AddressIs,
    AddressListed,
    AddressTypeIs,
    ConnectionLimit,
    Content,
    Dscp,
    DstLimit,
    IcmpIs,
    InterfaceIs,
    InterfaceListed,
    Layer7,
    Limit,
    Matcher,
    NatStateIs,
    Nth,
    PacketSize,
    PortIs,
    PortScan,
    ProtocolIs,
    Random,
    Side,
    SourceMac,
    StateIs,
    TcpFlags,
    TimeToLive,
)
from portward.sources.routeros_rules import (
    Family,
)


Dice = Callable[[], float]
"""Gives a number from 0 up to, and without, 1."""


@attrs.frozen
class Look:
    """One look of a rule at a packet.

    Attributes:
        passage: the packet on its way.
        family: the rule's.
        memory: what changes.
        now: in seconds.
        dice: for `random`.
        place: the rule's place in the script, by which its counters are known.
        interfaces: who is in each interface list.
        patterns: regular expressions by name; None for one that cannot be read.
    """

    passage: Passage
    family: Family
    memory: Memory
    now: float
    dice: Dice
    place: int
    interfaces: Mapping[str, Interfaces]
    patterns: Mapping[str, re.Pattern[bytes] | None]

    @property
    def packet(self) -> Packet:
        """The packet itself."""
        return self.passage.packet

    def address(self, side: Side) -> Any:
        """The packet's address of a side."""
        return self.packet.source if side is Side.SOURCE else self.packet.destination


WITH_PORTS = frozenset({6, 17, 33, 132, 136})
"""TCP, UDP, DCCP, SCTP, UDP-Lite."""

Fits = Callable[[Any, Look], bool]


def fits(matcher: Matcher, look: Look) -> bool:
    """Whether it fits, negation seen to."""
    known = _applies(matcher, look.packet)
    return known and _FITS[type(matcher)](matcher, look) != matcher.negated


def _applies(matcher: Matcher, packet: Packet) -> bool:
    """What asks for a header fits no packet without it, negated or not."""
    match matcher:
        case TcpFlags():
            return packet.protocol == 6
        case PortIs():
            return packet.protocol in WITH_PORTS
        case IcmpIs():
            return packet.protocol in {1, 58}
        case _:
            return True


def _ports(matcher: PortIs, look: Look) -> bool:
    packet = look.packet
    asked = {
        Side.SOURCE: (packet.source_port,),
        Side.DESTINATION: (packet.destination_port,),
        Side.EITHER: (packet.source_port, packet.destination_port),
    }[matcher.side]
    return any(port in each for port in asked for each in matcher.ranges)


def _interface(matcher: InterfaceIs, look: Look) -> bool:
    return matcher.name == _interface_name(matcher.side, look.passage)


def _interface_name(side: Side, passage: Passage) -> str:
    return passage.in_interface if side is Side.SOURCE else passage.out_interface


def _interface_listed(matcher: InterfaceListed, look: Look) -> bool:
    return _interface_name(matcher.side, look.passage) in look.interfaces[matcher.list]


def _address(matcher: AddressIs, look: Look) -> bool:
    return bool(matcher.range.first <= look.address(matcher.side) <= matcher.range.last)


def _listed(matcher: AddressListed, look: Look) -> bool:
    return look.memory.list(look.family, matcher.list).holds(look.address(matcher.side), look.now)


def _address_type(matcher: AddressTypeIs, look: Look) -> bool:
    passage = look.passage
    kind = passage.source_type if matcher.side is Side.SOURCE else passage.destination_type
    return kind in matcher.types


def _flags(matcher: TcpFlags, look: Look) -> bool:
    names = {str(flag.name).lower() for flag in TcpFlag if flag in look.packet.tcp_flags}
    return matcher.set <= names and not matcher.clear & names


def _icmp(matcher: IcmpIs, look: Look) -> bool:
    packet = look.packet
    return packet.icmp_type == matcher.type and (packet.icmp_code or 0) in matcher.codes


def _ttl(matcher: TimeToLive, look: Look) -> bool:
    ttl = look.passage.ttl
    return {
        "equal": ttl == matcher.number,
        "not-equal": ttl != matcher.number,
        "less-than": ttl < matcher.number,
        "greater-than": ttl > matcher.number,
    }[matcher.comparison]


def _limit(matcher: Limit, look: Look) -> bool:
    return _take(matcher, look, (look.place, matcher))


def _take(matcher: Limit | DstLimit, look: Look, key: Key) -> bool:
    bits = isinstance(matcher, Limit) and matcher.bits
    bucket = look.memory.buckets.setdefault(key, Bucket(matcher.burst, look.now))
    rate = matcher.rate / matcher.per.total_seconds()
    return bucket.take(look.now, rate, matcher.burst, 8.0 * look.packet.length if bits else 1.0)


def _dst_limit(matcher: DstLimit, look: Look) -> bool:
    memory, packet = look.memory, look.packet
    counted: dict[str, Key] = {
        "dst-address": (packet.destination,),
        "dst-address-and-port": (packet.destination, packet.destination_port),
        "src-address": (packet.source,),
        "src-and-dst-addresses": (packet.source, packet.destination),
        "addresses-and-dst-port": (packet.source, packet.destination, packet.destination_port),
    }
    key = (look.place, matcher, *counted[matcher.by])
    if look.now >= memory.ends.get(key, look.now):
        memory.buckets.pop(key, None)
    memory.ends[key] = look.now + matcher.expire.total_seconds()
    return _take(matcher, look, key)


def _connection_limit(matcher: ConnectionLimit, look: Look) -> bool:
    network = ip_network((look.packet.source, matcher.prefix), strict=False)
    key = (look.place, matcher, network)
    there = {each for each in look.memory.connections.get(key, set()) if look.memory.alive(each)}
    look.memory.connections[key] = there | {forward(look.packet)}
    return len(look.memory.connections[key]) > matcher.count


def _scan(matcher: PortScan, look: Look) -> bool:
    packet = look.packet
    if packet.protocol not in {6, 17} or packet.tcp_flags & (TcpFlag.ACK | TcpFlag.RST):
        return False
    return look.memory.scanners.sees(packet.source, packet.destination_port, look.now, matcher)


def _random(matcher: Random, look: Look) -> bool:
    return look.dice() * 100 < matcher.percent


def _nth(matcher: Nth, look: Look) -> bool:
    key = (look.place, matcher)
    count = look.memory.counts.get(key, 0)
    look.memory.counts[key] = count + 1
    return count % matcher.every == matcher.packet - 1


LAYER7_PACKETS, LAYER7_BYTES = 10, 2048
"""How much of a connection `layer7-protocol` looks at (RouterOS manual, layer 7)."""


def _layer7(matcher: Layer7, look: Look) -> bool:
    packet, streams = look.packet, look.memory.streams
    flow = min(forward(packet), turned(packet), key=str)
    packets, data = streams.get(flow, (0, b""))
    if packets < LAYER7_PACKETS:
        data = (data + packet.payload.replace(b"\0", b""))[:LAYER7_BYTES]
        streams[flow] = packets + 1, data
    pattern = look.patterns.get(matcher.name)
    return pattern is not None and pattern.search(data) is not None


_FITS: dict[type, Fits] = {
    SourceMac: lambda matcher, look: matcher.address == look.passage.source_mac,
    InterfaceIs: _interface,
    InterfaceListed: _interface_listed,
    AddressIs: _address,
    AddressTypeIs: _address_type,
    AddressListed: _listed,
    TimeToLive: _ttl,
    Dscp: lambda matcher, look: matcher.number == look.passage.dscp,
    PacketSize: lambda matcher, look: look.packet.length in matcher.size,
    ProtocolIs: lambda matcher, look: matcher.number == look.packet.protocol,
    PortIs: _ports,
    TcpFlags: _flags,
    IcmpIs: _icmp,
    StateIs: lambda matcher, look: str(look.packet.state) in matcher.states,
    NatStateIs: lambda matcher, look: bool(matcher.states & look.passage.translated),
    ConnectionLimit: _connection_limit,
    Content: lambda matcher, look: matcher.bytes in look.packet.payload,
    PortScan: _scan,
    Layer7: _layer7,
    Random: _random,
    Nth: _nth,
    Limit: _limit,
    DstLimit: _dst_limit,
}
