"""From where a listener can be reached, through the live firewall, and which door of ours guards it.

Pure: facts in, values out. A few made-up visitors stand for all: a stranger from an address that no rule names, one
from each private range, and one from each network that some rule names.
"""

import enum
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address, ip_network

import attrs

from portward.compile import names
from portward.exposure.facts import Facts, Interface, Listener, Origin
from portward.exposure.passage import Answer, Packet, Passage, walk
from portward.exposure.registry import Kind, kind_of
from portward.exposure.ruleset import Between, Compare, Field, Ruleset
from portward.exposure.translations import all_rules, containers, is_proxy, translations
from portward.policy.net import Address, Network


PRIVATE: tuple[Network, ...] = tuple(
    ip_network(each)
    for each in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "fc00::/7",
        "fe80::/10",
    )
)
"""Addresses of no stranger: RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291."""

_STRANGERS = (
    "203.0.113.77 198.18.77.77 45.77.77.77 81.177.77.77 131.177.77.77 190.77.77.77"
    " 2001:db8:7777::77 2a0f:7777::77 2600:7777::77 3fff:777::77"
)
_NEIGHBOURS = "10.177.77.77 172.29.77.77 192.168.177.77 100.99.77.77 fd77:7777::77 fe80::7777"
MOST_NETWORKS = 64
"""Networks of rules that are tried one by one."""


class Scope(enum.StrEnum):
    """Who reaches it, the widest first."""

    ANY = "any"
    SOME = "some networks"
    PRIVATE = "private"
    LOOPBACK = "loopback"
    NOBODY = "nobody"


@attrs.frozen
class Reach:
    """From where a listener is reached.

    Attributes:
        strangers: by IP version, whether anybody's packet gets through.
        private: the same for somebody with a private address.
        networks: other networks that get through although strangers do not.
        local: whether it is bound so that this host alone reaches it.
        reasons: what made an answer unsure.
    """

    strangers: Mapping[int, Answer] = attrs.field(factory=dict)
    private: Answer = Answer.CLOSED
    networks: tuple[Network, ...] = ()
    local: bool = False
    reasons: tuple[str, ...] = ()

    @property
    def any(self) -> Answer:
        """Whether strangers get through by some IP version."""
        return _best(self.strangers.values())

    @property
    def scope(self) -> Scope:
        """The widest circle that surely, or where nothing is sure perhaps, reaches it."""
        if self.any is not Answer.CLOSED:
            return Scope.ANY
        if self.networks:
            return Scope.SOME
        if self.private is not Answer.CLOSED:
            return Scope.PRIVATE
        return Scope.LOOPBACK if self.local else Scope.NOBODY

    @property
    def sure(self) -> bool:
        """Whether the firewall was understood."""
        return Answer.UNSURE not in (self.any, self.private)


@attrs.frozen
class Shown:
    """A listener with all that can be said about it without judging.

    Attributes:
        listener: what was seen.
        kind: what service it is; None if unknown.
        name: of the service: the kind's, /etc/services' or the program's; empty if nobody knows.
        reach: from where it is reached.
        doors: the services of the policy whose doors guard it.
        outside: ports that lead to it from outside, other than its own.
        usual: whether it is where scanners expect it; None where the kind is unknown.
        bypass: a port of a container that the rules for this host would close, but that goes past them.
    """

    listener: Listener
    kind: Kind | None
    name: str
    reach: Reach
    doors: tuple[str, ...] = ()
    outside: tuple[int, ...] = ()
    usual: bool | None = None
    bypass: bool = False

    @property
    def open(self) -> bool:
        """Whether strangers surely get through."""
        return self.reach.any is Answer.OPEN


def look(facts: Facts) -> tuple[Shown, ...]:
    """Say of every listener from where it is reached; ports that only the firewall publishes are added."""
    town = _Town.of(facts)
    listeners = (*facts.listeners, *containers(facts))
    return tuple(_show(town, each) for each in sorted(listeners, key=_order))


def _order(listener: Listener) -> tuple[str, int, int, int]:
    return (listener.protocol.value, listener.port, listener.address.version, int(listener.address))


