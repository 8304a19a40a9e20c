"""Ratios, spellings and the layout of the bench's table."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.bench_table import (
    Figure,
    Report,
    Target,
    as_object,
    interleaved,
    lay_out,
    quotient,
    ratio_of,
    share,
    spell_value,
)


REPORT = Report(
    facts={"kernel": "Linux 6.18"},
    figures=[
        Figure("strays", "bare drop", 1500.4, "ns"),
        Figure("strays", "portward", 2250.0, "ns", 1.5, "bare drop", "strict"),
        Figure("floods", "opened by accident", 3.0, "times", None, "portward"),
    ],
    targets=[
        Target("at most 1.5", "x1.50", reached=True),
        Target("at most 1.1 of one", "x1.20", reached=False),
    ],
)

TABLE = """\
kernel: Linux 6.18

what                  figure  ratio               note
------------------  --------  ------------------  ------
[strays]
bare drop           1,500 ns  baseline
portward            2,250 ns  x1.50 of bare drop  strict
[floods]
opened by accident   3 times  -

reached      at most 1.5         x1.50
NOT REACHED  at most 1.1 of one  x1.20"""


def test_the_table_is_laid_out_like_this() -> None:
    assert lay_out(REPORT) == TABLE


def test_the_object_holds_the_same_as_the_table() -> None:
    found = json.loads(json.dumps(as_object(REPORT)))
    assert found["figures"][1]["ratio"] == 1.5
    assert [each["reached"] for each in found["targets"]] == [True, False]
    assert found["facts"] == {"kernel": "Linux 6.18"}


def test_rounds_are_interleaved() -> None:
    """A B A B, not A A B B: a slow minute hits both."""
    order: list[str] = []

    def note(name: str) -> float:
        order.append(name)
        return float(len(order))

    found = interleaved({"a": lambda: note("a"), "b": lambda: note("b")}, 2)
    assert order == ["a", "b", "a", "b"]
    assert found == {"a": [1.0, 3.0], "b": [2.0, 4.0]}


def test_a_ratio_is_taken_round_by_round() -> None:
    """One round in which the machine slept for both changes nothing; medians of each side alone would be 2.5 apart."""
    assert ratio_of([2.0, 200.0, 2.2], [1.0, 100.0, 1.0]) == 2.0


@given(st.lists(st.floats(1, 1e6), min_size=1, max_size=20), st.floats(0.1, 10))
def test_a_ratio_of_multiples_is_the_factor(baseline: list[float], factor: float) -> None:
    assert ratio_of([each * factor for each in baseline], baseline) == pytest.approx(factor)


def test_nothing_is_no_baseline() -> None:
    assert ratio_of([1.0], [0.0]) is None
    assert quotient(1, 0) is None
    assert share(1, 0) == 0


def test_rounds_must_pair_up() -> None:
    with pytest.raises(ValueError, match="2 values and 1"):
        ratio_of([1.0, 2.0], [1.0])


@pytest.mark.parametrize(
    ("value", "spelled"),
    [(2.345, "2.35 ms"), (23.45, "23.4 ms"), (2345.6, "2,346 ms"), (100.0, "100 ms"), (0.0, "0 ms")],
)
def test_numbers_are_as_precise_as_they_deserve(value: float, spelled: str) -> None:
    assert spell_value(value, "ms") == spelled
