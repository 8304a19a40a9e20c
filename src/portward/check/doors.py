"""Rules about doors: services, published ports, public ports and knocks that stand on each other's feet.

All are mistakes: with two meanings for one port, one of the two would silently not work.
"""

from collections.abc import Iterable, Iterator

import attrs

from portward.check.ground import Ground
from portward.check.page import page
from portward.errors import Diagnostic, Severity
from portward.policy.net import Address, PortRange
from portward.policy.notation import write_knock, write_ports
from portward.policy.policy import PlacePath, Policy, Service


HOSTS = page(
    "PW304",
    Severity.ERROR,
    "a service's host cannot be one",
    what="`host` holds two addresses of one family, or one that no single machine has: multicast, loopback, 0.0.0.0.",
    why="""A forwarded service is one machine, with at most one IPv4 and one IPv6 address: that is what destination
    NAT and the forwarding rules are made of. A service on this host has no `host` at all.""",
    example="""
        schema = 1
        [services.cameras]
        host = ["192.168.1.10", "192.168.1.11"]
        ports = ["tcp/443"]
    """,
    fix="""
        schema = 1
        [services.cameras]
        host = ["192.168.1.10", "2001:db8::10"]
        ports = ["tcp/443"]
    """,
)

PUBLISHED = page(
    "PW305",
    Severity.ERROR,
    "`published` is not one for one with `ports`",
    what="The entries of `published` are not as many as those of `ports`, or not of the same protocol and length.",
    why="Each published port leads to one port of the service; the n-th entry to the n-th, port by port.",
    example="""
        schema = 1
        [services.cameras]
        ports = ["tcp/443", "tcp/8000-8010"]
        published = ["tcp/12345"]
    """,
    fix="""
        schema = 1
        [services.cameras]
        ports = ["tcp/443", "tcp/8000-8010"]
        published = ["tcp/12345", "tcp/18000-18010"]
    """,
)

SAME_DOOR = page(
    "PW311",
    Severity.ERROR,
    "two services have the same port",
    what="A port of one service, its own or a published one, is also a port of another at the same machine.",
    why="A packet to that port could belong to either, and a grant for one would open the other.",
    example="""
        schema = 1
        [services.ssh]
        ports = ["tcp/22"]
        published = ["tcp/443"]
        [services.web]
        ports = ["tcp/443"]
    """,
    fix="""
        schema = 1
        [services.ssh]
        ports = ["tcp/22"]
        published = ["tcp/12345"]
        [services.web]
        ports = ["tcp/443"]
    """,
)

OWN_DOOR = page(
    "PW312",
    Severity.ERROR,
    "a service names a port twice",
    what="Two entries of one service overlap, or a port is published as itself.",
    why="""One of the two means nothing, or, where a port is published as another one of the same service, it could
    not be reached. Without `published`, a service is reached on its own ports.""",
    example="""
        schema = 1
        [services.ssh]
        ports = ["tcp/22"]
        published = ["tcp/22"]
    """,
    fix="""
        schema = 1
        [services.ssh]
        ports = ["tcp/22"]
    """,
)

KNOCK_AT_DOOR = page(
    "PW313",
    Severity.ERROR,
    "a knock is to a guarded port",
    what="A knock's port is also a service's, its own or a published one.",
    why="A packet to a guarded port is judged as a visit to the service, so it would never count as a knock.",
    example="""
        schema = 1
        [services.ssh]
        ports = ["tcp/22"]
        [sequences.admin]
        knocks = ["tcp/33333", "udp/4321", "tcp/22", "udp/17171"]
        opens = ["ssh"]
    """,
    fix="""
        schema = 1
        [services.ssh]
        ports = ["tcp/22"]
        [sequences.admin]
        knocks = ["tcp/33333", "udp/4321", "tcp/2222", "udp/17171"]
        opens = ["ssh"]
    """,
)

