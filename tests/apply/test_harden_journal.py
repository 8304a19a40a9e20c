"""A journal holds what was before, for its owner alone, and shrinks to what changed."""

import stat
from pathlib import Path

import attrs
import pytest

from portward.apply.harden_journal import (
    Journal,
    changed_since,
    files_of,
    finished,
    folder_of,
    look_before,
    next_number,
    numbers,
    read_journal,
    state_of,
    write_journal,
)
from portward.apply.harden_restore import ARMED, look
from portward.apply.state import StateDirectory
from portward.errors import HostError
from portward.exposure.mends import Mend, MendPlan, Put, Way


@pytest.fixture
def here(tmp_path: Path) -> StateDirectory:
    """A directory for journals."""
    made = folder_of(StateDirectory(tmp_path / "state"))
    made.prepare()
    return made


def test_a_journal_reads_back_and_only_its_owner_reads_it(here: StateDirectory) -> None:
    whole = Journal(
        3,
        {"/a": {"kind": "absent"}},
        renew=(("restart", "a.service"),),
        hup=((7, "sshd"),),
        kept=(("/a", "text"),),
        ports=(22,),
        own=("/x",),
        told=("disable ftp",),
    )
    path = write_journal(here, whole, ARMED)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_journal(here, 3, ARMED) == whole
    assert read_journal(here, 3) is None


def test_numbers_grow_whatever_state_a_journal_is_in(here: StateDirectory) -> None:
    assert next_number(here) == 1
    write_journal(here, Journal(1, {}))
    write_journal(here, Journal(2, {}), ARMED)
    assert numbers(here) == [1]
    assert next_number(here) == 3


def test_a_damaged_journal_is_told(here: StateDirectory) -> None:
    here.write("0001.json", {"number": 1})
    with pytest.raises(HostError, match="damaged"):
        read_journal(here, 1)


def test_folders_that_are_missing_are_looked_at_too(tmp_path: Path) -> None:
    found = look_before([str(tmp_path / "a/b/c")], [])
    assert found[str(tmp_path / "a")] == {"kind": "absent"}
    assert str(tmp_path) not in found


def test_only_what_changed_is_kept(tmp_path: Path) -> None:
    (tmp_path / "same").write_text("x")
    (tmp_path / "old").write_text("x")
    before = look_before([], [str(tmp_path)])
    (tmp_path / "old").write_text("y")
    (tmp_path / "new").symlink_to("z")
    done = finished(Journal(1, before, folders=(str(tmp_path),)))
    assert set(done.before) == {str(tmp_path / "old"), str(tmp_path / "new")}
    assert done.folders == ()
    assert changed_since(done) == []
    (tmp_path / "old").write_text("mine")
    assert changed_since(done) == [str(tmp_path / "old")]


def test_units_of_ours_are_passed_over(tmp_path: Path) -> None:
    before = look_before([], [str(tmp_path)])
    (tmp_path / "portward-harden-boot.service").write_text("x")
    assert finished(Journal(1, before, folders=(str(tmp_path),))).before == {}


def test_what_is_in_files_is_not_shown() -> None:
    assert "word" not in repr(
        Journal(1, {"/a": {"data": "word"}}, kept=(("/a", "word"),), gate={"text": "word"})
    )


def test_a_file_keeps_its_owner_and_mode_when_its_text_changes(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("x")
    path.chmod(0o604)
    assert state_of(Put(str(path), "é"), look(str(path)))["mode"] == 0o604
    assert state_of(Put(str(path), "é", 0o600), {"kind": "absent"})["mode"] == 0o600


def test_all_files_of_a_plan_are_known() -> None:
    mend = Mend("ssh", (), Way.MOVE, files=(Put("/a", ""),), kept=(Put("/b", ""),))
    plan = MendPlan((attrs.evolve(mend),), policy=(Put("/p", ""),))
    assert [put.path for put in files_of(plan)] == ["/a", "/b", "/p"]
