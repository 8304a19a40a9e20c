"""What comes of a message: pure data for who runs the gate, which does it in this order."""

import enum
from datetime import timedelta

import attrs

from portward.policy.net import Address
from portward.spa.memory import Remember, Way


@attrs.frozen
class Open:
    """Open doors, after what is to be remembered is durable.

    Attributes:
        person: who asked.
        services: names, at least one, in the policy's order.
        address: for whom.
        length: how long, more than nothing; from now on.
        way: which kind of message it was.
        sent_ns: the message's own time, in nanoseconds since the Unix epoch.
    """

    person: str
    services: tuple[str, ...]
    address: Address
    length: timedelta
    way: Way
    sent_ns: int


class Refusal(enum.StrEnum):
    """Why nothing comes of a message, in the order in which it is asked."""

    OFF = "off"
    """The policy does not take this kind of message."""
    JUNK = "junk"
    """It did not pass the cheap test."""
    NOT_GENUINE = "not-genuine"
    """No key fits, or something was altered."""
    OUT_OF_TERM = "out-of-term"
    """The key does not count yet, or no more."""
    NOBODY = "nobody"
    """The key's person is not in the policy."""
    REVOKED = "revoked"
    ENDED = "ended"
    """The person's time is over."""
    ELSEWHERE = "elsewhere"
    """Not from where the person may come from."""
    AGE = "age"
    """Sent too long ago, or in the future: a clock is wrong, or somebody kept it."""
    REPLAY = "replay"
    """It was accepted before, or a later one was."""
    ADDRESS = "address"
    """The address that it states, or fails to state, is not what the person's address rule wants."""
    NOT_OPEN = "not-open"
    """It asks for something that the person may not open, or that does not exist here."""


@attrs.frozen
class Refuse:
    """Do nothing: never answer, only count.

    Attributes:
        reason: what to count.
        person: whose key it was, where the message was genuine; otherwise None.
    """

    reason: Refusal
    person: str | None = None


Effects = tuple[Remember, Open] | tuple[Refuse]
"""To be done in order: what is remembered must be durable before the door opens."""
