"""Ethernet frames of any kind, byte by byte: what a visitor, a scanner or a forger could send.

Headers follow RFC 791, RFC 8200, RFC 9293, RFC 768, RFC 792 and RFC 4443. Every frame carries a number by which a
receiver knows it again: the IPv4 identification, or the IPv6 flow label.
"""

import struct
from ipaddress import IPv4Address, IPv6Address

import attrs


FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16

Address = IPv4Address | IPv6Address


@attrs.frozen
class Road:
    """From where to where frames go.

    Attributes:
        sender: 6 bytes of MAC address.
        receiver: the same.
    """

    sender: bytes
    receiver: bytes


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def pseudo_header(source: Address, destination: Address, protocol: int, length: int) -> bytes:
    """What TCP, UDP and ICMPv6 put before themselves for the checksum."""
    if source.version == 4:
        return source.packed + destination.packed + struct.pack("!BBH", 0, protocol, length)
    return source.packed + destination.packed + struct.pack("!IxxxB", length, protocol)


def tcp(
    source: Address, destination: Address, ports: tuple[int, int], flags: int, payload: bytes = b""
) -> bytes:
    """A TCP segment."""
    head = struct.pack("!HHIIBBHHH", *ports, 1, 1 if flags & ACK else 0, 5 << 4, flags, 64240, 0, 0)
    total = checksum(pseudo_header(source, destination, 6, len(head) + len(payload)) + head + payload)
    return head[:16] + struct.pack("!H", total) + head[18:] + payload


def udp(source: Address, destination: Address, ports: tuple[int, int], payload: bytes = b"") -> bytes:
    """A UDP datagram."""
    head = struct.pack("!HHHH", *ports, 8 + len(payload), 0)
    total = checksum(pseudo_header(source, destination, 17, 8 + len(payload)) + head + payload) or 0xFFFF
    return head[:6] + struct.pack("!H", total) + payload


def echo(source: Address, destination: Address, payload: bytes, number: int = 1) -> bytes:
    """An echo request of the address's family."""
    kind = 8 if source.version == 4 else 128
    head = struct.pack("!BBHHH", kind, 0, 0, 7, number & 0xFFFF)
    before = b"" if source.version == 4 else pseudo_header(source, destination, 58, 8 + len(payload))
    return head[:2] + struct.pack("!H", checksum(before + head + payload)) + head[4:] + payload


def frame(  # noqa: PLR0913, PLR0917 - a packet has many fields
    road: Road, source: Address, destination: Address, protocol: int, content: bytes, number: int
) -> bytes:
    """Wrap a transport's bytes into IP and Ethernet.

    Args:
        road: the MAC addresses.
        source: of the IP packet.
        destination: of the same family.
        protocol: 6, 17, 1, 58 or another.
        content: all behind the IP header.
        number: 0..65535, found again in the IPv4 identification or the IPv6 flow label.
    """
    if source.version == 4:
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(content), number, 0, 64, protocol, 0)
        head += source.packed + destination.packed
        packet = head[:10] + struct.pack("!H", checksum(head)) + head[12:] + content
        return road.receiver + road.sender + b"\x08\x00" + packet
    head = struct.pack("!IHBB", 6 << 28 | number, len(content), protocol, 64)
    return road.receiver + road.sender + b"\x86\xdd" + head + source.packed + destination.packed + content


def number_of(packet: bytes) -> int:
    """Find the number in an IP packet again."""
    if packet[0] >> 4 == 4:
        return int.from_bytes(packet[4:6], "big")
    return int.from_bytes(packet[0:4], "big") & 0xFFFF
