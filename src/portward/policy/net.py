"""Value objects of the network that cannot be wrong: protocols, ports, knocks, addresses.

Every constructor checks its range and raises `ValueError` with one sentence for the user. Nothing here reads text;
see `notation` for the spellings.
"""

import enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

import attrs


Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MAX_PORT = 65535
"""The largest port of TCP and UDP (RFC 9293 §3.1, RFC 768)."""

SMALLEST_ECHO = 28
"""The smallest IPv4 echo request: 20 bytes of IP header and 8 of ICMP (RFC 791, RFC 792)."""

SMALLEST_ECHO_V6 = 48
"""The smallest IPv6 echo request: 40 bytes of IP header and 8 of ICMPv6 (RFC 8200, RFC 4443)."""

LONGEST_WORD = 64
"""Bytes of a secret word: what one comparison of the kernel holds (NFT_DATA_VALUE_MAXLEN)."""


class Protocol(enum.StrEnum):
    """A transport that a service or a knock can use, by its name in /etc/protocols; its IANA number is `number`."""

    TCP = "tcp"
    UDP = "udp"
    ICMP = "icmp"
    """ICMP on IPv4 and ICMPv6 on IPv6: echo requests, where it is a knock."""
    SCTP = "sctp"
    ESP = "esp"
    AH = "ah"
    GRE = "gre"
    IGMP = "igmp"
    IPENCAP = "ipencap"
    """IPv4 in IP, what `ip tunnel … mode ipip` sends (RFC 2003); /etc/protocols calls it so."""
    IPIP = "ipip"
    OSPF = "ospf"
    VRRP = "vrrp"
    L2TP = "l2tp"

    @property
    def number(self) -> int:
        """The number in the IPv4 header's protocol field (IANA protocol numbers)."""
        return _NUMBERS[self]

    @property
    def has_ports(self) -> bool:
        """Whether a port follows the protocol: `tcp/22`, but plain `esp`."""
        return self in {Protocol.TCP, Protocol.UDP, Protocol.SCTP}


_NUMBERS = {
    Protocol.ICMP: 1,
    Protocol.IGMP: 2,
    Protocol.IPENCAP: 4,
    Protocol.IPIP: 94,
    Protocol.TCP: 6,
    Protocol.UDP: 17,
    Protocol.GRE: 47,
    Protocol.ESP: 50,
    Protocol.AH: 51,
    Protocol.OSPF: 89,
    Protocol.VRRP: 112,
    Protocol.L2TP: 115,
    Protocol.SCTP: 132,
}


@attrs.frozen(order=True)
class PortRange:
    """The ports `first` to `last` of one protocol, both included; `0, 0` for a protocol without ports.

    Raises:
        ValueError: a port outside 1..65535, the ends the wrong way round, or ports where there are none.
    """

    protocol: Protocol
    first: int = 0
    last: int = 0

    def __attrs_post_init__(self) -> None:
        if not self.protocol.has_ports:
            if self.first or self.last:
                msg = f"{self.protocol} has no ports"
                raise ValueError(msg)
            return
        for port in (self.first, self.last):
            if not 1 <= port <= MAX_PORT:
                msg = f"port {port} is not in 1..{MAX_PORT}"
                raise ValueError(msg)
        if self.first > self.last:
            msg = f"the range {self.first}-{self.last} ends before it begins"
            raise ValueError(msg)

    def __contains__(self, port: int) -> bool:
        return self.first <= port <= self.last

    def __len__(self) -> int:
        return self.last - self.first + 1

    @property
    def ports(self) -> range:
        """Every port of the range, in order."""
        return range(self.first, self.last + 1)

    def overlaps(self, other: "PortRange") -> bool:
        """Whether a packet could be to both."""
        return self.protocol is other.protocol and self.first <= other.last and other.first <= self.last


@attrs.frozen(order=True)
class Knock:
    """One packet that counts.

    Attributes:
        protocol: TCP (a SYN), UDP (a datagram) or ICMP (an echo request).
        number: the destination port (1..65535), or for ICMP the length of the whole IP packet in bytes
            (28..65535; below 48 no IPv6 packet fits): RouterOS `packet-size`.
        word: the first bytes of the payload, 1..64 of them, or empty for any payload; UDP and ICMP only.

    Raises:
        ValueError: a number or word that no packet can have.
    """

    protocol: Protocol
    number: int
    word: bytes = attrs.field(default=b"", repr=False)  # a secret: never in logs or error texts

    def __attrs_post_init__(self) -> None:
        match self.protocol:
            case Protocol.TCP | Protocol.UDP:
                if not 1 <= self.number <= MAX_PORT:
                    msg = f"port {self.number} is not in 1..{MAX_PORT}"
                    raise ValueError(msg)
            case Protocol.ICMP:
                if not SMALLEST_ECHO <= self.number <= MAX_PORT:
                    msg = (
                        f"an echo request of {self.number} bytes does not exist: with its IP header "
                        f"it has {SMALLEST_ECHO}..{MAX_PORT}"
                    )
                    raise ValueError(msg)
            case _:
                msg = f"a knock is tcp, udp or icmp, not {self.protocol}"
                raise ValueError(msg)
        if self.word and self.protocol is Protocol.TCP:
            msg = "a TCP knock is a SYN, which carries no word; use udp or icmp"
            raise ValueError(msg)
        if len(self.word) > LONGEST_WORD:
            msg = f"a secret word has 1..{LONGEST_WORD} bytes, this one has {len(self.word)}"
            raise ValueError(msg)
        if self.protocol is Protocol.ICMP and self.word and self.number < SMALLEST_ECHO + len(self.word):
            msg = f"an echo request of {self.number} bytes has no room for the word"
            raise ValueError(msg)
