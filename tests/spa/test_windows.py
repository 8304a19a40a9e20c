from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.spa.windows import EPOCH, counting, counts, window_at


TEN = timedelta(minutes=10)
MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis
LENGTHS = st.integers(120, 3600).map(lambda seconds: timedelta(seconds=seconds))


def test_windows_are_counted_from_the_epoch() -> None:
    assert window_at(EPOCH, TEN) == 0
    assert window_at(EPOCH + timedelta(minutes=9, seconds=59), TEN) == 0
    assert window_at(EPOCH + TEN, TEN) == 1
    assert window_at(datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC), TEN) == 1_700_000_000 // 600


def test_the_zone_that_a_moment_is_written_in_does_not_matter() -> None:
    now = datetime(2024, 2, 29, 23, 59, tzinfo=UTC)
    assert window_at(now.astimezone(timezone(timedelta(hours=14))), TEN) == window_at(now, TEN)


def test_a_window_counts_from_half_before_to_half_after() -> None:
    assert counts(6, TEN) == (EPOCH + timedelta(minutes=55), EPOCH + timedelta(minutes=75))


@pytest.mark.parametrize(
    ("minutes", "windows"), [(60, (6, 5)), (64.99, (6, 5)), (65, (6, 7)), (69.99, (6, 7)), (70, (7, 6))]
)
def test_the_current_window_comes_first(minutes: float, windows: tuple[int, int]) -> None:
    assert counting(EPOCH + timedelta(minutes=minutes), TEN) == windows


@given(MOMENTS, LENGTHS)
def test_at_every_moment_exactly_those_two_count(now: datetime, length: timedelta) -> None:
    current = window_at(now, length)
    alive = {
        window
        for window in range(current - 3, current + 4)
        if counts(window, length)[0] <= now < counts(window, length)[1]
    }
    assert alive == set(counting(now, length))
    assert counting(now, length)[0] == current
