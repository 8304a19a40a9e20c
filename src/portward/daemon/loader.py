"""Loads windows ahead: reads from the kernel what is there, decides by `spa.ahead`, writes down, and loads.

Each step may be the last one: what is loaded and its marker come in one transaction, and what may have been loaded is
on the disk before.
"""

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import attrs

from portward.apply.libnft import Libnft
from portward.apply.live import read_elements
from portward.apply.transition import OURS
from portward.compile import names
from portward.compile.people import with_tokens
from portward.daemon.ahead_store import AheadStore
from portward.daemon.elements import (
    EPOCH_MARK,
    WINDOW_MARK,
    spell_epoch,
    spell_loads,
    spell_windows,
    spell_words,
)
from portward.errors import TargetError
from portward.policy.policy import Policy
from portward.spa.ahead import KeyWindow, due, latest_seen
from portward.spa.keyring import Keyring, ServerKey
from portward.spa.sealed import DAY, word
from portward.spa.windows import EPOCH, window_at


AT_ONCE = 400
"""How many keys and windows are loaded in one transaction: some thousand elements, some 50 ms."""

DAYS_BACK = 1
"""A sealed knock of yesterday's day may still be young enough at midnight, or come from a clock that is behind."""


@attrs.frozen
class Loaded:
    """What one round did.

    Attributes:
        windows: how many windows of keys were loaded.
        until: up to when everything is loaded.
    """

    windows: int
    until: datetime


class Loader:
    """Loads ahead into the live table."""

    def __init__(self, nft: Libnft, store: AheadStore) -> None:
        self._nft = nft
        self._store = store
        self._proofs: list[str] = []
        self._next: datetime | None = None

    def anew(self) -> None:
        """Look at everything in the next round: the policy or the keys have changed."""
        self._next = None

    def needed(self, now: datetime) -> bool:
        """Whether a round would have something to do: a window later, or with another table; costs one look-up."""
        return self._next is None or now >= self._next or not self._same_table()

    def _same_table(self) -> bool:
        """Whether what was loaded last is still there: the table's own number, the word of the day."""
        try:
            for proof in self._proofs:
                self._nft.run(f"get element {OURS} {proof}\n")
        except TargetError:
            return False
        return True

    def round(self, policy: Policy, keyring: Keyring, server: ServerKey, now: datetime) -> Loaded:
        """Load what is due.

        Raises:
            TargetError: the gate is not up, is not this policy's, or the kernel refused; what was loaded before stays.
            HostError: nft is missing, or the firewall may not be touched.
        """
        ways = policy.ways
        count = 0
        self._proofs = []
        if with_tokens(policy):
            count = self._tokens(policy, keyring, server, now)
        if ways.sealed and policy.people:
            self._words(server, now, ways.windows.ahead)
        self._next = next_start(now, ways.windows.length)
        return Loaded(count, now + ways.windows.ahead)

    def _tokens(self, policy: Policy, keyring: Keyring, server: ServerKey, now: datetime) -> int:
        marks = self._marks()
        epoch = self._epoch(marks)
        self._proofs.append(f"{names.LOADED} {{ {EPOCH_MARK} . {epoch} }}")
        past = self._store.past(marks, epoch)
        self._store.tick(latest_seen(now, past.latest))
        self._windows(policy, marks, now)
        loads = due(policy, keyring.tokens, server.public, past, now)
        for start in range(0, len(loads), AT_ONCE):
            some = loads[start : start + AT_ONCE]
            self._store.record(some, epoch)
            self._run(spell_loads(some, now))
        return len(loads)

    def _marks(self) -> frozenset[KeyWindow]:
        """Read which windows of which keys the table has."""
        return frozenset((int(each.key[0]), int(each.key[1])) for each in read_elements(names.LOADED))

    def _epoch(self, marks: Iterable[KeyWindow]) -> int:
        """The table's own number, given to it if it has none."""
        for key, number in marks:
            if key == EPOCH_MARK:
                return number
        number = secrets.randbits(32)
        self._run([spell_epoch(number)])
        return number

    def _windows(self, policy: Policy, marks: frozenset[KeyWindow], now: datetime) -> None:
        """Load windows into the maps from time to windows."""
        length = policy.ways.windows.length
        wanted = range(window_at(now, length) - 1, window_at(now + policy.ways.windows.ahead, length) + 1)
        missing = [each for each in wanted if (WINDOW_MARK, each) not in marks]
        if missing:
            self._run(spell_windows(missing, length, now))

    def _words(self, server: ServerKey, now: datetime, ahead: timedelta) -> None:
        """Load the words that sealed knocks begin with: of yesterday, today, and the days ahead."""
        today = int(now.timestamp()) // DAY
        days = range(today - DAYS_BACK, today + ahead // timedelta(days=1) + 2)
        ends = {day: datetime.fromtimestamp((day + 1 + DAYS_BACK) * DAY, UTC) for day in days}
        self._proofs.append(f"{names.WORDS} {{ 0x{word(server.public, today).hex()} }}")
        self._run(spell_words([(word(server.public, day), end) for day, end in ends.items()], now))

    def _run(self, lines: Iterable[str]) -> None:
        text = "\n".join(lines)
        if text:
            self._nft.run(text + "\n")


def next_start(now: datetime, length: timedelta) -> datetime:
    """When the next window begins, and with it something new is to be loaded at the far end."""
    return EPOCH + (window_at(now, length) + 1) * length


def is_missing(error: TargetError) -> bool:
    """Whether a refusal means that the gate is not up, or is another policy's."""
    return "No such file or directory" in str(error)
