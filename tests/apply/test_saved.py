"""Grants in a file: over a reboot, and never for longer than they were."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.apply.grants import Grant, GrantSet
from portward.apply.listing import Listing, read_listing
from portward.apply.saved import (
    Saved,
    SavedGrant,
    choose_grants,
    choose_spent,
    dumps,
    from_json,
    read_spent,
    to_json,
)
from portward.compile.names import IpFamily
from portward.errors import HostError


NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SETS = (
    GrantSet("grant_ssh_v4", "ssh", IpFamily.V4, 32),
    GrantSet("grant_ssh_v6", "ssh", IpFamily.V6, 64),
)


def grant(
    address: str = "192.0.2.7", minutes: float | None = 60, service: str = "ssh", prefix: int = 32
) -> Grant:
    """A grant."""
    return Grant(service, address, prefix, None if minutes is None else timedelta(minutes=minutes))


def saved(*grants: Grant, at: datetime = NOON) -> tuple[SavedGrant, ...]:
    """What a file holds into which they were saved."""
    return from_json(json.loads(dumps(to_json(grants, at))), "grants.json").grants


def later(minutes: float) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def test_only_the_time_that_is_left_is_given_back() -> None:
    done, lines = choose_grants(saved(grant(), grant("192.0.2.8", 10)), SETS, {}, later(20))
    assert [(each.address, each.left) for each in done.given] == [("192.0.2.7", timedelta(minutes=40))]
    assert done.over == 1
    assert lines[-1] == "add element inet portward grant_ssh_v4 { 192.0.2.7 timeout 2400s }"


@given(st.floats(-1e6, 1e6), st.floats(0.1, 1e5))
def test_whatever_the_clock_says_no_grant_gets_longer(passed: float, minutes: float) -> None:
    """A machine without a clock of its own wakes up in the past."""
    before = grant(minutes=minutes)
    done, _ = choose_grants(saved(before), SETS, {}, later(passed))
    assert all(
        each.left is not None and before.left is not None and each.left <= before.left for each in done.given
    )


def test_a_grant_for_ever_stays_one() -> None:
    done, lines = choose_grants(saved(grant(minutes=None)), SETS, {}, later(1e6))
    assert done.given[0].left is None
    assert lines[-1] == "add element inet portward grant_ssh_v4 { 192.0.2.7 }"


def test_a_longer_grant_that_is_there_is_not_shortened() -> None:
    there = {("ssh", "192.0.2.7"): grant(minutes=50)}
    done, lines = choose_grants(saved(grant()), SETS, there, later(20))
    assert (done.given, done.kept, lines) == ((), 1, [])
    shorter = {("ssh", "192.0.2.7"): grant(minutes=5)}
    assert choose_grants(saved(grant()), SETS, shorter, later(20))[0].given


def test_a_service_that_is_gone_is_counted() -> None:
    done, _ = choose_grants(
        saved(grant(service="web"), grant(service="web", address="192.0.2.9")), SETS, {}, NOON
    )
    assert done.lost == {"web": 2}


def test_a_wider_gate_takes_grants_together_and_a_narrower_one_cannot_take_them() -> None:
    wide = saved(grant("2001:db8::1", prefix=128), grant("2001:db8::2", prefix=128))
    done, _ = choose_grants(wide, SETS, {}, NOON)
    assert [each.address for each in done.given] == ["2001:db8::"]
    assert done.kept == 1
    narrow = saved(grant("192.0.2.0", prefix=24))
    assert choose_grants(narrow, SETS, {}, NOON)[0].narrower == 1


@pytest.mark.parametrize("stored", [None, [], {"format": 2, "grants": []}, 5])
def test_another_kind_of_file_is_refused(stored: Any) -> None:
    with pytest.raises(HostError, match="no grants that this version"):
        from_json(stored, "grants.json")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
ENTRY = {
    "service": "ssh",
    "address": "192.0.2.7",
    "prefix": 32,
    "until": "2026-11-23T13:00:00+00:00",
    "left": 60,
}


@given(st.dictionaries(st.sampled_from(sorted(ENTRY)), JSON, min_size=1))
def test_a_damaged_file_is_one_error(damage: dict[str, Any]) -> None:
    """Also an end without a time zone, a prefix of the other family, a number that is no time."""
    try:
        found = from_json({"format": 1, "grants": [ENTRY | damage]}, "grants.json")
    except HostError:
        return
    choose_grants(found.grants, SETS, {}, NOON)


def table(*sets: str) -> Listing:
    """A table with these sets."""
    blocks = "".join(f"set {name} {{\ntype mark\nflags dynamic\n}}\n" for name in sets)
    found = read_listing(f"table inet portward {{\n{blocks}}}\n")
    assert found
    return found


def test_what_is_spent_is_in_the_file_beside_the_grants() -> None:
    """A file of a version that knew nothing of it can be read, and that version finds its grants here."""
    stored = json.loads(dumps(to_json([grant()], NOON, [9, 7])))
    assert stored["spent"] == [7, 9]
    assert from_json(stored, "f").spent == (7, 9)
    assert stored["format"] == 1
    del stored["spent"]
    assert from_json(stored, "f") == Saved(saved(grant()))


@pytest.mark.parametrize("spent", [None, 7, "x", ["7"], [0], [-1], [2**32], [True], [7.0], [[]]])
def test_a_number_that_is_none_damages_the_file(spent: Any) -> None:
    with pytest.raises(HostError, match="damaged"):
        from_json({"format": 1, "grants": [], "spent": spent}, "f")


def test_where_nothing_opens_once_nothing_is_spent() -> None:
    assert choose_spent((7, 9), table("stages_v4")) == ()
    assert read_spent(table("stages_v4")) == ()
