"""What the doors of a knockd.conf open, as services that do not overlap, and names for them.

Doors open rules; a policy has services, and no port stands in two of them. So ports that the same doors open become one
service, and a door that leads a port elsewhere than an earlier door does is refused.
"""

import bisect
import itertools
import re
from collections.abc import Iterable, Iterator
from collections.abc import Sequence as Several

import attrs

from portward.policy.net import Address, PortRange, Protocol
from portward.policy.notation import write_ports
from portward.policy.policy import EVERYTHING, Service
from portward.sources.knockd_doors import DoorKnock
from portward.sources.knockd_effect import SERVICE_PORTS
from portward.sources.knockd_lift import Fate, LiftedDoor


LONGEST_NAME = 32
"""Characters of the name of a service or a sequence."""

_NO_LETTER = re.compile(r"[^a-z0-9_-]+")

_FIRST_NAMES = {
    f"{protocol}/{port}": name
    for name, (port, protocols) in reversed(SERVICE_PORTS.items())
    for protocol in protocols.split()
}


@attrs.frozen
class Place:
    """What makes a service.

    Attributes:
        host: the machine behind this one that has it; None for this one.
        ports: on that machine.
        published: one for one with `ports`, where visitors reach them instead; or empty.
    """

    host: Address | None
    ports: tuple[PortRange, ...]
    published: tuple[PortRange, ...] = ()

    def claims(self) -> Iterator[tuple[Address | None, PortRange]]:
        """Each of its ports, at the machine where it is."""
        yield from ((self.host, each) for each in self.ports)
        yield from ((None, each) for each in self.published)


def places(door: LiftedDoor) -> list[Place]:
    """What a door opens: each published service whole, each plain range of ports by itself.

    A plain rule for what another rule of the same door publishes only lets the translated packets pass, so it is no
    service of its own.
    """
    published = [Place(each.host, each.ports, each.published) for each in door.effects if each.published]
    covered = {(place.host, ports) for place in published for ports in place.ports}
    plain = [(each.host, ports) for each in door.effects if not each.published for ports in each.ports]
    found = [*published, *(Place(host, (ports,)) for host, ports in plain if (host, ports) not in covered)]
    return list(dict.fromkeys(found))


def without_collisions(doors: list[LiftedDoor]) -> list[LiftedDoor]:
    """Refuse doors until no knock is to a guarded port and no port is led to two places."""
    while found := _collision([each for each in doors if each.fate is Fate.SEQUENCE]):
        culprit, reason, knock = found
        span = knock.word.span if knock else culprit.door.name.span
        doors = [each.refused(reason, span) if each is culprit else each for each in doors]
    return doors


@attrs.frozen
class _Claim:
    """A port range at a machine that a door's service would have."""

    host: Address | None
    ports: PortRange
    place: Place
    door: LiftedDoor


def _collision(kept: list[LiftedDoor]) -> tuple[LiftedDoor, str, DoorKnock | None] | None:
    """Find a door that cannot stand beside the others, and why."""
    claims = [
        _Claim(*claim, place, door) for door in kept for place in places(door) for claim in place.claims()
    ]
    for published in (each for each in claims if each.place.published):
        for other in claims:
            apart = other.host != published.host or not other.ports.overlaps(published.ports)
            if not apart and other.place != published.place:
                earlier, later = sorted((other, published), key=claims.index)
                return (
                    later.door,
                    f"{write_ports(later.ports)} leads elsewhere than in {earlier.door.title}",
                    None,
                )
    for protocol in (Protocol.TCP, Protocol.UDP):
        guarded = [each for each in claims if each.host is None and each.ports.protocol is protocol]
        if found := _guarded_knock(kept, sorted(guarded, key=lambda each: each.ports.first), protocol):
            return found
    return None


def _guarded_knock(
    kept: list[LiftedDoor], claims: list[_Claim], protocol: Protocol
) -> tuple[LiftedDoor, str, DoorKnock | None] | None:
    """Find a knock of that protocol at one of the ports that are claimed, given in the order of their first port."""
    firsts = [each.ports.first for each in claims]
    reaching = list(itertools.accumulate(claims, _farther))
    for door in kept:
        for knock in door.door.knocks:
            before = bisect.bisect_right(firsts, knock.port)
            if knock.protocol is protocol and before and knock.port in reaching[before - 1].ports:
                owner = reaching[before - 1].door.title
                return door, f"it knocks on a port that {owner} opens, and what is guarded is no knock", knock
    return None


