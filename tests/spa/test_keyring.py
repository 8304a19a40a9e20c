from datetime import UTC, datetime, timedelta

import pytest

from portward.spa.crypto import AesMode
from portward.spa.keyring import FwknopKey, HmacDigest, Keyring, SealedKey, ServerKey, Term, TokenKey


START = datetime(2024, 1, 1, tzinfo=UTC)
END = START + timedelta(days=30)
MICRO = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("now", "counts"), [(START - MICRO, False), (START, True), (END - MICRO, True), (END, False)]
)
def test_a_key_counts_from_its_beginning_until_before_its_end(now: datetime, *, counts: bool) -> None:
    assert Term(START, END).covers(now) is counts


def test_a_key_without_an_end_counts_for_ever() -> None:
    assert Term(START).covers(datetime(9999, 1, 1, tzinfo=UTC))


def test_no_secret_is_shown() -> None:
    """Logs and tracebacks show reprs."""
    secret, term = b"SECRET-SECRET-SECRET-SECRET-SECR", Term(START)
    ring = Keyring(
        sealed=(SealedKey("alice", bytes(32), secret, term),),
        tokens=(TokenKey("alice", secret, 0, term),),
        fwknop=(
            FwknopKey(
                "alice", secret, secret, HmacDigest.SHA256, AesMode.CBC, legacy=False, username="", term=term
            ),
        ),
    )
    shown = repr((ring, ServerKey(secret, bytes(32))))
    assert "SECRET" not in shown
    assert shown.count("alice") == 3


def test_a_keyring_knows_whose_keys_it_holds() -> None:
    ring = Keyring(
        (SealedKey("alice", bytes(32), b"", Term(START)),), (TokenKey("bob", bytes(32), 0, Term(START)),)
    )
    assert ring.people == {"alice", "bob"}
