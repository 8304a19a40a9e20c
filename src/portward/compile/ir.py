"""nftables as values: a table of sets, maps, counters and chains, whose rules are tuples of expressions.

Only what our gate needs, and no text of nft's: `nft.py` spells it. Names of objects are plain strings from `names`.
"""

import enum
from datetime import timedelta

import attrs

from portward.compile.names import IpFamily
from portward.errors import Span
from portward.policy.net import Address, Network, PortRange, Protocol


class Selector(enum.Enum):
    """A property of a packet that rules compare or look up."""

    SOURCE_V4 = enum.auto()
    SOURCE_V6 = enum.auto()
    DESTINATION_V4 = enum.auto()
    DESTINATION_V6 = enum.auto()
    PROTOCOL = enum.auto()
    SOURCE_PORT = enum.auto()
    DESTINATION_PORT = enum.auto()
    LENGTH = enum.auto()
    """Bytes of the whole IP packet."""
    MARK = enum.auto()
    MARK_BASE = enum.auto()
    """The mark without its lowest four bits."""
    MARK_STEP = enum.auto()
    """The lowest four bits of the mark."""
    TIME = enum.auto()
    """The moment on the kernel's clock."""
    PASS = enum.auto()
    """The first 16 bytes behind an 8-byte header (UDP, ICMP echo)."""
    LATER_PASS = enum.auto()
    """The 16 bytes behind those."""
    WORD = enum.auto()
    """The first 8 bytes behind an 8-byte header."""

    @staticmethod
    def source(family: IpFamily) -> "Selector":
        """The source address of a family."""
        return Selector.SOURCE_V4 if family is IpFamily.V4 else Selector.SOURCE_V6

    @staticmethod
    def destination(family: IpFamily) -> "Selector":
        """The destination address of a family."""
        return Selector.DESTINATION_V4 if family is IpFamily.V4 else Selector.DESTINATION_V6


class Is(enum.Enum):
    """A question about a packet that needs no operand."""

    FROM_LOOPBACK = enum.auto()
    NEW_TCP = enum.auto()
    """SYN set; ACK, FIN and RST clear."""
    ESTABLISHED = enum.auto()
    """Connection tracking says established."""
    BEGUN_BY_VISITOR = enum.auto()
    """The packet goes in the direction in which its connection was begun."""
    BEGUN_BY_HOST = enum.auto()
    """The packet answers, and the connection was not source-translated: nobody behind this host began it."""
    KNOWN = enum.auto()
    """Connection tracking says established or related."""
    TO_THIS_HOST = enum.auto()
    TO_BE_FORWARDED = enum.auto()
    """The destination is a unicast address that is not ours."""
    ECHO_REQUEST_V4 = enum.auto()
    ECHO_REQUEST_V6 = enum.auto()
    NEIGHBOUR_DISCOVERY = enum.auto()
    """What IPv6 cannot live without: RFC 4861, and listener queries of RFC 3810."""
    DHCPV6_REPLY = enum.auto()
    """From a link-local server to the client's port (RFC 8415 §7.2): a reply to a multicast, unknown to tracking."""


@attrs.frozen
class OutsideInterfaces:
    """The packet did not come in by one of these interfaces."""

    names: tuple[str, ...]


@attrs.frozen
class HasProtocol:
    """The packet's protocol is one of these; ICMP stands for both families'."""

    protocols: tuple[Protocol, ...]


@attrs.frozen
class HasPorts:
    """The destination port is in the range, of its protocol."""

    ports: PortRange


@attrs.frozen
class GoesTo:
    """The destination is this address."""

    address: Address


@attrs.frozen
class OfFamily:
    """The packet is IPv4 or IPv6."""

    family: IpFamily


@attrs.frozen
class PayloadBegins:
    """The payload behind an 8-byte header (UDP, ICMP echo) begins with these bytes."""

    word: bytes = attrs.field(repr=False)


@attrs.frozen
class BeginsWithOneOf:
    """The first byte behind an 8-byte header is, or is not, one of these."""

    values: tuple[int, ...]
    negated: bool = False


@attrs.frozen
class DatagramLength:
    """The length of the UDP datagram, its 8-byte header included, is or is not in the range, both ends included."""

    least: int
    most: int
    negated: bool = False


@attrs.frozen
class InSet:
    """The key is, or is not, in a set; with a prefix, only that many leading bits of the address count."""

    key: tuple[Selector, ...]
    name: str
    prefix: int | None = None
    negated: bool = False


@attrs.frozen
class Update:
    """Put the key into a set for so long (None: for ever), or renew it; at a full set the rule breaks off here."""

    key: tuple[Selector, ...]
    name: str
    timeout: timedelta | None
    prefix: int | None = None


@attrs.frozen
class Delete:
    """Take the key out of a set. Only for keys that come and go once: the kernel clears up much later."""

    key: tuple[Selector, ...]
    name: str


@attrs.frozen
class Often:
    """The key has come more often than so many times a second; a condition that counts."""

    key: Selector
    name: str
    per_second: int
    prefix: int | None = None


