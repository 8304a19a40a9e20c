"""Capture files → packets: pcap and pcapng, of every link type that tcpdump writes on Linux.

Pure: bytes in, values out. Whatever the bytes are, they are read or they give a `PolicyError` with one
diagnostic. Layouts: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng, and the list of link types at
tcpdump.org.
"""

from collections import Counter
from collections.abc import Callable, Iterator

import attrs

from portward.errors import Diagnostic, PolicyError, Severity, Span
from portward.simulate.ip import Skip, read_ip
from portward.simulate.packet import Cast, Host, Packet
from portward.simulate.sighting import Sighting


PCAP = {
    b"\xa1\xb2\xc3\xd4": ("big", 1_000_000),
    b"\xd4\xc3\xb2\xa1": ("little", 1_000_000),
    b"\xa1\xb2\x3c\x4d": ("big", 1_000_000_000),
    b"\x4d\x3c\xb2\xa1": ("little", 1_000_000_000),
}
"""How a pcap file begins: byte order, and parts of a second."""

PCAPNG = b"\x0a\x0d\x0d\x0a"

LONGEST_RECORD = 1 << 24
"""Bytes; more than any capture program writes for one packet."""


@attrs.frozen
class Capture:
    """What a capture file holds.

    Attributes:
        sightings: the packets that can be judged.
        host: whose addresses count as this host's own.
        skipped: how many packets were passed over, and why.
        start: when the first packet was seen, in seconds of the Unix epoch; 0 where the file does not say.
    """

    sightings: tuple[Sighting, ...]
    host: Host
    skipped: dict[str, int]
    start: float = 0.0


@attrs.frozen
class Frame:
    """One record: its time in seconds, its number from 1 on, and its bytes from the IP header on.

    `outgoing` and `broadcast` are what the link layer says.
    """

    time: float
    number: int
    data: bytes
    outgoing: bool = False
    broadcast: bool = False


Link = Callable[[bytes], tuple[bytes, bool, bool]]
"""Bytes of a frame → bytes from the IP header on (none if it is not IP), outgoing, broadcast."""


def is_capture(data: bytes) -> bool:
    """Whether a file is a capture, by how it begins."""
    return data[:4] in PCAP or data[:4] == PCAPNG


def read_capture(data: bytes, file: str, host: Host | None = None) -> Capture:
    """Read a whole file; without a host, it is guessed (see `guess_host`).

    Raises:
        PolicyError: it is no capture, it is damaged, or it ends too early.
    """
    frames = read_pcapng(data, file) if data[:4] == PCAPNG else read_pcap(data, file)
    skipped: Counter[str] = Counter()
    found: list[tuple[Frame, Packet]] = []
    for frame in frames:
        packet = read_ip(frame.data, broadcast=frame.broadcast)
        if isinstance(packet, Skip):
            skipped[str(packet)] += 1
        else:
            found.append((frame, packet))
    found.sort(key=lambda pair: pair[0].time)
    host = host or guess_host(found)
    start = found[0][0].time if found else 0.0
    return Capture(tuple(settle(found, host, file)), host, dict(skipped), start)


def guess_host(found: list[tuple[Frame, Packet]]) -> Host:
    """Take for this host, in each address family, the unicast address that most new TCP packets go to.

    Where there is no new TCP, all packets count. Of equals the first wins.
    """
    addresses = []
    for version in (4, 6):
        inbound = [
            packet
            for frame, packet in found
            if packet.source.version == version and packet.cast is Cast.UNICAST and not frame.outgoing
        ]
        opening = [packet for packet in inbound if packet.is_new_tcp] or inbound
        if counted := Counter(packet.destination for packet in opening):
            addresses.append(counted.most_common(1)[0][0])
    return Host.of(addresses)


def settle(found: list[tuple[Frame, Packet]], host: Host, file: str) -> Iterator[Sighting]:
    """Say of each packet whether it is for this host or from it; times count from the first packet."""
    start = found[0][0].time if found else 0.0
    for frame, packet in found:
        local = packet.cast is Cast.UNICAST and packet.destination in host.addresses
        yield Sighting(
            round(frame.time - start, 9),
            attrs.evolve(packet, local=local),
            outgoing=frame.outgoing or packet.source in host.addresses,
            span=Span(file, frame.number, 1),
        )


# pcap.


def read_pcap(data: bytes, file: str) -> Iterator[Frame]:
    """Read the records of a pcap file."""
    if data[:4] not in PCAP:
        raise broken(file, "it is neither a pcap nor a pcapng file")
    if len(data) < 24:
        raise broken(file, "the file ends within its header")
    order, parts = PCAP[data[:4]]
    link = link_of(number_at(data, 20, 4, order) & 0x0FFFFFFF, file)
    at, number = 24, 0
    while at < len(data):
        number += 1
        size = number_at(data, at + 8, 4, order)
        if size > LONGEST_RECORD:
            raise broken(file, f"packet {number} claims to have {size:,} bytes")
        if len(data) - at - 16 < size:
            raise broken(file, f"the file ends within packet {number}")
        time = number_at(data, at, 4, order) + number_at(data, at + 4, 4, order) / parts
        yield Frame(time, number, *link(data[at + 16 : at + 16 + size]))
        at += 16 + size


# pcapng.


