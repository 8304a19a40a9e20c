import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pytest
from tests.knock.keyed_profiles import TOKEN

from portward.errors import HostError, PeerError
from portward.knock.pass_counter import FILE_NAME, hand_out
from portward.spa.passes import pass_of
from portward.spa.windows import window_at


NOW = datetime(2026, 11, 27, 12, 1, tzinfo=UTC)
WINDOW = window_at(NOW, TOKEN.window)


def counters(count: int, directory: Path, now: datetime = NOW) -> list[tuple[int, int]]:
    """Window, counted from the first one here, and counter of each pass."""
    return [(each.window - WINDOW, each.counter) for each in hand_out(TOKEN, count, directory, now)]


def test_no_pass_is_handed_out_twice(tmp_path: Path) -> None:
    """Four of this window, then four of the neighbour that counts too, then none."""
    assert counters(1, tmp_path) == [(0, 0)]
    assert counters(3, tmp_path) == [(0, 1), (0, 2), (0, 3)]
    assert counters(4, tmp_path) == [(-1, each) for each in range(4)]
    with pytest.raises(PeerError, match=r"no pass is left; the next ones count from 12:05:00 UTC on"):
        counters(1, tmp_path)


def test_where_too_few_are_left_none_is_used_up(tmp_path: Path) -> None:
    counters(7, tmp_path)
    with pytest.raises(PeerError, match="only one pass is left"):
        counters(2, tmp_path)
    assert counters(1, tmp_path) == [(-1, 3)]


def test_passes_of_both_windows_that_count_are_good_and_those_of_the_past_are_forgotten(
    tmp_path: Path,
) -> None:
    counters(8, tmp_path)
    later = NOW + timedelta(minutes=5)
    assert counters(4, tmp_path, later) == [(1, each) for each in range(4)]
    counters(1, tmp_path, NOW + timedelta(minutes=30))
    assert f'"{WINDOW}"' not in (tmp_path / FILE_NAME).read_text()


def test_a_pass_is_what_the_gate_makes_too(tmp_path: Path) -> None:
    (only,) = hand_out(TOKEN, 1, tmp_path, NOW)
    assert only.secret == pass_of(TOKEN.secret, TOKEN.server, WINDOW, 0)
    assert only.first == datetime(2026, 11, 27, 11, 55, tzinfo=UTC)
    assert only.last == datetime(2026, 11, 27, 12, 15, tzinfo=UTC)
    assert only.secret.hex() not in (tmp_path / FILE_NAME).read_text()


def test_tokens_are_told_apart_by_what_they_are_made_of(tmp_path: Path) -> None:
    counters(8, tmp_path)
    other = attrs.evolve(TOKEN, secret=b"\4" * 32)
    assert len(hand_out(other, 8, tmp_path, NOW)) == 8


@pytest.mark.parametrize("text", ["x", "[]", '{"a": 1}', '{"a": {"x": 1}}', '{"a": {"1": "2"}}'])
def test_a_damaged_file_is_told(tmp_path: Path, text: str) -> None:
    counters(1, tmp_path)
    (tmp_path / FILE_NAME).write_text(text)
    with pytest.raises(HostError, match="is damaged"):
        counters(1, tmp_path)


def test_two_at_once_never_get_the_same_pass(tmp_path: Path) -> None:
    script = (
        "from tests.knock.test_pass_counter import *\n"
        f"for _ in range(4): print(*[each.counter + 10 * (each.window - WINDOW) for each in hand_out(TOKEN, 1, "
        f"Path({str(tmp_path)!r}), NOW)])"
    )
    path = "src:."
    running = [
        subprocess.Popen(
            [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": path}
        )
        for _ in range(2)
    ]
    found = [line for each in running for line in each.communicate(timeout=60)[0].split()]
    assert len(set(found)) == 8
