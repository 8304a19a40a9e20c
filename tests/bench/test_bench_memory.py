"""How full sets are reported."""

from lab.bench_memory import cost_rows, memory_rows


def test_sets_that_were_not_full_are_not_called_so() -> None:
    assert "full: one more visitor is refused" in memory_rows(1000, 0.1, 0.2, 0, refused=True)[1].note
    assert "NOT full" in memory_rows(1000, 0.1, 0.2, 0, refused=False)[1].note


def test_memory_is_told_for_each_source() -> None:
    base, ours = memory_rows(1_000_000, 80.0, 160.0, 5, refused=True)
    assert base.note == "80 bytes each"
    assert ours.ratio == 2.0
    assert ours.note.startswith("160 bytes each; 5 packets lost")


def test_full_is_compared_with_empty_round_by_round() -> None:
    _, full = cost_rows({"empty": [100.0, 1000.0, 100.0], "full": [110.0, 1100.0, 110.0]})
    assert full.ratio is not None
    assert round(full.ratio, 6) == 1.1
