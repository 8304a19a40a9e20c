"""Which rules put knockers on lists, which rules use the lists, and the sequences that follow from them.

Works on `Meeting`s of one family. A list is what the rules make of it: a stage if another step asks for it, a grant
if packets are let in for it, a blacklist if they are kept out for it. Names play no part.
"""

import itertools
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TypeVar

import attrs

from portward.policy.net import SMALLEST_ECHO, Knock, Protocol
from portward.sources.routeros_matchers import Range, Side
from portward.sources.routeros_paths import Asked, Covering, Meeting, covers
from portward.sources.routeros_rules import (
    AddToList,
    Forever,
    ListEntry,
    Reject,
    Rule,
    Table,
    Translate,
    Verdict,
)


MOST_CHOICES = 16
"""Ports or sizes that one rule may list and still be a step of a sequence: more is no secret."""
MOST_PATHS = 64
"""Ways onto one list that are followed."""
LONGEST = 32
"""Steps of one sequence that are followed."""


@attrs.frozen
class Step:
    """A rule that puts the source of a packet on a list.

    Attributes:
        meeting: the rule, and what it asks.
        list: where the source is put.
        needs: lists that must hold the source already, filled by steps themselves.
    demands: rules above that drop the very packet unless its source is on one of these lists.
        knocks: any one of these is the packet; empty if it is no single packet.
        why_not: why it is no knock; empty if it is.
    """

    meeting: Meeting
    list: str
    needs: frozenset[str]
    demands: tuple[Meeting, ...]
    knocks: tuple[Knock, ...]
    why_not: str = ""

    @property
    def rule(self) -> Rule:
        """The rule itself."""
        return self.meeting.rule

    @property
    def timeout(self) -> timedelta | Forever:
        """How long the list holds the source."""
        action = self.meeting.rule.action
        return action.timeout if isinstance(action, AddToList) else Forever.UNTIL_REBOOT


@attrs.frozen
class Uses:
    """What the rules of one family do with each list.

    Attributes:
        steps: all of them, in the packet's order.
        fills: steps by the list that they fill.
        lets_in: rules that let packets in for the source being in the list: `accept`, `dst-nat`, a drop of all others.
        keeps_out: rules that keep packets out for it.
        asks: steps that need it.
        static: entries that the script itself adds.
        asked_for: every list that some rule asks about.
    """

    steps: tuple[Step, ...]
    fills: Mapping[str, tuple[Step, ...]]
    lets_in: Mapping[str, tuple[Meeting, ...]]
    keeps_out: Mapping[str, tuple[Meeting, ...]]
    asks: Mapping[str, tuple[Step, ...]]
    static: Mapping[str, tuple[ListEntry, ...]]
    asked_for: frozenset[str]


def drops(rule: Rule) -> bool:
    """Whether a rule ends a packet."""
    return rule.action in {Verdict.DROP, Verdict.TARPIT} or isinstance(rule.action, Reject)


def survey(found: tuple[Meeting, ...], entries: Iterable[ListEntry]) -> Uses:
    """Find out what the rules do with each list."""
    static = _group((each.list, each) for each in entries if not each.disabled)
    filling = [(each, name) for each in found if (name := _filled_list(each.rule))]
    filled = {name for _, name in filling}
    guards = Covering(
        each for each in found if drops(each.rule) and len(each.asked.outside) == 1 and each.asked.ports
    )
    steps = tuple(_step(each, name, guards, filled) for each, name in filling)
    demanding = {each.order for step in steps for each in step.demands}
    lets_in = _group((name, each) for each in found if each.order not in demanding for name in _lets_in(each))
    keeps_out = _group((name, each) for each in found for name in _keeps_out(each))
    asks = _group(
        (name, each)
        for each in steps
        for name in sorted((each.meeting.asked.inside | each.needs) - {each.list})
    )
    asked_for = frozenset([*lets_in, *keeps_out, *asks])
    return Uses(
        steps, _group((each.list, each) for each in steps), lets_in, keeps_out, asks, static, asked_for
    )


Thing = TypeVar("Thing")


def _group(pairs: Iterable[tuple[str, Thing]]) -> dict[str, tuple[Thing, ...]]:
    groups: dict[str, list[Thing]] = {}
    for name, each in pairs:
        groups.setdefault(name, []).append(each)
    return {name: tuple(each) for name, each in groups.items()}


def _lets_in(meeting: Meeting) -> list[str]:
    rule, asked = meeting.rule, meeting.asked
    if not asked.takes_new:
        return []
    if rule.action is Verdict.ACCEPT and meeting.table in {Table.FILTER, Table.NAT}:
        return sorted(asked.inside)
    if isinstance(rule.action, Translate):
        return sorted(asked.inside)
    return sorted(asked.outside) if drops(rule) and not asked.inside else []


def _keeps_out(meeting: Meeting) -> list[str]:
    rule, asked = meeting.rule, meeting.asked
    if drops(rule):
        return sorted(asked.inside)
    return sorted(asked.outside) if rule.action is Verdict.ACCEPT and not asked.inside else []


def _filled_list(rule: Rule) -> str:
    """The list that a rule puts sources on, or nothing."""
    return rule.action.list if isinstance(rule.action, AddToList) and rule.action.side is Side.SOURCE else ""


