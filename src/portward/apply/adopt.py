"""TCP connections that are open when the gate is put up, so that it does not cut them.

Connection tracking may not have been at work before: then the next packet of an open connection looks like an
ACK out of nowhere, which a guarded port drops (docs/meaning.md, line 3). Reads `/proc/net/tcp` and
`/proc/net/tcp6` (Linux, Documentation/networking/proc_net_tcp.rst): addresses are words of 32 bits in the
machine's byte order. Connections that pass through this machine are not seen there.
"""

import re
import struct
from collections.abc import Container, Iterable, Iterator
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import attrs

from portward.apply.listing import Listing
from portward.apply.live import Element
from portward.apply.wanted import Guarded
from portward.compile import names
from portward.compile.names import IpFamily
from portward.policy.net import Address


TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))

OPEN_STATES = frozenset({0x01, 0x03, 0x04, 0x05, 0x08})
"""ESTABLISHED, SYN_RECV, FIN_WAIT1, FIN_WAIT2, CLOSE_WAIT (Linux include/net/tcp_states.h): data may still come in."""

_END = r"(?:[0-9A-F]{8}|[0-9A-F]{32}):[0-9A-F]{4}"
_ROW = re.compile(rf"^ *\d+: (?P<own>{_END}) (?P<peer>{_END}) (?P<state>[0-9A-F]{{2}}) ", re.MULTILINE)

ADOPTED_FOR = timedelta(days=5)
"""As long as connection tracking remembers an idle connection (nf_conntrack_tcp_timeout_established)."""


Key = tuple[str | int, ...]
"""Peer, its port and our own port, as an element of the kernel's set."""


@attrs.frozen
class Connection:
    """One open TCP connection of this host."""

    peer: Address
    peer_port: int
    own: Address
    own_port: int


def parse_connections(text: str) -> Iterator[Connection]:
    """Read the open connections of one of the kernel's tables; lines that are no connection are passed over."""
    for row in _ROW.finditer(text):
        if int(row["state"], 16) not in OPEN_STATES:
            continue
        own, own_port = parse_end(row["own"])
        peer, peer_port = parse_end(row["peer"])
        if not (peer.is_loopback or peer.is_unspecified):
            yield Connection(peer, peer_port, own, own_port)


def parse_end(text: str) -> tuple[Address, int]:
    """Read `0100007F:0016`; an IPv4 address that is mapped into IPv6 comes back as IPv4."""
    digits, _, port = text.partition(":")
    words = [int(digits[start : start + 8], 16) for start in range(0, len(digits), 8)]
    packed = struct.pack(f"={len(words)}I", *words)
    if len(packed) == 4:
        return IPv4Address(packed), int(port, 16)
    address = IPv6Address(packed)
    return address.ipv4_mapped or address, int(port, 16)


def adopted(
    connections: Iterable[Connection],
    guarded: Guarded,
    wanted: Listing,
    earlier: Container[Key] | None = None,
) -> dict[str, tuple[Element, ...]]:
    """Choose the connections that the gate would cut, as elements by the name of their set; at most as many as fit.

    Args:
        connections: all that are open.
        guarded: what the gate guards.
        wanted: the table that is to be.
        earlier: what the gate adopted before, None when there was no gate: a connection to a door that cuts is
            adopted only when the gate is put up, or one that has ended with its grant would come back.
    """
    found: dict[str, dict[Key, Element]] = {}
    for each in connections:
        block = wanted.blocks.get(("set", names.adopted(IpFamily.of(each.peer))))
        if block is None or not guarded.covers(each.own_port):
            continue
        elements = found.setdefault(block.name, {})
        key = (str(each.peer), each.peer_port, each.own_port)
        if guarded.cuts(each.own_port) and earlier is not None and key not in earlier:
            continue
        if block.size is None or len(elements) < block.size:
            elements[key] = Element(key, ADOPTED_FOR)
    return {name: tuple(elements.values()) for name, elements in found.items()}


def open_connections() -> list[Connection]:
    """Read the TCP connections that are open in our network namespace."""
    return [
        connection
        for table in TABLES
        if table.exists()
        for connection in parse_connections(table.read_text(encoding="ascii"))
    ]
