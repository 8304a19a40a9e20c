"""From knocks to packets with times: which packet goes to which address, and when.

Pure: the start is time zero, and nothing here sends, waits or looks at a clock.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import attrs

from portward.errors import UsageError
from portward.policy.net import SMALLEST_ECHO_V6, Address, Knock, Protocol


COPY_GAP: Final = timedelta(milliseconds=5)
"""Between the copies of one knock: a burst of loss is over, and the next knock is still far away."""

RETRY_COPIES: Final = 3
"""How often each knock is sent from the second try on: at 5 % loss one knock in 8,000 is then lost."""


@attrs.frozen
class Send:
    """One packet.

    Attributes:
        at: how long after the start of the sequence.
        address: where to.
        knock: what.
    """

    at: timedelta
    address: Address
    knock: Knock


def plan_sequence(
    knocks: Sequence[Knock], addresses: Sequence[Address], delay: timedelta, copies: int = 1
) -> tuple[Send, ...]:
    """Lay out one whole sequence for each address, all in step, in the order of sending.

    Knock i begins at i·`delay`; its copies follow at `COPY_GAP`, or closer where the delay is too short for
    that, so that no copy of one knock comes after the next knock.

    Raises:
        UsageError: an echo request too small for IPv6.
    """
    for address in addresses:
        for knock in knocks:
            if not fits(knock, address):
                raise UsageError(
                    f"icmp/{knock.number} cannot be sent to {address}: an IPv6 echo request for this knock "
                    f"has at least {SMALLEST_ECHO_V6 + len(knock.word)} bytes; use -4"
                )
    gap = min(COPY_GAP, delay / copies)
    return tuple(
        Send(place * delay + copy * gap, address, knock)
        for place, knock in enumerate(knocks)
        for copy in range(copies)
        for address in addresses
    )


def fits(knock: Knock, address: Address) -> bool:
    """Whether a packet of the address's family can be this knock."""
    if knock.protocol is not Protocol.ICMP or address.version == 4:
        return True
    return knock.number >= SMALLEST_ECHO_V6 + len(knock.word)


def copies_of_try(number: int, copies: int) -> int:
    """How often each knock is sent in try `number` (from 1); a gate passes over good repeats."""
    return copies if number == 1 else max(copies, RETRY_COPIES)


def pause_after_try(number: int, penalty: timedelta | None) -> timedelta:
    """How long to wait after try `number` (from 1) failed.

    A knock that got lost makes the next one a stray, and a strict gate then ignores the source for its
    penalty. Where that is known, it is waited out, with a second to spare; else the pause doubles: 2s, 4s, 8s
    …
    """
    if penalty is not None:
        return penalty + timedelta(seconds=1)
    return timedelta(seconds=2 ** min(number, 16))
