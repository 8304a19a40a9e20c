"""What the process that reads datagrams says to the one that may touch the firewall, and back. Pure.

An opening says only: this person is to reach these services from there, so long. Whether the policy allows that is
judged again on the other side (`permitted`): whoever takes over the reader cannot open more than some person may open.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

import attrs

from portward.policy.net import Address
from portward.policy.policy import Policy


LONGEST_MESSAGE = 128 * 1024
"""Bytes of one message; the sockets' buffers hold more."""

MOST_OPENINGS = 256
"""Openings in one message."""


@attrs.frozen
class Opening:
    """A door that is to be opened.

    Attributes:
        number: the reader's, for its record of what is not done yet.
        person: who.
        services: their names, at least one.
        address: for whom.
        until: when the grant ends, on the wall clock, UTC.
        length: how long it lasts at the most, whatever the clock says.
    """

    number: int
    person: str
    services: tuple[str, ...]
    address: Address
    until: datetime
    length: timedelta

    def left(self, now: datetime) -> timedelta:
        """How long the grant lasts from now; zero or less when it is over."""
        return min(self.until - now, self.length)


def to_json(openings: Iterable[Opening]) -> bytes:
    """Spell openings as one message."""
    return json.dumps(
        {
            "openings": [
                [
                    each.number,
                    each.person,
                    list(each.services),
                    str(each.address),
                    each.until.timestamp(),
                    each.length.total_seconds(),
                ]
                for each in openings
            ]
        }
    ).encode()


def from_json(stored: Any) -> tuple[Opening, ...]:
    """Read the openings of a message.

    Raises:
        ValueError: it is none: its sender is not what it should be.
    """
    try:
        return tuple(_opening(each) for each in stored["openings"])
    except (KeyError, TypeError, OverflowError, AttributeError) as error:
        raise ValueError("no message of openings") from error


def _opening(stored: Any) -> Opening:
    number, person, services, address, until, length = stored
    return Opening(
        int(number),
        str(person),
        tuple(map(str, services)),
        ip_address(address),
        datetime.fromtimestamp(until, UTC),
        timedelta(seconds=length),
    )


def permitted(policy: Policy, opening: Opening, now: datetime) -> bool:
    """Whether the policy lets this person in there, so long: judged without trusting who asks for it."""
    person = next((each for each in policy.people if each.name == opening.person), None)
    if person is None or person.revoked or (person.until and now >= person.until):
        return False
    services = {service.name for service in policy.open_to(person)}
    return (
        bool(opening.services)
        and services.issuperset(opening.services)
        and timedelta() < opening.length <= person.open_for
        and (not person.networks or any(opening.address in network for network in person.networks))
    )


def read_message(data: bytes) -> Mapping[str, Any]:
    """Read a message of either side.

    Raises:
        ValueError: it is none.
    """
    message = json.loads(data)
    if not isinstance(message, dict):
        raise ValueError("no message")  # noqa: TRY004 - one error for all that is no message
    return message