@attrs.frozen
class _Town:
    """The facts, and the visitors that are tried."""

    facts: Facts
    strangers: tuple[Address, ...]
    neighbours: tuple[Address, ...]
    named: tuple[Network, ...]
    local: frozenset[Address]

    @staticmethod
    def of(facts: Facts) -> "_Town":
        """Choose the visitors."""
        named = _named_networks(facts.rules)
        narrow = [each for each in named if each.prefixlen > 3]
        strangers = []
        for version in (4, 6):
            every = [each for each in map(ip_address, _STRANGERS.split()) if each.version == version]
            free = [each for each in every if not any(_inside(each, network) for network in narrow)]
            strangers.append((free or every)[0])
        local = frozenset(address for each in facts.interfaces for address, _ in each.addresses)
        neighbours = tuple(map(ip_address, _NEIGHBOURS.split()))
        return _Town(facts, tuple(strangers), neighbours, tuple(narrow[:MOST_NETWORKS]), local)


def _inside(address: Address, network: Network) -> bool:
    return address.version == network.version and address in network


def is_private(address: Address) -> bool:
    """Whether it is the address of no stranger."""
    return any(_inside(address, each) for each in PRIVATE)


def _named_networks(rules: Ruleset) -> tuple[Network, ...]:
    """Every source network that a rule names, once, wide ones and loopback left out."""
    found: dict[Network, None] = {}
    for _, rule in all_rules(rules):
        for statement in rule.statements:
            if isinstance(statement, Compare) and statement.elements:
                for network in _sources(statement):
                    found.setdefault(network)
    return tuple(each for each in found if not each.is_loopback and not each.is_multicast)


def _sources(statement: Compare) -> Iterator[Network]:
    for at, field in enumerate(statement.fields):
        if field not in {Field.SOURCE_V4, Field.SOURCE_V6}:
            continue
        for element in statement.elements or ():
            part = element[at]
            if isinstance(part, Between):
                yield from _as_networks(part)
            elif not isinstance(part, int | str):
                yield ip_network(part)


def _as_networks(part: Between) -> Iterator[Network]:
    """The network of an address range that is one; of any other, its first address stands for it."""
    if isinstance(part.first, int | str) or isinstance(part.last, int | str):
        return
    size = int(part.last) - int(part.first) + 1
    length = part.first.max_prefixlen - (size.bit_length() - 1)
    try:
        yield ip_network(f"{part.first}/{length}" if size & (size - 1) == 0 else f"{part.first}")
    except ValueError:
        yield ip_network(part.first)


def _show(town: _Town, listener: Listener) -> Shown:
    program = listener.programs[0].name if listener.programs else ""
    kind = kind_of(program, listener.protocol, listener.port, listener.unit)
    name = kind.name if kind else town.facts.well_known.get((listener.protocol, listener.port), program)
    usual = kind.usual(listener.protocol, listener.port) if kind else None
    if listener.address.is_loopback:
        return Shown(listener, kind, name, Reach(local=True), usual=usual)
    ways = (listener.port, *_ways_in(town, listener))
    doors: dict[str, None] = {}
    reaches: dict[int, Reach] = {}
    for port in ways:
        reaches[port] = _reach(town, listener, port, doors)
    outside = tuple(port for port in ways[1:] if reaches[port].scope is not Scope.NOBODY or doors)
    return Shown(
        listener,
        kind,
        name,
        _merge(reaches.values()),
        tuple(doors),
        outside,
        usual,
        _passes_by(town, listener),
    )


def _ways_in(town: _Town, listener: Listener) -> tuple[int, ...]:
    """Other ports that are redirected to this one."""
    found: dict[int, None] = {}
    for each in translations(town.facts.rules):
        to_us = each.target.address is None or each.target.address in town.local
        if to_us and each.target.port == listener.port and listener.protocol in each.protocols:
            found |= dict.fromkeys(each.ports)
    return tuple(port for port in found if port != listener.port)


def _reach(town: _Town, listener: Listener, port: int, doors: dict[str, None]) -> Reach:
    """Try all visitors at one port; the doors that they meet are added to `doors`."""
    reasons: dict[str, None] = {}

    def knock_on(visitor: Address, interface: Interface) -> Answer | None:
        """How one visitor fares; None if this port cannot be met that way."""
        target = _target(town, listener, visitor, interface)
        if target is None:
            return None
        passage = _walk(town, visitor, interface, listener, target, port)
        doors.update(dict.fromkeys(_doors(passage)))
        answer = _delivered(town, listener, passage)
        if answer is Answer.UNSURE:
            reasons.update(dict.fromkeys(passage.reasons))
        return answer

    def over(visitors: Iterable[Address], *, outside: bool) -> list[Answer]:
        found = (
            knock_on(visitor, interface)
            for visitor in visitors
            for interface in town.facts.interfaces
            if interface.outside or not outside
        )
        return [each for each in found if each is not None]

    strangers: dict[int, Answer] = {
        each.version: _best(over([each], outside=True))
        for each in town.strangers
        if each.version in listener.families
    }
    private = _best(over(town.neighbours, outside=False))
    networks = tuple(
        each
        for each in town.named
        if strangers.get(each.version, Answer.OPEN) is Answer.CLOSED
        and not (is_private(each[0]) and private is Answer.OPEN)
        and _best(over([_member(each)], outside=False)) is Answer.OPEN
    )
    return Reach(strangers, private, networks, reasons=tuple(reasons))


