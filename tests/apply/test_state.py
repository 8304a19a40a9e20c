"""The state directory: ours alone, written whole."""

import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from portward.apply.state import StateDirectory, boot_id, read_private, since_boot, write_private
from portward.errors import HostError


@pytest.fixture
def directory(tmp_path: Path) -> StateDirectory:
    """An empty state directory."""
    made = StateDirectory(tmp_path / "a/state")
    made.prepare()
    return made


def mode(path: Path) -> int:
    """The permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


def test_it_is_made_for_its_owner_alone(directory: StateDirectory) -> None:
    directory.write("x.json", {"a": 1})
    with directory.lock():
        assert {each.name: mode(each) for each in directory.path.iterdir()} == {
            "x.json": 0o600,
            "lock": 0o600,
        }
    assert mode(directory.path) == 0o700
    assert directory.read("x.json") == {"a": 1}


def test_a_directory_that_others_can_reach_into_is_refused(directory: StateDirectory) -> None:
    directory.path.chmod(0o750)
    with pytest.raises(HostError, match="chmod 700"):
        directory.prepare()


def test_a_symbolic_link_is_refused(directory: StateDirectory, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(directory.path)
    with pytest.raises(HostError, match="no plain directory"):
        StateDirectory(link).prepare()
    directory.write("real.json", 1)
    directory.file("x.json").symlink_to(directory.file("real.json"))
    with pytest.raises(HostError, match="no plain file"):
        directory.read("x.json")


def test_a_file_that_others_can_read_is_refused(directory: StateDirectory) -> None:
    directory.write("x.json", 1)
    directory.file("x.json").chmod(0o640)
    with pytest.raises(HostError, match="chmod 600"):
        directory.read("x.json")


def test_a_file_of_another_user_is_refused(
    directory: StateDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory.write("x.json", 1)
    own = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: own + 1)
    with pytest.raises(HostError, match="belongs to another user"):
        directory.read("x.json")


def test_no_file_is_nothing_and_a_damaged_one_an_error(directory: StateDirectory) -> None:
    assert directory.read("x.json") is None
    write_private(directory.file("x.json"), "{")
    with pytest.raises(HostError, match="is damaged"):
        directory.read("x.json")


def test_a_write_that_fails_leaves_what_was(
    directory: StateDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory.write("x.json", "old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(HostError, match="No space left"):
        directory.write("x.json", "new")
    assert directory.read("x.json") == "old"
    assert [each.name for each in directory.path.iterdir()] == ["x.json"]


def test_where_nothing_can_be_written_that_is_told(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="cannot write"):
        write_private(tmp_path / "missing/x.json", "")
    (tmp_path / "file").touch()
    with pytest.raises(HostError, match="cannot use the state directory"):
        StateDirectory(tmp_path / "file/state").prepare()


def test_only_one_has_the_lock(directory: StateDirectory) -> None:
    with directory.lock(), pytest.raises(HostError, match="another portward"), directory.lock(timedelta()):
        pass
    with directory.lock(timedelta()):
        pass


def test_reading_needs_no_directory(tmp_path: Path) -> None:
    assert read_private(tmp_path / "missing/x.json") is None


def test_the_clock_and_the_boot_are_the_kernels() -> None:
    assert 0 < since_boot() <= float(Path("/proc/uptime").read_text().split()[0]) + 1
    assert len(boot_id()) == 36
