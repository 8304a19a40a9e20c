"""A packet as the gate sees it: pure data, whatever it was read from.

Nothing here knows a policy, a file format or a clock.
"""

import enum
from collections.abc import Iterable

import attrs

from portward.policy.net import Address, Protocol


class ConnectionState(enum.StrEnum):
    """What connection tracking says of a packet, in nft's words (`ct state`)."""

    NEW = "new"
    ESTABLISHED = "established"
    RELATED = "related"
    INVALID = "invalid"
    UNTRACKED = "untracked"


class Begun(enum.StrEnum):
    """Who began the connection that an established packet is part of."""

    VISITOR = "visitor"
    """The packet goes in the connection's own direction (`ct direction original`)."""
    HOST = "host"
    """The packet answers this host, or a machine behind it whose address was not translated."""
    BEHIND = "behind"
    """The packet answers a machine behind this host, whose address was translated on the way out."""


class Cast(enum.StrEnum):
    """How many machines a packet is for."""

    UNICAST = "unicast"
    BROADCAST = "broadcast"
    MULTICAST = "multicast"


class TcpFlag(enum.IntFlag):
    """The flags of a TCP header (RFC 9293 §3.1), bit by bit."""

    FIN = 1
    SYN = 2
    RST = 4
    PSH = 8
    ACK = 16
    URG = 32


ICMP_V4 = 1
ICMP_V6 = 58
"""IANA protocol numbers: our `Protocol.ICMP` is one or the other, by the family."""

ECHO_REQUEST_V4 = 8
ECHO_REQUEST_V6 = 128
"""ICMP types (RFC 792, RFC 4443)."""

NO_FLAGS = TcpFlag(0)
NEW_TCP_MASK = int(TcpFlag.SYN | TcpFlag.ACK | TcpFlag.FIN | TcpFlag.RST)

_BY_NUMBER = {each.number: each for each in Protocol}


@attrs.frozen
class Packet:
    """One packet that comes in.

    Attributes:
        source: who sent it.
        destination: as the visitor wrote it, before any address translation; of the source's family.
        protocol: the IANA number of the transport: IPv4's protocol field, or IPv6's last next header.
        source_port: of TCP, UDP and SCTP; of an echo request its identifier; 0 for others.
        destination_port: of TCP, UDP and SCTP; of an echo reply its identifier; 0 for others.
        tcp_flags: of TCP.
        icmp_type: of ICMP and ICMPv6; None for others.
        icmp_code: the same.
        length: of the whole IP packet, header included, in bytes.
        payload: UDP data, or what follows the 8 bytes of an echo header.
        interface: the name of the network interface that it came in by.
        state: what connection tracking says.
        local: whether the destination is a unicast address of this host's own.
        cast: how many machines it is for; a `local` packet is unicast.
        begun: who began its connection; means nothing unless `state` is established.

    Raises:
        ValueError: two families, or a local packet that is not unicast.
    """

    source: Address
    destination: Address
    protocol: int
    source_port: int = 0
    destination_port: int = 0
    tcp_flags: TcpFlag = NO_FLAGS
    icmp_type: int | None = None
    icmp_code: int | None = None
    length: int = 0
    payload: bytes = attrs.field(default=b"", repr=False)  # may hold a secret word
    interface: str = "eth0"
    state: ConnectionState = ConnectionState.NEW
    local: bool = True
    cast: Cast = Cast.UNICAST
    begun: Begun = Begun.VISITOR

    def __attrs_post_init__(self) -> None:
        if self.source.version != self.destination.version:
            msg = f"{self.source} and {self.destination} are of different families"
            raise ValueError(msg)
        if self.local and self.cast is not Cast.UNICAST:
            msg = f"a {self.cast} packet is not for one address of this host"
            raise ValueError(msg)

    @property
    def transport(self) -> Protocol | None:
        """The protocol by the policy's name; None for one that a policy cannot name."""
        if self.protocol == ICMP_V4 or self.protocol == ICMP_V6:  # noqa: PLR1714 - twice as fast as a set
            return Protocol.ICMP if (self.protocol == ICMP_V4) == (self.source.version == 4) else None
        return _BY_NUMBER.get(self.protocol)

    @property
    def is_new_tcp(self) -> bool:
        """Whether it asks for a TCP connection: SYN set; ACK, FIN and RST clear."""
        return self.protocol == 6 and int(self.tcp_flags) & NEW_TCP_MASK == 2

    @property
    def is_echo_request(self) -> bool:
        """Whether it is a ping, of its own family's kind."""
        if self.source.version == 4:
            return self.protocol == ICMP_V4 and self.icmp_type == ECHO_REQUEST_V4
        return self.protocol == ICMP_V6 and self.icmp_type == ECHO_REQUEST_V6


@attrs.frozen
class Host:
    """The addresses that a machine calls its own."""

    addresses: frozenset[Address]

    @classmethod
    def of(cls, addresses: Iterable[Address]) -> "Host":
        """Make one from any collection."""
        return cls(frozenset(addresses))


def header_length(version: int) -> int:
    """Bytes of an IP header without options (RFC 791, RFC 8200)."""
    return 20 if version == 4 else 40


def syn(source: Address, destination: Address, port: int, source_port: int = 40000) -> Packet:
    """Make a new TCP packet without options."""
    length = header_length(source.version) + 20
    return Packet(source, destination, 6, source_port, port, TcpFlag.SYN, length=length)


def datagram(
    source: Address, destination: Address, port: int, payload: bytes = b"", source_port: int = 40000
) -> Packet:
    """Make a UDP packet."""
    length = header_length(source.version) + 8 + len(payload)
    return Packet(source, destination, 17, source_port, port, length=length, payload=payload)


def echo_request(source: Address, destination: Address, length: int, payload: bytes = b"") -> Packet:
    """Make an echo request whose IP packet has that many bytes; zeros follow the payload."""
    filling = payload.ljust(max(0, length - header_length(source.version) - 8), b"\0")
    number, kind = (ICMP_V4, ECHO_REQUEST_V4) if source.version == 4 else (ICMP_V6, ECHO_REQUEST_V6)
    return Packet(source, destination, number, icmp_type=kind, icmp_code=0, length=length, payload=filling)
