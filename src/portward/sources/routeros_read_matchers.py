"""From the properties of a firewall rule to its matchers.

One small reader for each property, found by its name; all raise `ValueError` with a sentence for the user. A matcher
that RouterOS has and that nobody here interprets becomes an `OtherMatcher`, never nothing.
"""

import functools
import re
from collections.abc import Callable, Mapping
from datetime import timedelta

from portward.policy.net import MAX_PORT, SMALLEST_ECHO, SMALLEST_ECHO_V6
from portward.sources import routeros_values as values
from portward.sources.routeros_matchers import (
    TEST_ORDER,
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
    OtherMatcher,
    PacketSize,
    PortIs,
    PortScan,
    ProtocolIs,
    Random,
    Range,
    Side,
    SourceMac,
    State,
    StateIs,
    TcpFlags,
    TimeToLive,
)
from portward.sources.routeros_rules import (
    Family,
    Table,
)


MatcherReader = Callable[[str, bool, Family], Matcher]
"""The value without its `!`, whether there was one, the family."""

PORT_PROTOCOLS = frozenset({6, 17, 33, 132, 136})
"""TCP, UDP, DCCP, SCTP, UDP-Lite: what ports may be asked of."""


def _protocol(text: str, negated: bool, _family: Family) -> Matcher:  # noqa: FBT001 - one shape for all readers
    return ProtocolIs(values.read_protocol(text), negated)


def _ports(side: Side) -> MatcherReader:
    return lambda text, negated, _family: PortIs(side, values.read_ports(text), negated)


def _size(text: str, negated: bool, _family: Family) -> Matcher:  # noqa: FBT001
    return PacketSize(values.read_range(text, 0, MAX_PORT, "packet size"), negated)


def _icmp(text: str, negated: bool, _family: Family) -> Matcher:  # noqa: FBT001
    kind, colon, codes = text.partition(":")
    code_range = values.read_range(codes, 0, 255, "ICMP code") if colon and codes else Range(0, 255)
    return IcmpIs(values.read_number(kind, 0, 255, "ICMP type"), code_range, negated)


def _states(text: str, negated: bool, _family: Family) -> Matcher:  # noqa: FBT001
    found = set()
    for each in text.split(","):
        try:
            found.add(State(each))
        except ValueError:
            msg = f"{each!r} is no connection state"
            raise ValueError(msg) from None
    return StateIs(frozenset(found), negated)


def _nat_states(text: str, negated: bool, _family: Family) -> Matcher:  # noqa: FBT001
    known = {"srcnat", "dstnat", "ein-snat", "ein-dnat"}
    return NatStateIs(_members(text, known, "NAT state"), negated)


def _members(text: str, known: set[str], what: str) -> frozenset[str]:
    found = frozenset(text.split(","))
    for each in sorted(found - known):
        msg = f"{each!r} is no {what}"
        raise ValueError(msg)
    return found


def _interface(side: Side) -> MatcherReader:
    return lambda text, negated, _family: InterfaceIs(side, text, negated)


def _interface_list(side: Side) -> MatcherReader:
    return lambda text, negated, _family: InterfaceListed(side, text, negated)


def _address(side: Side) -> MatcherReader:
    return lambda text, negated, family: AddressIs(side, values.read_addresses(text, family), negated)


def _listed(side: Side) -> MatcherReader:
    return lambda text, negated, _family: AddressListed(side, text, negated)


def _address_type(side: Side) -> MatcherReader:
    known = {"unicast", "local", "broadcast", "multicast", "blackhole", "prohibit", "unreachable", "anycast"}
    return lambda text, negated, _family: AddressTypeIs(side, _members(text, known, "address type"), negated)


_FLAGS = {"fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"}


def _flags(text: str, negated: bool, _family: Family) -> Matcher:  # noqa: FBT001
    """`!syn` is a clear flag, not a negated matcher; a leading `!,` turns all round."""
    pieces = ("!" + text if negated else text).split(",")
    all_round = pieces[0] == "!"
    pieces = pieces[1:] if all_round else pieces
    clear = frozenset(each[1:] for each in pieces if each.startswith("!"))
    there = frozenset(each for each in pieces if not each.startswith("!"))
    for each in sorted((clear | there) - _FLAGS):
        msg = f"{each!r} is no TCP flag"
        raise ValueError(msg)
    return TcpFlags(there, clear, all_round)


