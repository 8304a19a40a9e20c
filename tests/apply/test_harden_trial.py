"""Mends for good and on trial, confirmed and undone, on files alone; the rest is tried in a real host (tests/net)."""

from datetime import timedelta
from pathlib import Path

import pytest

from portward.apply import harden_trial, harden_undo
from portward.apply.harden_deeds import Place
from portward.apply.harden_journal import folder_of
from portward.apply.harden_trial import Step, Work
from portward.apply.session import Session
from portward.apply.state import StateDirectory, since_boot
from portward.errors import HostError, TargetError, UsageError
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


def test_on_trial_and_confirmed(state: StateDirectory, file: Path) -> None:
    harden_trial.begin(state, work(file), LONG, None)
    assert file.read_text() == "both"
    harden_trial.confirm(state, None)
    assert file.read_text() == "new"
    harden_undo.undo(state)
    assert file.read_bytes() == b"old\r\n"


def test_nobody_confirms(state: StateDirectory, file: Path) -> None:
    begun = harden_trial.begin(state, work(file), timedelta(seconds=0.3), None)
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        until = since_boot() + 0.05
        while since_boot() < until:
            pass

    assert not harden_trial.watch(state, begun, wait)
    assert file.read_bytes() == b"old\r\n"
    assert waited


def test_only_one_trial_at_a_time(state: StateDirectory, file: Path) -> None:
    harden_trial.begin(state, work(file), LONG, None)
    with pytest.raises(UsageError, match="on trial"):
        harden_trial.keep(state, work(file))
    with pytest.raises(UsageError, match="on trial"):
        harden_trial.begin(state, work(file), LONG, None)
    with pytest.raises(UsageError, match="on trial"):
        harden_trial.refuse_second(state)
    harden_undo.undo(state)


def test_what_fails_halfway_is_undone(state: StateDirectory, file: Path, tmp_path: Path) -> None:
    mends = (*work(file).plan.mends, Mend("y", (), Way.DISABLE, files=(Put(str(tmp_path), "a folder"),)))
    broken = Work(Place(), MendPlan(mends), None, ())
    with pytest.raises(HostError):
        harden_trial.keep(state, broken)
    with pytest.raises(HostError):
        harden_trial.begin(state, broken, LONG, None)
    assert file.read_bytes() == b"old\r\n"
    assert harden_undo.undoable(state) == 0


@pytest.mark.parametrize("step", list(Step))
def test_interrupted_at_any_step_it_is_undone(state: StateDirectory, file: Path, step: Step) -> None:
    def interrupt(reached: Step) -> None:
        if reached is step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        harden_trial.begin(state, work(file), LONG, None, interrupt)
    assert file.read_bytes() == b"old\r\n"
    harden_trial.refuse_second(state)


def test_a_trial_that_was_cut_short_cannot_be_confirmed(state: StateDirectory, file: Path) -> None:
    """It was killed before all was done: the next command undoes it."""
    harden_trial.begin(state, work(file), LONG, None)
    folder_of(state).file("0001.ready").unlink()
    with pytest.raises(UsageError, match="no mends are on trial"):
        harden_trial.confirm(state, None)
    assert file.read_bytes() == b"old\r\n"


def test_the_connection_that_began_it_proves_nothing(state: StateDirectory, file: Path) -> None:
    mine = Session("192.0.2.1 4000 192.0.2.2 22", since_boot() - 100)
    harden_trial.begin(state, work(file), LONG, mine)
    for old in (mine, Session("192.0.2.1 4001 192.0.2.2 22", since_boot() - 50)):
        with pytest.raises(UsageError, match="proves nothing"):
            harden_trial.confirm(state, old)
    harden_trial.confirm(state, mine, same_connection=True)
    assert file.read_text() == "new"


def test_a_moved_port_is_confirmed_by_the_new_one_only(state: StateDirectory, file: Path) -> None:
    harden_trial.begin(state, work(file, new_port=20022), LONG, Session("192.0.2.1 4000 192.0.2.2 22", None))
    with pytest.raises(UsageError, match="come by port 20022"):
        harden_trial.confirm(state, Session("192.0.2.1 4001 192.0.2.2 22", None), same_connection=True)
    harden_trial.confirm(state, Session("192.0.2.1 4001 192.0.2.2 20022", None))
    assert file.read_text() == "new"


def test_a_confirm_that_cannot_finish_undoes_it_all(
    state: StateDirectory, file: Path, tmp_path: Path
) -> None:
    mend = Mend("x", (), Way.MOVE, files=(Put(str(file), "both"),), kept=(Put(str(tmp_path), "a folder"),))
    harden_trial.begin(state, Work(Place(), MendPlan((mend,)), None, ()), LONG, None)
    with pytest.raises(HostError):
        harden_trial.confirm(state, None)
    assert file.read_bytes() == b"old\r\n"


def test_a_confirm_that_comes_too_late_says_so(
    state: StateDirectory, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harden_trial.begin(state, work(file), LONG, None)
    monkeypatch.setattr("portward.apply.harden_restore.take", lambda _: "")
    with pytest.raises(TargetError, match="too late"):
        harden_trial.confirm(state, None)
    monkeypatch.undo()
    harden_undo.undo(state)
