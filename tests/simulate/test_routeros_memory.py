from datetime import timedelta
from ipaddress import IPv4Address

from hypothesis import given
from hypothesis import strategies as st

from portward.simulate.routeros_memory import (
    FOREVER,
    MOST_SCANNERS,
    AddressList,
    Bucket,
    Lasting,
    Memory,
    Scanners,
    merged,
)
from portward.sources.routeros_matchers import PortScan
from portward.sources.routeros_rules import Family


ONE = IPv4Address("192.0.2.1")
SCAN = PortScan(21, timedelta(seconds=3), 3, 1)


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 5)).map(lambda pair: (pair[0], sum(pair)))),
    st.integers(0, 70),
)
def test_an_address_is_static_if_any_range_covers_it(ranges: list[tuple[int, int]], number: int) -> None:
    there = AddressList(static=merged(ranges))
    assert there.is_static(IPv4Address(number)) == any(low <= number <= high for low, high in ranges)


def test_a_network_with_an_end_is_renewed_for_all_its_addresses() -> None:
    """Lookup is by containment: no entry of its own is made for the address."""
    there = AddressList(lasting=[Lasting(IPv4Address("192.0.2.0"), IPv4Address("192.0.2.255"), 10.0)])
    there.add(ONE, 5.0, 60.0)
    assert not there.hosts
    assert there.holds(IPv4Address("192.0.2.200"), 64.0)
    assert not there.holds(ONE, 65.0)


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0.1, 5)), max_size=8))
def test_the_last_add_alone_tells_the_end(adds: list[tuple[float, float]]) -> None:
    there, now, end = AddressList(), 0.0, 0.0
    for step, seconds in adds:
        now += step
        there.add(ONE, now, seconds)
        end = now + seconds
    assert not adds or there.members(now) == {ONE: end}
    assert not there.holds(ONE, end)


@given(st.integers(1, 10), st.floats(0.1, 10), st.lists(st.floats(0, 3), min_size=1, max_size=60))
def test_a_bucket_gives_no_more_than_its_burst_and_what_came_back(
    burst: int, rate: float, steps: list[float]
) -> None:
    bucket, now, taken = Bucket(burst, 0.0), 0.0, 0
    for step in steps:
        now += step
        taken += bucket.take(now, rate, burst)
    assert taken <= burst + now * rate + 1e-6


def test_a_bucket_starts_full_and_fills_up() -> None:
    bucket = Bucket(2, 0.0)
    assert [bucket.take(now, 1.0, 2) for now in (0, 0, 0, 1, 1, 9, 9, 9)] == [
        True,
        True,
        False,
        True,
        False,
        True,
        True,
        False,
    ]


def test_a_scanner_is_known_by_new_ports_that_come_soon_enough() -> None:
    table = Scanners()
    assert [table.sees(ONE, port, 0.0, SCAN) for port in range(1, 8)] == [False] * 6 + [True]
    assert not table.sees(ONE, 3, 1.0, SCAN)
    assert table.sees(ONE, 5000, 3.0, SCAN)
    assert not table.sees(ONE, 5001, 6.1, SCAN)


def test_high_ports_weigh_what_they_weigh() -> None:
    table = Scanners()
    assert [table.sees(ONE, 5000 + port, 0.0, SCAN) for port in range(21)] == [False] * 20 + [True]


def test_the_table_of_scanners_forgets_the_oldest() -> None:
    table = Scanners()
    for number in range(MOST_SCANNERS + 1):
        table.sees(IPv4Address(number), 1, 0.0, SCAN)
    assert len(table.table) == MOST_SCANNERS
    assert IPv4Address(0) not in table.table


def test_a_copy_changes_by_itself() -> None:
    memory = Memory()
    copied = memory.copy()
    copied.list(Family.V4, "a").add(ONE, 0.0, FOREVER)
    assert not memory.list(Family.V4, "a").holds(ONE, 0.0)
