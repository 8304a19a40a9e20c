"""The frame of the table."""

import pytest

from portward.compile import names
from portward.compile.ir import Accept, DynamicSet, Is
from portward.compile.lower import lower
from portward.policy.policy import Mode, Policy, Sizes


@pytest.mark.parametrize("mode", list(Mode))
def test_an_empty_policy_still_makes_a_table(mode: Mode) -> None:
    """Nothing is guarded; in lockdown nobody gets in but those with a grant by hand."""
    table = lower(Policy(mode=mode))
    assert [chain.name for chain in table.chains if chain.hook] == [names.FIRST_LOOK, names.SECOND_LOOK]
    assert not table.maps


def test_loopback_comes_before_all() -> None:
    """A host must not lock its own programs out."""
    for chain in lower(Policy(mode=Mode.LOCKDOWN)).chains:
        if chain.hook:
            assert chain.rules[0].expressions == (Is.FROM_LOOPBACK, Accept())


def test_sets_have_the_sizes_of_the_policy() -> None:
    """Stages and mid-sequence, penalties, grants."""
    sizes = {
        each.name: each.size
        for each in lower(Policy(sizes=Sizes(stages=100, penalties=200, grants=300))).sets
        if isinstance(each, DynamicSet)
    }
    assert sizes["stages_v4"] == sizes["midway_v6"] == 100
    assert sizes["penalty_v4"] == 200
    assert sizes["trusted_v6"] == 300


def test_both_families_are_alike() -> None:
    """IPv6 does all that IPv4 does."""
    found = {each.name for each in lower(Policy()).sets}
    assert {name.replace("_v4", "_v6") for name in found} == {
        name.replace("_v4", "_v6") for name in found if "_v6" in name
    }
