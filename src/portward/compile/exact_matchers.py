"""A matcher of a RouterOS rule as conditions of nft: alternatives, each a row of conditions that all must fit.

The alternatives of one matcher never fit the same packet, and stay so while a packet is judged: an address only ever
comes into a list, and the alternative for what rules fill stands first. So a rule written once for each alternative
still acts once. Matchers that keep a state are `exact_states`.
"""

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from portward.compile.exact_lists import ListKey, ListSets, span_of
from portward.compile.exact_names import possible_interface
from portward.simulate.routeros_interfaces import Interfaces
from portward.sources.routeros_matchers import (
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
    PacketSize,
    PortIs,
    PortScan,
    ProtocolIs,
    Random,
    Range,
    Side,
    SourceMac,
    StateIs,
    TcpFlags,
    TimeToLive,
)
from portward.sources.routeros_rules import (
    Family,
    Rule,
)


Alternatives = tuple[tuple[str, ...], ...]

ALWAYS: Alternatives = ((),)
NEVER: Alternatives = ()

STATEFUL = (ConnectionLimit, PortScan, Layer7, Random, Nth, Limit, DstLimit)
"""Matchers that are asked only when all others fit; in the order of a router's tests they stand last."""


@attrs.frozen
class Ground:
    """What conditions refer to.

    Attributes:
        family: of the rule.
        lists: the sets of address lists.
        interfaces: who is in each interface list.
    """

    family: Family
    lists: Mapping[ListKey, ListSets]
    interfaces: Mapping[str, Interfaces]

    @property
    def ip(self) -> str:
        """What nft calls the header."""
        return "ip" if self.family is Family.V4 else "ip6"

    @property
    def bits(self) -> int:
        """Bits of an address."""
        return 32 if self.family is Family.V4 else 128


def alternatives(matcher: Matcher, ground: Ground) -> Alternatives:
    """Spell a matcher that keeps no state; no alternatives if it never fits."""
    return _SPELLED[type(matcher)](matcher, ground)


def one(*conditions: str) -> Alternatives:
    """A matcher that is one row of conditions."""
    return (conditions,)


def constant(fits: bool) -> Alternatives:  # noqa: FBT001 - a truth value is all that it is about
    """A matcher that fits every packet or none."""
    return ALWAYS if fits else NEVER


def unlike(negated: bool) -> str:  # noqa: FBT001 - the same
    """The operator between a key and what it is compared with."""
    return "!= " if negated else ""


PROTOCOL_NAMES = {1: "icmp", 6: "tcp", 17: "udp", 58: "ipv6-icmp"}


def _protocol(matcher: ProtocolIs, _ground: Ground) -> Alternatives:
    name = PROTOCOL_NAMES.get(matcher.number, str(matcher.number))
    return one(f"meta l4proto {unlike(matcher.negated)}{name}")


def _numbers(ranges: tuple[Range, ...]) -> str:
    spelled = [str(each.first) if len(each) == 1 else f"{each.first}-{each.last}" for each in _apart(ranges)]
    return spelled[0] if len(spelled) == 1 else f"{{ {', '.join(spelled)} }}"


def _apart(ranges: tuple[Range, ...]) -> list[Range]:
    """Put ranges in order, those that meet as one: nft takes no elements that overlap."""
    found: list[Range] = []
    for each in sorted(ranges, key=lambda one_range: one_range.first):
        if found and each.first <= found[-1].last + 1:
            found[-1] = Range(found[-1].first, max(found[-1].last, each.last))
        else:
            found.append(each)
    return found


def _ports(matcher: PortIs, _ground: Ground) -> Alternatives:
    numbers = _numbers(matcher.ranges)
    if matcher.side is Side.SOURCE:
        return one(_outside("sport", numbers) if matcher.negated else f"th sport {numbers}")
    if matcher.side is Side.DESTINATION:
        return one(_outside("dport", numbers) if matcher.negated else f"th dport {numbers}")
    if matcher.negated:
        return one(_outside("sport", numbers), _outside("dport", numbers))
    return (f"th sport {numbers}",), (_outside("sport", numbers), f"th dport {numbers}")


def _outside(key: str, numbers: str) -> str:
    """Ask that a port is another.

    nft 1.0.6 takes `th sport != 1 th dport != 2` for "not both"; the mask, which changes nothing, keeps it from that.
    """
    return f"th {key} & 0xffff != {numbers}" if numbers.isdecimal() else f"th {key} != {numbers}"


