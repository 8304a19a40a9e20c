from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.errors import PolicyError
from portward.spa.crypto import AesMode, public_of
from portward.spa.keyring import FwknopKey, HmacDigest, Keyring, SealedKey, ServerKey, Term, TokenKey
from portward.spa.keyring_text import read_keyring, read_server_key, write_keyring, write_server_key


people = st.from_regex(r"[a-z][a-z0-9_-]{0,31}", fullmatch=True)
moments = st.datetimes(datetime(2000, 1, 1), datetime(9999, 1, 1)).map(  # noqa: DTZ001 - the zone comes next
    lambda each: each.replace(microsecond=0, tzinfo=UTC)
)
terms = st.builds(Term, moments, st.none() | moments)
keys = st.binary(min_size=32, max_size=32)
usernames = st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), max_size=64)
fwknop = st.builds(
    FwknopKey,
    people,
    st.binary(min_size=1, max_size=32),
    st.binary(max_size=128),
    st.sampled_from(HmacDigest),
    st.sampled_from(AesMode),
    st.just(value=False),
    usernames,
    terms,
)
keyrings = st.builds(
    Keyring,
    st.lists(st.builds(SealedKey, people, keys, st.just(b"") | keys, terms), max_size=2).map(tuple),
    st.lists(st.builds(TokenKey, people, keys, st.integers(0, 255), terms), max_size=2).map(tuple),
    st.lists(fwknop, max_size=2).map(tuple),
)


@given(keyrings)
def test_keys_that_are_written_read_back(keyring: Keyring) -> None:
    assert read_keyring(write_keyring(keyring), "alice.toml") == keyring


def test_a_legacy_key_is_written_and_read_too() -> None:
    term = Term(datetime(2026, 11, 27, 12, tzinfo=UTC))
    key = FwknopKey("alice", b"k", b"", HmacDigest.SHA256, AesMode.CBC, legacy=True, username="", term=term)
    assert read_keyring(write_keyring(Keyring(fwknop=(key,))), "f").fwknop == (key,)


def test_a_file_of_keys_is_readable_toml() -> None:
    term = Term(datetime(2026, 11, 27, 12, tzinfo=UTC), datetime(2026, 12, 4, tzinfo=UTC))
    keyring = Keyring((SealedKey("alice", bytes(32), b"", term),), (TokenKey("alice", bytes(32), 3, term),))
    zeros = "A" * 43 + "="
    assert (
        write_keyring(keyring)
        == f"""\
schema = 1

[[sealed]]
person = "alice"
public = "{zeros}"
since = "2026-11-27T12:00:00Z"
until = "2026-12-04T00:00:00Z"

[[token]]
person = "alice"
secret = "{zeros}"
slot = 3
since = "2026-11-27T12:00:00Z"
until = "2026-12-04T00:00:00Z"
"""
    )


def told(text: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        read_keyring(text, "alice.toml")
    assert "hush" not in "".join(str(each) + each.hint for each in caught.value.diagnostics)
    return [str(each).replace(": error", "") for each in caught.value.diagnostics]


def test_every_mistake_is_told_with_its_line_and_no_secret() -> None:
    text = """\
schema = 1
[[sealed]]
person = "Alice"
public = "hush"
pks = "hush"
[[token]]
person = "alice"
secret = "hushhush"
slot = 256
since = "2026-11-27"
[[fwknop]]
person = "alice"
key = ""
hmac_key = "hushhush"
legacy = true
mode = "gcm"
hmac_digest = "crc32"
since = "2026-11-27T12:00:00Z"
"""
    assert told(text) == [
        "alice.toml:3:10: sealed.person: must be a person's name as in the policy",
        "alice.toml:4:10: sealed.public: must be base64 of 32 bytes, and is of 3",
        "alice.toml:5:7: unknown key 'pks' in [[sealed]]; known are person, public, psk, since, until",
        "alice.toml:2:3: [[sealed]] lacks since",
        "alice.toml:8:10: token.secret: must be base64 of 32 bytes, and is of 6",
        "alice.toml:9:8: token.slot: must be a whole number, 0 to 255",
        "alice.toml:10:9: token.since: must be a moment such as 2026-11-27T12:00:00Z",
        "alice.toml:13:7: fwknop.key: must be base64 of 1 to 32 bytes, and is of 0",
        "alice.toml:16:8: fwknop.mode: must be one of cbc, ecb, cfb, ofb, ctr",
        f"alice.toml:17:15: fwknop.hmac_digest: must be one of {', '.join(HmacDigest)}",
        "alice.toml:15:10: legacy keys have no HMAC",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "schema must be 1"),
        ("schema = 2", "schema must be 1"),
        ("schema = 1\nsealed = 1", "list of tables"),
        ("schema = 1\n[sealed]", "list of tables"),
        ("schema = 1\n[[keys]]", "unknown key 'keys'"),
        ("schema = 1\nx = hush", "this is not TOML"),
    ],
)
def test_a_text_that_holds_no_keys_is_refused(text: str, words: str) -> None:
    assert any(words in each for each in told(text))


@given(st.text() | st.builds("schema = 1\n{}".format, st.text()))
def test_any_text_is_keys_or_has_mistakes(text: str) -> None:
    try:
        read_keyring(text, "f")
    except PolicyError as error:
        assert error.diagnostics  # noqa: PT017


def test_the_gates_own_key_reads_back_with_its_public_key() -> None:
    private = bytes(range(32))
    key = ServerKey(private, public_of(private))
    assert read_server_key(write_server_key(key), "server.toml") == key


@pytest.mark.parametrize(
    "text", ["schema = 1\n", 'schema = 1\nprivate = "hush"\n', 'schema = 1\npublic = ""\n']
)
def test_a_gates_key_with_mistakes_is_refused(text: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read_server_key(text, "server.toml")
    assert "hush" not in str(caught.value)