def _content(text: str, negated: bool, _family: Family) -> Matcher:  # noqa: FBT001
    return Content(text.encode(errors="surrogateescape"), negated)


def _layer7(text: str, negated: bool, _family: Family) -> Matcher:  # noqa: FBT001
    return Layer7(text, negated)


def _limit(text: str, negated: bool, _family: Family) -> Matcher:  # noqa: FBT001
    rate, per, burst, bits, rest = values.read_rate(text)
    if rest:
        msg = f"{text!r} has more than a rate and a burst"
        raise ValueError(msg)
    return Limit(rate, per, burst, bits, negated)


_FLOWS = {
    "dst-address",
    "dst-address-and-port",
    "src-address",
    "src-and-dst-addresses",
    "addresses-and-dst-port",
}


def _dst_limit(text: str, negated: bool, _family: Family) -> Matcher:  # noqa: FBT001
    rate, per, burst, _, rest = values.read_rate(text)
    flow, slash, expire = (rest[0] if rest else "dst-address").partition("/")
    if flow not in _FLOWS or len(rest) > 1:
        msg = f"{text!r}: {flow!r} is no kind of flow"
        raise ValueError(msg)
    length = values.read_time(expire) if slash else timedelta(seconds=10)
    return DstLimit(rate, per, burst, flow, length, negated)


def _connection_limit(text: str, negated: bool, family: Family) -> Matcher:  # noqa: FBT001
    count, _, bits = text.partition(",")
    widest = 32 if family is Family.V4 else 128
    prefix = values.read_number(bits, 0, widest, "prefix") if bits else widest
    return ConnectionLimit(values.read_number(count, 0, 2**32 - 1, "number of connections"), prefix, negated)


def _psd(text: str, negated: bool, _family: Family) -> Matcher:  # noqa: FBT001
    pieces = text.split(",")
    if len(pieces) != 4:
        msg = f"{text!r}: psd is threshold,delay,low,high"
        raise ValueError(msg)
    threshold, low, high = (values.read_number(pieces[at], 0, 10000, "weight") for at in (0, 2, 3))
    return PortScan(threshold, values.read_time(pieces[1]), low, high, negated)


_MAC = re.compile(r"[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}")


def _mac(text: str, negated: bool, _family: Family) -> Matcher:  # noqa: FBT001
    if not _MAC.fullmatch(text):
        msg = f"{text!r} is no MAC address"
        raise ValueError(msg)
    return SourceMac(text.upper().replace("-", ":"), negated)


def _ttl(text: str, negated: bool, _family: Family) -> Matcher:  # noqa: FBT001
    comparison, colon, number = text.partition(":")
    if not colon:
        comparison, number = "equal", text
    if comparison not in {"equal", "not-equal", "less-than", "greater-than"}:
        msg = f"{comparison!r} is no comparison"
        raise ValueError(msg)
    return TimeToLive(comparison, values.read_number(number, 0, 255, "TTL"), negated)


def _dscp(text: str, negated: bool, _family: Family) -> Matcher:  # noqa: FBT001
    return Dscp(values.read_number(text, 0, 63, "DSCP"), negated)


def _random(text: str, negated: bool, _family: Family) -> Matcher:  # noqa: FBT001
    return Random(values.read_number(text, 1, 99, "percentage"), negated)


def _nth(text: str, negated: bool, _family: Family) -> Matcher:  # noqa: FBT001
    every, comma, packet = text.partition(",")
    number = values.read_number(every, 1, 2**32 - 1, "number of packets")
    return Nth(number, values.read_number(packet, 1, number, "packet") if comma else 1, negated)