def _interface(matcher: InterfaceIs, _ground: Ground) -> Alternatives:
    key = "iifname" if matcher.side is Side.SOURCE else "oifname"
    if not possible_interface(matcher.name):
        return constant(matcher.negated)
    return one(f'{key} {unlike(matcher.negated)}"{matcher.name}"')


def _interface_listed(matcher: InterfaceListed, ground: Ground) -> Alternatives:
    key = "iifname" if matcher.side is Side.SOURCE else "oifname"
    there = ground.interfaces[matcher.list]
    names = sorted(filter(possible_interface, there.names))
    quoted = [f'"{name}"' for name in names]
    if not quoted:
        return constant(there.others != matcher.negated)
    several = quoted[0] if len(quoted) == 1 else f"{{ {', '.join(quoted)} }}"
    return one(f"{key} {unlike(there.others != matcher.negated)}{several}")


def _address(matcher: AddressIs, ground: Ground) -> Alternatives:
    if int(matcher.range.last) - int(matcher.range.first) + 1 == 1 << ground.bits:
        return constant(not matcher.negated)
    return one(f"{_address_key(matcher.side, ground)} {unlike(matcher.negated)}{span_of(matcher.range)}")


def _address_key(side: Side, ground: Ground) -> str:
    return f"{ground.ip} {'saddr' if side is Side.SOURCE else 'daddr'}"


def _listed(matcher: AddressListed, ground: Ground) -> Alternatives:
    parts = ground.lists[ground.family, matcher.list].parts
    key = _address_key(matcher.side, ground)
    absent = tuple(f"{key} != @{each}" for each in parts)
    if matcher.negated:
        return (absent,)
    return tuple((*absent[:at], f"{key} @{each}") for at, each in enumerate(parts))


def _address_type(matcher: AddressTypeIs, _ground: Ground) -> Alternatives:
    key = "saddr" if matcher.side is Side.SOURCE else "daddr"
    types = sorted(matcher.types)
    several = types[0] if len(types) == 1 else f"{{ {', '.join(types)} }}"
    return one(f"fib {key} type {unlike(matcher.negated)}{several}")


_FLAG_NAMES = {"ece": "ecn"}
"""nft's names where they are not RouterOS's."""


def _flags(matcher: TcpFlags, _ground: Ground) -> Alternatives:
    there = [_FLAG_NAMES.get(each, each) for each in sorted(matcher.set)]
    mask = there + [_FLAG_NAMES.get(each, each) for each in sorted(matcher.clear)]
    if matcher.set & matcher.clear:
        return constant(matcher.negated)
    if not mask:
        return constant(not matcher.negated)
    value = " | ".join(there) if there else "0"
    value = f"({value})" if len(there) > 1 else value
    return one(f"tcp flags & ({' | '.join(mask)}) {'!=' if matcher.negated else '=='} {value}")


def _icmp(matcher: IcmpIs, ground: Ground) -> Alternatives:
    word = "icmp" if ground.family is Family.V4 else "icmpv6"
    kind, codes = f"{word} type", f"{word} code"
    if len(matcher.codes) == 256:
        return one(f"{kind} {unlike(matcher.negated)}{matcher.type}")
    numbers = _numbers((matcher.codes,))
    if matcher.negated:
        return (f"{kind} != {matcher.type}",), (f"{kind} {matcher.type}", f"{codes} != {numbers}")
    return one(f"{kind} {matcher.type}", f"{codes} {numbers}")


def _size(matcher: PacketSize, _ground: Ground) -> Alternatives:
    return one(f"meta length {unlike(matcher.negated)}{_numbers((matcher.size,))}")


def _states(matcher: StateIs, _ground: Ground) -> Alternatives:
    states = sorted(matcher.states)
    several = states[0] if len(states) == 1 else f"{{ {', '.join(states)} }}"
    return one(f"ct state {unlike(matcher.negated)}{several}")


_NAT_BITS = {"dstnat": "dnat", "srcnat": "snat"}
"""nft's names of how a connection is translated."""


def _nat_states(matcher: NatStateIs, _ground: Ground) -> Alternatives:
    bits = [_NAT_BITS[each] for each in sorted(matcher.states)]
    mask = bits[0] if len(bits) == 1 else f"({' | '.join(bits)})"
    return one(f"ct status & {mask} {'==' if matcher.negated else '!='} 0")