@attrs.frozen
class Port:
    """An interface of a pcapng file: its link type and how many parts of a second its clock counts."""

    link: Link
    parts: int


def read_pcapng(data: bytes, file: str) -> Iterator[Frame]:
    """Read the packets of a pcapng file, of all its sections and interfaces."""
    ports: list[Port] = []
    number = 0
    for block in blocks(data, file):
        if block.kind == 0x0A0D0D0A:
            ports = []
        elif block.kind == 1:
            ports.append(read_port(block, file))
        elif block.kind in {3, 6}:
            number += 1
            yield read_packet_block(block, ports, number, file)


@attrs.frozen
class Block:
    """One block of a pcapng file: its type, what is in it, and the byte order of its section."""

    kind: int
    body: bytes
    order: str

    def number(self, at: int, size: int = 4) -> int:
        """Read a number of the body."""
        return number_at(self.body, at, size, self.order)


def blocks(data: bytes, file: str) -> Iterator[Block]:
    """Cut a pcapng file into blocks."""
    at, order = 0, "little"
    while at < len(data):
        if data[at : at + 4] == PCAPNG:
            order = "big" if data[at + 8 : at + 12] == b"\x1a\x2b\x3c\x4d" else "little"
        size = number_at(data, at + 4, 4, order)
        if size < 12 or size % 4 or size > LONGEST_RECORD:
            raise broken(file, f"the block at byte {at} claims to have {size:,} bytes")
        if len(data) - at < size:
            raise broken(file, f"the file ends within the block at byte {at}")
        yield Block(number_at(data, at, 4, order), data[at + 8 : at + size - 4], order)
        at += size


def read_port(block: Block, file: str) -> Port:
    """Read an interface description; of its options only the clock's resolution matters."""
    parts, at = 1_000_000, 8
    while at + 4 <= len(block.body) and (code := block.number(at, 2)):
        size = block.number(at + 2, 2)
        if code == 9 and size == 1 and at + 4 < len(block.body):  # if_tsresol
            power = block.body[at + 4]
            parts = 2 ** (power & 127) if power & 128 else 10 ** (power & 127)
        at += 4 + (size + 3) // 4 * 4
    return Port(link_of(block.number(0, 2), file), parts)


def read_packet_block(block: Block, ports: list[Port], number: int, file: str) -> Frame:
    """Read an enhanced (6) or a simple (3) packet block; a simple one has no time."""
    which = block.number(0) if block.kind == 6 else 0
    if which >= len(ports):
        raise broken(file, f"packet {number} is of an interface that the file does not describe")
    if block.kind == 3:
        return Frame(0.0, number, *ports[0].link(block.body[4 : 4 + block.number(0)]))
    size = block.number(12)
    if len(block.body) < 20 + size:
        raise broken(file, f"packet {number} claims to have {size:,} bytes")
    ticks = (block.number(4) << 32) + block.number(8)
    return Frame(ticks / ports[which].parts, number, *ports[which].link(block.body[20 : 20 + size]))


# Link types.


def from_ip(data: bytes) -> tuple[bytes, bool, bool]:
    """Raw IP."""
    return data, False, False


def from_ethernet(data: bytes) -> tuple[bytes, bool, bool]:
    """Ethernet, with any number of VLAN tags (IEEE 802.1Q)."""
    at = 12
    while data[at : at + 2] in {b"\x81\x00", b"\x88\xa8", b"\x91\x00"}:
        at += 4
    ip = data[at + 2 :] if data[at : at + 2] in {b"\x08\x00", b"\x86\xdd"} else b""
    return ip, False, data[:6] == b"\xff" * 6


def from_cooked(data: bytes) -> tuple[bytes, bool, bool]:
    """Linux cooked capture: `tcpdump -i any`."""
    ip = data[16:] if data[14:16] in {b"\x08\x00", b"\x86\xdd"} else b""
    return ip, data[:2] == b"\x00\x04", data[:2] == b"\x00\x01"


def from_cooked_v2(data: bytes) -> tuple[bytes, bool, bool]:
    """Linux cooked capture, version 2."""
    ip = data[20:] if data[:2] in {b"\x08\x00", b"\x86\xdd"} else b""
    return ip, data[10:11] == b"\x04", data[10:11] == b"\x01"


def from_loopback(data: bytes) -> tuple[bytes, bool, bool]:
    """BSD loopback: four bytes of address family in somebody's byte order; the IP header tells the same."""
    return data[4:], False, False


LINKS: dict[int, Link] = {
    0: from_loopback,
    1: from_ethernet,
    12: from_ip,
    14: from_ip,
    101: from_ip,
    108: from_loopback,
    113: from_cooked,
    228: from_ip,
    229: from_ip,
    276: from_cooked_v2,
}


def link_of(number: int, file: str) -> Link:
    """Find how frames of a link type are read."""
    if number not in LINKS:
        raise broken(file, f"its link type {number} is unknown; capture with -i any or on Ethernet")
    return LINKS[number]


def number_at(data: bytes, at: int, size: int, order: str) -> int:
    """Read a number; bytes behind the end count as none."""
    return int.from_bytes(data[at : at + size], "big" if order == "big" else "little")


def broken(file: str, what: str) -> PolicyError:
    """Make the one error of a capture file."""
    return PolicyError([Diagnostic("", Severity.ERROR, f"{file}: {what}")])
