from datetime import timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.simulate.router import knocker

from portward.simulate.passage import Passage
from portward.simulate.routeros_matchers import Look, fits
from portward.simulate.routeros_memory import Memory
from portward.sources.routeros_matchers import (
    ConnectionLimit,
    Content,
    Dscp,
    DstLimit,
    IcmpIs,
    Limit,
    Matcher,
    NatStateIs,
    Nth,
    PortIs,
    Random,
    Range,
    Side,
    SourceMac,
    TcpFlags,
    TimeToLive,
)
from portward.sources.routeros_rules import Family


def look(passage: Passage, memory: Memory | None = None, now: float = 0.0, dice: float = 0.0) -> Look:
    """One look at a packet."""
    return Look(passage, Family.V4, memory or Memory(), now, lambda: dice, 0, {}, {})


TCP = knocker("tcp/22 from 4000")
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    "matcher",
    [
        PortIs(Side.SOURCE, (Range(1, 10), Range(4000, 4000))),
        PortIs(Side.EITHER, (Range(22, 22),)),
        TcpFlags(frozenset({"syn"}), frozenset({"ack"})),
        TimeToLive("greater-than", 63),
        TimeToLive("not-equal", 63),
        Dscp(0),
        SourceMac(""),
        Nth(2, 1),
        Random(1),
        Limit(1, SECOND, 1),
        DstLimit(1, SECOND, 1, "addresses-and-dst-port", SECOND),
        ConnectionLimit(0, 24),
    ],
    ids=str,
)
def test_a_matcher_that_fits_does_not_fit_when_it_is_negated(matcher: Matcher) -> None:
    assert fits(matcher, look(TCP))
    assert not fits(attrs.evolve(matcher, negated=True), look(TCP))


@pytest.mark.parametrize(
    "matcher",
    [PortIs(Side.SOURCE, (Range(1, 2),)), TcpFlags(frozenset(), frozenset()), IcmpIs(8)],
    ids=lambda matcher: type(matcher).__name__,
)
@pytest.mark.parametrize("negated", [False, True])
def test_what_asks_for_a_header_fits_no_packet_without_it(matcher: Matcher, *, negated: bool) -> None:
    other = knocker("udp/1 from 7") if isinstance(matcher, TcpFlags | IcmpIs) else knocker("icmp/99")
    assert not fits(attrs.evolve(matcher, negated=negated), look(other))


@given(st.integers(0, 65535), st.integers(0, 65535), st.booleans())
def test_either_port_may_fit_and_negated_neither_may(source: int, port: int, negated: bool) -> None:  # noqa: FBT001
    ranges = (Range(100, 30000),)
    packet = attrs.evolve(TCP.packet, source_port=source, destination_port=port)
    found = fits(PortIs(Side.EITHER, ranges, negated), look(attrs.evolve(TCP, packet=packet)))
    assert found == ((source in ranges[0] or port in ranges[0]) != negated)


def test_each_nth_packet_fits_from_its_own_on() -> None:
    memory = Memory()
    assert [fits(Nth(3, 2), look(TCP, memory)) for _ in range(6)] == [False, True, False] * 2


@given(st.floats(0, 0.999), st.integers(1, 99))
def test_random_fits_by_the_dice(dice: float, percent: int) -> None:
    assert fits(Random(percent), look(TCP, dice=dice)) == (dice * 100 < percent)


def test_dst_limit_has_a_bucket_for_each_source_that_is_forgotten_when_unused() -> None:
    matcher = DstLimit(1, timedelta(hours=1), 1, "src-address", timedelta(seconds=10))
    memory = Memory()
    other = knocker("tcp/22", source="192.0.2.9")
    assert fits(matcher, look(TCP, memory, 0))
    assert fits(matcher, look(other, memory, 0))
    assert not fits(matcher, look(TCP, memory, 9))
    assert not fits(matcher, look(TCP, memory, 18))
    assert fits(matcher, look(TCP, memory, 28))


def test_connection_limit_counts_connections_and_not_packets() -> None:
    memory = Memory()
    matcher = ConnectionLimit(1, 32)
    assert [fits(matcher, look(knocker(f"tcp/22 from {port}"), memory)) for port in (1, 1, 2, 2)] == [
        False,
        False,
        True,
        True,
    ]


def test_content_is_looked_for_anywhere_in_the_payload() -> None:
    packet = knocker('udp/7 "the word mellon, friend"')
    assert fits(Content(b"mellon"), look(packet))
    assert not fits(Content(b"Mellon"), look(packet))


def test_a_translated_connection_is_known_by_how_it_is_translated() -> None:
    translated = attrs.evolve(TCP, translated=frozenset({"dstnat"}))
    assert fits(NatStateIs(frozenset({"dstnat", "srcnat"})), look(translated))
    assert not fits(NatStateIs(frozenset({"srcnat"})), look(translated))