KNOCK_PUBLIC = page(
    "PW314",
    Severity.ERROR,
    "a knock is to a public port",
    what="A knock's port is also `public`.",
    why="""Something public listens there, so honest visitors would start sequences, and in lockdown a port that is
    both could be neither closed nor open. (Public `icmp` beside ICMP knocks is fine: only echo requests of the
    knock's very size are knocks.)""",
    example="""
        schema = 1
        public = ["tcp/443"]
        [services.ssh]
        ports = ["tcp/22"]
        [sequences.admin]
        knocks = ["tcp/443", "udp/4321", "tcp/2222", "udp/17171"]
        opens = ["ssh"]
    """,
    fix="""
        schema = 1
        public = ["tcp/443"]
        [services.ssh]
        ports = ["tcp/22"]
        [sequences.admin]
        knocks = ["tcp/33333", "udp/4321", "tcp/2222", "udp/17171"]
        opens = ["ssh"]
    """,
)

PUBLIC_DOOR = page(
    "PW315",
    Severity.ERROR,
    "a public port is guarded",
    what="A port is both `public` and a service's of this host, its own or a published one.",
    why="It cannot be open to all and closed to all but those who knocked; the guard would win.",
    example="""
        schema = 1
        public = ["tcp/22"]
        [services.ssh]
        ports = ["tcp/22"]
    """,
    fix="""
        schema = 1
        [services.ssh]
        ports = ["tcp/22"]
    """,
)

PAGES = (HOSTS, PUBLISHED, SAME_DOOR, OWN_DOOR, KNOCK_AT_DOOR, KNOCK_PUBLIC, PUBLIC_DOOR)


@attrs.frozen
class Claim:
    """One entry of a service's `ports` or `published`, as seen at one machine; `host` None is this one."""

    service: str
    ports: PortRange
    host: Address | None
    place: PlacePath


def claims(service: Service) -> Iterator[Claim]:
    """All that a service claims, at each machine."""
    for key, entries in (("ports", service.ports), ("published", service.published)):
        hosts = service.hosts if key == "ports" and service.hosts else (None,)
        for index, ports in enumerate(entries):
            for host in hosts:
                yield Claim(service.name, ports, host, ("services", service.name, key, index))


def claims_of_this_host(policy: Policy) -> Ground[Claim]:
    """What is guarded on this host itself."""
    every = (each for service in policy.services for each in claims(service))
    return Ground((each.ports, each) for each in every if each.host is None)


def possible_hosts(policy: Policy) -> Iterable[Diagnostic]:
    """A host is one machine: unicast, one address of each family."""
    for service in policy.services:
        path = ("services", service.name, "host")
        versions: set[int] = set()
        for index, host in enumerate(service.hosts):
            span = policy.places.nearest(*path, index)
            if host.is_multicast or host.is_loopback or host.is_unspecified:
                hint = "leave host out for a service on this host" if host.is_loopback else ""
                yield HOSTS.at(span, f"{host} is no address of another machine", hint)
            elif host.version in versions:
                yield HOSTS.at(
                    span, f"{service.name} has two IPv{host.version} hosts", "make it two services"
                )
            versions.add(host.version)


def published_one_for_one(policy: Policy) -> Iterable[Diagnostic]:
    """The n-th entry of `published` stands for the n-th of `ports`, port by port."""
    for service in policy.services:
        path = ("services", service.name, "published")
        if service.published and len(service.published) != len(service.ports):
            sentence = f"published has {len(service.published)} entries, ports has {len(service.ports)}"
            yield PUBLISHED.at(policy.places.nearest(*path), sentence, "give one for each, in the same order")
        for index, (outside, inside) in enumerate(zip(service.published, service.ports, strict=False)):
            if outside.protocol is not inside.protocol or len(outside) != len(inside):
                sentence = f"{write_ports(outside)} cannot stand for {write_ports(inside)}"
                hint = "the protocol and the number of ports must be the same"
                yield PUBLISHED.at(policy.places.nearest(*path, index), sentence, hint)


