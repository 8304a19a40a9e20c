from datetime import UTC, datetime, timedelta

import pytest

from portward.apply.people_keys import MOST_SLOTS, ended, free_slot, issue, living
from portward.errors import UsageError
from portward.knock.ways import Way
from portward.spa.crypto import AesMode, public_of
from portward.spa.keyring import FwknopKey, HmacDigest, Keyring, SealedKey, Term, TokenKey


NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
DAY = timedelta(days=1)
PAST = Term(NOW - 2 * DAY, NOW - DAY)


def token(person: str, slot: int, term: Term | None = None) -> TokenKey:
    return TokenKey(person, bytes(32), slot, term or Term(NOW - DAY))


def test_a_pair_is_made_here_with_a_second_secret() -> None:
    issued = issue("alice", {Way.SEALED}, None, None, NOW)
    assert issued.sealed is not None
    assert issued.sealed.public == public_of(issued.private)
    assert (len(issued.sealed.psk), issued.sealed.term) == (32, Term(NOW))
    assert (issued.token, issued.secret) == (None, True)
    assert issued.private.hex() not in repr(issued)


def test_of_a_key_of_ones_own_there_is_nothing_secret() -> None:
    issued = issue("alice", {Way.SEALED}, bytes(32), None, NOW)
    assert issued.keyring == Keyring((SealedKey("alice", bytes(32), b"", Term(NOW)),))
    assert (issued.private, issued.secret) == (b"", False)


@pytest.mark.parametrize("ways", [{Way.PASS}, {Way.ROLLING}, {Way.PASS, Way.ROLLING}])
def test_one_token_serves_passes_and_rolling_sequences(ways: set[Way]) -> None:
    issued = issue("alice", ways, None, 7, NOW)
    assert issued.token is not None
    assert (issued.token.slot, issued.sealed) == (7, None)
    assert issued.token.secret != issue("alice", ways, None, 7, NOW).token.secret  # type: ignore[union-attr]


def test_a_new_person_gets_the_lowest_slot_that_nobody_has() -> None:
    keyring = Keyring(tokens=(token("a", 0), token("b", 2), token("c", 1, PAST)))
    assert free_slot(keyring, "new", 32, NOW) == 1
    assert free_slot(Keyring(), "new", 32, NOW) == 0


def test_a_rotated_key_gets_another_slot_while_the_old_one_lives() -> None:
    """Two keys of one slot could share a port; where all slots are taken, that is better than no key."""
    keyring = Keyring(tokens=(token("a", 0), token("b", 1), token("c", 2, Term(NOW - DAY, NOW))))
    assert free_slot(keyring, "b", 32, NOW) == 2, "the slot of an ended key is free"
    assert free_slot(keyring, "b", 2, NOW) == 1
    assert free_slot(keyring, "c", 32, NOW) == 2


def test_when_all_slots_are_taken_that_is_told() -> None:
    keyring = Keyring(tokens=tuple(token(f"p{slot}", slot) for slot in range(MOST_SLOTS)))
    with pytest.raises(UsageError, match="all 4 slots are taken"):
        free_slot(keyring, "new", 4, NOW)
    with pytest.raises(UsageError, match="all 256 slots are taken"):
        free_slot(keyring, "new", None, NOW)


def whole() -> Keyring:
    fwknop = FwknopKey(
        "a", b"k", b"h", HmacDigest.SHA256, AesMode.CBC, legacy=False, username="", term=Term(NOW)
    )
    return Keyring(
        (SealedKey("a", bytes(32), b"", Term(NOW)),), (token("a", 0), token("a", 0, PAST)), (fwknop,)
    )


def test_keys_end_but_none_later_than_they_would() -> None:
    keyring = ended(whole(), NOW + DAY)
    assert keyring.sealed[0].term == Term(NOW, NOW + DAY)
    assert [each.term.until for each in keyring.tokens] == [NOW + DAY, NOW - DAY]
    assert keyring.fwknop[0].term.until == NOW + DAY


def test_only_the_keys_for_some_ways_end() -> None:
    keyring = ended(whole(), NOW + DAY, {Way.SEALED})
    assert keyring.sealed[0].term.until == NOW + DAY
    assert keyring.tokens == whole().tokens
    assert keyring.fwknop == whole().fwknop
    assert ended(whole(), NOW + DAY, {Way.PASS}).sealed == whole().sealed


def test_what_has_ended_is_left_out() -> None:
    assert living(whole(), NOW).tokens == (token("a", 0),)
    assert living(ended(whole(), NOW), NOW) == Keyring()
