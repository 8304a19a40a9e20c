"""What a packet costs: whose time is counted."""

from pathlib import Path

import pytest

from lab.bench_pump import cpu_time, find_thread


def test_a_thread_is_found_by_its_name(tmp_path: Path) -> None:
    """Processes that are gone meanwhile are passed over."""
    for number, name in ((7, "bash"), (12, "ksoftirqd/1")):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "comm").write_text(f"{name}\n")
    places = [tmp_path / "5" / "comm", *tmp_path.glob("*/comm")]
    assert find_thread("ksoftirqd/1", places) == 12
    assert find_thread("ksoftirqd/0", places) is None


@pytest.mark.parametrize("process", [None, 2**22 + 1])
def test_a_process_that_nobody_counts_costs_nothing(process: int | None) -> None:
    assert cpu_time(process) == 0
