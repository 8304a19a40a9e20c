"""What a rule of RouterOS compares a packet with, typed: one class for each matcher.

Pure and frozen; no text is parsed here. `negated` turns a whole matcher round: `dst-port=!80,443` fits every port but
these two. All matchers of a rule must fit.
"""

import enum
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address

import attrs


Address = IPv4Address | IPv6Address


class Side(enum.StrEnum):
    """Which end of a packet, or which way through the router, a matcher or an action is about."""

    SOURCE = "src"
    DESTINATION = "dst"
    EITHER = "either"


class State(enum.StrEnum):
    """What connection tracking says of a packet."""

    INVALID = "invalid"
    ESTABLISHED = "established"
    RELATED = "related"
    NEW = "new"
    UNTRACKED = "untracked"


@attrs.frozen
class Range:
    """Numbers from `first` to `last`, both included."""

    first: int
    last: int

    def __contains__(self, number: int) -> bool:
        return self.first <= number <= self.last

    def __len__(self) -> int:
        return self.last - self.first + 1


@attrs.frozen
class AddressRange:
    """Addresses from `first` to `last`, both included, of one family."""

    first: Address
    last: Address


@attrs.frozen
class ProtocolIs:
    """`protocol`: the number in the IP header (IANA)."""

    number: int
    negated: bool = False


@attrs.frozen
class PortIs:
    """`dst-port`, `src-port`, `port` (either side fits)."""

    side: Side
    ranges: tuple[Range, ...]
    negated: bool = False


@attrs.frozen
class PacketSize:
    """`packet-size`: the total length of the IP packet in bytes, its header included."""

    size: Range
    negated: bool = False


@attrs.frozen
class IcmpIs:
    """`icmp-options`: type and codes of ICMP (or ICMPv6)."""

    type: int
    codes: Range = Range(0, 255)
    negated: bool = False


@attrs.frozen
class StateIs:
    """`connection-state`: one of these."""

    states: frozenset[State]
    negated: bool = False


@attrs.frozen
class NatStateIs:
    """`connection-nat-state`: `srcnat`, `dstnat`, as the connection was translated."""

    states: frozenset[str]
    negated: bool = False


@attrs.frozen
class InterfaceIs:
    """`in-interface` (side source), `out-interface` (side destination): by name, layer 3."""

    side: Side
    name: str
    negated: bool = False


@attrs.frozen
class InterfaceListed:
    """`in-interface-list`, `out-interface-list`: a member of that interface list (`all`, `none` are built in)."""

    side: Side
    list: str
    negated: bool = False


@attrs.frozen
class AddressIs:
    """`src-address`, `dst-address`."""

    side: Side
    range: AddressRange
    negated: bool = False


@attrs.frozen
class AddressListed:
    """`src-address-list`, `dst-address-list`: in the family's list of that name now; an unknown list is empty."""

    side: Side
    list: str
    negated: bool = False


@attrs.frozen
class AddressTypeIs:
    """`src-address-type`, `dst-address-type`: `unicast`, `local`, `broadcast`, `multicast`, `blackhole`."""

    side: Side
    types: frozenset[str]
    negated: bool = False


@attrs.frozen
class TcpFlags:
    """`tcp-flags`: all of `set` set and all of `clear` clear; the others do not matter."""

    set: frozenset[str]
    clear: frozenset[str]
    negated: bool = False


@attrs.frozen
class Content:
    """`content`: these bytes somewhere in the packet, which is looked at by itself."""

    bytes: bytes = attrs.field(repr=False)  # often the secret of a knock
    negated: bool = False


@attrs.frozen
class Layer7:
    """`layer7-protocol`: the regular expression of that name fits the first 10 packets or 2 KB of the connection."""

    name: str
    negated: bool = False


@attrs.frozen
class Limit:
    """`limit`: fits while tokens are left: `rate` per `per`, at most `burst`, which is also the start.

    Each rule has a bucket of its own, and a token is taken only when all earlier matchers fit.
    """

    rate: int
    per: timedelta
    burst: int
    bits: bool = False
    negated: bool = False


@attrs.frozen
class DstLimit:
    """`dst-limit`: as `limit`, with a bucket for each of what `by` names, forgotten after `expire` unused."""

    rate: int
    per: timedelta
    burst: int
    by: str
    expire: timedelta
    negated: bool = False


@attrs.frozen
class ConnectionLimit:
    """`connection-limit`: more than `count` connections from the network of `prefix` bits."""

    count: int
    prefix: int
    negated: bool = False


@attrs.frozen
class PortScan:
    """`psd`: port scan detection; all rules with it share one table of sources.

    Each new port of a source adds `low_weight` (below 1024) or `high_weight`; the rule fits from `threshold` on, and a
    source is forgotten when no new port comes for `delay`.
    """

    threshold: int
    delay: timedelta
    low_weight: int
    high_weight: int
    negated: bool = False


@attrs.frozen
class SourceMac:
    """`src-mac-address`, in capitals with colons."""

    address: str
    negated: bool = False


@attrs.frozen
class TimeToLive:
    """`ttl`, `hop-limit`: `equal`, `not-equal`, `less-than`, `greater-than` a number."""

    comparison: str
    number: int
    negated: bool = False


@attrs.frozen
class Dscp:
    """`dscp`: 0..63."""

    number: int
    negated: bool = False


@attrs.frozen
class Random:
    """`random`: fits this many packets of a hundred."""

    percent: int
    negated: bool = False


@attrs.frozen
class Nth:
    """`nth`: the `packet`-th of every `every` packets."""

    every: int
    packet: int
    negated: bool = False


@attrs.frozen
class OtherMatcher:
    """A matcher that RouterOS has and that is kept as text: nobody here knows its meaning."""

    property: str
    text: str
    negated: bool = False


Matcher = (
    SourceMac
    | InterfaceIs
    | InterfaceListed
    | AddressIs
    | AddressTypeIs
    | AddressListed
    | TimeToLive
    | Dscp
    | PacketSize
    | ProtocolIs
    | PortIs
    | TcpFlags
    | IcmpIs
    | StateIs
    | NatStateIs
    | ConnectionLimit
    | OtherMatcher
    | Content
    | PortScan
    | Layer7
    | Random
    | Nth
    | Limit
    | DstLimit
)

TEST_ORDER: tuple[type, ...] = (
    SourceMac,
    InterfaceIs,
    InterfaceListed,
    AddressIs,
    AddressTypeIs,
    AddressListed,
    TimeToLive,
    Dscp,
    PacketSize,
    ProtocolIs,
    PortIs,
    TcpFlags,
    IcmpIs,
    StateIs,
    NatStateIs,
    ConnectionLimit,
    OtherMatcher,
    Content,
    PortScan,
    Layer7,
    Random,
    Nth,
    Limit,
    DstLimit,
)
"""The order in which a router tests the matchers of a rule (RouterOS manual, common matchers); those that keep a
state (`psd`, `nth`, `limit`, `dst-limit`) count a packet only when all before them fit."""
