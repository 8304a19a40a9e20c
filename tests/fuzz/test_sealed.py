"""Any datagram at the port of sealed knocks opens a door that its key's person may have opened, or is refused.

Each test takes `PORTWARD_FUZZ_INPUTS` inputs, where that is set: ten million by hand, a few ten thousand otherwise.
"""

import os
from hashlib import blake2s
from random import Random

from tests.spa.gates import CLIENTS, GATE, HOME, NOW, SERVER, STRANGER

from portward.spa.crypto import NotAuthenticError
from portward.spa.effects import Refusal, Refuse
from portward.spa.memory import Memory
from portward.spa.receiver import receive_sealed
from portward.spa.request import TEXT_BYTES, Request, pack, unpack
from portward.spa.sealed import KNOCK_BYTES, open_plausible, plausible


KNOCKS = tuple(
    each.knock(request, ephemeral=number)
    for number, each in enumerate((*CLIENTS.values(), STRANGER))
    for request in (Request(), Request(("ssh", "web"), address=HOME))
)

PIECES = (
    b"",
    b"\0",
    b"\xff",
    bytes(16),
    b"\xff" * 32,
    b"ssh,",
    b",",
    b"\x40",
    *(knock[:60] for knock in KNOCKS[:4]),
)


def inputs(usual: int) -> int:
    """How many inputs a test takes."""
    return int(os.environ.get("PORTWARD_FUZZ_INPUTS", usual))


def mangled(chance: Random, seed: bytes) -> bytes:
    """A datagram with a bit, a byte or a piece altered, put in or taken out, or cut off; never the seed itself."""
    datagram = bytearray(seed)
    while datagram == seed:
        for _ in range(chance.choice((1, 1, 2, 5))):
            at = chance.randrange(len(datagram) + 1)
            match chance.randrange(8):
                case 0 | 1 | 2 if at < len(datagram):
                    datagram[at] ^= 1 << chance.randrange(8)
                case 3 | 4 if at < len(datagram):
                    datagram[at] = chance.randrange(256)
                case 5:
                    piece = chance.choice(PIECES)
                    datagram[at : at + len(piece)] = piece
                case 6:
                    del datagram[at:]
                case _:
                    datagram[at:at] = chance.randbytes(
                        chance.choice((1, 8, KNOCK_BYTES - len(datagram) & 0xFF))
                    )
    return bytes(datagram)


def tagged(datagram: bytes) -> bytes:
    """The datagram, of the right length and with the tag that everybody can make who knows the gate's public key."""
    datagram = datagram[:KNOCK_BYTES].ljust(KNOCK_BYTES, b"\x5a")
    tag = blake2s(datagram[:8] + datagram[24:], key=GATE.sieve.key, digest_size=16).digest()
    return datagram[:8] + tag + datagram[24:]


def test_mangled_knocks_are_junk() -> None:
    """Whoever alters a knock without knowing the gate's public key is refused by the cheap test."""
    chance, memory = Random(62001), Memory()
    for _ in range(inputs(300_000)):
        effects = receive_sealed(GATE, memory, mangled(chance, chance.choice(KNOCKS)), HOME, NOW)
        assert effects == (Refuse(Refusal.JUNK),)
    assert memory == Memory()


def test_mangled_knocks_with_good_tags_are_not_genuine() -> None:
    """Whoever knows the gate's public key, but no static key, is refused by Noise."""
    chance, memory = Random(62002), Memory()
    for _ in range(inputs(20_000)):
        datagram = tagged(mangled(chance, chance.choice(KNOCKS)))
        if datagram in KNOCKS:  # only its tag was altered
            continue
        assert receive_sealed(GATE, memory, datagram, HOME, NOW) == (Refuse(Refusal.NOT_GENUINE),)
    assert memory == Memory()


def test_any_bytes_are_opened_or_refused_with_the_one_error() -> None:
    """The two halves of the decoder by themselves: nothing but `NotAuthenticError` comes out."""
    chance = Random(62003)
    for _ in range(inputs(20_000)):
        datagram = chance.randbytes(
            chance.choice((0, 1, 8, 24, 119, 231, KNOCK_BYTES, KNOCK_BYTES, 233, 1400))
        )
        assert not plausible(GATE.sieve, datagram)
        try:
            open_plausible(SERVER, GATE.keys, datagram)
        except NotAuthenticError:
            continue
        raise AssertionError(datagram.hex())


def test_any_text_of_somebody_with_a_key_is_a_request_or_a_value_error() -> None:
    """What is inside, as a program of somebody's own might write it: one text, one request."""
    chance = Random(62004)
    seeds = [
        pack(request, 1_700_000_000 * 10**9) for request in (Request(), Request(("ssh", "web"), address=HOME))
    ]
    for _ in range(inputs(200_000)):
        text = mangled(chance, chance.choice(seeds))
        text = text if chance.randrange(4) == 0 else text[:TEXT_BYTES].ljust(TEXT_BYTES, b"\0")
        try:
            request, sent = unpack(text)
        except ValueError:
            continue
        assert pack(request, sent) == text