def _step(meeting: Meeting, name: str, guards: Covering, filled: set[str]) -> Step:
    demands = tuple(
        each for each in guards.above(meeting) if _demands(each, meeting) and each.asked.outside <= filled
    )
    lists = meeting.asked.inside.union(*(each.asked.outside for each in demands))
    knocks = knocks_of(meeting.asked)
    if isinstance(knocks, str):
        return Step(meeting, name, lists & filled, demands, (), knocks)
    return Step(meeting, name, lists & filled, demands, knocks)


def _demands(guard: Meeting, meeting: Meeting) -> bool:
    """Whether a rule above drops the very packet that this one waits for, unless its source is on a list."""
    return bool(meeting.asked.ports) and covers(attrs.evolve(guard.asked, outside=frozenset()), meeting.asked)


_PROTOCOLS = {6: Protocol.TCP, 17: Protocol.UDP, 1: Protocol.ICMP, 58: Protocol.ICMP}
_ECHO = {1: 8, 58: 128}


def knocks_of(asked: Asked) -> tuple[Knock, ...] | str:
    """The packets that a rule waits for, as knocks; or why they are none."""
    why_not = asked.impossible or _conditions(asked)
    if why_not:
        return why_not
    protocol = _PROTOCOLS.get(asked.protocol or 0)
    if protocol is None:
        return "every packet counts, not one that is a secret"
    numbers = asked.sizes if protocol is Protocol.ICMP else asked.ports
    if numbers is None:
        return "every ping counts" if protocol is Protocol.ICMP else f"every {protocol} packet counts"
    if protocol is Protocol.ICMP and asked.icmp not in {None, _ECHO[asked.protocol or 1]}:
        return "it waits for ICMP packets that are no echo requests"
    if sum(len(each) for each in numbers) > MOST_CHOICES:
        return "it counts for too many ports to be a secret"
    return _as_knocks(protocol, numbers, asked.word)


def _conditions(asked: Asked) -> str:
    """What a rule asks beyond what a knock is."""
    if asked.rest:
        kinds = sorted({type(each).__name__ for each in asked.rest})
        return f"it also asks about {', '.join(_NAMES.get(each, each) for each in kinds)}"
    if not asked.takes_new:
        return "it waits for packets of known connections"
    return "it is only for some addresses" if asked.sources or asked.targets else ""


def _as_knocks(protocol: Protocol, numbers: tuple[Range, ...], word: bytes) -> tuple[Knock, ...] | str:
    lowest = SMALLEST_ECHO if protocol is Protocol.ICMP else 1
    if any(each.first < lowest for each in numbers):
        return "no such packet exists" if protocol is Protocol.ICMP else "port 0 cannot be knocked at"
    try:
        return tuple(
            Knock(protocol, number, word) for each in numbers for number in range(each.first, each.last + 1)
        )
    except ValueError as error:
        return str(error)


_NAMES = {
    "SourceMac": "the MAC address",
    "InterfaceIs": "the interface it leaves by",
    "InterfaceListed": "the interface it leaves by",
    "AddressTypeIs": "the kind of address",
    "AddressListed": "the list of its destination",
    "AddressIs": "addresses",
    "Limit": "a rate",
    "DstLimit": "a rate",
    "PortScan": "a port scan",
    "Layer7": "a pattern",
    "Content": "more than one text",
    "TcpFlags": "TCP flags",
    "PortIs": "the source port",
    "ProtocolIs": "protocols",
    "NatStateIs": "address translation",
    "OtherMatcher": "what portward does not know",
}


Path = tuple[Step, ...]


def paths(uses: Uses, name: str) -> tuple[Path, ...]:
    """The ways onto a list: steps in the order of the knocks. Ways that lead nowhere are left out."""
    return tuple(_paths(uses, name, frozenset()))


def _paths(uses: Uses, name: str, above: frozenset[str]) -> list[Path]:
    found: list[Path] = []
    if len(above) >= LONGEST:
        return found
    for step in uses.fills.get(name, ()):
        if name in step.needs or step.needs & above or not step.knocks:
            continue
        if _unmet(uses, step):
            continue
        needed = ordered(uses, step.needs)
        before = [_paths(uses, each, above | {name}) for each in needed]
        if not all(before):
            continue
        for choice in itertools.islice(itertools.product(*before), MOST_PATHS):
            found.append((*itertools.chain.from_iterable(choice), step))
            if len(found) >= MOST_PATHS:
                return found
    return found


def _unmet(uses: Uses, step: Step) -> bool:
    """Whether it asks for a list that no step fills."""
    return any(each not in uses.fills for each in step.meeting.asked.inside)


def ordered(uses: Uses, needs: frozenset[str]) -> list[str]:
    """The lists a step needs, without those that lead to another of them, in the order of their rules."""
    if len(needs) < 2:
        return list(needs)
    ends = [
        each for each in needs if not any(each in ancestors(uses, other) for other in needs if other != each)
    ]
    return sorted(
        ends, key=lambda each: min((one.meeting.order for one in uses.fills.get(each, ())), default=0)
    )


def ancestors(uses: Uses, name: str) -> frozenset[str]:
    """The lists that a source must have been on before it is put on this one."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for step in uses.fills.get(waiting.pop(), ()):
            new = step.needs - found
            found |= new
            waiting += sorted(new)
    return frozenset(found - {name})
