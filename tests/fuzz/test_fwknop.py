"""Any datagram is a packet or NotAuthenticError; nothing else is ever raised, and no damaged packet is opened.

`PORTWARD_FUZZ_FWKNOP` sets how many inputs there are (default: 200,000).
"""

import hashlib
import os
from random import Random

import attrs
import pytest
from tests.spa.fwknop_cases import VECTOR_MESSAGE, key

from portward.policy.net import Protocol
from portward.spa.crypto import AesMode, NotAuthenticError
from portward.spa.fwknop_base64 import ALPHABET, encoded
from portward.spa.fwknop_cipher import seal_packet
from portward.spa.fwknop_fields import Message, read_fields, write_fields
from portward.spa.fwknop_packet import open_packet, write_packet
from portward.spa.fwknop_request import Kind
from portward.spa.keyring import HmacDigest


INPUTS = int(os.environ.get("PORTWARD_FUZZ_FWKNOP", "200000"))
SEEDS = 10

KEYS = [
    key(),
    key(digest=HmacDigest.SHA3_512, mode=AesMode.CTR),
    key(b"other", digest=HmacDigest.MD5, mode=AesMode.CFB),
    key(b"bare", hmac_key=b""),
    key(b"old", hmac_key=b"", legacy=True),
]
"""What a gate might have, packets without HMAC included, so that the decryption behind is reached."""

MESSAGES = [
    VECTOR_MESSAGE,
    attrs.evolve(VECTOR_MESSAGE, kind=Kind.NAT, nat=("inner.example", 80), timeout=None),
    attrs.evolve(VECTOR_MESSAGE, kind=Kind.LOCAL_NAT, nat=("10.0.0.2", 8022), address=None),
    attrs.evolve(VECTOR_MESSAGE, wanted=((Protocol.TCP, 22), (Protocol.UDP, 53)), timeout=None),
]

PIECES = [
    b":", b"=", b"+", b"/", b",", b"\0", b"\n", b"\xff", b"U2FsdGVkX1", b"8", b"9", b"0", b"-1", b"3.0.0", b"65537",
    b"99999999999999999999", encoded(b"0.0.0.0,tcp/22"), encoded(b"1.2.3.4,none/0"), encoded(b"::1,tcp/1"),
    encoded(b"a,tcp/22"), encoded(b"\xff"), b"YR", b"\xd9\xa2", b"", b"::",
]  # fmt: skip


def mangled(chance: Random, content: bytes) -> bytes:
    """A few pieces put in, taken out, doubled or exchanged."""
    text = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.choice((0, 1, 1, 4, 30)))
        text[start:end] = chance.choice(
            (b"", chance.choice(PIECES), bytes(text[start:end]) * 2, chance.randbytes(1))
        )
    return bytes(text)


def attempt(datagram: bytes) -> bool:
    """Whether it is opened; the one error is the one way not to be."""
    try:
        open_packet(datagram, KEYS)
    except NotAuthenticError:
        return False
    return True


def noise(chance: Random) -> bytes:
    """A datagram of any bytes, of the alphabet, or one that begins as a packet does."""
    length = chance.choice((chance.randint(0, 1500), chance.randint(140, 399)))
    if chance.random() < 0.3:
        return chance.randbytes(length)
    start = chance.choice((b"8", b"9", b"+", b"/", b"U2FsdGVkX1", b"", b"hQ"))
    return start + bytes(chance.choices(ALPHABET, k=length))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_any_datagram(seed: int) -> None:
    """Noise, and real packets that were damaged: refused, every one, unless the damage undid itself."""
    chance = Random(seed)
    real = [
        (write_packet(each, message, salt=chance.randbytes(8), number="1234567890123456"))
        for each in KEYS
        for message in MESSAGES
    ]
    assert all(map(attempt, real))
    for _ in range(INPUTS * 7 // 10 // SEEDS):
        datagram = noise(chance) if chance.random() < 0.3 else mangled(chance, chance.choice(real))
        assert datagram in real or not attempt(datagram)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_any_text_under_a_right_digest(seed: int) -> None:
    """The fields behind all cryptography: what is read can be written, and then says the same."""
    chance = Random(seed)
    texts = [write_fields(each, "1234567890123456").rpartition(b":")[0] for each in MESSAGES]
    for _ in range(INPUTS * 2 // 10 // SEEDS):
        fields = mangled(chance, chance.choice(texts))
        try:
            message = read_fields(fields + b":" + encoded(hashlib.sha256(fields).digest()))
        except NotAuthenticError:
            continue
        assert written_again(message) == message


def written_again(message: Message) -> Message:
    """A message, written and read; a command cannot be written and is given back."""
    return message if message.kind is Kind.COMMAND else read_fields(write_fields(message, "1" * 16))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_any_text_in_a_right_container(seed: int) -> None:
    """Whoever has the key can seal anything."""
    chance = Random(seed)
    plain = write_fields(MESSAGES[0], "1234567890123456")
    for _ in range(INPUTS // 10 // SEEDS):
        text = mangled(chance, plain) if chance.random() < 0.7 else chance.randbytes(chance.randint(0, 280))
        attempt(seal_packet(chance.choice(KEYS), chance.randbytes(8), text))
