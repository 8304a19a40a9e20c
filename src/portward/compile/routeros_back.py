"""Our rules on a router, read back: the policy that they keep, from what `/export` prints of them.

A router keeps neither the comments of a script nor the order of its lines, only rules. Their lists, chains and
comments say what they are for. Nothing is believed: a policy counts only if an export of it makes these very rules.
What no rule says (sizes, prefixes, the kind of a VPN) is as it is when a policy does not say it.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from graphlib import CycleError, TopologicalSorter
from ipaddress import summarize_address_range
from itertools import pairwise

import attrs

from portward.check.rules import mistakes
from portward.compile import routeros_names as names
from portward.compile.routeros import Target, export
from portward.compile.routeros_words import OWN
from portward.policy.net import Address, Knock, Network, PortRange, Protocol
from portward.policy.policy import EVERYTHING, Mode, Policy, Sequence, Service
from portward.sources.routeros_matchers import AddressIs, Content, InterfaceIs, PortIs, ProtocolIs
from portward.sources.routeros_rules import NOWHERE, AddToList, Family, Jump, Rule, Script, Table
from portward.sources.routeros_script import read_source


@attrs.frozen
class Kept:
    """What a router's rules say.

    Attributes:
        policy: that our rules keep.
        rules: these, in order.
    """

    policy: Policy
    rules: tuple[Rule, ...]


def recover(script: Script) -> Kept | None:
    """Find the policy that our rules keep; None if there are none, or none that we would write like this."""
    ours = [each for each in script.rules if each.comment.startswith(OWN) and not each.disabled]
    if not ours:
        return None
    try:
        policy = _policy(ours)
    except (ValueError, KeyError, CycleError):
        return None  # rules that bear our name, but that we never wrote
    if mistakes(policy) or not any(_shape(ours) == _shape(_exported(policy, version)) for version in (7, 6)):
        return None
    return Kept(policy, tuple(ours))


def _exported(policy: Policy, version: int) -> tuple[Rule, ...]:
    return read_source(export(policy, Target(version)).text.encode(), "").script.rules


def _shape(rules: Iterable[Rule]) -> list[Rule]:
    """The rules chain by chain, without their places in a text and the order of their matchers: what has a meaning."""
    plain = [
        attrs.evolve(each, span=NOWHERE, last=1, matchers=tuple(sorted(each.matchers, key=repr)))
        for each in rules
    ]
    return sorted(plain, key=lambda each: (each.family, each.table, each.chain))


def _policy(ours: list[Rule]) -> Policy:
    """Read the rules, each by its chain.

    Raises:
        ValueError: they do not fit together.
        KeyError: something is missing.
    """
    four = [each for each in ours if each.family is Family.V4 and each.table is Table.FILTER]
    chains = {each.chain for each in four}
    plain = Policy()
    penalties = [
        each.action.timeout
        for each in four
        if isinstance(each.action, AddToList) and each.action.list == names.PENALTY
    ]
    return Policy(
        services=_services(ours),
        sequences=_sequences(four),
        mode=Mode.LOCKDOWN if names.REST in chains else Mode.GUARD,
        strict=names.STRAY in chains,
        penalty=next((each for each in penalties if isinstance(each, timedelta)), plain.penalty),
        public=tuple(_ports(each) for each in four if (each.chain, _about(each)) == (names.KNOCKS, "public")),
        always=tuple(
            _network(each) for each in ours if (each.chain, _about(each)) == (names.TO_US, "always")
        ),
        interfaces=_interfaces(four),
    )


def _about(rule: Rule) -> str:
    return rule.comment.removeprefix(OWN)


def _interfaces(rules: list[Rule]) -> tuple[str, ...]:
    """The guarded interfaces; each way in was put above the one before."""
    found = [
        matcher.name
        for rule in rules
        if rule.chain == "input"
        for matcher in rule.matchers
        if isinstance(matcher, InterfaceIs)
    ]
    return tuple(reversed(found))


def _network(rule: Rule) -> Network:
    """The one network that a rule asks its source to be of.

    Raises:
        ValueError: it asks for something else.
    """
    (span,) = (each.range for each in rule.matchers if isinstance(each, AddressIs))
    (network,) = summarize_address_range(span.first, span.last)
    return network


def _ports(rule: Rule) -> PortRange:
    """The protocol and ports that a rule asks for.

    Raises:
        ValueError: a policy cannot ask for them.
    """
    (number,) = (each.number for each in rule.matchers if isinstance(each, ProtocolIs))
    (protocol,) = (each for each in Protocol if each.number == (1 if number == 58 else number))
    ranges = [each for one in rule.matchers if isinstance(one, PortIs) for each in one.ranges]
    return PortRange(protocol, ranges[0].first, ranges[0].last) if ranges else PortRange(protocol)


_KNOCK = re.compile(r"([a-z][a-z0-9_-]*): knock (\d+) of (\d+)")
_CHAIN = re.compile(r"portward-(tcp|udp|icmp)-(\d+)")


@attrs.define
class _Draft:
    """A sequence in the making: what each of its places says."""

    length: int
    knocks: dict[int, Knock] = attrs.field(factory=dict)
    times: dict[int, timedelta] = attrs.field(factory=dict)
    opens: list[str] = attrs.field(factory=list)

    def sequence(self, name: str) -> Sequence:
        """Put it together."""
        knocks = tuple(self.knocks[place] for place in range(1, self.length + 1))
        times = tuple(self.times[place] for place in range(1, self.length + 1))
        return Sequence(name, knocks, times[:-1], tuple(self.opens), times[-1])


def _sequences(rules: list[Rule]) -> tuple[Sequence, ...]:
    drafts: dict[str, _Draft] = {}
    met: dict[str, list[str]] = {}
    for rule in rules:
        about, chain = _KNOCK.fullmatch(_about(rule)), _CHAIN.fullmatch(rule.chain)
        action = rule.action
        if not (about and chain and isinstance(action, AddToList)) or action.list == names.MIDWAY:
            continue
        name, place = about[1], int(about[2])
        draft = drafts.setdefault(name, _Draft(int(about[3])))
        word = b"".join(each.bytes for each in rule.matchers if isinstance(each, Content))
        draft.knocks[place] = Knock(Protocol(chain[1]), int(chain[2]), word)
        if isinstance(action.timeout, timedelta):
            draft.times[place] = action.timeout
        if place == draft.length:
            draft.opens.append(_opened(action.list))
        met.setdefault(rule.chain, []).append(name)
    return tuple(drafts[name].sequence(name) for name in _in_order(drafts, met.values()))


def _opened(name: str) -> str:
    return EVERYTHING if name == names.TRUSTED else name.removeprefix(names.grants(""))


def _in_order(all_names: Iterable[str], met: Iterable[list[str]]) -> Iterator[str]:
    """The policy's order: that of each chain, and that in which sequences first needed a chain of their own."""
    after: dict[str, set[str]] = {name: set() for name in all_names}
    firsts = list(dict.fromkeys(found[0] for found in met))
    for found in (*met, firsts):
        order = list(dict.fromkeys(found))
        for earlier, later in pairwise(order):
            after[later].add(earlier)
    yield from TopologicalSorter(after).static_order()


