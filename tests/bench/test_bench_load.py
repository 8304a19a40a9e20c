"""How loading is reported and judged, and what the client's start is compared with."""

import sys

from lab.bench_load import rows, start_time, targets


def test_ten_sequences_are_the_baseline() -> None:
    ten, thousand = rows("compile", {10: 0.002, 1000: 0.2})
    assert (ten.value, ten.against) == (2.0, "")
    assert (thousand.value, thousand.ratio, thousand.against) == (200.0, 100.0, "10 sequences")


def test_promises_are_in_seconds() -> None:
    assert [each.reached for each in targets(2.9, 10.1)] == [True, False]


def test_a_start_takes_some_time() -> None:
    assert start_time([sys.executable, "-S", "-c", "pass"]) > 0