_READERS: Mapping[str, MatcherReader] = {
    "protocol": _protocol,
    "dst-port": _ports(Side.DESTINATION),
    "src-port": _ports(Side.SOURCE),
    "port": _ports(Side.EITHER),
    "packet-size": _size,
    "icmp-options": _icmp,
    "connection-state": _states,
    "connection-nat-state": _nat_states,
    "in-interface": _interface(Side.SOURCE),
    "out-interface": _interface(Side.DESTINATION),
    "in-interface-list": _interface_list(Side.SOURCE),
    "out-interface-list": _interface_list(Side.DESTINATION),
    "src-address": _address(Side.SOURCE),
    "dst-address": _address(Side.DESTINATION),
    "src-address-list": _listed(Side.SOURCE),
    "dst-address-list": _listed(Side.DESTINATION),
    "src-address-type": _address_type(Side.SOURCE),
    "dst-address-type": _address_type(Side.DESTINATION),
    "tcp-flags": _flags,
    "content": _content,
    "layer7-protocol": _layer7,
    "limit": _limit,
    "dst-limit": _dst_limit,
    "connection-limit": _connection_limit,
    "psd": _psd,
    "src-mac-address": _mac,
    "ttl": _ttl,
    "hop-limit": _ttl,
    "dscp": _dscp,
    "random": _random,
    "nth": _nth,
}

MAY_BE_EMPTY = frozenset(
    {"connection-state", "dst-address-type", "src-address-type", "tcp-flags", "comment", "log-prefix"}
)
"""Properties that real exports show as `\"\"`: not set."""


@functools.lru_cache(maxsize=65536)
def read_matcher(name: str, text: str, family: Family) -> Matcher | None:
    """Read one matcher; None for one that is set to nothing.

    Raises:
        ValueError: a value that a router refuses.
    """
    negated = text.startswith("!") and name != "tcp-flags"
    value = text[1:] if negated else text
    if not value:
        if name in MAY_BE_EMPTY and not negated:
            return None
        msg = f"{name} has no value"
        raise ValueError(msg)
    if name not in _FREE_TEXT:
        values.refuse_placeholder(value)
    reader = _READERS.get(name)
    if reader is None:
        return OtherMatcher(name, value, negated)
    return reader(value, negated, family)


_FREE_TEXT = frozenset(
    {
        "content",
        "tcp-flags",
        "src-address-list",
        "dst-address-list",
        "in-interface",
        "out-interface",
        "in-interface-list",
        "out-interface-list",
        "layer7-protocol",
    }
)
"""Properties that any text may be the value of."""

_RANK = {kind: index for index, kind in enumerate(TEST_ORDER)}


def in_test_order(found: list[Matcher]) -> tuple[Matcher, ...]:
    """Sort matchers as a router tests them."""
    return tuple(sorted(found, key=lambda each: _RANK[type(each)]))


def contradiction(found: tuple[Matcher, ...], family: Family, table: Table) -> tuple[str, str] | None:
    """What a router would refuse about matchers that are fine one by one: the property, and a sentence.

    Ports need a protocol that has them; raw stands before connection tracking; no echo is smaller than its headers.
    """
    numbers = {each.number for each in found if isinstance(each, ProtocolIs) and not each.negated}
    protocol = next(iter(numbers), None)
    for each in found:
        if isinstance(each, PortIs) and protocol not in PORT_PROTOCOLS:
            name = _PORT_NAMES[each.side]
            return name, f"{name} needs protocol=tcp or udp"
        if isinstance(each, TcpFlags) and protocol != 6:
            return "tcp-flags", "tcp-flags needs protocol=tcp"
        if isinstance(each, IcmpIs) and protocol not in {1, 58}:
            return "icmp-options", "icmp-options needs protocol=icmp"
        if isinstance(each, StateIs | NatStateIs | ConnectionLimit | Layer7) and table is Table.RAW:
            return _CONNECTION_NAMES[
                type(each)
            ], "raw stands before connection tracking and knows no connections"
    return _too_small(found, family, protocol)


_PORT_NAMES = {Side.DESTINATION: "dst-port", Side.SOURCE: "src-port", Side.EITHER: "port"}


_CONNECTION_NAMES = {
    StateIs: "connection-state",
    NatStateIs: "connection-nat-state",
    ConnectionLimit: "connection-limit",
    Layer7: "layer7-protocol",
}


def _too_small(found: tuple[Matcher, ...], family: Family, protocol: int | None) -> tuple[str, str] | None:
    smallest = {1: SMALLEST_ECHO, 58: SMALLEST_ECHO_V6}.get(protocol or 0)
    if smallest is None or (family is Family.V4) != (protocol == 1):
        return None
    for each in found:
        if isinstance(each, PacketSize) and not each.negated and each.size.last < smallest:
            message = f"no ICMP packet is that small: with its IP header it has at least {smallest} bytes"
            return "packet-size", message
    return None
