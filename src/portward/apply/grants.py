"""Who may reach what: reading the grants from the kernel, giving and ending them by hand.

A grant is an element of a service's set, or of the set of those who may reach everything (`*`). Its key is
the address cut to the prefix that the set's comment names. Takes the time as a length, never as an end.
"""

import difflib
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

import attrs

from portward.apply.listing import Block, Listing
from portward.apply.live import Element, read_elements, read_sets
from portward.apply.run import LIMIT, nft
from portward.apply.transition import OURS, masked, timed
from portward.compile import names
from portward.compile.names import IpFamily
from portward.errors import HostError, UsageError
from portward.policy.net import Address
from portward.policy.policy import EVERYTHING


@attrs.frozen
class Grant:
    """A source may reach a service for a while.

    Attributes:
        service: its name, or `*` for everything.
        address: the source, its bits behind the prefix cleared.
        prefix: how many leading bits count.
        left: how long it lasts; None for ever (put there by hand).
    """

    service: str
    address: str
    prefix: int
    left: timedelta | None

    @property
    def who(self) -> str:
        """The source for people: an address, or a network."""
        full = 128 if ":" in self.address else 32
        return self.address if self.prefix == full else f"{self.address}/{self.prefix}"


@attrs.frozen
class GrantSet:
    """A set of the live table that holds grants."""

    name: str
    service: str
    family: IpFamily
    prefix: int

    def key(self, address: Address) -> str:
        """The element's key for an address."""
        return masked(str(address), self.prefix)


def live_table() -> Listing:
    """Read our table's sets.

    Raises:
        HostError: there is none.
    """
    table = read_sets()
    if table is None:
        raise HostError("the gate is not up: there is no table inet portward; run portward apply")
    return table


def grant_sets(table: Listing) -> tuple[GrantSet, ...]:
    """Find the sets that hold grants."""
    return tuple(found for block in table.of_kind("set") if (found := as_grant_set(block)))


def as_grant_set(block: Block) -> GrantSet | None:
    """Read a grant set's service and family from its name, and its prefix from its comment."""
    service = names.service_of(block.name)
    if service is None:
        return None
    family = IpFamily(block.name[-2:])
    return GrantSet(block.name, service, family, names.grant_prefix(block.comment) or family.bits)


def read_grants(sets: Iterable[GrantSet], limit: timedelta = LIMIT) -> Iterator[Grant]:
    """Read the grants of some sets, each set once."""
    for each in sets:
        for element in read_elements(each.name, limit):
            yield Grant(each.service, str(element.key[0]), each.prefix, element.left)


def choose(sets: Sequence[GrantSet], service: str, address: Address) -> GrantSet:
    """Find the set for a service and an address's family.

    Raises:
        UsageError: the gate has no such service.
    """
    family = IpFamily.of(address)
    for each in sets:
        if each.service == service and each.family is family:
            return each
    known = sorted({each.service for each in sets} - {EVERYTHING})
    near = difflib.get_close_matches(service, known, 1)
    hint = (
        f"did you mean {near[0]}?"
        if near
        else f"there are: {', '.join(known) or 'none'}, and * for everything"
    )
    raise UsageError(f"the gate has no service {service!r}; {hint}")


def give(service: str, address: Address, length: timedelta) -> Grant:
    """Let an address in, or give it a new end.

    Raises:
        UsageError: there is no such service.
        HostError: the gate is not up.
        TargetError: the kernel refused, such as when the set is full.
    """
    chosen = choose(grant_sets(live_table()), service, address)
    grant = Grant(service, chosen.key(address), chosen.prefix, length)
    nft("-f", "-", stdin="\n".join(renewal(chosen.name, Element((grant.address,), length))) + "\n")
    return grant


def renewal(set_name: str, element: Element) -> list[str]:
    """Spell an element that gets its time whether or not it is there already.

    `add element` alone does not reliably renew one that is there, and `delete element` fails on one that is
    not.
    """
    return [
        f"add element {OURS} {set_name} {{ {element.spelled} }}",
        f"delete element {OURS} {set_name} {{ {element.spelled} }}",
        f"add element {OURS} {set_name} {{ {timed(element)} }}",
    ]


def take(service: str, address: Address) -> tuple[str, ...]:
    """End an address's grant: of one service, or with `*` every grant it has. Gives the services it was in.

    Raises:
        UsageError: there is no such service.
        HostError: the gate is not up.
    """
    sets = grant_sets(live_table())
    chosen = choose(sets, service, address)
    where = [each for each in sets if each.family is chosen.family] if service == EVERYTHING else [chosen]
    ended = [
        each for each in where if any(found.key == (each.key(address),) for found in read_elements(each.name))
    ]
    if ended:
        lines = [line for each in ended for line in ending(each.name, each.key(address))]
        nft("-f", "-", stdin="\n".join(lines) + "\n")
    return tuple(each.service for each in ended)


def ending(set_name: str, key: str) -> list[str]:
    """Spell the end of an element, whether or not it has run out meanwhile."""
    return [f"add element {OURS} {set_name} {{ {key} }}", f"delete element {OURS} {set_name} {{ {key} }}"]


def trusted(address: Address) -> bool:
    """Whether an address may reach everything."""
    sets = [each for each in grant_sets(live_table()) if each.service == EVERYTHING]
    chosen = choose(sets, EVERYTHING, address)
    return any(found.key == (chosen.key(address),) for found in read_elements(chosen.name))
