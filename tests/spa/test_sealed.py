from datetime import UTC, datetime, timedelta
from hashlib import blake2s
from ipaddress import IPv6Address

import pytest

from portward.spa import crypto
from portward.spa.crypto import NotAuthenticError
from portward.spa.keyring import SealedKey, ServerKey, Term
from portward.spa.noise import Writer, write_message
from portward.spa.request import Request, pack
from portward.spa.sealed import (
    KNOCK_BYTES,
    open_knock,
    open_plausible,
    plausible,
    seal_knock,
    sieve_of,
    word,
)


NOW = 1_700_000_000 * 10**9
TODAY = 1_700_000_000 // 86400
PRIVATE, EPHEMERAL = bytes(range(32)), bytes(range(64, 96))
SERVER = ServerKey(bytes(range(32, 64)), crypto.public_of(bytes(range(32, 64))))
OTHER_SERVER = ServerKey(bytes(range(1, 33)), crypto.public_of(bytes(range(1, 33))))
PSK = bytes(range(96, 128))
KEY = SealedKey("alice", crypto.public_of(PRIVATE), PSK, Term(datetime(2020, 1, 1, tzinfo=UTC)))
KEYS = {KEY.public: KEY}
REQUEST = Request(("ssh",), timedelta(hours=1), IPv6Address("2001:db8::7"))
KNOCK = seal_knock(SERVER.public, PRIVATE, PSK, EPHEMERAL, REQUEST, NOW)
SIEVE = sieve_of(SERVER.public)


def tagged(first: bytes, message: bytes) -> bytes:
    """Put the tag on that everybody can make who knows the gate's public key."""
    return first + blake2s(first + message, key=SIEVE.key, digest_size=16).digest() + message


def forged(text: bytes, prologue: bytes = b"portward sealed knock 1", day: int = TODAY) -> bytes:
    """A knock of somebody with a good key and a program of their own."""
    message = write_message(SERVER.public, Writer(PRIVATE, EPHEMERAL, PSK), prologue, text)
    return tagged(word(SERVER.public, day), message)


def test_a_knock_says_who_when_and_what() -> None:
    opened = open_knock(SERVER, KEYS, KNOCK)
    assert (opened.key, opened.sent_ns, opened.request) == (KEY, NOW, REQUEST)
    assert plausible(SIEVE, KNOCK)


@pytest.mark.parametrize("request_", [Request(), REQUEST, Request(("a" * 32, "b" * 32, "c" * 12))])
def test_every_knock_has_one_length(request_: Request) -> None:
    knock = seal_knock(SERVER.public, PRIVATE, b"", EPHEMERAL, request_, NOW)
    assert len(knock) == KNOCK_BYTES == 232


def test_a_knock_of_other_randomness_is_another_one_but_for_the_word() -> None:
    other = seal_knock(SERVER.public, PRIVATE, PSK, bytes(range(65, 97)), REQUEST, NOW)
    assert other[:8] == KNOCK[:8] == word(SERVER.public, TODAY)
    assert other[8:24] != KNOCK[8:24]
    assert other[24:] != KNOCK[24:]


def test_words_are_of_a_gate_and_a_day() -> None:
    words = {word(server.public, day) for server in (SERVER, OTHER_SERVER) for day in range(19000, 19500)}
    assert len(words) == 1000
    assert {len(each) for each in words} == {8}


def test_every_altered_bit_is_noticed_by_the_cheap_test() -> None:
    for bit in range(8 * KNOCK_BYTES):
        altered = bytearray(KNOCK)
        altered[bit // 8] ^= 1 << bit % 8
        assert not plausible(SIEVE, bytes(altered))
        with pytest.raises(NotAuthenticError):
            open_knock(SERVER, KEYS, bytes(altered))


def test_every_bit_altered_by_who_can_make_tags_is_noticed_too() -> None:
    """Somebody who knows the gate's public key alters a caught knock, word and all, and makes the tag good again."""
    for bit in [*range(64), *range(24 * 8, 8 * KNOCK_BYTES)]:
        altered = bytearray(KNOCK)
        altered[bit // 8] ^= 1 << bit % 8
        datagram = tagged(bytes(altered[:8]), bytes(altered[24:]))
        assert plausible(SIEVE, datagram)
        with pytest.raises(NotAuthenticError):
            open_knock(SERVER, KEYS, datagram)


@pytest.mark.parametrize("days", [-2, -1, 1, 2])
def test_a_caught_knock_cannot_be_given_another_days_word(days: int) -> None:
    datagram = tagged(word(SERVER.public, TODAY + days), KNOCK[24:])
    assert plausible(SIEVE, datagram)
    with pytest.raises(NotAuthenticError):
        open_knock(SERVER, KEYS, datagram)


@pytest.mark.parametrize("length", [0, 8, 24, 231])
def test_another_length_is_refused(length: int) -> None:
    for datagram in (KNOCK[:length], KNOCK + KNOCK[:length] + b"\0"):
        assert not plausible(SIEVE, datagram)
        with pytest.raises(NotAuthenticError):
            open_knock(SERVER, KEYS, datagram)


def test_a_knock_is_for_one_gate() -> None:
    assert not plausible(sieve_of(OTHER_SERVER.public), KNOCK)
    with pytest.raises(NotAuthenticError):
        open_plausible(OTHER_SERVER, KEYS, KNOCK)


@pytest.mark.parametrize("psk", [b"", bytes(range(97, 129))])
def test_another_psk_is_refused(psk: bytes) -> None:
    with pytest.raises(NotAuthenticError):
        open_knock(SERVER, {KEY.public: SealedKey("alice", KEY.public, psk, KEY.term)}, KNOCK)


def test_a_key_without_psk_works_too() -> None:
    key = SealedKey("alice", KEY.public, b"", KEY.term)
    knock = seal_knock(SERVER.public, PRIVATE, b"", EPHEMERAL, REQUEST, NOW)
    assert open_knock(SERVER, {key.public: key}, knock).request == REQUEST


def test_a_stranger_is_refused() -> None:
    with pytest.raises(NotAuthenticError):
        open_knock(SERVER, {}, KNOCK)


def test_a_good_key_does_not_make_a_bad_text_good() -> None:
    assert open_knock(SERVER, KEYS, forged(pack(REQUEST, NOW))).request == REQUEST
    bad_version = b"\2" + pack(REQUEST, NOW)[1:]
    bad_names = pack(REQUEST, NOW)[:34] + b"SSH".ljust(78, b"\0")
    for datagram in (
        forged(bad_version),
        forged(bad_names),
        forged(pack(REQUEST, NOW), prologue=b"portward sealed knock 2"),
        forged(pack(REQUEST, NOW), day=TODAY + 1),
        forged(pack(REQUEST, NOW + 86400 * 10**9)),
    ):
        assert plausible(SIEVE, datagram)
        with pytest.raises(NotAuthenticError):
            open_knock(SERVER, KEYS, datagram)


def test_no_secret_is_shown() -> None:
    shown = repr((SIEVE, SERVER, KEY, open_knock(SERVER, KEYS, KNOCK)))
    for secret in (SIEVE.key, SERVER.private, PSK):
        assert repr(secret)[2:12] not in shown
        assert secret.hex() not in shown
