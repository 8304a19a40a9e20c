"""Openings that were permitted, as nft's commands. Pure.

Who came from where is written in the same transaction as the grants, so that `person revoke` can end them.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from portward.apply.grants import renewal
from portward.apply.live import Element
from portward.apply.transition import masked
from portward.compile import names
from portward.compile.exempt import grant_bits
from portward.compile.names import IpFamily
from portward.daemon.opening import Opening
from portward.policy.policy import EVERYTHING, Policy


SHORTEST = timedelta(seconds=1)
"""A grant with less time left is over."""


def spell_openings(policy: Policy, openings: Iterable[Opening], now: datetime) -> list[str]:
    """Spell the grants of some openings; one that is over is passed over."""
    lines: list[str] = []
    for opening in openings:
        left = opening.left(now)
        if left < SHORTEST:
            continue
        family = IpFamily.of(opening.address)
        address = masked(str(opening.address), grant_bits(policy, family))
        number = names.person_number(opening.person)
        lines += renewal(names.people(family), Element((address, number), left))
        for service in sets_of(policy, opening):
            lines += renewal(names.grants(service, family), Element((address,), left))
    return lines


def sets_of(policy: Policy, opening: Opening) -> tuple[str, ...]:
    """Which grants an opening is: its services', or the one for everything, if the person has that and wants all."""
    everything = policy.person(opening.person).opens == (EVERYTHING,)
    names_of_all = {service.name for service in policy.services}
    return (EVERYTHING,) if everything and names_of_all.issubset(opening.services) else opening.services
