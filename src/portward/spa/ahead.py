"""What is to be loaded ahead into the kernel: the passes and rolling sequences of each key, window by window. Pure.

A pass must never be loaded twice: the kernel deletes it as it is used, and loading it again would make it good again.
What was loaded is known from the kernel itself: a marker for each key and window, put there in the same transaction. If
the table was lost, and the markers with it, then a window that has begun may have been used, and is not loaded again if
it was loaded before, which is known from a record outside the kernel (`Past.reached`). A window that has not begun
cannot have been used, since the kernel asks its own clock.

The clock may be set back. So a window also counts as begun if the latest time that was ever seen is in it, and as over
if that time is behind it; unless the latest time is more than a day ahead, which no clock of a gate that keeps time is:
then it was wrong, and is forgotten.
"""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from hashlib import blake2s

import attrs

from portward.policy.net import Knock
from portward.policy.people import Person
from portward.policy.policy import Policy
from portward.spa.keyring import TokenKey
from portward.spa.passes import pass_of
from portward.spa.rolling import Shape, rolling_knocks
from portward.spa.windows import counts, window_at


KeyWindow = tuple[int, int]
"""Number of a key, and of a window."""

LONGEST_STEP_BACK = timedelta(days=1)
"""A clock that was set back by more was wrong before."""

RESERVED = 16
"""Numbers below are no key's: they mark other things that were loaded."""


@attrs.frozen
class Past:
    """What is known of earlier loadings.

    Attributes:
        loaded: keys and windows that are in the kernel's table, or were used up there.
        reached: for each key by its number, the latest beginning of a window that was ever loaded.
        since: for the keys of which something was written down for the table that is there now, the earliest beginning
            of those windows: from there on, a window that is not in the table was never in it.
        latest: the latest time that was ever seen.
    """

    loaded: AbstractSet[KeyWindow] = frozenset()
    reached: Mapping[int, datetime] = attrs.field(factory=dict)
    since: Mapping[int, datetime] = attrs.field(factory=dict)
    latest: datetime | None = None


@attrs.frozen
class Load:
    """What one key has in one window.

    Attributes:
        key: its number.
        window: the window's number.
        begins: from when on it counts.
        ends: until before when it counts: the window's end, or the key's or the person's if that is earlier.
        person: whose.
        passes: 16 bytes each.
        knocks: of the rolling sequence; empty for none.
        sequence: the number of the rolling sequence, 28 bits, the lowest four bits clear.
    """

    key: int
    window: int
    begins: datetime
    ends: datetime
    person: str
    passes: tuple[bytes, ...] = attrs.field(repr=False)
    knocks: tuple[Knock, ...] = attrs.field(repr=False)
    sequence: int


def key_number(key: TokenKey) -> int:
    """A key's number: 32 bits of a hash, that tell nothing of the secret."""
    found = int.from_bytes(blake2s(key.secret, digest_size=4, person=b"key").digest(), "big")
    return found + RESERVED if found < RESERVED else found


def sequence_number(key: TokenKey, window: int) -> int:
    """The number of a key's rolling sequence in a window: the slot, the window and four bits of the key's number.

    No two slots and no two windows that are loaded at the same time have the same: 7 days have 5,040 windows of 2
    minutes.
    """
    return (key.slot << 24 | (window & 0xFFFF) << 8 | (key_number(key) & 0xF) << 4) & 0xFFFFFFF0


def latest_seen(now: datetime, latest: datetime | None) -> datetime:
    """The time by which windows are judged: now, or the latest time seen if the clock was set back by up to a day."""
    if latest is None or latest - now > LONGEST_STEP_BACK:
        return now
    return max(now, latest)


def due(
    policy: Policy, keys: Iterable[TokenKey], server_id: bytes, past: Past, now: datetime
) -> tuple[Load, ...]:
    """Say what is to be loaded now, the nearest window first.

    Args:
        policy: whose people and ways count.
        keys: of all people; those of people whom the policy does not know, or whose time is over, are passed over.
        server_id: the gate's public key.
        past: what was loaded before.
        now: on the wall clock, UTC.
    """
    judge = _Judge(policy, server_id, past, latest_seen(now, past.latest))
    living = [(key, person) for key in keys if (person := _living(policy, key))]
    length = policy.ways.windows.length
    windows = range(window_at(now, length) - 1, window_at(now + policy.ways.windows.ahead, length) + 1)
    return tuple(load for window in windows for load in judge.loads(window, living))


def _living(policy: Policy, key: TokenKey) -> Person | None:
    """The person of a key, if anything of theirs may be loaded."""
    for person in policy.people:
        if person.name == key.person:
            return None if person.revoked else person
    return None


@attrs.frozen
class _Judge:
    """What every window is judged by.

    Attributes:
        policy: whose ways count.
        server_id: the gate's public key.
        past: what was loaded before.
        judged: the time that windows are judged by.
    """

    policy: Policy
    server_id: bytes
    past: Past
    judged: datetime

    def loads(self, window: int, living: Iterable[tuple[TokenKey, Person]]) -> Iterator[Load]:
        """Say what is to be loaded of one window; a sequence that would share a port with another is left out."""
        people = list(living)
        wanted = {
            key_number(key): span
            for key, person in people
            if (span := self.span(key, person, window)) and self.may_load(key_number(key), window, span)
        }
        if not wanted:
            return
        taken: set[Knock] = set()
        numbers: set[int] = set()
        for key, person in sorted(people, key=lambda each: self.order(each[0], window)):
            knocks, sequence = self.knocks(key, window), sequence_number(key, window)
            if taken.intersection(knocks) or sequence in numbers:
                knocks = ()
            taken.update(knocks)
            numbers.add(sequence)
            number = key_number(key)
            if span := wanted.get(number):
                yield Load(number, window, *span, person.name, self.passes(key, window), knocks, sequence)

    def order(self, key: TokenKey, window: int) -> tuple[bool, datetime]:
        """Those first that are loaded already, then the older."""
        return (key_number(key), window) not in self.past.loaded, key.term.since

    def span(self, key: TokenKey, person: Person, window: int) -> tuple[datetime, datetime] | None:
        """When what a key has in a window counts; None for never."""
        begins, ends = counts(window, self.policy.ways.windows.length)
        ends = min(end for end in (ends, key.term.until, person.until) if end)
        return (begins, ends) if ends > max(begins, key.term.since) else None

    def may_load(self, number: int, window: int, span: tuple[datetime, datetime]) -> bool:
        """Whether a window of a key is not over, not loaded, and cannot have been used."""
        begins, ends = span
        if (number, window) in self.past.loaded or ends <= self.judged:
            return False
        reached, since = self.past.reached.get(number), self.past.since.get(number)
        never = reached is None or begins > reached or (since is not None and begins >= since)
        return never or begins > self.judged

    def passes(self, key: TokenKey, window: int) -> tuple[bytes, ...]:
        """A key's passes of a window."""
        if not self.policy.ways.passes:
            return ()
        count = self.policy.ways.passes.per_window
        return tuple(pass_of(key.secret, self.server_id, window, counter) for counter in range(count))

    def knocks(self, key: TokenKey, window: int) -> tuple[Knock, ...]:
        """A key's rolling sequence of a window."""
        rolling = self.policy.ways.rolling
        if not rolling or key.slot >= rolling.slots:
            return ()
        shape = Shape(rolling.first, rolling.last, rolling.slots, rolling.knocks)
        return rolling_knocks(key.secret, self.server_id, window, key.slot, shape)