@attrs.define
class _Door:
    """A service in the making."""

    entrances: list[PortRange] = attrs.field(factory=list)
    own: list[PortRange] = attrs.field(factory=list)
    behind: list[PortRange] = attrs.field(factory=list)
    hosts: list[Address] = attrs.field(factory=list)

    def service(self, name: str) -> Service:
        """Put it together."""
        published = tuple(dict.fromkeys(self.entrances))
        if self.hosts:
            return Service(
                name, tuple(dict.fromkeys(self.behind)), published, tuple(dict.fromkeys(self.hosts))
            )
        own = tuple(dict.fromkeys(self.own))
        return Service(name, own, published) if own else Service(name, published)


_NAME = re.compile(r"([a-z][a-z0-9_-]*)(?:(: published on another port)|, published)?")


def _services(rules: list[Rule]) -> tuple[Service, ...]:
    drafts: dict[str, _Door] = {}
    orders: dict[Family, list[str]] = {}
    for rule in rules:
        if rule.chain.startswith(names.door("")):
            name = rule.chain.removeprefix(names.door(""))
            drafts.setdefault(name, _Door())
            orders.setdefault(rule.family, []).append(name)
        about = _NAME.fullmatch(_about(rule))
        if about and rule.chain in {names.JUDGE, names.BEHIND}:
            _learn(drafts.setdefault(about[1], _Door()), rule, dropped=bool(about[2]))
    return tuple(drafts[name].service(name) for name in _in_order(drafts, orders.values()))


def _learn(door: _Door, rule: Rule, *, dropped: bool) -> None:
    """Learn from a rule about a door."""
    if rule.chain == names.BEHIND:
        door.behind.append(_ports(rule))
        door.hosts += [each.range.first for each in rule.matchers if isinstance(each, AddressIs)]
    elif dropped:
        door.own.append(_ports(rule))
    elif isinstance(rule.action, Jump) and not _about(rule).endswith(", published"):
        door.entrances.append(_ports(rule))
