"""The way back, as far as it needs no kernel; tests/net/test_trial.py has the rest."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.apply import rollback
from portward.apply.live import Element
from portward.apply.rollback import (
    UNIT,
    Snapshot,
    snapshot_from_json,
    snapshot_to_json,
    systemd_can,
    timer_command,
)
from portward.compile import names


TEXT = "table inet portward {\n}\n"


def snapshot(*seconds: float | None, text: str | None = TEXT) -> Snapshot:
    """A snapshot taken at 1000, with grants that had so long left."""
    elements = tuple(
        Element((f"192.0.2.{number}",), None if left is None else timedelta(seconds=left))
        for number, left in enumerate(seconds)
    )
    return Snapshot(text, {"grant_ssh_v4": elements}, 1000.0)


def test_the_table_is_replaced_whole_whatever_is_there() -> None:
    """Also if there is none, which `delete table` alone would refuse."""
    assert snapshot().restoring(1000).splitlines() == [
        "add table inet portward",
        "delete table inet portward",
        *TEXT.splitlines(),
    ]


def test_with_no_table_before_there_is_none_after() -> None:
    assert snapshot(text=None).restoring(1060) == "add table inet portward\ndelete table inet portward\n"


def test_grants_come_back_with_what_they_would_have_left() -> None:
    lines = snapshot(3600, 60, 121, None).restoring(1120).splitlines()
    assert lines[-1] == (
        "add element inet portward grant_ssh_v4 { 192.0.2.0 timeout 3480s, 192.0.2.2 timeout 1s, 192.0.2.3 }"
    )


def test_what_was_spent_stays_so() -> None:
    """Who watched the trial must not find a sequence good again that was used before."""
    for name in (names.SPENT, "grant_ssh_v4", "trusted_v6", "adopted_v4"):
        assert rollback.kept(name)
    for name in ("stages_v4", "midway_v6", "penalty_v4", "rolling_used"):
        assert not rollback.kept(name)
    lines = Snapshot(TEXT, {names.SPENT: (Element((7,), None),)}, 0.0).restoring(1e6).splitlines()
    assert lines[-1] == "add element inet portward spent { 7 }"


@given(st.lists(st.integers(1, 10**7), max_size=5), st.floats(0, 1e6))
def test_no_grant_ends_later_than_it_would_have(lengths: list[int], passed: float) -> None:
    text = snapshot(*map(float, lengths)).restoring(1000 + passed)
    kept = text.count("timeout")
    assert kept == sum(length - timedelta(seconds=passed).total_seconds() >= 1 for length in lengths)


def test_the_stored_form_comes_back_the_same() -> None:
    for each in (snapshot(5, None), snapshot(text=None)):
        assert snapshot_from_json(json.loads(json.dumps(snapshot_to_json(each)))) == each


def test_the_timer_runs_nft_and_nothing_else() -> None:
    """Never before its time, and without a shell."""
    command = timer_command(Path("/var/lib/portward/rollback-1.nft"), 119.9995)
    assert command[0] == "systemd-run"
    assert f"--unit={UNIT}" in command
    assert "--on-active=120000ms" in command
    assert command[command.index("--") + 1 :] == ["/usr/sbin/nft", "-f", "/var/lib/portward/rollback-1.nft"]


def test_systemd_is_used_only_where_it_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(rollback, "SYSTEMD_RUNS", tmp_path / "missing")
    assert not systemd_can()
