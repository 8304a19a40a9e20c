"""One visit to one gate, whole: look the host up, lay the sequence out, send it, watch the doors.

Where the pure parts and the sockets of the client meet. It knows nothing of the command line.
"""

import socket
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import attrs

from portward.knock.door import Answer, Doors
from portward.knock.profile import Profile
from portward.knock.resolve import resolve
from portward.knock.visit import PATIENCE, Patience, Visit, visit
from portward.knock.ways import Knocker, knock_plainly
from portward.policy.net import Address


USUAL_TIMEOUT: Final = timedelta(seconds=30)
"""For a visit to a gate of which no penalty is known."""

SPARE: Final = timedelta(seconds=10)
"""For looking at the doors after the second try."""


@attrs.frozen
class GateVisit:
    """How a visit to a gate ended.

    Attributes:
        addresses: that were knocked at.
        tries: how often the sequence was sent.
        seconds: from the first knock on.
        shut: the ports that did not open.
        answer: what the last of them said.
        connection: with `keep`, the connection to the last port; the caller closes it.
    """

    addresses: tuple[Address, ...]
    tries: int
    seconds: float
    shut: tuple[int, ...] = ()
    answer: Answer = Answer.SILENT
    connection: socket.socket | None = None


def usual_timeout(profile: Profile) -> timedelta:
    """How long a visit may take if nobody says: long enough for a second try after the gate's penalty."""
    if profile.penalty is None:
        return USUAL_TIMEOUT
    sequences = 2 * len(profile.knocks) * profile.delay
    return max(USUAL_TIMEOUT, profile.penalty + sequences + 2 * timedelta(seconds=PATIENCE) + SPARE)


def visit_gate(
    profile: Profile,
    timeout: timedelta,
    talk: Callable[[str], None],
    *,
    keep: bool = False,
    by: Knocker | None = None,
) -> GateVisit:
    """Knock, and wait until the ports that the profile verifies are open.

    Without ports to verify, there is one knock. With several addresses, a port is open when it is at
    any one.

    Args:
        profile: where.
        timeout: for all of it.
        talk: told what happens, line by line.
        keep: keep the connection to the last port.
        by: what knocks; None for the profile's sequence, or fwknop's packet where there is none.

    Raises:
        HostError: this machine does not let us send what the sequence needs.
        PeerError: the host has no address that can be reached.
        UsageError: a knock that the address's family cannot carry.
    """
    addresses = resolve(profile.host, profile.family, profile.source)

    knock = by or knock_plainly(profile)
    if not profile.verify:
        knock(addresses, 1)
        return GateVisit(addresses, tries=1, seconds=0.0)
    doors = Doors(addresses, profile.verify, profile.source, keep=keep)
    ended: Visit = visit(
        lambda number: knock(addresses, number), doors.try_all, Patience(timeout, profile.penalty), talk
    )
    return GateVisit(addresses, ended.tries, ended.seconds, tuple(doors.shut), doors.answer, doors.connection)
