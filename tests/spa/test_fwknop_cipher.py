import hmac
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.spa.fwknop_cases import VECTOR, VECTOR_PLAIN, VECTOR_SALT, key

from portward.spa.crypto import AesMode, NotAuthenticError
from portward.spa.fwknop_base64 import decoded
from portward.spa.fwknop_cipher import (
    FIRST,
    MAC_LENGTHS,
    PREFIX,
    container_of,
    decrypt,
    effective_key,
    encrypt,
    is_made_with,
    key_and_iv,
    seal_packet,
)
from portward.spa.keyring import HmacDigest


def test_the_derivation_of_the_vector() -> None:
    """Key and IV are those of OpenSSL's derivation with MD5."""
    secret, iv = key_and_iv(b"correct horse 1", VECTOR_SALT)
    assert secret.hex() == "6e9af0ae087443535e62446ef1f4e8eb9b6aa9a53f89f7a07b845c18266ff455"
    assert iv.hex() == "18797653fb49972ea7b3bd1317edb0ab"


def test_the_packet_of_the_vector() -> None:
    """The known packet is made, and opened."""
    assert seal_packet(key(), VECTOR_SALT, VECTOR_PLAIN) == VECTOR
    assert is_made_with(key(), VECTOR)
    assert decrypt(key(), container_of(key(), VECTOR)) == VECTOR_PLAIN


@pytest.mark.peer("openssl")
@pytest.mark.parametrize("mode", ["cbc", "ecb", "cfb", "ofb", "ctr"])
def test_openssl_decrypts_it(mode: str) -> None:
    """The container is the one of `openssl enc`, in each mode."""
    container = encrypt(key(mode=AesMode(mode)), VECTOR_SALT, VECTOR_PLAIN)
    words = ["openssl", "enc", "-d", f"-aes-256-{mode}", "-md", "md5", "-pass", "pass:correct horse 1"]
    plain = subprocess.run(words, input=container, capture_output=True, check=True).stdout
    # the stream modes leave fwknop's padding where it is
    assert (
        plain.removesuffix(bytes([16 - len(VECTOR_PLAIN) % 16]) * (16 - len(VECTOR_PLAIN) % 16))
        == VECTOR_PLAIN
    )


def test_lengths_of_the_hmacs() -> None:
    """Each HMAC has the length by which the receiver cuts it off."""
    assert [MAC_LENGTHS[each] for each in HmacDigest] == [22, 27, 43, 64, 86, 43, 86]


def test_legacy_keys() -> None:
    """A legacy key is cut to 16 bytes or filled with the digit 0; other keys are taken as they are."""
    assert effective_key(key(b"short", legacy=True)) == b"short00000000000"
    assert effective_key(key(b"a" * 20, legacy=True)) == b"a" * 16
    assert effective_key(key(b"a" * 20)) == b"a" * 20


def test_all_first_characters() -> None:
    """The first character is one of four, whatever the salt."""
    packets = [seal_packet(key(), bytes([salt] * 8), VECTOR_PLAIN) for salt in range(256)]
    assert {packet[0] for packet in packets} == set(FIRST)
    assert decoded(PREFIX + packets[0][:-43])[:8] == b"Salted__"


@pytest.mark.parametrize("container", [b"", b"Salted__12345678", b"Salted__12345678" + bytes(15), bytes(48)])
def test_no_container(container: bytes) -> None:
    """Too short, not whole blocks, without its head."""
    with pytest.raises(NotAuthenticError):
        decrypt(key(), container)


def test_padding_is_judged_whole() -> None:
    """A stream mode without HMAC lets single bits be changed; a changed padding is refused."""
    container = bytearray(encrypt(key(mode=AesMode.CTR), VECTOR_SALT, b"0123456789"))
    assert decrypt(key(mode=AesMode.CTR), bytes(container)) == b"0123456789"
    for place in range(26, 32):
        for bit in range(8):
            changed = bytearray(container)
            changed[place] ^= 1 << bit
            try:
                plain = decrypt(key(mode=AesMode.CTR), bytes(changed))
            except NotAuthenticError:
                continue
            assert plain != b"0123456789"


@given(st.binary(min_size=1, max_size=200), st.sampled_from(HmacDigest))
def test_the_hmac_is_the_standard_one(secret: bytes, digest: HmacDigest) -> None:
    """RFC 2104, keys longer than a block too: as the standard library has it."""
    packet = seal_packet(key(hmac_key=secret, digest=digest), VECTOR_SALT, VECTOR_PLAIN)
    body, mac = packet[: -MAC_LENGTHS[digest]], packet[-MAC_LENGTHS[digest] :]
    assert decoded(mac) == hmac.digest(secret, PREFIX + body, digest.value)
