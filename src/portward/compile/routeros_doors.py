"""Doors for RouterOS: which port leads to which service, who may pass, and how published ports become the services'.

A router's filter stands behind address translation, where the policy is judged before it: a packet to a published
port comes to the service's own port, marked by `connection-nat-state=dstnat`; whoever comes there without the mark
is not let in. The router's own services move instead (`/ip service`).
"""

from collections.abc import Iterator

from portward.compile import routeros_names as names
from portward.compile.doors import behind
from portward.compile.names import IpFamily
from portward.compile.routeros_words import Pairs, Row, accept, drop, jump, on
from portward.policy.net import Address, PortRange, Protocol
from portward.policy.policy import EVERYTHING, Policy, Service


MOST_MAPPED = 64
"""Ports that are mapped one by one: RouterOS does not map a range onto another in order."""

TRANSLATED = (("connection-nat-state", "dstnat"),)

Pair = tuple[PortRange, PortRange]
"""A published range and the service's own."""


def doors(policy: Policy, family: IpFamily) -> Iterator[Row]:
    """Lines 5.1 and 5.2: packets to the router's doors, and to ports that are reached elsewhere."""
    for service in policy.services:
        if not service.hosts or service.published:
            for each in service.doors:
                asks = names.ports(each, family)
                yield Row(names.JUDGE, asks, jump(names.door(service.name)), service.name)
    for service in policy.services:
        for published, own in pairs(service):
            if service.hosts or published == own:
                continue
            asks = names.ports(own, family)
            if not moved(service, published, own):
                to_door = jump(names.door(service.name))
                yield Row(names.JUDGE, (*asks, *TRANSLATED), to_door, f"{service.name}, published")
            yield Row(names.JUDGE, asks, drop(), f"{service.name}: published on another port")


def pairs(service: Service) -> Iterator[Pair]:
    """Go through published ports and the own ones behind them."""
    if service.published:
        yield from zip(service.published, service.ports, strict=True)


def door_rows(policy: Policy, family: IpFamily) -> Iterator[Row]:
    """Make the doors that the family leads to: who has a grant for the service or for everything is let in."""
    inside = {service.name for service, _ in behind(policy, family)}
    for service in policy.services:
        if service.hosts and not service.published and service.name not in inside:
            continue
        chain = names.door(service.name)
        for who in (service.name, EVERYTHING):
            yield Row(chain, on(names.grants(who)), accept(), f"{service.name}: open to who has knocked")
        yield Row(chain, (), drop(), f"{service.name}: shut to everybody else")


def to_inside(policy: Policy, family: IpFamily) -> Iterator[Row]:
    """Line 6: packets to machines behind the router."""
    for service, address in behind(policy, family):
        for own in service.ports:
            asks = (*host(address), *names.ports(own, family))
            to_door = jump(names.door(service.name))
            if not service.published:
                yield Row(names.BEHIND, asks, to_door, service.name)
                continue
            yield Row(names.BEHIND, (*asks, *TRANSLATED), to_door, f"{service.name}, published")
            yield Row(names.BEHIND, asks, drop(), f"{service.name}: published on another port")


def host(address: Address) -> Pairs:
    """Ask for one destination."""
    return (("dst-address", str(address)),)


def stale(policy: Policy, family: IpFamily) -> Iterator[Row]:
    """Line 4 for guarded ports of the router: TCP that belongs to no connection is dropped there."""
    about = "belongs to no connection"
    for service in policy.services:
        for each in dict.fromkeys((*(() if service.hosts else service.ports), *service.published)):
            if each.protocol is Protocol.TCP:
                asks = (*names.ports(each, family), *to_this_host(family))
                yield Row(names.STALE, asks, drop(), f"{service.name}: {about}")


def stale_inside(policy: Policy, family: IpFamily) -> Iterator[Row]:
    """The same for machines behind the router."""
    for service, address in behind(policy, family):
        for each in service.ports:
            if each.protocol is Protocol.TCP:
                asks = (*host(address), *names.ports(each, family))
                yield Row(names.STALE_BEHIND, asks, drop(), f"{service.name}: belongs to no connection")


def to_this_host(family: IpFamily) -> Pairs:
    """Ask for one of the router's own addresses, of packets in `input`."""
    return (("dst-address-type", "local"),) if family is IpFamily.V4 else (("dst-address", "!ff00::/8"),)


def moved(service: Service, published: PortRange, own: PortRange) -> bool:
    """Whether `/ip service` itself puts the service on its published port."""
    single = own.protocol is Protocol.TCP and own.first == own.last
    return not service.hosts and single and own.first in names.OWN_SERVICES and published != own


def moves(policy: Policy) -> Iterator[tuple[str, int, int]]:
    """Name the router's services that move: what `/ip service` calls it, its usual port, the new one."""
    for service in policy.services:
        for published, own in pairs(service):
            if moved(service, published, own):
                yield names.OWN_SERVICES[own.first], own.first, published.first


def translated(service: Service) -> Iterator[Pair]:
    """Name the ports of a service that the router must translate."""
    for published, own in pairs(service):
        if not moved(service, published, own) and (service.hosts or published != own):
            yield published, own


def translations(policy: Policy, family: IpFamily) -> Iterator[Row]:
    """Make the rules of `nat` that lead from published ports to the services."""
    for service in policy.services:
        for published, own in translated(service):
            for single, goal in mapped(published, own):
                for does in leads(service, family, goal):
                    asks = (("dst-address-type", "local"), *names.ports(single, family))
                    yield from by_interface(policy, Row("dstnat", asks, does, f"{service.name}, published"))


def mapped(published: PortRange, own: PortRange) -> list[tuple[PortRange, PortRange | None]]:
    """Take a pair apart into rules; no goal where the port stays as it is."""
    if published == own:
        return [(published, None)]
    return [
        (PortRange(published.protocol, outer, outer), PortRange(own.protocol, inner, inner))
        for outer, inner in zip(published.ports, own.ports, strict=True)
    ]


def leads(service: Service, family: IpFamily, goal: PortRange | None) -> Iterator[Pairs]:
    """Say where a translation leads: to another port of the router, or to a machine behind it."""
    to_port = (("to-ports", str(goal.first)),) if goal else ()
    if not service.hosts:
        yield (("action", "redirect"), *to_port)
    for address in service.hosts:
        if IpFamily.of(address) is family:
            # IPv6's property is to-address; version 6 has no such menu.
            name = "to-addresses" if family is IpFamily.V4 else "to-address"
            yield (("action", "dst-nat"), (name, str(address)), *to_port)


def by_interface(policy: Policy, row: Row) -> Iterator[Row]:
    """Make a rule that packets meet first once for each guarded interface."""
    for name in policy.interfaces or ("",):
        asks = ((("in-interface", name),) if name else ()) + row.asks
        yield Row(row.chain, asks, row.does, row.about)
