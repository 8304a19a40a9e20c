"""How a packet from outside meets the rules: through the tables and the jumps, in order, and what each rule asks.

A rule below jumps asks all that the jumps above it ask. `Asked` boils this down to what the lift needs: protocol,
ports, sizes, lists. What it cannot boil down is kept in `rest`; a rule that can never match says why.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

import attrs

from portward.policy.net import MAX_PORT
from portward.sources.routeros_matchers import (
    AddressIs,
    AddressListed,
    AddressRange,
    AddressTypeIs,
    Content,
    IcmpIs,
    InterfaceIs,
    InterfaceListed,
    Layer7,
    Matcher,
    PacketSize,
    PortIs,
    ProtocolIs,
    Range,
    Side,
    SourceMac,
    State,
    StateIs,
    TcpFlags,
)
from portward.sources.routeros_rules import (
    Family,
    Jump,
    Rule,
    Script,
    Table,
)


HOOKS: tuple[tuple[Table, str], ...] = (
    (Table.RAW, "prerouting"),
    (Table.MANGLE, "prerouting"),
    (Table.NAT, "dstnat"),
    (Table.MANGLE, "input"),
    (Table.FILTER, "input"),
    (Table.MANGLE, "forward"),
    (Table.FILTER, "forward"),
)
"""Where a packet from outside meets rules (RouterOS manual, packet flow)."""

DEEPEST = 16
"""Jumps within jumps that are followed."""
MOST = 400_000
"""Meetings of a packet and a rule that are looked at, in all."""


@attrs.frozen
class Asked:
    """What a packet must be, for a rule (and the jumps above it) to match.

    Attributes:
        protocol: its IANA number; None for any, or for all but some (then `rest` has it).
        ports: destination ports; None for any.
        sizes: lengths of the IP packet; None for any.
        icmp: the ICMP type; None for any.
        inside: lists that must hold the source.
        outside: lists that must not.
        states: connection states that fit; None for all.
        sources: address ranges, each of which must hold the source.
        targets: the same for the destination.
        interfaces: conditions on the interface it came in by, as RouterOS spells them.
        word: bytes that the payload must begin with (or, for `content`, hold).
        macs: MAC addresses, one of which the packet must come from.
        rest: matchers that are none of these.
        impossible: why no packet fits; empty if one may.
    """

    protocol: int | None = None
    ports: tuple[Range, ...] | None = None
    sizes: tuple[Range, ...] | None = None
    icmp: int | None = None
    inside: frozenset[str] = frozenset()
    outside: frozenset[str] = frozenset()
    states: frozenset[State] | None = None
    sources: tuple[AddressRange, ...] = ()
    targets: tuple[AddressRange, ...] = ()
    interfaces: frozenset[str] = frozenset()
    word: bytes = attrs.field(default=b"", repr=False)
    macs: frozenset[str] = frozenset()
    rest: tuple[Matcher, ...] = ()
    impossible: str = ""

    @property
    def takes_new(self) -> bool:
        """Whether it fits the first packet of a connection."""
        return self.states is None or State.NEW in self.states

    @property
    def any_packet(self) -> bool:
        """Whether only the source, the interface and the state are asked about."""
        asks = self.protocol, self.ports, self.sizes, self.word or None, self.rest or None, self.macs or None
        return all(each is None for each in asks)


@attrs.frozen
class Meeting:
    """A rule as a packet meets it.

    Attributes:
        rule: the rule.
        table: where the packet is.
        hook: the built-in chain that it came in by.
        asked: what it must be.
        via: the jumps that lead to the rule.
        order: ascending along the packet's way.
    """

    rule: Rule
    table: Table
    hook: str
    asked: Asked
    via: tuple[Rule, ...]
    order: int


@attrs.define
class _Walk:
    chains: Mapping[tuple[Table, str], list[Rule]]
    words: Mapping[str, bytes]
    count: int = 0


def meetings(script: Script, family: Family) -> tuple[Meeting, ...]:
    """All enabled rules that a packet from outside can come by, in its order; jumps are followed."""
    chains: dict[tuple[Table, str], list[Rule]] = {}
    for rule in script.rules:
        if rule.family is family and not rule.disabled:
            chains.setdefault((rule.table, rule.chain), []).append(rule)
    walk = _Walk(chains, {each.name: plain_word(each.regexp) for each in script.layer7})
    found: list[Meeting] = []
    for table, hook in HOOKS:
        found += _follow(walk, table, hook, hook, Asked(), ())
    return tuple(found)


def _follow(  # noqa: PLR0913, PLR0917 - where a packet is
    walk: _Walk, table: Table, hook: str, chain: str, asked: Asked, via: tuple[Rule, ...]
) -> Iterator[Meeting]:
    for rule in walk.chains.get((table, chain), ()):
        if walk.count >= MOST:
            return
        walk.count += 1
        whole = boil(asked, rule.matchers, walk.words)
        yield Meeting(rule, table, hook, whole, via, walk.count)
        if isinstance(rule.action, Jump) and len(via) < DEEPEST and rule not in via and not whole.impossible:
            yield from _follow(walk, table, hook, rule.action.chain, whole, (*via, rule))


_LITERAL = re.compile(r"\^((?:[^\\^$.|?*+()\[\]{}]|\\[^A-Za-z0-9])+)\$?")


def plain_word(regexp: str) -> bytes:
    """The bytes that a layer-7 pattern wants at the beginning, if it is that plain; else nothing."""
    match = _LITERAL.fullmatch(regexp)
    return re.sub(r"\\(.)", r"\1", match.group(1)).encode(errors="surrogateescape") if match else b""


def boil(asked: Asked, matchers: Iterable[Matcher], words: Mapping[str, bytes]) -> Asked:
    """Add the matchers of one more rule to what is asked."""
    for each in matchers:
        asked = _add(asked, each, words)
    return asked


def _add(  # noqa: PLR0911 - one line for each matcher
    asked: Asked, matcher: Matcher, words: Mapping[str, bytes]
) -> Asked:
    match matcher:
        case ProtocolIs(number, negated=False):
            if asked.protocol not in {None, number}:
                return attrs.evolve(asked, impossible="the jump to it asks for another protocol")
            return attrs.evolve(asked, protocol=number)
        case PortIs(Side.DESTINATION, ranges, negated):
            left = _narrow(asked.ports, ranges, negated=negated)
            return _possible(attrs.evolve(asked, ports=left), "ports", left)
        case PacketSize(size, negated):
            left = _narrow(asked.sizes, (size,), negated=negated)
            return _possible(attrs.evolve(asked, sizes=left), "packet sizes", left)
        case IcmpIs(kind, _, negated=False):
            return attrs.evolve(asked, icmp=kind)
        case StateIs(states, negated):
            fitting = frozenset(State) - states if negated else states
            return attrs.evolve(asked, states=fitting if asked.states is None else asked.states & fitting)
        case Content(text, negated=False) if not asked.word:
            return attrs.evolve(asked, word=text)
        case Layer7(name, negated=False) if words.get(name) and not asked.word:
            return attrs.evolve(asked, word=words[name])
        case TcpFlags(there, clear, negated=False) if there == {"syn"} and clear <= {"ack", "fin", "rst"}:
            return asked
    return _add_place(asked, matcher)


def _add_place(asked: Asked, matcher: Matcher) -> Asked:  # noqa: PLR0911 - one line for each matcher
    """The same for matchers about where a packet comes from and goes to."""
    match matcher:
        case AddressListed(Side.SOURCE, name, negated=False):
            return attrs.evolve(asked, inside=asked.inside | {name})
        case AddressListed(Side.SOURCE, name):
            return attrs.evolve(asked, outside=asked.outside | {name})
        case AddressIs(Side.SOURCE, span, negated=False):
            return attrs.evolve(asked, sources=(*asked.sources, span))
        case AddressIs(Side.DESTINATION, span, negated=False):
            return attrs.evolve(asked, targets=(*asked.targets, span))
        case InterfaceIs(Side.SOURCE, name, negated):
            return _interface(asked, f"in-interface={'!' if negated else ''}{name}")
        case InterfaceListed(Side.SOURCE, name, negated):
            return _interface(asked, f"in-interface-list={'!' if negated else ''}{name}")
        case SourceMac(address, negated=False):
            return attrs.evolve(asked, macs=asked.macs | {address})
        case AddressTypeIs(Side.DESTINATION, types, negated=False) if types == {"local"}:
            return asked
    return attrs.evolve(asked, rest=(*asked.rest, matcher))


def _interface(asked: Asked, text: str) -> Asked:
    return attrs.evolve(asked, interfaces=asked.interfaces | {text})


def _narrow(
    before: tuple[Range, ...] | None, ranges: tuple[Range, ...], *, negated: bool
) -> tuple[Range, ...]:
    wanted = complement(ranges) if negated else ranges
    return wanted if before is None else intersection(before, wanted)


def _possible(asked: Asked, what: str, left: tuple[Range, ...]) -> Asked:
    return (
        asked if left else attrs.evolve(asked, impossible=f"the jump to it lets none of its {what} through")
    )


def complement(ranges: tuple[Range, ...]) -> tuple[Range, ...]:
    """All numbers of 16 bits that are in none of the ranges."""
    found, at = [], 0
    for each in sorted(ranges, key=lambda one: one.first):
        if each.first > at:
            found.append(Range(at, each.first - 1))
        at = max(at, each.last + 1)
    if at <= MAX_PORT:
        found.append(Range(at, MAX_PORT))
    return tuple(found)


def intersection(some: tuple[Range, ...], others: tuple[Range, ...]) -> tuple[Range, ...]:
    """The numbers that are in both."""
    return tuple(
        Range(max(one.first, other.first), min(one.last, other.last))
        for one in some
        for other in others
        if max(one.first, other.first) <= min(one.last, other.last)
    )


def within(some: tuple[Range, ...] | None, others: tuple[Range, ...] | None) -> bool:
    """Whether the first are all among the second; None is every number."""
    if others is None:
        return True
    if some is None:
        return False
    return all(any(other.first <= one.first and one.last <= other.last for other in others) for one in some)


def covers(wide: Asked, narrow: Asked) -> bool:
    """Whether every new packet that fits the second fits the first too (sure when it says so)."""
    return (
        wide.takes_new
        and not wide.rest
        and not wide.word
        and not wide.impossible
        and wide.protocol in {None, narrow.protocol}
        and wide.icmp in {None, narrow.icmp}
        and within(narrow.ports, wide.ports)
        and within(narrow.sizes, wide.sizes)
        and wide.inside <= narrow.inside
        and wide.outside <= narrow.outside
        and wide.interfaces <= narrow.interfaces
        and wide.macs <= narrow.macs
        and set(wide.sources) <= set(narrow.sources)
        and set(wide.targets) <= set(narrow.targets)
    )


class Covering:
    """Finds, among many meetings, those that cover a given one, without comparing it with each of them."""

    def __init__(self, found: Iterable[Meeting]) -> None:
        self._by_port: dict[tuple[Table, str, int], list[Meeting]] = {}
        self._wide: dict[tuple[Table, str], list[Meeting]] = {}
        seen: set[tuple[Table, str, Asked]] = set()
        for each in found:
            key = (each.table, each.hook, each.asked)
            if key in seen:
                continue
            seen.add(key)
            self._add(each)

    def _add(self, each: Meeting) -> None:
        ports = each.asked.ports
        if ports is None or sum(len(one) for one in ports) > 64:
            self._wide.setdefault((each.table, each.hook), []).append(each)
            return
        for one in ports:
            for port in range(one.first, one.last + 1):
                self._by_port.setdefault((each.table, each.hook, port), []).append(each)

    def above(self, meeting: Meeting, tables: Iterable[Table] = ()) -> Iterator[Meeting]:
        """Those that a packet meets before and that could cover it; `covers` decides."""
        ports = meeting.asked.ports
        for table in tables or (meeting.table,):
            yield from (
                each for each in self._wide.get((table, meeting.hook), ()) if each.order < meeting.order
            )
            if ports:
                near = self._by_port.get((table, meeting.hook, ports[0].first), ())
                yield from (each for each in near if each.order < meeting.order)
