"""The ways to knock that a profile knows, and the one that a visit takes.

Each way makes what it sends anew at every try: no sealed knock, pass or fwknop's packet counts twice.
"""

import enum
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs

from portward.errors import UsageError
from portward.knock.plan import copies_of_try, plan_sequence
from portward.knock.profile import Profile
from portward.knock.send import send_sequence
from portward.policy.net import Address


Addresses = tuple[Address, ...]
Knocker = Callable[[Addresses, int], None]
"""Knocks at some addresses; takes the number of the try, from 1."""


class Way(enum.StrEnum):
    """How to knock, best first."""

    SEALED = "sealed"
    PASS = "pass"  # noqa: S105 - a way to knock
    ROLLING = "rolling"
    SEQUENCE = "sequence"
    FWKNOP = "fwknop"


def ways_of(profile: Profile) -> tuple[Way, ...]:
    """The ways that a profile knows, best first."""
    return tuple(_ways(profile))


def _ways(profile: Profile) -> Iterator[Way]:
    if profile.sealed:
        yield Way.SEALED
    if profile.token and profile.token.pass_port:
        yield Way.PASS
    if profile.token and profile.token.rolling:
        yield Way.ROLLING
    if profile.knocks:
        yield Way.SEQUENCE
    if profile.fwknop:
        yield Way.FWKNOP


def choose_way(profile: Profile, wanted: Way | None = None) -> Way:
    """The way to knock: the one that is wanted, or the best there is.

    Raises:
        UsageError: the profile does not know it, or knows none.
    """
    known = ways_of(profile)
    if wanted and wanted not in known:
        there_is = f"it knows {', '.join(known)}" if known else "it knows none"
        raise UsageError(f"the profile of {profile.host} does not say how to knock by {wanted}; {there_is}")
    if not known:
        raise UsageError(f"the profile of {profile.host} knows no way to knock")
    return wanted or known[0]


def knocker(profile: Profile, way: Way, directory: Path) -> Knocker:
    """What knocks that way.

    Args:
        profile: that knows this way.
        way: how.
        directory: the client's, where it is written down which passes were handed out.
    """
    match way:  # who knocks one way does not pay for the imports of the others
        case Way.SEALED:
            from portward.knock.sealed_send import by_sealed  # noqa: PLC0415 - see above

            return by_sealed(profile)
        case Way.PASS:
            from portward.knock.pass_send import by_pass  # noqa: PLC0415 - the same

            return by_pass(profile, directory)
        case Way.ROLLING:
            from portward.knock.rolling_send import by_rolling  # noqa: PLC0415 - the same

            return by_rolling(profile)
        case Way.SEQUENCE:
            return knock_by_sequence(profile)
        case Way.FWKNOP:
            return knock_by_fwknop(profile)


def without_penalty(profile: Profile, way: Way) -> Profile:
    """The profile for a visit: one packet that gets lost is no stray, so no penalty has to be waited out."""
    return profile if way in {Way.SEQUENCE, Way.ROLLING} else attrs.evolve(profile, penalty=None)


def knock_plainly(profile: Profile) -> Knocker:
    """What knocks without keys of ours: the sequence, or fwknop's packet where there is none."""
    return knock_by_fwknop(profile) if profile.fwknop and not profile.knocks else knock_by_sequence(profile)


def knock_by_sequence(profile: Profile) -> Knocker:
    """What sends the profile's sequence."""

    def knock(addresses: Addresses, number: int) -> None:
        copies = copies_of_try(number, profile.copies)
        send_sequence(plan_sequence(profile.knocks, addresses, profile.delay, copies), profile.source)

    return knock


def knock_by_fwknop(profile: Profile) -> Knocker:
    """What sends fwknop's packet, to each address another one."""
    from portward.knock.fwknop_send import send_packets  # noqa: PLC0415 - the same

    fwknop = profile.fwknop
    assert fwknop is not None  # noqa: S101 - a way is only chosen where the profile knows it

    def knock(addresses: Addresses, _number: int) -> None:
        send_packets(fwknop, addresses, profile.source)

    return knock
