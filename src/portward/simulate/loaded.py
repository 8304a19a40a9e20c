"""What the daemon has loaded into the gate: passes, rolling sequences and words, and when each counts. Pure data.

Where it comes from is not known here: no secret and no calendar. Times are seconds by the clock of the packets.
"""

from collections.abc import Iterable

import attrs

from portward.policy.net import Knock, Protocol


PASS_BYTES = 16
"""Of a pass."""

WORD_BYTES = 8
"""Of what a sealed knock begins with."""


@attrs.frozen
class KeyWindow:
    """What one key has in one window.

    Attributes:
        begins: from when on it counts.
        ends: until before when it counts.
        person: whose it is.
        passes: 16 bytes each.
        knocks: of the rolling sequence; empty for none.
        sequence: a number that no other rolling sequence has.
    """

    begins: float
    ends: float
    person: str
    passes: tuple[bytes, ...] = attrs.field(default=(), repr=False)
    knocks: tuple[Knock, ...] = attrs.field(default=(), repr=False)
    sequence: int = 0

    def counts(self, now: float) -> bool:
        """Whether what it holds counts now."""
        return self.begins <= now < self.ends


@attrs.frozen
class Word:
    """What sealed knocks may begin with until before some time; 8 bytes."""

    text: bytes
    ends: float


@attrs.frozen
class Loaded:
    """All that is loaded."""

    windows: tuple[KeyWindow, ...] = ()
    words: tuple[Word, ...] = ()


NOTHING = Loaded()


@attrs.frozen
class RollingPlace:
    """Where a packet stands as a rolling knock.

    Attributes:
        sequence: the number of the sequence.
        place: which of its knocks, from 1 on.
        person: whose it is.
    """

    sequence: int
    place: int
    person: str


class Tokens:
    """What is loaded, found by a packet's bytes or its port."""

    def __init__(self, windows: Iterable[KeyWindow]) -> None:
        self._passes: dict[bytes, list[KeyWindow]] = {}
        self._knocks: dict[tuple[Protocol, int], list[tuple[KeyWindow, RollingPlace]]] = {}
        for window in windows:
            for each in window.passes:
                self._passes.setdefault(each, []).append(window)
            for place, knock in enumerate(window.knocks, 1):
                found = RollingPlace(window.sequence, place, window.person)
                self._knocks.setdefault((knock.protocol, knock.number), []).append((window, found))

    def owner(self, token: bytes, now: float) -> str | None:
        """Whose pass it is, used up or not, if its window counts."""
        return next((each.person for each in self._passes.get(token, ()) if each.counts(now)), None)

    def place(self, protocol: Protocol | None, port: int, now: float) -> RollingPlace | None:
        """Where a packet to the port stands in a rolling sequence whose window counts."""
        if protocol is None:
            return None
        found = self._knocks.get((protocol, port), ())
        return next((place for window, place in found if window.counts(now)), None)
