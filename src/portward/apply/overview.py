"""What the gate is doing now: doors, who is in, who is on the way, who is under penalty, what was counted.

Reads each set once and gives up on one that takes too long to list; changes nothing.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta

import attrs

from portward.apply.grants import Grant, grant_sets, live_table, read_grants
from portward.apply.listing import Listing
from portward.apply.live import Element, read_counters, read_elements
from portward.apply.wanted import Door, StageName, Wanted
from portward.compile import names
from portward.compile.names import IpFamily
from portward.errors import HostError
from portward.policy.policy import EVERYTHING


LISTING_LIMIT = timedelta(seconds=5)
"""How long one set may take to be listed: some 100,000 elements."""

COUNTERS_LIMIT = timedelta(seconds=30)
"""How long the counters may take; nft reads all rules for them."""


@attrs.frozen
class Visitor:
    """A source in mid-sequence.

    Attributes:
        address: of the source.
        number: of the stage, as the kernel's set has it.
        stage: which stage of which sequence that is; None if the policy on record does not know it.
        left: how long the next knock counts.
    """

    address: str
    number: int
    stage: StageName | None
    left: timedelta | None


@attrs.frozen
class PersonHere:
    """Somebody who came in by a key of their own.

    Attributes:
        address: from where, cut as a grant is.
        name: who; None if the policy on record does not know the number.
        number: of the person, as the kernel's set has it.
        left: how long the grants last that the key gave.
    """

    address: str
    name: str | None
    number: int
    left: timedelta | None


@attrs.frozen
class Penalised:
    """A source whose knocks do not count."""

    address: str
    left: timedelta | None


@attrs.frozen
class Overview:
    """What the gate is doing.

    Attributes:
        doors: the services; from the table alone, without their ports, if the policy is not on record.
        grants: who is in.
        visitors: who is in mid-sequence.
        penalised: who is under penalty.
        counters: packets by the counter's name.
        unlisted: names of sets that are too big to be listed.
        people: who of the people is in.
    """

    doors: tuple[Door, ...]
    grants: tuple[Grant, ...]
    visitors: tuple[Visitor, ...]
    penalised: tuple[Penalised, ...]
    counters: Mapping[str, int]
    unlisted: tuple[str, ...]
    people: tuple[PersonHere, ...] = ()


def look(rules: Wanted | None) -> Overview:
    """Look at the live table.

    Args:
        rules: the rules on record, for names that the table does not hold.

    Raises:
        HostError: the gate is not up.
    """
    table = live_table()
    unlisted: list[str] = []
    grants: list[Grant] = []
    for each in grant_sets(table):
        try:
            grants += read_grants([each], LISTING_LIMIT)
        except HostError:
            unlisted.append(each.name)
    stages = rules.stages if rules else {}
    reached = [visitor(each, stages) for each in both(table, names.stages, unlisted)]
    penalised = [Penalised(str(each.key[0]), each.left) for each in both(table, names.penalty, unlisted)]
    here = [person_here(each, rules.people if rules else {}) for each in both(table, names.people, unlisted)]
    counters = counted(unlisted)
    return Overview(
        doors(table, rules),
        tuple(grants),
        tuple(reached),
        tuple(penalised),
        counters,
        tuple(unlisted),
        tuple(here),
    )


def counted(unlisted: list[str]) -> dict[str, int]:
    """Read the counters; if that takes too long, `unlisted` says so."""
    try:
        return read_counters(COUNTERS_LIMIT)
    except HostError:
        unlisted.append("counters")
        return {}


def both(table: Listing, name: Callable[[IpFamily], str], unlisted: list[str]) -> list[Element]:
    """Read a set of both families; the name of one that takes too long is added to `unlisted`."""
    found: list[Element] = []
    for family in IpFamily:
        if ("set", name(family)) not in table.blocks:
            continue
        try:
            found += read_elements(name(family), LISTING_LIMIT)
        except HostError:
            unlisted.append(name(family))
    return found


def person_here(element: Element, people: Mapping[int, str]) -> PersonHere:
    """Name the person of an element of a set of people."""
    number = int(element.key[1])
    return PersonHere(str(element.key[0]), people.get(number), number, element.left)


def visitor(element: Element, stages: Mapping[int, StageName]) -> Visitor:
    """Name the stage of an element of a stage set."""
    number = int(element.key[1])
    return Visitor(str(element.key[0]), number, stages.get(number), element.left)


def doors(table: Listing, rules: Wanted | None) -> tuple[Door, ...]:
    """List the services that the table guards, with what is on record of them."""
    services = dict.fromkeys(each.service for each in grant_sets(table) if each.service != EVERYTHING)
    known = {door.service: door for door in rules.doors} if rules else {}
    return tuple(known.get(service, Door(service, ())) for service in services)
