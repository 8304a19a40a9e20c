"""What is read from a router before and during a push: its rules, its lists, a push that is under way."""

from collections.abc import Iterable, Iterator

import attrs

from portward.apply.ros_link import Link, Row, show_if_there
from portward.apply.routeros_deadman import SCHEDULER, TIMER
from portward.apply.routeros_items import MENUS, SERVICES, Wanted, family_of, lists_of_rule
from portward.apply.routeros_plan import Snapshot
from portward.errors import TargetError


WATCHED = tuple(f"{family}/firewall/{table}" for family in ("/ip", "/ipv6") for table in ("raw", "mangle"))
"""Menus that are read for what others do there; a push changes nothing in them."""


def read_rules(link: Link) -> Snapshot:
    """Read all menus that matter; one that the router does not have is left out.

    Raises:
        TargetError: the router does not show one that it has.
        PeerError: the connection is lost.
    """
    found: dict[str, tuple[Row, ...]] = {}
    for menu in (*MENUS, *WATCHED, SERVICES):
        try:
            found[menu] = link.show(menu)
        except TargetError as error:
            if ABSENT not in str(error) or menu == MENUS[0]:
                raise
    return found


ABSENT = "no such command"
"""How a router says that it has no such menu, over either protocol (RouterOS manual, REST API: 406)."""


def for_this_router(wanted: Wanted, rules: Snapshot) -> tuple[Wanted, bool]:
    """Leave out what is for IPv6 where the router has none, and so lets none in; also tells whether it was so."""
    if "/ipv6/firewall/filter" in rules:
        return wanted, False
    kept = tuple(each for each in wanted.items if family_of(each.menu) != "/ipv6")
    return attrs.evolve(wanted, items=kept), len(kept) < len(wanted.items)


def read_entries(link: Link, names: Iterable[tuple[str, str]]) -> Iterator[Row]:
    """Read the entries of address lists, each given by its family (`/ip`, `/ipv6`) and name, one list at a time."""
    for family, name in names:
        yield from show_if_there(link, f"{family}/firewall/address-list", {"list": name})


def lists_that_matter(wanted: Wanted, rules: Snapshot, family: str) -> tuple[tuple[str, str], ...]:
    """The lists of a family that rules use, wanted or there: those decide whether we get in."""
    names = {
        name
        for menu, rows in rules.items()
        if menu.startswith(f"{family}/firewall/")
        for row in rows
        for name in lists_of_rule(row)
    }
    names |= {
        name
        for each in wanted.items
        if family_of(each.menu) == family
        for name in lists_of_rule(each.properties)
    }
    return tuple((family, name) for name in sorted(names))


def refuse_while_on_trial(link: Link) -> None:
    """Find out whether a push is under way.

    Raises:
        TargetError: it is; its end must be waited for.
    """
    jobs = link.show(SCHEDULER, {"name": TIMER})
    if jobs:
        when = jobs[0].get("next-run", "")
        raise TargetError(
            f"another push to this router is on trial; unless it is confirmed it goes back at {when or 'its time'}"
        )
