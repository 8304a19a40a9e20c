"""A trial's record and who may confirm; tests/net/test_trial.py has the kernel's part."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.apply.rollback import Snapshot
from portward.apply.session import Session
from portward.apply.trial import Trial, refuse_old_connection, trial_from_json, trial_to_json
from portward.apply.wanted import Wanted
from portward.errors import HostError, UsageError


FIRST, SECOND = "192.0.2.1 1 192.0.2.2 22", "192.0.2.1 2 192.0.2.2 22"


def trial(connection: str = FIRST) -> Trial:
    """A trial that began at 1000 and lasts two minutes."""
    return Trial("ab12", "boot", 1000.0, 1120.0, connection, Wanted("text"), Snapshot(None, {}, 999.0))


def test_the_time_left_never_falls_below_nothing() -> None:
    assert trial().left(1090).total_seconds() == 30
    assert trial().left(2000).total_seconds() == 0


@pytest.mark.parametrize(
    ("applied", "session"),
    [
        (FIRST, None),
        ("", None),
        ("", Session(FIRST, 10.0)),
        (FIRST, Session(SECOND, 1001.0)),
        (FIRST, Session(SECOND, None)),
    ],
)
def test_a_new_connection_or_a_console_may_confirm(applied: str, session: Session | None) -> None:
    refuse_old_connection(trial(applied), session)


@pytest.mark.parametrize("session", [Session(FIRST, 1001.0), Session(FIRST, None), Session(SECOND, 999.0)])
def test_a_connection_that_was_there_before_may_not(session: Session) -> None:
    with pytest.raises(UsageError, match="proves nothing: connect anew"):
        refuse_old_connection(trial(), session)


def test_the_record_comes_back_the_same() -> None:
    assert trial_from_json(json.loads(json.dumps(trial_to_json(trial()))), "trial.json") == trial()


@given(st.sampled_from(sorted(trial_to_json(trial()))), st.sampled_from([None, "x", [5], {"a": 5}]))
def test_a_damaged_record_is_one_error(key: str, value: Any) -> None:
    try:
        found = trial_from_json(trial_to_json(trial()) | {key: value}, "trial.json")
    except HostError:
        return
    assert isinstance(found, Trial)


def test_the_files_of_two_trials_never_meet() -> None:
    """A waiting process of an earlier trial must not fire a later one's rollback."""
    names = {trial().rollback_file, trial().kept_file}
    assert names == {"rollback-ab12.nft", "rollback-ab12.kept"}
