"""Bytes of an IP packet → `Packet`. Never raises: bytes that are no whole packet give a reason why not.

It knows IPv4 and IPv6 and the first bytes of TCP, UDP, SCTP and ICMP; not where the bytes come from.
"""

import enum
from ipaddress import IPv4Address, IPv6Address

import attrs

from portward.policy.net import Address
from portward.simulate.packet import Cast, Packet, TcpFlag


class Skip(enum.StrEnum):
    """Why bytes are no packet that can be judged."""

    NOT_IP = "not IP"
    FRAGMENT = "a fragment"
    CUT_SHORT = "cut short"


_TRAVELLING = frozenset({0, 43, 60})
"""IPv6 extension headers that are passed over: hop-by-hop, routing, destination options (RFC 8200 §4)."""

_FRAGMENT_V6 = 44

_FEWEST = {6: 14, 17: 8, 132: 8, 1: 8, 58: 8}
"""Bytes of a transport header that must be there: of TCP up to its flags, of the others the fixed part."""

_QUOTED = 8
"""Bytes of the transport header that an ICMP error quotes at least (RFC 792)."""

_REQUESTS, _REPLIES = frozenset({8, 128}), frozenset({0, 129})
"""ICMP and ICMPv6 types of echoes."""


def read_ip(data: bytes, *, broadcast: bool = False, quoted: bool = False) -> Packet | Skip:
    """Read a packet whose first byte is the first of an IP header; what follows its end is passed over.

    The packet is neither local nor has it a connection state yet; `broadcast` says what the link layer said,
    `quoted` that an ICMP error quotes the packet, which may end early then.
    """
    version = data[0] >> 4 if data else 0
    if version == 4:
        found = _read_v4(data, broadcast=broadcast)
    else:
        found = _read_v6(data, broadcast=broadcast) if version == 6 else Skip.NOT_IP
    if isinstance(found, Skip):
        return found
    packet, transport = found
    return _read_transport(packet, transport, quoted=quoted)


def _read_v4(data: bytes, *, broadcast: bool) -> tuple[Packet, bytes] | Skip:
    """RFC 791 §3.1."""
    if len(data) < 20:
        return Skip.CUT_SHORT
    header = (data[0] & 15) * 4
    length = int.from_bytes(data[2:4], "big") or len(data)  # 0 where the network card cuts segments itself
    if header < 20 or length < header:
        return Skip.NOT_IP
    if int.from_bytes(data[6:8], "big") & 0x3FFF:
        return Skip.FRAGMENT
    source, destination = IPv4Address(data[12:16]), IPv4Address(data[16:20])
    cast = cast_of(destination, broadcast=broadcast)
    packet = Packet(source, destination, data[9], length=length, local=False, cast=cast)
    return packet, data[header:length]


def _read_v6(data: bytes, *, broadcast: bool) -> tuple[Packet, bytes] | Skip:
    """RFC 8200 §3."""
    if len(data) < 40:
        return Skip.CUT_SHORT
    carried = int.from_bytes(data[4:6], "big")
    length = 40 + carried if carried else len(data)
    protocol, at = data[6], 40
    while protocol in _TRAVELLING or protocol == _FRAGMENT_V6:
        header = data[at : at + 8]
        if len(header) < 8:
            return Skip.CUT_SHORT
        if protocol == _FRAGMENT_V6 and int.from_bytes(header[2:4], "big") & 0xFFF9:
            return Skip.FRAGMENT
        at += 8 if protocol == _FRAGMENT_V6 else (header[1] + 1) * 8
        protocol = header[0]
    source, destination = IPv6Address(data[8:24]), IPv6Address(data[24:40])
    cast = cast_of(destination, broadcast=broadcast)
    packet = Packet(source, destination, protocol, length=length, local=False, cast=cast)
    return packet, data[at:length]


def _read_transport(packet: Packet, data: bytes, *, quoted: bool) -> Packet | Skip:
    """RFC 9293 §3.1, RFC 768, RFC 9260 §3, RFC 792, RFC 4443."""
    protocol = packet.protocol
    fewest = _FEWEST.get(protocol, 0)
    if len(data) < (min(fewest, _QUOTED) if quoted else fewest):
        return Skip.CUT_SHORT
    if protocol in {1, 58}:
        return _read_icmp(packet, data)
    if protocol not in {6, 17, 132}:
        return packet
    source_port, port = int.from_bytes(data[:2], "big"), int.from_bytes(data[2:4], "big")
    packet = attrs.evolve(packet, source_port=source_port, destination_port=port)
    if protocol == 6:
        return attrs.evolve(packet, tcp_flags=TcpFlag(data[13] & 63 if len(data) > 13 else 0))
    if protocol == 17:
        return attrs.evolve(packet, payload=data[8:])
    return packet


def _read_icmp(packet: Packet, data: bytes) -> Packet:
    """Read the 8 bytes that all messages begin with; an echo's identifier becomes its port."""
    identifier = int.from_bytes(data[4:6], "big")
    return attrs.evolve(
        packet,
        icmp_type=data[0],
        icmp_code=data[1],
        source_port=identifier if data[0] in _REQUESTS else 0,
        destination_port=identifier if data[0] in _REPLIES else 0,
        payload=data[8:],
    )


def cast_of(destination: Address, *, broadcast: bool = False) -> Cast:
    """How many machines a packet to that address is for, as far as the address and the link layer tell."""
    if destination.is_multicast:
        return Cast.MULTICAST
    everybody = destination.version == 4 and int(destination) == 0xFFFFFFFF
    return Cast.BROADCAST if broadcast or everybody else Cast.UNICAST
