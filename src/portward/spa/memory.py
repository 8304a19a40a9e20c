"""What a gate must not forget, so that no message opens a door twice. Without I/O; its owner makes it durable.

Of sealed knocks, the greatest time accepted from each static key: only a greater one is accepted, as WireGuard does
with its handshakes (whitepaper §5.1). Of fwknop's packets, which may overtake each other, the digest of each, until a
packet of that age would be refused by its age for certain; how far that has come is remembered as well, so that a clock
that is set back brings nothing to life again.

Nothing is keyed by an address: a message from elsewhere is the same message.

Opening a sealed knock costs a hundred times as much as a look at its tag. So the tags of some knocks that can never be
accepted any more are kept too, not durably: who caught one and sends it again and again gains no more than with junk.
"""

import enum
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final

import attrs


STEP: Final = timedelta(hours=2)
"""How much longer than they could be accepted digests are kept: a clock that goes wrong by less, either way, and is set
right again, has no effect on honest packets."""


MOST_SPENT: Final = 4096
"""Tags that are kept; the oldest go first."""


class Way(enum.StrEnum):
    """Which kind of message a mark belongs to."""

    SEALED = "sealed"
    FWKNOP = "fwknop"


@attrs.frozen
class Remember:
    """One thing that must be durable before the door is opened.

    Attributes:
        way: what it was.
        mark: the static public key of a sealed knock, 32 bytes; the digest of an fwknop packet, 32 bytes.
        sent_ns: the message's time, in nanoseconds since the Unix epoch. For one mark the greatest counts.
    """

    way: Way
    mark: bytes
    sent_ns: int


@attrs.frozen
class Forget:
    """Digests of fwknop's packets that may go, and from when on packets are still taken; both durable at once.

    Attributes:
        before_ns: all older digests may go, and no older packet is ever accepted again.
    """

    before_ns: int


@attrs.define
class Memory:
    """The marks of one gate. One owner; everything that is accepted goes in here before anything else is judged.

    Attributes:
        latest: the greatest accepted time of each static key, in nanoseconds since the Unix epoch.
        digests: of fwknop's packets, and the time of each.
        floor_ns: fwknop's packets before that are refused.
        spent: tags of sealed knocks that can never be accepted any more, and whose they were; at most `MOST_SPENT`.
    """

    latest: dict[bytes, int] = attrs.field(factory=dict)
    digests: dict[bytes, int] = attrs.field(factory=dict)
    floor_ns: int = 0
    spent: dict[bytes, str] = attrs.field(factory=dict, eq=False)

    def is_new(self, remember: Remember) -> bool:
        """Whether such a message may still be accepted."""
        match remember.way:
            case Way.SEALED:
                return remember.sent_ns > self.latest.get(remember.mark, -1)
            case Way.FWKNOP:
                return remember.sent_ns >= self.floor_ns and remember.mark not in self.digests

    def note(self, remember: Remember) -> None:
        """Take in what was accepted, or what was saved, in any order."""
        marks = self.latest if remember.way is Way.SEALED else self.digests
        marks[remember.mark] = max(remember.sent_ns, marks.get(remember.mark, 0))

    def spend(self, tag: bytes, person: str) -> None:
        """Keep the tag of a genuine sealed knock that `is_new` no more."""
        if len(self.spent) >= MOST_SPENT:
            del self.spent[next(iter(self.spent))]
        self.spent[tag] = person

    def forget(self, now_ns: int, max_age: timedelta) -> Forget | None:
        """Let the digests go that are older than `max_age` and `STEP`; None where there is none. For a timer.

        Args:
            now_ns: nanoseconds since the Unix epoch.
            max_age: of fwknop's packets.
        """
        before = now_ns - (max_age + STEP) // timedelta(microseconds=1) * 1000
        old = [digest for digest, sent in self.digests.items() if sent < before]
        if not old:
            return None
        for digest in old:
            del self.digests[digest]
        self.floor_ns = max(self.floor_ns, before)
        return Forget(self.floor_ns)

    def saved(self) -> Iterator[Remember]:
        """All that must be saved beside `floor_ns`."""
        for public, sent_ns in self.latest.items():
            yield Remember(Way.SEALED, public, sent_ns)
        for digest, sent_ns in self.digests.items():
            yield Remember(Way.FWKNOP, digest, sent_ns)


def memory_of(saved: Iterable[Remember], floor_ns: int) -> Memory:
    """The memory that was saved."""
    memory = Memory(floor_ns=floor_ns)
    for each in saved:
        memory.note(each)
    return memory