def _farther(one: _Claim, other: _Claim) -> _Claim:
    return one if one.ports.last >= other.ports.last else other


def make_services(kept: Several[LiftedDoor]) -> dict[Place, Service]:
    """Make the services of all doors: plain ports that the same doors open are one, so that no two overlap."""
    services: dict[Place, Service] = {}
    names: set[str] = set()
    every = [(number, place) for number, door in enumerate(kept) for place in places(door)]
    plain: dict[Address | None, list[tuple[int, PortRange]]] = {}
    for number, place in every:
        if not place.published:
            plain.setdefault(place.host, []).append((number, place.ports[0]))
    for host, ranges in plain.items():
        for numbers, pieces in _by_openers(ranges).items():
            place = Place(host, _joined(pieces))
            services[place] = service_at(place, kept[numbers[0]].name, names)
    for number, place in every:
        if place.published and place not in services:
            services[place] = service_at(place, kept[number].name, names)
    return services


def _by_openers(ranges: list[tuple[int, PortRange]]) -> dict[tuple[int, ...], list[PortRange]]:
    """Cut the ranges of doors into pieces that are apart, and put together those that the same doors open."""
    openers: dict[tuple[int, ...], list[PortRange]] = {}
    for atom in atoms(ports for _, ports in ranges):
        numbers = tuple(dict.fromkeys(number for number, ports in ranges if ports.overlaps(atom)))
        openers.setdefault(numbers, []).append(atom)
    return openers


def opens(door: LiftedDoor, services: dict[Place, Service]) -> tuple[str, ...]:
    """The names of the services that a door opens, or `*`."""
    if door.opens_everything:
        return (EVERYTHING,)
    mine = places(door)
    plain = [(place.host, place.ports[0]) for place in mine if not place.published]
    return tuple(
        service.name
        for place, service in services.items()
        if place in mine
        or (
            not place.published
            and any(host == place.host and ports.overlaps(place.ports[0]) for host, ports in plain)
        )
    )


def atoms(ranges: Iterable[PortRange]) -> list[PortRange]:
    """Cut ranges so that any two are the same or apart; each once."""
    listed = list(dict.fromkeys(ranges))
    found: dict[PortRange, None] = {}
    for protocol in dict.fromkeys(each.protocol for each in listed):
        mine = [each for each in listed if each.protocol is protocol]
        if not protocol.has_ports:
            found.update(dict.fromkeys(mine))
            continue
        cuts = sorted({cut for each in mine for cut in (each.first, each.last + 1)})
        for each in mine:
            between = cuts[bisect.bisect_left(cuts, each.first) : bisect.bisect_right(cuts, each.last + 1)]
            for first, after in itertools.pairwise(between):
                found[PortRange(protocol, first, after - 1)] = None
    return list(found)


def _joined(pieces: list[PortRange]) -> tuple[PortRange, ...]:
    """Put neighbouring ranges together again."""
    joined: list[PortRange] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if (
            last
            and last.protocol is piece.protocol
            and piece.protocol.has_ports
            and last.last + 1 == piece.first
        ):
            joined[-1] = PortRange(piece.protocol, last.first, piece.last)
        else:
            joined.append(piece)
    return tuple(joined)


def service_at(place: Place, door: str, taken: set[str]) -> Service:
    """Make a service, named after its port where that has a name, else after the port or the door."""
    first = place.ports[0]
    one_number = len(first) <= 1 and len({(each.first, each.last) for each in place.ports}) == 1
    name = f"{door}-ports"
    if one_number:
        outside = place.published[0] if place.published else first
        name = _FIRST_NAMES.get(write_ports(first)) or write_ports(outside).replace("/", "-")
    hosts = () if place.host is None else (place.host,)
    return Service(free_name(name, taken), place.ports, place.published, hosts)


def free_name(name: str, taken: set[str]) -> str:
    """A name that a policy takes, with a number behind it where it is taken already; noted as taken."""
    cleaned = _NO_LETTER.sub("-", name.lower()).strip("-_")
    if not cleaned or not cleaned[0].isalpha():
        cleaned = f"door-{cleaned}".rstrip("-")
    candidate, number = cleaned[:LONGEST_NAME].rstrip("-"), 1
    while candidate in taken:
        number += 1
        candidate = f"{cleaned[: LONGEST_NAME - 1 - len(str(number))]}-{number}"
    taken.add(candidate)
    return candidate
