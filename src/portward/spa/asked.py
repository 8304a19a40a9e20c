"""What messages ask for, and which of a person's services that is. Pure.

A sealed knock names services, an fwknop packet names ports; each finds services among those that the person may open,
or nothing at all: who asks for more than they may gets nothing of it.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address

import attrs

from portward.policy.net import PortRange, Protocol
from portward.policy.policy import Service


Door = tuple[Protocol, int]
"""A port as visitors from outside see it."""


@attrs.frozen
class Named:
    """Services by their names; none for all that the person may open."""

    names: tuple[str, ...]


@attrs.frozen
class Doors:
    """Services by ports that visitors connect to, at least one; each must lead to a service."""

    doors: tuple[Door, ...]


@attrs.frozen
class Behind:
    """Services by doors, at least one, and the one port that all of them must lead to.

    Attributes:
        doors: ports that visitors connect to.
        host: the machine behind that runs the service; None for this host.
        port: there.
    """

    doors: tuple[Door, ...]
    host: IPv4Address | None
    port: int


Asked = Named | Doors | Behind


def services_for(asked: Asked, services: tuple[Service, ...]) -> tuple[Service, ...]:
    """Those of the person's services that are asked for, in the policy's order; none if any part is not covered."""
    match asked:
        case Named(()):
            return services
        case Named(names):
            found = tuple(service for service in services if service.name in names)
            return found if len(found) == len(set(names)) else ()
        case Doors(doors):
            return _covering(tuple(_entered_by(door, services) for door in doors), services)
        case Behind(doors):
            return _covering(tuple(_leading(door, asked, services) for door in doors), services)


def _covering(found: tuple[tuple[Service, ...], ...], services: tuple[Service, ...]) -> tuple[Service, ...]:
    """All services that were found for some door; none if there is a door without."""
    if not all(found):
        return ()
    return tuple(service for service in services if any(service in each for each in found))


def _entered_by(door: Door, services: tuple[Service, ...]) -> tuple[Service, ...]:
    return tuple(service for service in services if any(_inside(service, door)))


def _leading(door: Door, asked: Behind, services: tuple[Service, ...]) -> tuple[Service, ...]:
    """The services that the door leads to, if it is on the machine and at the port that are asked for."""
    return tuple(
        service
        for service in services
        if (asked.host in service.hosts if asked.host else not service.hosts)
        and any(asked.port in own for own in _inside(service, door))
    )


def _inside(service: Service, door: Door) -> Iterator[PortRange]:
    """The service's own ports that a door leads to."""
    protocol, port = door
    for outside, own in zip(service.doors, service.ports, strict=True):
        if outside.protocol is protocol and port in outside:
            yield own
