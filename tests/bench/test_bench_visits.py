"""How visits are reported."""

from lab.bench_visits import KNOCKD, PORTWARD, Visits, figure, visitor


def test_every_visitor_has_an_address_of_its_own() -> None:
    assert len({visitor(number) for number in range(65535)}) == 65535


def test_those_who_got_in_later_do_not_count() -> None:
    ours = figure(PORTWARD, Visits(1000, 1000, 0), Visits(1000, 1000, 0))
    theirs = figure(KNOCKD, Visits(1000, 10, 900), Visits(1000, 1000, 0))
    assert (ours.value, ours.against, ours.note) == (100.0, "", "1,000 of 1,000")
    assert (theirs.value, theirs.ratio) == (1.0, 0.01)
    assert theirs.note == "10 of 1,000; 900 more 50 ms later"
