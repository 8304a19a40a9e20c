"""Who is in and who is on the way, on a router: entries of our address lists, read, added and taken away.

A grant is an entry with a timeout in the list of a service, as the last knock makes it. Which lists there are, the
rules of ours on the router say.
"""

import enum
from collections.abc import Iterable, Iterator
from datetime import timedelta

import attrs

from portward.apply.ros_link import Link, Row
from portward.apply.routeros_items import MENUS, OWNED, is_owned, lists_of_rule
from portward.apply.routeros_state import read_entries
from portward.compile import routeros_names as names
from portward.errors import TargetError, UsageError
from portward.policy.net import Address
from portward.policy.notation import write_duration
from portward.policy.policy import EVERYTHING
from portward.sources.routeros_values import read_time


class Kind(enum.StrEnum):
    """What an entry says of its source."""

    GRANT = "grant"
    STAGE = "stage"
    MIDWAY = "mid-sequence"
    PENALTY = "penalty"


@attrs.frozen
class Entry:
    """One source in one of our lists.

    Attributes:
        kind: what it says.
        about: the service of a grant (`*` for everything), the sequence of a stage; empty for others.
        stage: how many knocks of the sequence have counted.
        address: the source, as the router writes it.
        left: until it ends; None for one that lasts.
        ident: its id.
        menu: where it is.
    """

    kind: Kind
    about: str
    stage: int
    address: str
    left: timedelta | None
    ident: str
    menu: str


def read_ours(link: Link) -> tuple[Entry, ...]:
    """Read all entries of our lists, in both families.

    Raises:
        TargetError: portward has no rules on this router.
    """
    return tuple(
        entry
        for family in ("/ip", "/ipv6")
        for row in read_entries(link, ((family, name) for name in _lists(link, family)))
        if (entry := read_entry(f"{family}/firewall/address-list", row)) is not None
    )


def _lists(link: Link, family: str) -> list[str]:
    menu = f"{family}/firewall/filter"
    try:
        rows = link.show(menu)
    except TargetError:
        if menu == MENUS[0]:
            raise
        rows = ()
    ours = [row for row in rows if is_owned(row)]
    if menu == MENUS[0] and not ours:
        raise TargetError("there are no rules of portward on this router; portward push puts them there")
    return sorted({name for row in ours for name in lists_of_rule(row)})


def read_entry(menu: str, row: Row) -> Entry | None:
    """Understand one entry; None if its list is none of ours."""
    found = _meaning(row.get("list", ""))
    if found is None:
        return None
    kind, about, stage = found
    return Entry(kind, about, stage, row.get("address", ""), _left(row), row[".id"], menu)


def _meaning(name: str) -> tuple[Kind, str, int] | None:
    prefix = names.grants("")
    if name == names.TRUSTED:
        return Kind.GRANT, EVERYTHING, 0
    if name.startswith(prefix):
        return Kind.GRANT, name.removeprefix(prefix), 0
    if name.startswith(names.STAGES):
        sequence, _, stage = name.removeprefix(names.STAGES).rpartition("-")
        return (Kind.STAGE, sequence, int(stage)) if stage.isdecimal() and len(stage) < 6 else None
    return {names.MIDWAY: (Kind.MIDWAY, "", 0), names.PENALTY: (Kind.PENALTY, "", 0)}.get(name)


def _left(row: Row) -> timedelta | None:
    try:
        return read_time(row["timeout"]) if row.get("timeout") else None
    except ValueError:
        return None


def give(link: Link, service: str, address: Address, length: timedelta) -> None:
    """Let an address in for a while; a grant that it has is replaced, which shuts the door for a moment to new ones.

    Raises:
        UsageError: no rule of ours on the router guards such a service.
        TargetError: the router refused.
    """
    family = "/ip" if address.version == 4 else "/ipv6"
    name = names.grants(service)
    if name not in (known := _lists(link, family)):
        services = ", ".join(
            sorted({found[1] for each in known if (found := _meaning(each)) and found[0] is Kind.GRANT})
        )
        raise UsageError(
            f"the router guards no service {service!r} for {address}; it has: {services or 'none'}"
        )
    menu = f"{family}/firewall/address-list"
    for row in _entries_of(link, menu, name, address):
        link.remove(menu, row[".id"])
    properties = {"list": name, "address": str(address), "timeout": write_duration(length)}
    link.add(menu, {**properties, "comment": f"{OWNED}granted by hand"})


def take(link: Link, service: str, address: Address) -> tuple[str, ...]:
    """End an address's grants, of one service or with `*` of all; give the services that it was in."""
    family = "/ip" if address.version == 4 else "/ipv6"
    menu = f"{family}/firewall/address-list"
    ended = []
    for name in _lists(link, family):
        found = _meaning(name)
        if found is None or found[0] is not Kind.GRANT or service not in {EVERYTHING, found[1]}:
            continue
        for row in _entries_of(link, menu, name, address):
            link.remove(menu, row[".id"])
            ended.append(found[1])
    return tuple(dict.fromkeys(ended))


def _entries_of(link: Link, menu: str, name: str, address: Address) -> Iterator[Row]:
    rows: Iterable[Row] = link.show(menu, {"list": name})
    return (row for row in rows if row.get("address", "").removesuffix("/128") == str(address))
