"""Who takes part, and how a stray's cost is judged."""

import pytest

from lab.bench_packets import BARE, BARE_V6, contestants, ours, targets
from lab.bench_packets import figure as row


@pytest.mark.parametrize("quick", [True, False])
def test_everybody_has_a_name_and_a_baseline_of_the_same_packets(*, quick: bool) -> None:
    found = {each.name: each for each in contestants(quick=quick)}
    assert len(found) == len(list(contestants(quick=quick)))
    for who in found.values():
        if who.against:
            base = found[who.against]
            assert (base.protocol, base.version) == (who.protocol, who.version)
            assert not base.against


def test_the_whole_run_has_what_the_table_promises() -> None:
    names = {each.name for each in contestants(quick=False)}
    assert {ours(count) for count in (1, 100, 1000, 10000)} <= names
    assert BARE_V6 in names


@pytest.mark.parametrize(
    ("thousand", "reached"), [(1.1, [True, True]), (1.2, [False, True]), (1.6, [False, False])]
)
def test_targets_are_ratios(thousand: float, reached: list[bool]) -> None:
    values = {BARE: [1000.0], ours(1): [1000.0], ours(1000): [1000.0 * thousand]}
    assert [each.reached for each in targets(values)] == reached


def test_a_row_says_what_it_is_compared_with() -> None:
    who = next(each for each in contestants(quick=True) if each.name == ours(1))
    found = row(who, {BARE: [1000.0, 1000.0], ours(1): [1400.0, 1600.0]})
    assert (found.value, found.ratio, found.against) == (1500.0, 1.5, BARE)