def _member(network: Network) -> Address:
    """Somebody in a network, not its very first address if it has others."""
    return network[min(1, network.num_addresses - 1)]


def _target(town: _Town, listener: Listener, visitor: Address, interface: Interface) -> Address | None:
    """The address that this visitor would write to reach the listener by this interface."""
    if visitor.version not in listener.families:
        return None
    own = [address for address, _ in interface.addresses if address.version == visitor.version]
    if not listener.address.is_unspecified:
        return listener.address if listener.address in town.local else None
    if visitor.is_link_local:
        return next((each for each in own if each.is_link_local), None)
    return next((each for each in own if not each.is_link_local), None)


def _walk(  # noqa: PLR0913, PLR0917 - what a visit is
    town: _Town, visitor: Address, interface: Interface, listener: Listener, target: Address, port: int
) -> Passage:
    networks = tuple((network, each.name) for each in town.facts.interfaces for _, network in each.addresses)
    packet = Packet(visitor, target, listener.protocol, port, interface.name, town.local, networks)
    return walk(town.facts.rules, packet)


def _delivered(town: _Town, listener: Listener, passage: Passage) -> Answer:
    """Whether what got through the firewall came to this listener."""
    if passage.answer is Answer.CLOSED:
        return Answer.CLOSED
    elsewhere = passage.destination not in town.local
    published = listener.origin is Origin.CONTAINER or is_proxy(listener)
    if elsewhere:
        forwarded = passage.destination.version in town.facts.forwards
        return passage.answer if published and forwarded else Answer.CLOSED
    if listener.origin is Origin.CONTAINER or passage.port != listener.port:
        return Answer.CLOSED
    return passage.answer


def _doors(passage: Passage) -> Iterator[str]:
    ours = f"{names.FAMILY} {names.TABLE} {names.door('')}"
    return (each.removeprefix(ours) for each in passage.chains if each.startswith(ours))


def _passes_by(town: _Town, listener: Listener) -> bool:
    """Whether a container's port is open only because translation takes it past the rules for this host."""
    if listener.origin is not Origin.CONTAINER and not is_proxy(listener):
        return False
    bare = attrs.evolve(town, facts=attrs.evolve(town.facts, rules=_without_nat(town.facts.rules)))
    visitors = [each for each in town.strangers if each.version in listener.families]
    found = [
        _walk(bare, visitor, interface, listener, target, listener.port).answer
        for visitor in visitors
        for interface in town.facts.interfaces
        if interface.outside and (target := _target(town, listener, visitor, interface))
    ]
    return bool(found) and _best(found) is Answer.CLOSED


def _without_nat(rules: Ruleset) -> Ruleset:
    tables = (
        attrs.evolve(each, chains={name: chain for name, chain in each.chains.items() if chain.kind != "nat"})
        for each in rules.tables
    )
    return attrs.evolve(rules, tables=tuple(tables))


def _merge(reaches: Iterable[Reach]) -> Reach:
    """Several ways in are as wide as the widest."""
    every = list(reaches)
    versions = {version for each in every for version in each.strangers}
    networks = dict.fromkeys(network for each in every for network in each.networks)
    return Reach(
        {
            version: _best(each.strangers.get(version, Answer.CLOSED) for each in every)
            for version in sorted(versions)
        },
        _best(each.private for each in every),
        tuple(networks),
        reasons=tuple(dict.fromkeys(reason for each in every for reason in each.reasons)),
    )


def _best(answers: Iterable[Answer]) -> Answer:
    """Open if one is, else unsure if one is."""
    found = set(answers)
    return next((each for each in (Answer.OPEN, Answer.UNSURE) if each in found), Answer.CLOSED)
