"""Everything that was at a path comes back byte by byte, with its owner, mode and time; what is new goes."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.apply import harden_restore
from portward.apply.harden_restore import (
    ARMED,
    FIRING,
    State,
    fire,
    look,
    look_below,
    now,
    put_back,
    restore,
    take,
)


def journal(before: dict[str, State], *folders: str, own: tuple[str, ...] = ()) -> State:
    """A journal of a host without systemd."""
    return {
        "before": before,
        "folders": list(folders),
        "passed_over": "portward-harden",
        "systemd": False,
        "hup": [],
        "renew": [],
        "active": [],
        "own": list(own),
    }


def absent(path: Path) -> None:
    """Leave nothing there."""


def file(path: Path) -> None:
    """A file with a mode of its own and bytes that are no text."""
    path.write_bytes(b"\xff\x00\r\n")
    path.chmod(0o640)
    os.utime(path, ns=(1, 1_000_000_001))


def link(path: Path) -> None:
    """A link to nowhere."""
    path.symlink_to("/nowhere/at all")


def folder(path: Path) -> None:
    """An empty folder."""
    path.mkdir(mode=0o750)


@pytest.mark.parametrize("before", [absent, file, link, folder])
@pytest.mark.parametrize("after", [absent, file, link, folder])
def test_whatever_was_there_comes_back(
    tmp_path: Path, before: Callable[[Path], None], after: Callable[[Path], None]
) -> None:
    path = tmp_path / "it"
    before(path)
    was = look(str(path))
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        path.rmdir()
    after(path)
    put_back(str(path), was)
    assert look(str(path)) == was
    assert [each.name for each in tmp_path.iterdir()] == ([] if before is absent else ["it"])


trees = st.dictionaries(st.sampled_from(["a", "b", "d/a", "d/b", "d/e/a"]), st.binary(max_size=3), max_size=5)


@given(trees, trees)
def test_a_folder_comes_back_whole(
    tmp_path_factory: pytest.TempPathFactory, old: dict[str, bytes], new: dict[str, bytes]
) -> None:
    """What is new is gone, what is gone is back, folders included."""
    root = tmp_path_factory.mktemp("tree")
    plant(root, old)
    was = look_below(str(root))
    for path in sorted(root.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    plant(root, new)
    assert restore(journal(was, str(root))) == []
    assert look_below(str(root)) == was


def plant(root: Path, files: dict[str, bytes]) -> None:
    """Write files."""
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)


def test_what_is_no_plain_file_is_told_and_the_rest_restored(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    wrong = {str(tmp_path / "pipe"): {"kind": "absent"}, str(tmp_path / "new"): {"kind": "absent"}}
    (tmp_path / "new").write_text("x")
    assert restore(journal(wrong)) == [f"{tmp_path}/pipe: it is no plain file"]
    assert not (tmp_path / "new").exists()


def test_a_folder_that_somebody_uses_now_stays(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "made/theirs").write_text("x")
    assert restore(journal({str(tmp_path / "made"): {"kind": "absent"}})) == []
    assert (tmp_path / "made/theirs").exists()


def test_only_one_can_take_a_journal(tmp_path: Path) -> None:
    armed = tmp_path / f"0001{ARMED}"
    armed.write_text("{}")
    assert take(str(armed)) == str(tmp_path / f"0001{FIRING}")
    assert take(str(armed)) == ""


def test_a_journal_is_kept_while_a_file_could_not_be_put_back(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    path = tmp_path / f"1{FIRING}"
    path.write_text(json.dumps(journal({str(tmp_path / "pipe"): {"kind": "absent"}})))
    assert fire(str(path))
    assert path.exists()
    (tmp_path / "pipe").unlink()
    assert fire(str(path)) == []
    assert not path.exists()


def test_what_was_there_for_the_trial_alone_goes_last(tmp_path: Path) -> None:
    (tmp_path / "wants").mkdir()
    (tmp_path / "wants/unit").write_text("x")
    path = tmp_path / f"1{FIRING}"
    path.write_text(json.dumps(journal({}, own=(str(tmp_path / "wants/unit"), str(tmp_path / "wants")))))
    assert fire(str(path)) == []
    assert list(tmp_path.iterdir()) == []


def run_alone(*words: str) -> "subprocess.CompletedProcess[bytes]":
    """Run the file as a rollback does: by itself, without portward."""
    command = [sys.executable, "-I", "-S", harden_restore.__file__, *words]
    return subprocess.run(command, check=False, capture_output=True, timeout=30)


def test_it_runs_by_itself_and_not_before_its_time(tmp_path: Path) -> None:
    (tmp_path / "new").write_text("x")
    armed = tmp_path / f"1{ARMED}"
    armed.write_text(json.dumps(journal({str(tmp_path / "new"): {"kind": "absent"}})))
    deadline = now() + 0.5
    done = run_alone(str(armed), "--at", str(deadline))
    assert now() >= deadline
    assert done.returncode == 0, done.stderr
    assert done.stdout == b"."
    assert list(tmp_path.iterdir()) == []


def test_what_was_confirmed_is_left_alone(tmp_path: Path) -> None:
    assert run_alone(str(tmp_path / f"1{ARMED}"), "--at", str(now() + 60)).returncode == 0
    assert run_alone(str(tmp_path / f"1{ARMED}")).returncode == 0


def test_a_boot_finishes_what_another_left_half_done(tmp_path: Path) -> None:
    (tmp_path / "new").write_text("x")
    (tmp_path / f"1{FIRING}").write_text(json.dumps(journal({str(tmp_path / "new"): {"kind": "absent"}})))
    assert run_alone(str(tmp_path / f"1{ARMED}"), "--boot").returncode == 0
    assert list(tmp_path.iterdir()) == []
