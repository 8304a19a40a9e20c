import base64
import string

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.spa.fwknop_cases import (
    INNER,
    NUMBERS,
    VECTOR,
    VECTOR_MESSAGE,
    VECTOR_PLAIN,
    VECTOR_SALT,
    key,
    keys,
    messages,
)

from portward.policy.net import Protocol
from portward.spa.crypto import AesMode, NotAuthenticError
from portward.spa.fwknop_base64 import ALPHABET
from portward.spa.fwknop_cipher import PREFIX, seal_packet
from portward.spa.fwknop_fields import InnerDigest, Message, write_fields
from portward.spa.fwknop_packet import open_packet, write_packet
from portward.spa.keyring import FwknopKey, HmacDigest


NUMBER = "1234567890123456"
NO_HMAC = key(hmac_key=b"")


def refused(packet: bytes, *with_keys: FwknopKey) -> bool:
    """Whether no key opens it."""
    try:
        open_packet(packet, with_keys or (key(),))
    except NotAuthenticError:
        return True
    return False


def test_the_vector() -> None:
    """The known packet is opened and made."""
    packet = open_packet(VECTOR, [key()])
    assert packet.key == key()
    assert {name: getattr(packet, name) for name in attrs.asdict(VECTOR_MESSAGE)} == attrs.asdict(
        VECTOR_MESSAGE, recurse=False
    )
    assert len(packet.digest) == 32
    assert write_packet(key(), VECTOR_MESSAGE, salt=VECTOR_SALT, number=NUMBER) == VECTOR


@given(keys(), messages(), NUMBERS, INNER, st.binary(min_size=8, max_size=8))
def test_there_and_back(
    with_key: FwknopKey, message: Message, number: str, digest: InnerDigest, salt: bytes
) -> None:
    """Every key, digest and mode: what is made is opened, and says the same."""
    try:
        datagram = write_packet(with_key, message, salt=salt, number=number, digest=digest)
    except ValueError:
        return  # too long for a packet
    packet = open_packet(datagram, [key(b"another"), with_key])
    assert packet.key == with_key
    names = [each.name for each in attrs.fields(Message)]
    assert [getattr(packet, name) for name in names] == [getattr(message, name) for name in names]


@pytest.mark.parametrize("digest", HmacDigest)
def test_every_bit_flip_is_refused(digest: HmacDigest) -> None:
    """No packet with an HMAC can be changed in any bit."""
    made = key(digest=digest)
    datagram = write_packet(made, VECTOR_MESSAGE, salt=VECTOR_SALT, number=NUMBER)
    for place in range(len(datagram)):
        for bit in range(8):
            changed = bytearray(datagram)
            changed[place] ^= 1 << bit
            assert refused(bytes(changed), made)


def test_every_other_character_is_refused() -> None:
    """No character can be exchanged for another one of the alphabet, left out, doubled or put in."""
    for place in range(len(VECTOR)):
        before, after = VECTOR[:place], VECTOR[place + 1 :]
        for char in ALPHABET:
            if char != VECTOR[place]:
                assert refused(before + bytes([char]) + after)
            assert refused(before + bytes([char]) + VECTOR[place:])
        assert refused(before + after)


@pytest.mark.parametrize("mode", AesMode)
def test_without_hmac_no_change_opens_again(mode: AesMode) -> None:
    """Without an HMAC, a changed packet is refused all the same: none can be sent twice under two names."""
    made = key(hmac_key=b"", mode=mode)
    datagram = write_packet(made, VECTOR_MESSAGE, salt=VECTOR_SALT, number=NUMBER)
    assert not refused(datagram, made)
    for place in range(len(datagram)):
        for char in ALPHABET:
            if char != datagram[place]:
                assert refused(datagram[:place] + bytes([char]) + datagram[place + 1 :], made)
    for end in (b"=", b"==", b"A", b"\n", b" ", b"\0"):
        assert refused(datagram + end, made)


