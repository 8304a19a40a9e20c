"""Mends are undone: those on trial, those that were kept, and those that were cut short."""

from datetime import timedelta
from pathlib import Path

import pytest

from portward.apply import harden_trial, harden_undo
from portward.apply.harden_deeds import Place
from portward.apply.harden_journal import folder_of
from portward.apply.harden_trial import Work
from portward.apply.state import StateDirectory
from portward.errors import UsageError
from portward.exposure.mends import Mend, MendPlan, Put, Way


LONG = timedelta(minutes=5)


@pytest.fixture
def state(tmp_path: Path) -> StateDirectory:
    """A state directory that is not there yet."""
    return StateDirectory(tmp_path / "state")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that is mended."""
    path = tmp_path / "inetd.conf"
    path.write_bytes(b"old\r\n")
    return path


def work(file: Path, *, new_port: int = 0) -> Work:
    """Change the file: on trial to `both`, for good to `new`."""
    mend = Mend("x", (), Way.DISABLE, files=(Put(str(file), "both"),), kept=(Put(str(file), "new"),))
    return Work(Place(), MendPlan((mend,), new_port=new_port), None, ("disable x",))


def test_for_good_and_back(state: StateDirectory, file: Path) -> None:
    harden_trial.keep(state, work(file))
    assert file.read_text() == "new"
    assert harden_undo.undoable(state) == 1
    harden_undo.undo(state)
    assert file.read_bytes() == b"old\r\n"
    with pytest.raises(UsageError, match="nothing to undo"):
        harden_undo.undo(state)


def test_on_trial_and_undone(state: StateDirectory, file: Path) -> None:
    harden_trial.begin(state, work(file), LONG, None)
    harden_undo.undo(state)
    assert file.read_bytes() == b"old\r\n"
    with pytest.raises(UsageError, match="no mends are on trial"):
        harden_trial.confirm(state, None)


def test_what_a_killed_run_left_is_undone_by_the_next_command(state: StateDirectory, file: Path) -> None:
    harden_trial.begin(state, work(file), LONG, None)
    here = folder_of(state)
    here.file("0001.armed.json").rename(here.file("0001.firing.json"))
    harden_trial.refuse_second(state)
    assert file.read_bytes() == b"old\r\n"


def test_a_trial_of_another_boot_is_undone_by_the_next_command(state: StateDirectory, file: Path) -> None:
    harden_trial.begin(state, work(file), LONG, None)
    here = folder_of(state)
    here.write("0001.armed.json", {**here.read("0001.armed.json"), "boot": "another"})  # type: ignore[dict-item]
    harden_trial.refuse_second(state)
    assert file.read_bytes() == b"old\r\n"


def test_what_somebody_changed_since_is_not_lost(state: StateDirectory, file: Path) -> None:
    harden_trial.keep(state, work(file))
    file.write_text("mine")
    with pytest.raises(UsageError, match="changed since"):
        harden_undo.undo(state)
    assert file.read_text() == "mine"
    harden_undo.undo(state, force=True)
    assert file.read_bytes() == b"old\r\n"