def one_service_per_port(policy: Policy) -> Iterable[Diagnostic]:
    """No two entries of services meet at one machine."""
    grounds: dict[object, list[Claim]] = {}
    for service in policy.services:
        for each in claims(service):
            grounds.setdefault((each.host, each.ports.protocol), []).append(each)
    told = set()
    for entries in grounds.values():
        for earlier, later in overlaps(entries):
            if (earlier.place, later.place) not in told:
                told.add((earlier.place, later.place))
                yield _same_port(policy, earlier, later)


def overlaps(entries: list[Claim]) -> Iterator[tuple[Claim, Claim]]:
    """Each entry that meets another, with it, the earlier one first; all are of one machine and protocol."""
    order = {each.place: rank for rank, each in enumerate(entries)}
    widest: Claim | None = None
    for each in sorted(entries, key=lambda entry: (entry.ports.first, order[entry.place])):
        if widest and each.ports.first <= widest.ports.last:
            earlier, later = sorted((widest, each), key=lambda entry: order[entry.place])
            yield earlier, later
        if widest is None or each.ports.last > widest.ports.last:
            widest = each


def _same_port(policy: Policy, earlier: Claim, later: Claim) -> Diagnostic:
    span = policy.places.nearest(*later.place)
    if earlier.service == later.service:
        hint = "leave published out" if earlier.place[2] != later.place[2] else "leave one of them out"
        sentence = (
            f"{later.service} has {write_ports(later.ports)} and {write_ports(earlier.ports)}, which overlap"
        )
        return OWN_DOOR.at(span, sentence, hint)
    sentence = f"{write_ports(later.ports)} of {later.service} is also a port of {earlier.service}"
    return SAME_DOOR.at(span, sentence, f"see {policy.places.nearest(*earlier.place)}")


def knocks_at_closed_ports(policy: Policy) -> Iterable[Diagnostic]:
    """No knock is to a guarded port."""
    guarded = claims_of_this_host(policy)
    for sequence in policy.sequences:
        for index, knock in enumerate(sequence.knocks):
            claim = guarded.meets_knock(knock)
            if claim:
                span = policy.places.nearest("sequences", sequence.name, "knocks", index)
                sentence = f"{write_knock(knock, secret=False)} is a port of the service {claim.service}"
                yield KNOCK_AT_DOOR.at(
                    span, sentence, f"knock elsewhere; see {policy.places.nearest(*claim.place)}"
                )


def knocks_at_private_ports(policy: Policy) -> Iterable[Diagnostic]:
    """No knock is to a public port; public `icmp` is no port."""
    public = Ground((ports, index) for index, ports in enumerate(policy.public) if ports.protocol.has_ports)
    for sequence in policy.sequences:
        for index, knock in enumerate(sequence.knocks):
            entry = public.meets_knock(knock)
            if entry is not None:
                span = policy.places.nearest("sequences", sequence.name, "knocks", index)
                hint = f"knock elsewhere; see {policy.places.nearest('public', entry)}"
                yield KNOCK_PUBLIC.at(span, f"{write_knock(knock, secret=False)} is public", hint)


def public_is_not_guarded(policy: Policy) -> Iterable[Diagnostic]:
    """No public port is a service's of this host."""
    guarded = claims_of_this_host(policy)
    for index, ports in enumerate(policy.public):
        claim = guarded.meets_range(ports)
        if claim:
            sentence = f"{write_ports(ports)} is public, but guarded as a port of {claim.service}"
            hint = f"leave it out here, or there: {policy.places.nearest(*claim.place)}"
            yield PUBLIC_DOOR.at(policy.places.nearest("public", index), sentence, hint)


RULES = (
    possible_hosts,
    published_one_for_one,
    one_service_per_port,
    knocks_at_closed_ports,
    knocks_at_private_ports,
    public_is_not_guarded,
)
