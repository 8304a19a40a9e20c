from datetime import timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.simulate.router import script

from portward.compile.exact_matchers import Ground, alternatives, unfit
from portward.sources.routeros_matchers import (
    Content,
    IcmpIs,
    Matcher,
    PortIs,
    Range,
    Side,
    TcpFlags,
    TimeToLive,
)
from portward.sources.routeros_rules import Family


GROUND = Ground(Family.V4, {}, {})
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("matcher", "plain", "negated"),
    [
        (PortIs(Side.DESTINATION, (Range(1, 3), Range(4, 5))), [["th dport 1-5"]], [["th dport != 1-5"]]),
        (PortIs(Side.SOURCE, (Range(7, 7),)), [["th sport 7"]], [["th sport & 0xffff != 7"]]),
        (
            IcmpIs(3, Range(0, 4)),
            [["icmp type 3", "icmp code 0-4"]],
            [["icmp type != 3"], ["icmp type 3", "icmp code != 0-4"]],
        ),
        (
            TcpFlags(frozenset({"syn", "ece"}), frozenset({"ack"})),
            [["tcp flags & (ecn | syn | ack) == (ecn | syn)"]],
            [["tcp flags & (ecn | syn | ack) != (ecn | syn)"]],
        ),
        (TcpFlags(frozenset(), frozenset()), [[]], []),
        (TcpFlags(frozenset({"syn"}), frozenset({"syn"})), [], [[]]),
        (TimeToLive("less-than", 5), [["ip ttl < 5"]], [["ip ttl >= 5"]]),
        (TimeToLive("less-than", 0), [], [[]]),
    ],
)
def test_a_matcher_and_its_opposite(
    matcher: Matcher, plain: list[list[str]], negated: list[list[str]]
) -> None:
    assert [list(each) for each in alternatives(matcher, GROUND)] == plain
    assert [list(each) for each in alternatives(attrs.evolve(matcher, negated=True), GROUND)] == negated


def test_no_two_negated_ports_stand_side_by_side_as_nft_would_join_them() -> None:
    """Nft 1.0.6 reads `th sport != 1 th dport != 1` as "not both"."""
    (row,) = alternatives(PortIs(Side.EITHER, (Range(7, 7),), negated=True), GROUND)
    assert row == ("th sport & 0xffff != 7", "th dport & 0xffff != 7")


def test_content_can_be_told_where_it_is_the_whole_payload() -> None:
    whole = script("add chain=input protocol=udp packet-size=34 content=mellon action=drop").rules[0]
    part = script("add chain=input protocol=udp packet-size=35 content=mellon action=drop").rules[0]
    assert [unfit(each, whole) for each in whole.matchers] == [""] * 3
    assert any(unfit(each, part) for each in part.matchers)


@given(st.binary(min_size=1, max_size=40))
def test_a_payload_is_compared_in_pieces_of_sixteen_bytes(word: bytes) -> None:
    (row,) = alternatives(Content(word), GROUND)
    assert bytes.fromhex("".join(each.split(" 0x")[1] for each in row)) == word
    assert len(alternatives(Content(word, negated=True), GROUND)) == len(row)
