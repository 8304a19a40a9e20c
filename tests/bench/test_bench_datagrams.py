"""Junk looks like what it should, and as much is sent as is said."""

from ipaddress import ip_address

import pytest

from lab.bench_datagrams import (
    FWKNOP_LENGTH,
    Rain,
    Volley,
    every_core,
    forged,
    like_fwknop,
    packet,
    stranger,
    with_word,
)
from lab.bench_place import Site, sites
from lab.frames import checksum, pseudo_header
from portward.spa.crypto import NotAuthenticError
from portward.spa.fwknop_base64 import ALPHABET
from portward.spa.fwknop_packet import open_packet
from portward.spa.sealed import KNOCK_BYTES, plausible, sieve_of


COUNTER = "table inet heard {\n\tcounter every { }\n\tchain first {\n\t\ttype filter hook prerouting priority -310;\n"
COUNTER += '\t\tudp dport 7 counter name "every" drop\n\t}\n}\n'


def heard(where: Site) -> int:
    """How many datagrams reached the gate."""
    said = where.gate.run("nft", "list", "counter", "inet", "heard", "every").stdout
    return int(said.split("packets ")[1].split()[0])


def test_junk_has_the_length_of_a_knock_and_passes_no_sieve() -> None:
    sieve = sieve_of(bytes(32))
    for each in (stranger(), with_word(b"the word")):
        assert len(each) == KNOCK_BYTES
        assert not plausible(sieve, each)
    assert with_word(b"the word").startswith(b"the word")


def test_junk_for_fwknop_is_like_its_packet() -> None:
    """All base64, and every first character that there is."""
    made = [like_fwknop() for _ in range(100)]
    assert {len(each) for each in made} == {FWKNOP_LENGTH}
    assert {each[:1] for each in made} == {b"8", b"9", b"+", b"/"}
    assert not b"".join(made).translate(None, ALPHABET)
    with pytest.raises(NotAuthenticError):
        open_packet(made[0], ())


def test_packets_carry_right_checksums() -> None:
    source = ip_address("10.64.0.9")
    made = packet(source, 7, b"payload")
    assert checksum(made[:20]) == 0
    assert checksum(pseudo_header(source, ip_address("198.51.100.1"), 17, 15) + made[20:]) == 0
    assert made.endswith(b"payload")


def test_every_packet_has_a_source_of_its_own() -> None:
    assert len({each[12:16] for each in forged(7, [b""] * 500)}) == 500


@pytest.mark.net
def test_all_that_is_sent_arrives() -> None:
    """By one volley round and round, by a rain that knows its end, and from every core."""
    with sites(1) as (where,):
        where.gate.nft(COUNTER)
        volley = Volley(where, forged(7, [b"x"] * 300))
        volley.send(700)
        assert volley.sent == heard(where) == 700
        with Rain(volley, rate=50_000, most=500) as rain:
            rain.join(5)
        assert volley.sent == heard(where) == 1200
        with every_core([volley]) as rains:
            while volley.sent < 2000:
                pass
        assert heard(where) == volley.sent
        assert rains[0].rate > 0
