"""Grants and spent sequences in a file, over a reboot: each grant with its end on the wall clock and what it had left.

Both are needed: the end, since time goes on while the machine is off, and the time left, since a clock that
is wrong at boot must not lengthen a grant. The file holds no secrets, but says who is in; its owner alone can
read it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

import attrs

from portward.apply.grants import Grant, GrantSet, grant_sets, live_table, read_grants, renewal
from portward.apply.listing import Listing
from portward.apply.live import Element, read_elements
from portward.apply.run import nft
from portward.apply.transition import additions, masked
from portward.compile import names
from portward.compile.names import IpFamily
from portward.errors import HostError


FORMAT = 1
"""The version of the file."""

ROUNDING = timedelta(seconds=2)
"""What two readings of the same end may differ by."""


@attrs.frozen
class SavedGrant:
    """A grant as the file has it.

    Attributes:
        grant: as it was; `left` is what it had left when it was saved, None for ever.
        until: its end on the wall clock; None for ever.
    """

    grant: Grant
    until: datetime | None

    def left(self, now: datetime) -> timedelta | None:
        """The time left now: never more than when it was saved."""
        if self.until is None or self.grant.left is None:
            return None
        return min(self.until - now, self.grant.left)


@attrs.frozen
class Saved:
    """What a file holds.

    Attributes:
        grants: who was in.
        spent: the numbers of sequences that open once and had opened.
    """

    grants: tuple[SavedGrant, ...] = ()
    spent: tuple[int, ...] = ()


@attrs.frozen
class Restored:
    """What `restore` did.

    Attributes:
        given: grants that are in force again.
        over: how many had run out.
        kept: how many were there already and last as long or longer.
        lost: names of services that the gate no longer has, and how many grants each had.
        narrower: how many were for a wider prefix than the gate's now, so that it is not known whose they
            were.
        spent: how many sequences that open once are known to be spent again.
    """

    given: tuple[Grant, ...]
    over: int = 0
    kept: int = 0
    lost: Mapping[str, int] = attrs.field(factory=dict)
    narrower: int = 0
    spent: int = 0


def read_spent(table: Listing) -> tuple[int, ...]:
    """Read the numbers of the sequences that open once and have opened; none where the gate has no such sequences."""
    if ("set", names.SPENT) not in table.blocks:
        return ()
    return tuple(int(element.key[0]) for element in read_elements(names.SPENT))


def to_json(grants: Iterable[Grant], now: datetime, spent: Iterable[int] = ()) -> dict[str, Any]:
    """Make the file's content."""
    return {
        "format": FORMAT,
        "saved": now.astimezone(UTC).isoformat(timespec="seconds"),
        "grants": [grant_to_json(grant, now) for grant in grants],
        "spent": sorted(spent),
    }


def dumps(stored: Mapping[str, Any]) -> str:
    """Spell the file's content."""
    return json.dumps(stored, indent=1) + "\n"


def grant_to_json(grant: Grant, now: datetime) -> dict[str, Any]:
    """Make one grant's entry."""
    until = None if grant.left is None else (now + grant.left).astimezone(UTC).isoformat(timespec="seconds")
    left = None if grant.left is None else int(grant.left.total_seconds())
    return {
        "service": grant.service,
        "address": grant.address,
        "prefix": grant.prefix,
        "until": until,
        "left": left,
    }


def from_json(stored: Any, file: str) -> Saved:
    """Read the file's content; one that an earlier version has written knows of no spent sequences.

    Raises:
        HostError: it is no such file, is damaged, or is of a newer version.
    """
    if not isinstance(stored, dict) or stored.get("format") != FORMAT:
        raise HostError(f"{file} holds no grants that this version of portward can read")
    try:
        return Saved(
            tuple(grant_from_json(each) for each in stored["grants"]),
            tuple(number_from_json(each) for each in stored.get("spent", [])),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        raise HostError(f"{file} is damaged") from None


def grant_from_json(stored: Mapping[str, Any]) -> SavedGrant:
    """Read one entry."""
    address = ip_address(stored["address"])
    prefix = int(stored["prefix"])
    if not 0 < prefix <= address.max_prefixlen:
        msg = "no prefix of this family"
        raise ValueError(msg)
    until = stored["until"]
    left = None if until is None else timedelta(seconds=int(stored["left"]))
    end = None if until is None else datetime.fromisoformat(until)
    if end is not None and end.tzinfo is None:
        msg = "an end without a time zone"
        raise ValueError(msg)
    return SavedGrant(Grant(str(stored["service"]), str(address), prefix, left), end)


def number_from_json(stored: Any) -> int:
    """Read the number of a sequence."""
    if type(stored) is not int or not 0 < stored < 2**32:
        msg = "no number of a sequence"
        raise ValueError(msg)
    return stored


def restore(saved: Saved, now: datetime) -> Restored:
    """Give saved grants back for the time they have left, and spend again what was spent, in one transaction.

    Raises:
        HostError: the gate is not up.
        TargetError: the kernel refused, such as when a set is full.
    """
    table = live_table()
    sets = grant_sets(table)
    result, lines = choose_grants(saved.grants, sets, {key_of(each): each for each in read_grants(sets)}, now)
    spent = choose_spent(saved.spent, table)
    lines += additions({names.SPENT: [Element((number,), None) for number in spent]})
    if lines:
        nft("-f", "-", stdin="\n".join(lines) + "\n")
    return attrs.evolve(result, spent=len(spent))


def choose_spent(saved: Iterable[int], table: Listing) -> tuple[int, ...]:
    """Find what is to be spent again; nothing where the gate has no sequences that open once."""
    if ("set", names.SPENT) not in table.blocks:
        return ()
    return tuple(sorted(set(saved).difference(read_spent(table))))


def key_of(grant: Grant) -> tuple[str, str]:
    """What tells a grant from every other."""
    return grant.service, grant.address


def choose_grants(
    saved: Sequence[SavedGrant],
    sets: Sequence[GrantSet],
    there: Mapping[tuple[str, str], Grant],
    now: datetime,
) -> tuple[Restored, list[str]]:
    """Decide for each saved grant what becomes of it, and spell the change.

    Args:
        saved: from the file.
        sets: that the gate has.
        there: the grants in force.
        now: on the wall clock.
    """
    given: dict[tuple[str, str], Grant] = {}
    lines: list[str] = []
    lost: dict[str, int] = {}
    over = kept = narrower = 0
    known = {(each.service, each.family): each for each in sets}
    for each in saved:
        left = each.left(now)
        target = known.get((each.grant.service, IpFamily.of(ip_address(each.grant.address))))
        if target is None:
            lost[each.grant.service] = lost.get(each.grant.service, 0) + 1
        elif left is not None and left < timedelta(seconds=1):
            over += 1
        elif target.prefix > each.grant.prefix:
            narrower += 1
        else:
            grant = Grant(target.service, masked(each.grant.address, target.prefix), target.prefix, left)
            if outlasts(given.get(key_of(grant)) or there.get(key_of(grant)), left):
                kept += 1
                continue
            given[key_of(grant)] = grant
            lines += renewal(target.name, Element((grant.address,), left))
    return Restored(tuple(given.values()), over, kept, lost, narrower), lines


def outlasts(grant: Grant | None, left: timedelta | None) -> bool:
    """Whether a grant that is there lasts as long or longer, by clocks that are read in whole seconds."""
    if grant is None:
        return False
    return grant.left is None or (left is not None and grant.left + ROUNDING >= left)