def _ttl(matcher: TimeToLive, ground: Ground) -> Alternatives:
    key = "ip ttl" if ground.family is Family.V4 else "ip6 hoplimit"
    signs = {"equal": "==", "not-equal": "!=", "less-than": "<", "greater-than": ">"}
    turned = {"==": "!=", "!=": "==", "<": ">=", ">": "<="}
    sign = signs[matcher.comparison]
    edge = {"<": matcher.number == 0, ">": matcher.number == 255}.get(sign, False)
    if edge:
        return constant(matcher.negated)
    return one(f"{key} {turned[sign] if matcher.negated else sign} {matcher.number}")


def _content(matcher: Content, _ground: Ground) -> Alternatives:
    """Where the whole payload is the content; `unfit` has seen to that."""
    pieces = [matcher.bytes[start : start + 16] for start in range(0, len(matcher.bytes), 16)]
    spelled = [f"@th,{64 + 128 * at},{8 * len(piece)}" for at, piece in enumerate(pieces)]
    if not matcher.negated:
        return one(*(f"{where} 0x{piece.hex()}" for where, piece in zip(spelled, pieces, strict=True)))
    rows = []
    for at, piece in enumerate(pieces):
        same = [f"{where} 0x{other.hex()}" for where, other in zip(spelled[:at], pieces[:at], strict=True)]
        rows.append((*same, f"{spelled[at]} != 0x{piece.hex()}"))
    return tuple(rows)


_SPELLED: dict[type, Callable[[Any, Ground], Alternatives]] = {
    SourceMac: lambda each, _: one(f"ether saddr {unlike(each.negated)}{each.address.lower()}"),
    InterfaceIs: _interface,
    InterfaceListed: _interface_listed,
    AddressIs: _address,
    AddressTypeIs: _address_type,
    AddressListed: _listed,
    TimeToLive: _ttl,
    Dscp: lambda each, ground: one(f"{ground.ip} dscp {unlike(each.negated)}{each.number}"),
    PacketSize: _size,
    ProtocolIs: _protocol,
    PortIs: _ports,
    TcpFlags: _flags,
    IcmpIs: _icmp,
    StateIs: _states,
    NatStateIs: _nat_states,
    Content: _content,
}


def unfit(matcher: Matcher, rule: Rule) -> str:
    """Say why a matcher cannot be told to the kernel; empty if it can."""
    match matcher:
        case PortScan():
            return "psd: the kernel counts no ports of a source, so no rule can know a scan"
        case Layer7():
            return "layer7-protocol: nftables looks into no connection's text"
        case Content():
            return "" if whole_payload(matcher, rule) else _NO_SEARCH
        case Limit() | DstLimit():
            return _unfit_limit(matcher, rule)
        case _:
            return _unfit_otherwise(matcher, rule)


def _unfit_limit(matcher: Limit | DstLimit, rule: Rule) -> str:
    if isinstance(matcher, Limit) and matcher.bits:
        return "limit: what a limit in bits lets through is not known well enough"
    if not matcher.burst or not matcher.rate:
        return "a rate or burst of 0: no bucket ever holds a packet"
    if isinstance(matcher, DstLimit) and matcher.by.endswith("port") and not _has_ports(rule):
        return f"dst-limit by {matcher.by} needs protocol=tcp or udp"
    return ""


def _unfit_otherwise(matcher: Matcher, rule: Rule) -> str:
    if isinstance(matcher, NatStateIs) and (strange := matcher.states - set(_NAT_BITS)):
        return f"connection-nat-state: the kernel knows no {', '.join(sorted(strange))}"
    if isinstance(matcher, Nth) and matcher.every == 1 and matcher.negated:
        return "nth=!1 fits no packet"
    if isinstance(matcher, IcmpIs) and ProtocolIs(_ICMP[rule.family]) not in rule.matchers:
        return "icmp-options of the other family's ICMP"
    return ""


_ICMP = {Family.V4: 1, Family.V6: 58}
_NO_SEARCH = (
    "content: nftables searches no packet; it can only compare a payload whose length packet-size fixes"
)


def whole_payload(matcher: Content, rule: Rule) -> bool:
    """Whether the rule leaves the content one place: UDP or an echo, of just its length."""
    numbers = {each.number for each in rule.matchers if isinstance(each, ProtocolIs) and not each.negated}
    sizes = {each.size for each in rule.matchers if isinstance(each, PacketSize) and not each.negated}
    head = (20 if rule.family is Family.V4 else 40) + 8
    length = head + len(matcher.bytes)
    return bool(matcher.bytes) and sizes == {Range(length, length)} and bool(numbers & {1, 17, 58})


def _has_ports(rule: Rule) -> bool:
    return any(ProtocolIs(number) in rule.matchers for number in (6, 17, 132))
