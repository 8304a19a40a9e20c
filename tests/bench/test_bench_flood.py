"""How a flood is judged."""

import socket

from lab.bench_flood import Flood, answered, rows, targets
from lab.bench_visits import ARTICLE, PORTWARD


GOOD = Flood(packets=5_000_000, rate=650_000.0, visits=100, entered=100, opened=100, accidents=0, lost=0)
BAD = Flood(packets=400_000, rate=300_000.0, visits=100, entered=90, opened=95, accidents=2, lost=17)


def test_a_good_flood_keeps_both_promises() -> None:
    assert [each.reached for each in targets([GOOD, GOOD])] == [True, True]


def test_one_bad_flood_breaks_them() -> None:
    judged = targets([GOOD, BAD])
    assert [(each.reached, each.found) for each in judged] == [(False, "195 of 200"), (False, "2")]
    assert "400,000" in judged[1].promise


def test_lost_packets_are_not_hidden() -> None:
    good, accidents = rows(ARTICLE, "one source", BAD, GOOD)
    assert good.value == 95
    assert good.ratio == 0.95
    assert accidents.ratio is None
    assert (
        accidents.note
        == "in 400,000 packets, 300,000 a second; 17 packets lost before any rule; once open, it stays open"
    )


def test_our_own_rows_are_the_baseline() -> None:
    assert [(each.ratio, each.against) for each in rows(PORTWARD, "one source", GOOD, GOOD)] == [
        (1.0, ""),
        (1.0, ""),
    ]


def test_only_those_whose_patience_has_ended_are_sent_away() -> None:
    """A connection counts, a socket without one does not, and one that may still wait stays."""
    one, other = socket.socketpair()
    doorstep = [(1.0, one), (2.0, socket.socket()), (9.0, other)]
    assert answered(doorstep, 5.0) == 1
    assert doorstep == [(9.0, other)]
    assert answered(doorstep, 9.0) == 1
