"""Ends the grants of one person: the kernel has written down which person came from where.

Where two people share an address, or an address came in by a sequence too, that address is out all the same: whose a
packet is, the kernel cannot tell.
"""

import contextlib
from collections.abc import Iterable

from portward.apply.grants import GrantSet, ending, grant_sets
from portward.apply.live import read_elements, read_sets
from portward.apply.run import nft
from portward.compile import names
from portward.compile.names import IpFamily
from portward.errors import TargetError
from portward.policy.policy import EVERYTHING


def end_grants(person: str, opens: Iterable[str]) -> tuple[str, ...]:
    """End what a person has opened; gives the addresses that are out. Nothing to do where the gate is not up.

    Args:
        person: who.
        opens: the services that the person may open; with `*` among them, all grants of the addresses end.

    Raises:
        HostError: nft is missing or may not change the firewall.
    """
    table = read_sets()
    if table is None:
        return ()
    shut_out(person)
    sets = grant_sets(table)
    there = {block.name for block in table.of_kind("set")}
    services = frozenset(opens)
    lines: list[str] = []
    found: list[str] = []
    for family in IpFamily:
        name = names.people(family)
        if name in there:
            addresses = addresses_of(person, name)
            found += addresses
            fitting = [each for each in sets if each.family is family and _is_meant(each, services)]
            for address in addresses:
                lines += ending(name, f"{address} . {names.person_number(person)}")
                lines += [line for each in fitting for line in ending(each.name, address)]
    if lines:
        nft("-f", "-", stdin="\n".join(lines) + "\n")
    return tuple(found)


def shut_out(person: str) -> None:
    """Let the passes and rolling sequences of a person that are loaded ahead lead nowhere, before the next `apply`."""
    with contextlib.suppress(TargetError):  # there is no such map, or nobody of that number in it
        nft(
            "delete",
            "element",
            names.FAMILY,
            names.TABLE,
            names.PEOPLE,
            f"{{ {names.person_number(person)} }}",
        )


def addresses_of(person: str, set_name: str) -> tuple[str, ...]:
    """Where a person came from, as the keys of the grant sets are: cut to the prefix of a grant."""
    number = names.person_number(person)
    return tuple(str(each.key[0]) for each in read_elements(set_name) if each.key[1] == number)


def _is_meant(grants: GrantSet, services: frozenset[str]) -> bool:
    return grants.service in services or EVERYTHING in services