@attrs.frozen
class MarkFrom:
    """Set the mark to what a map has for the key; without an element the rule breaks off here."""

    key: tuple[Selector, ...]
    name: str


@attrs.frozen
class SetStep:
    """Set the lowest four bits of the mark, 0..15."""

    value: int


@attrs.frozen
class NoTrack:
    """Keep the packet out of connection tracking."""


@attrs.frozen
class SetMark:
    """Set the packet's mark, our scratch register."""

    value: int


@attrs.frozen
class Count:
    """Count the packet in a named counter."""

    name: str


@attrs.frozen
class Accept:
    """End our table's judgement at this hook."""


@attrs.frozen
class Drop:
    """The end of the packet."""


@attrs.frozen
class Goto:
    """Go on in another chain and do not come back."""

    chain: str


@attrs.frozen
class Jump:
    """Go through another chain and come back."""

    chain: str


@attrs.frozen
class Dispatch:
    """Look the key up in a verdict map; go on with the next rule if it is not there."""

    key: tuple[Selector, ...]
    name: str


@attrs.frozen
class Redirect:
    """Turn the destination into this host's own port, looked up by the destination port of one protocol."""

    protocol: Protocol
    ports: tuple[tuple[int, int], ...]


@attrs.frozen
class SendTo:
    """Turn the destination into another machine's; with `ports`, the port is looked up, else it stays."""

    address: Address
    protocol: Protocol
    ports: tuple[tuple[int, int], ...] = ()


Condition = (
    Is
    | OutsideInterfaces
    | HasProtocol
    | HasPorts
    | GoesTo
    | OfFamily
    | PayloadBegins
    | BeginsWithOneOf
    | DatagramLength
    | InSet
    | Often
)
Statement = Update | Delete | MarkFrom | SetMark | SetStep | NoTrack | Count | Dispatch | Redirect | SendTo
Verdict = Accept | Drop | Goto | Jump
Expression = Condition | Statement | Verdict


@attrs.frozen
class Rule:
    """Expressions from left to right: the first that does not hold ends the rule.

    Attributes:
        expressions: at least one.
        comment: for the auditor, at most 127 bytes; may be empty.
        span: the policy's line that it comes from.
    """

    expressions: tuple[Expression, ...]
    comment: str = ""
    span: Span | None = None


@attrs.frozen
class DynamicSet:
    """A set that packets and commands fill; every element has its own end, or none has any."""

    name: str
    types: tuple[str, ...]
    size: int
    comment: str
    from_packets: bool = True
    ends: bool = True


@attrs.frozen
class TokenSet:
    """A set of bytes of the payload that commands fill; every element has its own end.

    Attributes:
        name: of the set.
        key: what packets are compared by.
        size: how many.
        comment: for the auditor.
        used_up: whether packets take elements out.
    """

    name: str
    key: Selector
    size: int
    comment: str
    used_up: bool


@attrs.frozen
class RateSet:
    """A set that remembers how often each source has come; forgotten after a minute."""

    name: str
    family: IpFamily
    size: int
    comment: str


@attrs.frozen
class MarkMap:
    """A map from keys to marks that commands fill; every element has its own end.

    Attributes:
        name: of the map.
        key: what is looked up.
        size: how many elements.
        comment: for the auditor.
        ranges: whether elements hold ranges.
    """

    name: str
    key: tuple[Selector, ...]
    size: int
    comment: str
    ranges: bool = False


@attrs.frozen
class NetworkSet:
    """A constant set of networks of one family."""

    name: str
    family: IpFamily
    networks: tuple[Network, ...]
    comment: str


@attrs.frozen
class PortSet:
    """A constant set of ports: plain ports of one protocol, or with `with_protocol` protocol and port."""

    name: str
    ports: tuple[PortRange, ...]
    with_protocol: bool
    comment: str


Set = DynamicSet | TokenSet | RateSet | NetworkSet | PortSet


@attrs.frozen
class VerdictMap:
    """A constant map from keys to chains.

    Attributes:
        name: of the map.
        key: what is looked up.
        elements: key parts (numbers, protocols, addresses, or ranges of ports) and the verdict.
        ranges: whether elements hold ranges.
        comment: for the auditor.
    """

    name: str
    key: tuple[Selector, ...]
    elements: tuple[tuple[tuple[int | Protocol | Address | PortRange, ...], Verdict], ...]
    ranges: bool
    comment: str


@attrs.frozen
class Counter:
    """A named counter."""

    name: str
    comment: str


@attrs.frozen
class Hook:
    """Where a base chain is hooked: nft's type, hook and priority."""

    kind: str
    hook: str
    priority: int


@attrs.frozen
class Chain:
    """Rules in order; a base chain has a hook and lets through what none of its rules decides."""

    name: str
    rules: tuple[Rule, ...]
    hook: Hook | None = None
    comment: str = ""


@attrs.frozen
class Table:
    """One table of ours, whole; objects in the order in which they are printed."""

    comment: str
    counters: tuple[Counter, ...]
    sets: tuple[Set, ...]
    maps: tuple[VerdictMap | MarkMap, ...]
    chains: tuple[Chain, ...]
