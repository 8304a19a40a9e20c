"""Files for their owner alone: closed to others, whole or not at all."""

import os
import stat
from pathlib import Path

import pytest

from portward.errors import HostError
from portward.knock.private import check_directory, read_private, read_secret, write_private


ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give a file away")


def mode(path: Path) -> int:
    """The permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_in_the_way_is_kept_unless_replaced(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("old")
    with pytest.raises(FileExistsError):
        write_private(path, "new", replace=False)
    assert path.read_text() == "old"
    write_private(path, "new", replace=True)
    assert (path.read_text(), mode(path)) == ("new", 0o600)
    assert list(tmp_path.iterdir()) == [path]


def test_words_come_from_a_closed_file_or_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "words"
    path.write_text("udp/1=x")
    path.chmod(0o644)
    with pytest.raises(HostError, match="chmod 600"):
        read_secret(path)
    path.chmod(0o600)
    assert read_secret(path) == "udp/1=x"
    reads, writes = os.pipe()
    os.write(writes, b"udp/2=y")
    os.close(writes)
    assert read_secret(Path(f"/dev/fd/{reads}")) == "udp/2=y"
    os.close(reads)


def test_a_file_that_is_not_there_is_empty_to_who_may_do_without(tmp_path: Path) -> None:
    assert read_private(tmp_path / "nothing") == ""
    with pytest.raises(HostError, match="cannot read"):
        read_secret(tmp_path / "nothing")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bytes"
    write_private(path, b"\xff", replace=False)
    for read in (read_private, read_secret):
        with pytest.raises(HostError, match="no UTF-8"):
            read(path)


@ROOT_ONLY
def test_a_file_is_written_for_somebody_else_and_read_if_that_is_allowed(tmp_path: Path) -> None:
    path = tmp_path / "theirs"
    write_private(path, "x", replace=False, owner=(65534, 65534))
    assert (path.stat().st_uid, path.stat().st_gid, mode(path)) == (65534, 65534, 0o600)
    with pytest.raises(HostError, match="belongs to user 65534"):
        read_private(path)
    assert read_private(path, (65534,)) == "x"


@ROOT_ONLY
def test_a_directory_of_somebody_else_is_refused_unless_that_is_allowed(tmp_path: Path) -> None:
    os.chown(tmp_path, 65534, 65534)
    with pytest.raises(HostError, match="belongs to user 65534"):
        check_directory(tmp_path)
    check_directory(tmp_path, (65534,))


def test_nothing_is_left_behind_where_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "directory").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_private(tmp_path / "directory", "x", replace=True)
    assert [each.name for each in tmp_path.iterdir()] == ["directory"]
