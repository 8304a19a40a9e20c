"""Services with `on_expiry = "cut"`: what is established is asked for its grant again, packet by packet.

The exception of line 2. One lookup finds out whether an established packet is to such a port at all; a policy without
such a service has none of this. The connection ends in the kernel, with the element of the grant set: no process runs.
"""

from collections.abc import Iterator

from portward.compile import names
from portward.compile.doors import merged
from portward.compile.exempt import never_knock, was_open_before
from portward.compile.ir import (
    Accept,
    Chain,
    Condition,
    GoesTo,
    Goto,
    HasPorts,
    HasProtocol,
    InSet,
    Is,
    PortSet,
    Rule,
    Selector,
)
from portward.policy.net import PortRange, Protocol
from portward.policy.policy import Expiry, Policy, Service


def cutting(policy: Policy) -> tuple[Service, ...]:
    """The services whose connections end with the grant."""
    return tuple(service for service in policy.services if service.on_expiry is Expiry.CUT)


def entries(policy: Policy) -> Iterator[Rule]:
    """Send what is established and to such a port on to the chain that asks again."""
    if merged(ported(policy)):
        key = (Selector.PROTOCOL, Selector.DESTINATION_PORT)
        yield Rule(
            (Is.ESTABLISHED, InSet(key, names.CUT_PORTS), Goto(names.CUT)), "only as long as the grant"
        )
    if protocols := portless(policy):
        yield Rule((Is.ESTABLISHED, HasProtocol(protocols), Goto(names.CUT)), "only as long as the grant")


def port_sets(policy: Policy) -> Iterator[PortSet]:
    """Make the constant set of all ports of such services."""
    if ports := merged(ported(policy)):
        yield PortSet(
            names.CUT_PORTS, ports, with_protocol=True, comment="ports whose connections end with the grant"
        )


def ported(policy: Policy) -> Iterator[PortRange]:
    """List every port that a packet of such a service's connections may be to."""
    for service in cutting(policy):
        for ports in (*service.doors, *service.ports):
            if ports.protocol.has_ports:
                yield ports


def portless(policy: Policy) -> tuple[Protocol, ...]:
    """List the protocols without ports of such services."""
    found = (ports.protocol for service in cutting(policy) for ports in service.doors)
    return tuple(dict.fromkeys(protocol for protocol in found if not protocol.has_ports))


def chains(policy: Policy) -> Iterator[Chain]:
    """Make the chain that asks again; what is not to such a door after all goes on."""
    if not cutting(policy):
        return
    rules = [
        *never_knock(policy),
        *was_open_before(),
        *(rule for service in cutting(policy) for rule in asked_again(policy, service)),
        Rule((Accept(),), "established"),
    ]
    yield Chain(names.CUT, tuple(rules), comment="established, and perhaps to a door that cuts")


def asked_again(policy: Policy, service: Service) -> Iterator[Rule]:
    """Make the rules that send a service's established packets to its door."""
    span = policy.places.nearest("services", service.name)
    goal = Goto(names.door(service.name))
    for ports in service.doors:
        for place in entrances(service):
            yield Rule((which(ports), place, Is.BEGUN_BY_VISITOR, goal), "", span)
    for ports in dict.fromkeys((*service.doors, *service.ports)):
        if service.kind or not ports.protocol.has_ports:
            for place in ends(service, ports):
                yield Rule((which(ports), place, Is.BEGUN_BY_HOST, goal), "", span)


def which(ports: PortRange) -> Condition:
    """Ask for the ports, or for a protocol without ports."""
    return HasPorts(ports) if ports.protocol.has_ports else HasProtocol((ports.protocol,))


def entrances(service: Service) -> tuple[Condition, ...]:
    """The destinations at which visitors reach a service."""
    if service.hosts and not service.published:
        return tuple(GoesTo(address) for address in service.hosts)
    return (Is.TO_THIS_HOST,)


def ends(service: Service, ports: PortRange) -> tuple[Condition, ...]:
    """The destinations of answers to a connection that the service itself began from its port."""
    if service.hosts:
        return tuple(GoesTo(address) for address in service.hosts) if ports in service.ports else ()
    return (Is.TO_THIS_HOST,)
