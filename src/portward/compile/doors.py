"""Doors: which port leads to which service, who may pass, and how published ports become the services' own."""

from collections.abc import Iterable, Iterator

from portward.compile import names
from portward.compile.exempt import entrance, has_grant
from portward.compile.ir import (
    Accept,
    Chain,
    Condition,
    Count,
    Dispatch,
    Drop,
    Expression,
    GoesTo,
    Goto,
    HasPorts,
    HasProtocol,
    InSet,
    Is,
    OfFamily,
    PortSet,
    Redirect,
    Rule,
    Selector,
    SendTo,
    Verdict,
    VerdictMap,
)
from portward.compile.names import IpFamily
from portward.policy.net import Address, Knock, PortRange, Protocol
from portward.policy.people import Ways
from portward.policy.policy import EVERYTHING, Mode, Policy, Service


LONGEST_SPELLED_OUT = 64
"""Ports of a range that become elements of their own in the hash map; longer ranges go to the slower map of ranges."""

Key = tuple[int | Protocol | Address | PortRange, ...]


def chains(policy: Policy) -> Iterator[Chain]:
    """Make each service's door, and the chain of ports that are reached elsewhere."""
    for service in policy.services:
        yield door(policy, service)
    if any(service.published for service in policy.services):
        yield Chain(names.HIDDEN, (Rule((Count(names.DROPPED), Drop()), "published on another port"),))


def door(policy: Policy, service: Service) -> Chain:
    """Let through who has a grant for the service or for everything; drop everybody else."""
    span = policy.places.nearest("services", service.name)
    rules = [
        Rule((has_grant(policy, who, family), Accept()), "", span)
        for who in (service.name, EVERYTHING)
        for family in IpFamily
    ]
    return Chain(
        names.door(service.name), (*rules, Rule((Count(names.refused(service.name)), Drop()), "", span))
    )


def claims(policy: Policy, knocks: Iterable[Knock]) -> Iterator[tuple[PortRange, Verdict]]:
    """Say what each port of this host leads to, in the order of docs/meaning.md, line 5: the first claim counts."""
    for service in policy.services:
        if not service.hosts or service.published:
            yield from ((ports, Goto(names.door(service.name))) for ports in service.doors)
    for service in policy.services:
        if not service.hosts and service.published:
            yield from ((ports, Goto(names.HIDDEN)) for ports in service.ports)
    for knock in knocks:
        if knock.protocol is not Protocol.ICMP:
            yield PortRange(knock.protocol, knock.number, knock.number), Goto(names.knock_chain(knock))
    yield from ((ports, Accept()) for ports in policy.public)
    if policy.people:
        yield from _ports_of_ways(policy.ways)


def _ports_of_ways(ways: Ways) -> Iterator[tuple[PortRange, Verdict]]:
    """The stronger knocks' ports: what came past the first look to the daemon is let in, the passes' port is closed."""
    for ports in ways.ports:
        passes = ways.passes and ports.first == ways.passes.port
        yield ports, Goto(names.CLOSED) if passes else Accept()


def maps(policy: Policy, knocks: tuple[Knock, ...]) -> tuple[VerdictMap, ...]:
    """Make the maps that send a packet to its chain; empty ones are left out.

    Args:
        policy: the policy.
        knocks: one for each port and echo size that any sequence knocks on.
    """
    where = (Selector.PROTOCOL, Selector.DESTINATION_PORT)
    singles: dict[Key, Verdict] = {}
    ranges: list[tuple[PortRange, Verdict]] = []
    for ports, verdict in claims(policy, knocks):
        if not ports.protocol.has_ports:
            continue
        if len(ports) <= LONGEST_SPELLED_OUT:
            for port in ports.ports:
                singles.setdefault((ports.protocol, port), verdict)
        else:
            ranges += [(rest, verdict) for rest in without(ports, (taken for taken, _ in ranges))]
    echoes: dict[Key, Verdict] = {
        (knock.number,): Goto(names.knock_chain(knock)) for knock in knocks if knock.protocol is Protocol.ICMP
    }
    wide: dict[Key, Verdict] = {(ports.protocol, ports): verdict for ports, verdict in ranges}
    found = (
        VerdictMap(
            names.PORTS, where, tuple(singles.items()), ranges=False, comment="what each port leads to"
        ),
        VerdictMap(
            names.PORT_RANGES, where, tuple(wide.items()), ranges=True, comment="the same for long ranges"
        ),
        VerdictMap(
            names.ECHOES,
            (Selector.LENGTH,),
            tuple(echoes.items()),
            ranges=False,
            comment="echo requests by size",
        ),
        *(inside_map(policy, family) for family in IpFamily),
    )
    return tuple(each for each in found if each.elements)


def without(ports: PortRange, taken: Iterable[PortRange]) -> list[PortRange]:
    """Cut what is taken already out of a range: the kernel's map of ranges refuses overlaps."""
    left = [ports]
    for other in taken:
        left = [
            PortRange(piece.protocol, first, last)
            for piece in left
            for first, last in (
                (
                    (piece.first, min(piece.last, other.first - 1)),
                    (max(piece.first, other.last + 1), piece.last),
                )
                if piece.overlaps(other)
                else ((piece.first, piece.last),)
            )
            if first <= last
        ]
    return left


