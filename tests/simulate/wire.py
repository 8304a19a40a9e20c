"""Packets and capture files as bytes, for tests: written from the RFCs, apart from the readers under test."""

import struct

from portward.simulate.packet import Packet


def to_bytes(packet: Packet) -> bytes:
    """A packet as it is on the wire, checksums left zero."""
    body = transport(packet)
    ends = packet.source.packed + packet.destination.packed
    if packet.source.version == 4:
        return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0, 64, packet.protocol, 0) + ends + body
    return struct.pack(">IHBB", 0x60000000, len(body), packet.protocol, 64) + ends + body


def transport(packet: Packet) -> bytes:
    """What follows the IP header."""
    ports = struct.pack(">HH", packet.source_port, packet.destination_port)
    if packet.protocol == 6:
        return ports + struct.pack(">IIBBHHH", 0, 0, 0x50, int(packet.tcp_flags), 1024, 0, 0)
    if packet.protocol == 17:
        return ports + struct.pack(">HH", 8 + len(packet.payload), 0) + packet.payload
    kind = struct.pack(">BBHHH", packet.icmp_type, packet.icmp_code, 0, packet.source_port, 0)
    header = 20 if packet.source.version == 4 else 40
    return (kind + packet.payload).ljust(packet.length - header, b"\0")


def pcap(
    frames: list[tuple[float, bytes]], *, link: int = 101, order: str = ">", nano: bool = False
) -> bytes:
    """A pcap file."""
    parts = 1_000_000_000 if nano else 1_000_000
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    data = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link)
    for time, frame in frames:
        ticks = round(time * parts)
        data += struct.pack(order + "IIII", ticks // parts, ticks % parts, len(frame), len(frame)) + frame
    return data


def pcapng(
    frames: list[tuple[float, bytes]], *, link: int = 101, order: str = ">", nano: bool = False
) -> bytes:
    """A pcapng file with one section and one interface."""
    parts = 1_000_000_000 if nano else 1_000_000
    resolution = struct.pack(order + "HHB3xHH", 9, 1, 9, 0, 0) if nano else b""
    data = block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    data += block(order, 1, struct.pack(order + "HHI", link, 0, 65535) + resolution)
    data += block(order, 5, bytes(12))  # statistics, which are passed over
    for time, frame in frames:
        ticks = round(time * parts)
        head = struct.pack(order + "IIIII", 0, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame))
        data += block(order, 6, head + frame.ljust((len(frame) + 3) // 4 * 4, b"\0"))
    return data


def block(order: str, kind: int, body: bytes) -> bytes:
    """One block of a pcapng file."""
    size = len(body) + 12
    return struct.pack(order + "II", kind, size) + body + struct.pack(order + "I", size)
