"""Passes: which rules and sets come out, and in what order."""

from datetime import timedelta

import attrs
import pytest
from tests.compile.keyed import ALICE, BOB, chain, has_chain, policy

from portward.compile.nft import compile_policy
from portward.compile.passes import SMALLEST, by_windows, maps, room, sets
from portward.policy.people import Passes, Rolling, Ways, Windows


PASSES = Ways(passes=Passes(62202))
ECHO = Ways(passes=Passes(62202, echo=True))
ROLLING = Ways(rolling=Rolling(20000, 24999))


def test_datagrams_are_looked_at_before_connection_tracking_and_kept_out_of_it() -> None:
    """Junk fills no table."""
    kept = policy(PASSES)
    assert "udp dport 62202 fib daddr type local goto pass" in chain(kept, "first_look")
    rules = chain(kept, "pass")
    assert rules.index("notrack") < rules.index("windows_even") < rules.index("windows_odd")
    assert rules.endswith("meta mark set 0x00000000 goto closed")


def test_a_pass_is_used_up_before_anything_is_asked_of_its_person() -> None:
    """The look-up, the deletion and the opening are one rule."""
    rules = chain(policy(PASSES), "use_pass")
    assert (
        '@th,64,128 @passes delete @passes { @th,64,128 } counter name "used_passes" meta mark vmap @people'
        in rules
    )


def test_echo_requests_are_looked_at_only_where_the_policy_says_so() -> None:
    assert "pass_echo" not in chain(policy(PASSES), "to_us")
    assert not has_chain(policy(PASSES), "use_later_pass")
    look = chain(policy(ECHO), "to_us")
    assert "icmp type echo-request jump pass_echo icmpv6 type echo-request jump pass_echo" in look


def test_the_pass_at_the_start_is_meant_before_the_later_one() -> None:
    rules = chain(policy(ECHO), "pass_echo")
    assert rules.rindex("goto use_pass") < rules.index("goto use_later_pass")
    assert rules.endswith("meta mark set 0x00000000")
    assert "@th,192,128 @passes delete @passes { @th,192,128 }" in chain(policy(ECHO), "use_later_pass")


def test_passes_are_no_business_of_a_gate_with_rolling_sequences_alone() -> None:
    """Windows and markers are for both."""
    kept = policy(ROLLING)
    assert [each.name for each in sets(kept)] == ["loaded"]
    assert [each.name for each in maps(kept)] == ["windows_even", "windows_odd"]
    assert not has_chain(kept, "pass")
    assert "used_passes" not in compile_policy(kept).text


def test_what_is_loaded_has_room_for_four_times_as_much() -> None:
    """A power of two, so that a set is seldom made anew as people come and go."""
    assert room(policy(PASSES), 4) == SMALLEST
    everybody = tuple(attrs.evolve(ALICE, name=f"p{number}") for number in range(100))
    crowd = policy(Ways(passes=Passes(62202, 32)), *everybody)
    assert room(crowd, 32) == 2 ** (4 * 100 * 148 * 32).bit_length()
    (passes,) = (each for each in sets(crowd) if each.name == "passes")
    assert passes.size == room(crowd, 32)


@pytest.mark.parametrize("minutes", [2, 10])
def test_the_length_of_windows_stands_in_comments(minutes: int) -> None:
    """What was loaded for windows of another length is thrown away with its set."""
    kept = policy(Ways(Windows(timedelta(minutes=minutes)), passes=Passes(62202)), BOB)
    assert by_windows(kept, "passes") == f"passes, by windows of {minutes}m"
    for name in ("passes", "pass_owners", "windows_even", "windows_odd", "loaded"):
        text = compile_policy(kept).text
        start = min(at for kind in ("set", "map") if (at := text.find(f"\t{kind} {name} {{")) >= 0)
        assert f"by windows of {minutes}m" in text[start : text.index("\n\t}", start)]