@pytest.mark.parametrize(
    "datagram",
    [
        PREFIX + VECTOR,
        VECTOR + b"=",
        VECTOR + b"\n",
        b" " + VECTOR,
        VECTOR.replace(b"+", b"-").replace(b"/", b"_"),
        b"GET /" + VECTOR,
        b"",
        b"8" * 139,
        b"8" * 140,
        b"8" * 399,
        b"8" * 400,
        b"8" * 1501,
    ],
    ids=range(12),
)
def test_other_forms_are_refused(datagram: bytes) -> None:
    """With the prefix, padded, with a line's end, URL-safe, of any wrong length."""
    assert refused(datagram)


def test_another_key_is_refused() -> None:
    """Each part of the key counts."""
    for other in (
        key(b"correct horse 2"),
        key(hmac_key=b"hmac key 3"),
        key(digest=HmacDigest.SHA3_256),
        key(mode=AesMode.ECB),
        key(username="bob"),
        key(legacy=True),
        NO_HMAC,
    ):
        assert refused(VECTOR, other)


def test_the_first_key_that_fits_its_username_included() -> None:
    """Two people with the same secrets are told apart by the username that the packet names."""
    bob, alice = key(username="bob", person="bob"), key(username="alice", person="alice")
    assert open_packet(VECTOR, [bob, alice, key(person="any")]).key.person == "alice"
    assert open_packet(VECTOR, [bob, key(person="any")]).key.person == "any"


def test_an_hmac_is_required_where_the_key_has_one() -> None:
    """A packet without its HMAC is refused by a key with one; a key without one never takes the packet with one."""
    bare = VECTOR[:-43]
    assert refused(bare)
    assert refused(VECTOR, NO_HMAC)
    assert not refused(bare, NO_HMAC)


def test_taking_off_the_hmac_makes_no_new_packet() -> None:
    """The same key with and without HMAC: the packet and its beginning are one to the replay memory."""
    assert open_packet(VECTOR, [key()]).digest == open_packet(VECTOR[:-43], [key(), NO_HMAC]).digest


def test_legacy_only_where_the_key_says_so() -> None:
    """A legacy packet opens with a legacy key alone."""
    old = key(b"short", hmac_key=b"", legacy=True)
    datagram = write_packet(old, VECTOR_MESSAGE, salt=VECTOR_SALT, number=NUMBER)
    assert not refused(datagram, old)
    assert refused(datagram, attrs.evolve(old, legacy=False))
    assert not refused(datagram, key(b"short00000000000", hmac_key=b""))


@given(st.binary(min_size=90, max_size=250))
def test_a_right_hmac_around_anything(plain: bytes) -> None:
    """Whoever has the key can seal any text; it is a packet or refused."""
    refused(seal_packet(key(), VECTOR_SALT, plain))
    refused(seal_packet(key(), VECTOR_SALT, VECTOR_PLAIN[: len(plain) % 90] + plain))


def test_no_secret_in_the_packet_s_repr() -> None:
    """The key inside keeps its secrets."""
    assert "correct horse" not in repr(open_packet(VECTOR, [key()]))
    assert "hmac key" not in repr(open_packet(VECTOR, [key()]))


def test_what_cannot_be_sent() -> None:
    """Too long for fwknopd, or a salt of another length."""
    many = attrs.evolve(VECTOR_MESSAGE, wanted=((Protocol.TCP, 60000),) * 14)
    with pytest.raises(ValueError, match="characters"):
        write_packet(key(), many, salt=VECTOR_SALT, number=NUMBER)
    with pytest.raises(ValueError, match="8 bytes"):
        write_packet(key(), VECTOR_MESSAGE, salt=b"", number=NUMBER)


def test_the_alphabet_is_the_standard_one() -> None:
    """RFC 4648 §4."""
    letters = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
    assert letters.encode() == ALPHABET
    assert (
        base64.b64encode(write_fields(VECTOR_MESSAGE, NUMBER)).rstrip(b"=").translate(None, ALPHABET) == b""
    )
