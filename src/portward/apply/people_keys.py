"""Makes, rotates and ends the keys of people: what is new beside what is there, as a keyring. Takes randomness.

Knows nothing of files and policies.
"""

import secrets
from collections.abc import Collection
from datetime import datetime
from typing import Final

import attrs

from portward.errors import UsageError
from portward.knock.ways import Way
from portward.spa.crypto import KEY_BYTES, new_private, public_of
from portward.spa.keyring import Keyring, SealedKey, Term, TokenKey


OF_TOKENS: Final = frozenset({Way.PASS, Way.ROLLING})
"""The ways that a token is for."""

ISSUED: Final = (Way.SEALED, Way.PASS, Way.ROLLING)
"""The ways that keys are made for here; fwknop's come from its own files."""

MOST_SLOTS: Final = 256


@attrs.frozen
class Issued:
    """New keys of one person, and what only the person is given.

    Attributes:
        sealed: None where there is none.
        private: the private half of `sealed`; empty where the person has it already.
        token: None where there is none.
    """

    sealed: SealedKey | None = None
    private: bytes = attrs.field(default=b"", repr=False)
    token: TokenKey | None = None

    @property
    def keyring(self) -> Keyring:
        """What the gate keeps."""
        return Keyring((self.sealed,) if self.sealed else (), (self.token,) if self.token else ())

    @property
    def secret(self) -> bool:
        """Whether what the person is given must not be seen by others."""
        return bool(self.private or self.token)


def issue(
    person: str, ways: Collection[Way], public: bytes | None, slot: int | None, now: datetime
) -> Issued:
    """Make the keys of one person.

    Args:
        person: whose.
        ways: what for.
        public: the person's own key for sealed knocks; None to make one here, together with a second secret.
        slot: for a token.
        now: when they begin to count.
    """
    term = Term(now)
    sealed, private = None, b""
    if Way.SEALED in ways and public:
        sealed = SealedKey(person, public, b"", term)
    elif Way.SEALED in ways:
        private = new_private()
        sealed = SealedKey(person, public_of(private), secrets.token_bytes(KEY_BYTES), term)
    token = None
    if OF_TOKENS.intersection(ways):
        assert slot is not None  # noqa: S101 - who asks for a token chooses a slot
        token = TokenKey(person, secrets.token_bytes(KEY_BYTES), slot, term)
    return Issued(sealed, private, token)


def free_slot(keyring: Keyring, person: str, slots: int | None, now: datetime) -> int:
    """The lowest slot that no living key has; where all are taken, the one that the person has.

    A rotated key gets a slot of its own: while both keys count, two sequences of one slot could share a port, and one
    of them would then be left out.

    Args:
        keyring: all people's keys.
        person: for whom.
        slots: how many there are; None where the gate has no rolling sequences, which need them.
        now: keys that ended before do not hold their slot.

    Raises:
        UsageError: all are taken.
    """
    alive = [each for each in keyring.tokens if each.term.until is None or each.term.until > now]
    there_are = range(slots or MOST_SLOTS)
    taken = {each.slot for each in alive}
    own = [each.slot for each in alive if each.person == person and each.slot in there_are]
    free: list[int] = [slot for slot in there_are if slot not in taken] + own
    if free:
        return free[0]
    raise UsageError(
        f"all {slots or MOST_SLOTS} slots are taken; raise slots in [rolling], or remove somebody"
    )


def ended(keyring: Keyring, moment: datetime, ways: Collection[Way] | None = None) -> Keyring:
    """Let the keys for some ways, or all of them, end at a moment, those that would not end before."""
    sealed = ways is None or Way.SEALED in ways
    tokens = ways is None or bool(OF_TOKENS.intersection(ways))
    return Keyring(
        tuple(
            attrs.evolve(each, term=_cut(each.term, moment)) if sealed else each for each in keyring.sealed
        ),
        tuple(
            attrs.evolve(each, term=_cut(each.term, moment)) if tokens else each for each in keyring.tokens
        ),
        tuple(
            attrs.evolve(each, term=_cut(each.term, moment)) if ways is None else each
            for each in keyring.fwknop
        ),
    )


def living(keyring: Keyring, now: datetime) -> Keyring:
    """Leave out the keys that have ended."""
    return Keyring(
        tuple(each for each in keyring.sealed if _lives(each.term, now)),
        tuple(each for each in keyring.tokens if _lives(each.term, now)),
        tuple(each for each in keyring.fwknop if _lives(each.term, now)),
    )


def _cut(term: Term, moment: datetime) -> Term:
    return term if term.until is not None and term.until <= moment else Term(term.since, moment)


def _lives(term: Term, now: datetime) -> bool:
    return term.until is None or now < term.until