def inside_map(policy: Policy, family: IpFamily) -> VerdictMap:
    """Map address, protocol and port of machines behind this one to their doors."""
    elements: dict[Key, Verdict] = {}
    for service, address in behind(policy, family):
        verdict = Goto(names.HIDDEN if service.published else names.door(service.name))
        for ports in service.ports:
            if ports.protocol.has_ports:
                elements.setdefault((address, ports.protocol, ports), verdict)
    key = (Selector.destination(family), Selector.PROTOCOL, Selector.DESTINATION_PORT)
    return VerdictMap(
        names.inside(family), key, tuple(elements.items()), ranges=True, comment="machines behind this one"
    )


def behind(policy: Policy, family: IpFamily) -> Iterator[tuple[Service, Address]]:
    """List the services of machines behind this one that have an address of the family."""
    for service in policy.services:
        for address in service.hosts:
            if IpFamily.of(address) is family:
                yield service, address


def to_inside(policy: Policy) -> list[Rule]:
    """Line 6: packets to the machines behind this one."""
    rules = []
    for family in IpFamily:
        if inside_map(policy, family).elements:
            key = (Selector.destination(family), Selector.PROTOCOL, Selector.DESTINATION_PORT)
            rules.append(Rule((Dispatch(key, names.inside(family)),)))
        for service, address in behind(policy, family):
            goal = Goto(names.HIDDEN if service.published else names.door(service.name))
            rules += [
                Rule(
                    (GoesTo(address), HasProtocol((ports.protocol,)), goal),
                    "",
                    policy.places.nearest("services", service.name),
                )
                for ports in service.ports
                if not ports.protocol.has_ports
            ]
    return rules


def to_us_without_ports(policy: Policy) -> list[Rule]:
    """Line 5 for protocols that have no ports: services, then what is public."""
    rules = [
        Rule(
            (HasProtocol((ports.protocol,)), Goto(names.door(service.name))),
            "",
            policy.places.nearest("services", service.name),
        )
        for service in policy.services
        if not service.hosts or service.published
        for ports in service.doors
        if not ports.protocol.has_ports
    ]
    portless = tuple(ports.protocol for ports in policy.public if not ports.protocol.has_ports)
    if portless:
        rules.append(Rule((HasProtocol(portless), Accept()), "public", policy.places.nearest("public")))
    return rules


def guarded_tcp(policy: Policy) -> tuple[PortRange, ...]:
    """The TCP ports of this host that belong to a service, own and published."""
    found = [
        ports
        for service in policy.services
        for ports in (*(() if service.hosts else service.ports), *service.published)
        if ports.protocol is Protocol.TCP
    ]
    return tuple(dict.fromkeys(found))


def stale(policy: Policy) -> list[Rule]:
    """Line 4 for guarded ports: TCP that belongs to no connection is dropped there."""
    rules = []
    if guarded_tcp(policy):
        rules.append(
            Rule(
                (
                    HasProtocol((Protocol.TCP,)),
                    InSet((Selector.DESTINATION_PORT,), names.GUARDED_TCP),
                    Is.TO_THIS_HOST,
                    Count(names.DROPPED),
                    Drop(),
                )
            )
        )
    for family in IpFamily:
        for service, address in behind(policy, family):
            span = policy.places.nearest("services", service.name)
            rules += [
                Rule((GoesTo(address), HasPorts(ports), Count(names.DROPPED), Drop()), "", span)
                for ports in service.ports
                if ports.protocol is Protocol.TCP
            ]
    return rules


def public_with_ports(policy: Policy) -> tuple[PortRange, ...]:
    """The public ports, without protocols that have none."""
    return tuple(ports for ports in policy.public if ports.protocol.has_ports)


def port_sets(policy: Policy) -> Iterator[PortSet]:
    """Make the constant sets of ports that rules look into."""
    if guarded := merged(guarded_tcp(policy)):
        yield PortSet(names.GUARDED_TCP, guarded, with_protocol=False, comment="TCP ports of services")
    if policy.mode is Mode.LOCKDOWN and (public := merged(public_with_ports(policy))):
        yield PortSet(names.PUBLIC_PORTS, public, with_protocol=True, comment="open to all")


def merged(ranges: Iterable[PortRange]) -> tuple[PortRange, ...]:
    """Join overlapping ranges: the kernel's sets of ranges refuse overlaps."""
    result: list[PortRange] = []
    for ports in sorted(ranges):
        if result and result[-1].overlaps(ports):
            result[-1] = PortRange(ports.protocol, result[-1].first, max(result[-1].last, ports.last))
        else:
            result.append(ports)
    return tuple(result)


def translations(policy: Policy) -> tuple[Rule, ...]:
    """Send published ports to the services; who has no grant never comes this far."""
    rules = [
        Rule((Is.TO_THIS_HOST, *expressions), service.name, policy.places.nearest("services", service.name))
        for service in policy.services
        if service.published
        for published, own in zip(service.published, service.ports, strict=True)
        for expressions in translation(service, published, own)
    ]
    if not rules:
        return ()
    return (*entrance(policy), *rules)


def translation(service: Service, published: PortRange, own: PortRange) -> Iterator[tuple[Expression, ...]]:
    """Translate one published range to the range of the same length behind it."""
    same = published == own
    pairs = tuple(zip(published.ports, own.ports, strict=True)) if published.protocol.has_ports else ()
    which: Condition = (
        HasPorts(published) if published.protocol.has_ports else HasProtocol((published.protocol,))
    )
    if not service.hosts:
        if not same:
            yield which, Redirect(published.protocol, pairs)
        return
    for address in service.hosts:
        yield (
            OfFamily(IpFamily.of(address)),
            which,
            SendTo(address, published.protocol, () if same else pairs),
        )
