"""Rolling sequences: the rules of a step, which are the same for everybody."""

from datetime import timedelta

import attrs
import pytest
from tests.compile.keyed import ALICE, chain, has_chain, policy

from portward.compile.ir import VerdictMap
from portward.compile.knocks import longest_step
from portward.compile.nft import compile_policy
from portward.compile.rolling import chains, entries, maps, of, sets
from portward.policy.notation import read_knock
from portward.policy.people import Passes, Rolling, Ways
from portward.policy.policy import Policy, Sequence, Sizes


WAY = Rolling(20000, 24999, knocks=3, step_timeout=timedelta(seconds=7))
ROLLING = Ways(rolling=WAY)
ONCE = Ways(rolling=attrs.evolve(WAY, once=True))


def test_ports_are_looked_up_behind_all_that_stands_still() -> None:
    look = chain(policy(ROLLING), "to_us")
    assert look.index("vmap @ports") < look.index("jump rolling") < look.index("goto stray")


def test_each_window_leads_from_the_port_to_the_place() -> None:
    rules = chain(policy(ROLLING), "rolling")
    for window in ("windows_even", "windows_odd"):
        assert (
            f"meta mark set meta time map @{window} meta mark set meta mark . meta l4proto . th dport "
            "map @rolling_knocks meta mark & 0x0000000f vmap @rolling_steps"
        ) in rules
    assert rules.endswith("meta mark set 0x00000000")


def test_a_place_for_each_knock() -> None:
    kept = policy(ROLLING)
    (steps,) = (each for each in maps(kept) if isinstance(each, VerdictMap))
    assert [key for key, _ in steps.elements] == [(0,), (1,), (2,)]
    assert [each.name for each in chains(kept, WAY.step_timeout)] == [
        "rolling",
        "rolling_0",
        "rolling_1",
        "rolling_2",
        "rolled",
    ]


def test_the_first_knock_needs_nothing_and_is_no_stray() -> None:
    rules = chain(policy(ROLLING), "rolling_0")
    assert "{ ip saddr != @penalty_v4 update @midway_v4" in rules.replace('comment "knock 1 of 3" ', "")
    assert "stray" not in rules


def test_mid_sequence_is_noted_before_the_stage() -> None:
    """At a full set the rule breaks off: no stage without a place in mid-sequence."""
    rules = chain(policy(ROLLING), "rolling_1")
    assert (
        "ip saddr . meta mark @rolling_stages_v4 ip saddr != @penalty_v4 update @midway_v4 { ip saddr timeout 7s } "
        "meta mark set meta mark & 0xfffffff0 | 0x00000002 "
        "update @rolling_stages_v4 { ip saddr . meta mark timeout 7s }"
    ) in rules
    assert rules.endswith("jump rolled meta mark set 0x00000000 goto stray")


def test_mid_sequence_lasts_the_longest_step_of_all_sequences() -> None:
    slow = Sequence(
        "slow", (read_knock("tcp/1"), read_knock("tcp/2")), (timedelta(seconds=50),), ("ssh",), timedelta(1)
    )
    kept = policy(ROLLING, sequences=(slow,))
    assert longest_step(kept) == timedelta(seconds=50)
    assert "update @midway_v4 { ip saddr timeout 50s }" in chain(kept, "rolling_1")
    quick = attrs.evolve(slow, step_timeouts=(timedelta(seconds=2),))
    assert "update @midway_v4 { ip saddr timeout 7s }" in chain(
        policy(ROLLING, sequences=(quick,)), "knock_tcp_1"
    )


def test_the_last_knock_leads_to_the_person() -> None:
    rules = chain(policy(ROLLING), "rolling_2")
    assert "meta mark set meta mark & 0xfffffff0 map @rolling_owners meta mark vmap @people" in rules
    assert "rolling_used" not in compile_policy(policy(ROLLING)).text


def test_once_is_written_down_before_it_opens() -> None:
    """For three windows, in none of which the sequence counts again."""
    rules = chain(policy(ONCE), "rolling_2")
    used = (
        "meta mark & 0xfffffff0 != @rolling_used update @rolling_used { meta mark & 0xfffffff0 timeout 30m }"
    )
    assert rules.index(used) < rules.index("@rolling_owners")


def test_without_strict_nothing_is_said_of_penalties() -> None:
    kept = policy(ONCE, strict=False)
    for place in range(3):
        rules = chain(kept, f"rolling_{place}")
        assert rules.endswith("goto after_key")
        assert not any(word in rules for word in ("penalty", "midway", "stray"))


def test_stages_have_a_set_of_their_own() -> None:
    """As large as that of the policy's own sequences."""
    found = {each.name: each.size for each in sets(policy(ONCE, sizes=Sizes(stages=100)))}
    assert found["rolling_stages_v4"] == found["rolling_stages_v6"] == 100
    assert "rolling_used" in found


@pytest.mark.parametrize(
    "kept",
    [
        policy(Ways(passes=Passes(62202))),
        Policy(ways=ROLLING),
        policy(ROLLING, attrs.evolve(ALICE, revoked=True)),
    ],
    ids=["only passes", "nobody", "all revoked"],
)
def test_where_nobody_has_any_there_is_nothing(kept: Policy) -> None:
    assert of(kept) is None
    assert not [*sets(kept), *maps(kept), *entries(kept), *chains(kept, timedelta(seconds=1))]
    assert not has_chain(kept, "rolling")
