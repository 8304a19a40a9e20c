import pytest

from portward.sources.fwknop_crypto_words import Secrets, digest_of, mode_of, secret_of
from portward.sources.fwknop_text import Entry, read_entries


def entry(line: str) -> Entry:
    """The entry of one line."""
    return read_entries(line.encode(), "f")[0][0]


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("KEY abc def", b"abc def"),
        ("KEY_BASE64 YWJj", b"abc"),
        ("KEY_BASE64 YQ==", b"a"),
        ("KEY_BASE64 YQ", b"a"),
        ("HMAC_KEY_BASE64 AAAA", b"\0\0\0"),
    ],
)
def test_secrets(line: str, secret: bytes) -> None:
    """A passphrase as it stands, base64 with and without its padding."""
    assert secret_of(entry(line)) == secret


@pytest.mark.parametrize(
    "line", ["KEY __CHANGEME__", "KEY_BASE64 !!horse", "KEY_BASE64 YWJj ", "KEY_BASE64 Y"]
)
def test_no_secrets(line: str) -> None:
    """Never set, or no base64; nothing of it is told."""
    with pytest.raises(ValueError, match="KEY") as caught:
        secret_of(entry(line))
    assert "horse" not in str(caught.value)


def test_words() -> None:
    """In any case of letters; what is usual for none."""
    assert digest_of(entry("X SHA3_256")) == "sha3_256"
    assert mode_of(entry("X Ctr")) == "ctr"
    assert (secret_of(None), digest_of(None), mode_of(None)) == (b"", "sha256", "cbc")
    for reader in (digest_of, mode_of):
        with pytest.raises(ValueError, match="fwknop knows no such"):
            reader(entry("X PCBC"))


def test_no_secret_in_the_repr() -> None:
    """Neither key shows."""
    assert "horse" not in repr(Secrets(b"horse one", b"horse two"))
