"""The way back is armed outside of our process, and does nothing once its journal is gone."""

import json
import time
from pathlib import Path

import pytest

from portward.apply.harden_armed import command, copy_script, disarm, own_files, start_waiting
from portward.apply.harden_restore import ARMED, now
from portward.apply.state import StateDirectory
from portward.errors import HostError


EMPTY = {"folders": [], "passed_over": "-", "systemd": False, "hup": [], "renew": [], "active": [], "own": []}


@pytest.fixture
def here(tmp_path: Path) -> StateDirectory:
    """A directory for journals."""
    made = StateDirectory(tmp_path / "state")
    made.prepare()
    return made


def test_a_process_of_its_own_restores_at_the_deadline(here: StateDirectory, tmp_path: Path) -> None:
    (tmp_path / "new").write_text("x")
    armed = here.file(f"0001{ARMED}")
    armed.write_text(json.dumps({"before": {str(tmp_path / "new"): {"kind": "absent"}}, **EMPTY}))
    start_waiting(command(copy_script(here), armed), now() + 0.4)
    assert (tmp_path / "new").exists()
    until = now() + 10
    while (tmp_path / "new").exists() and now() < until:
        time.sleep(0.05)
    assert not (tmp_path / "new").exists()


def test_what_cannot_start_is_told(here: StateDirectory) -> None:
    with pytest.raises(HostError, match="did not start"):
        start_waiting(["/nonexistent/python"], now() + 60)
    with pytest.raises(HostError, match="did not start"):
        start_waiting(["/bin/true"], now() + 60)
    assert list(here.path.iterdir()) == []


def test_without_systemd_arming_leaves_no_files_in_the_system() -> None:
    assert own_files(systemd=False) == ()


def test_disarming_removes_what_was_there_for_the_trial_alone(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    disarm((str(tmp_path / "a"),), systemd=False)
    disarm((), systemd=False)
    assert not (tmp_path / "a").exists()
