"""How good knocks are made, waited for and judged."""

from pathlib import Path

import pytest

from lab.bench_daemon import keys
from lab.bench_grants import (
    FWKNOP,
    SEALED,
    Served,
    fwknop_packet,
    pass_row,
    passes,
    rows,
    sealed_knock,
    targets,
    until_all,
)
from portward.spa.fwknop_packet import open_packet
from portward.spa.sealed import plausible, sieve_of


GOOD = Served(sent=4000, opened=4000, seconds=2.0)
BAD = Served(sent=4000, opened=3999, seconds=2.0)


def test_good_knocks_are_genuine() -> None:
    assert plausible(sieve_of(keys().server.public), sealed_knock(7))
    assert str(open_packet(fwknop_packet(8), (keys().fwknop,)).address) == "10.32.0.9"


def test_only_new_lines_of_the_log_are_counted(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("p1: ssh open for 10.32.0.1 until 1\n")
    at = log.stat().st_size
    with log.open("a") as out:
        out.write("p2: ssh open for 10.32.0.2 until 1\np3: ssh open for 10.32.0.3 until 1\nrefused: 3 junk\n")
    assert list(until_all(log, at, 2)) == [2]


def test_a_rate_without_all_doors_keeps_no_promise() -> None:
    assert [each.reached for each in targets({SEALED: GOOD, FWKNOP: BAD})] == [True, False]
    slow = Served(4000, 4000, 4.1)
    assert [each.reached for each in targets({SEALED: slow})] == [False]


def test_sealed_knocks_are_the_baseline() -> None:
    sealed, fwknop = rows({SEALED: GOOD, FWKNOP: Served(100, 100, 0.1)})
    assert (sealed.value, sealed.against) == (2000, "")
    assert (fwknop.ratio, fwknop.against) == (0.5, SEALED)
    assert pass_row(5000.0, GOOD).ratio == 100


@pytest.mark.net
def test_every_pass_opens_when_it_is_measured() -> None:
    """Else it would be the cost of a drop."""
    assert passes() > 0
