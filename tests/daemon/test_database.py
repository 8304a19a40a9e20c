"""The daemon's files: private, durable, refused when they are not what they should be."""

import sqlite3
from pathlib import Path

import pytest

from portward.daemon.database import open_database
from portward.errors import HostError


SCHEMA = "CREATE TABLE things (name TEXT)"


def test_a_file_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    open_database(tmp_path / "x.db", SCHEMA, 1).close()
    assert (tmp_path / "x.db").stat().st_mode & 0o777 == 0o600


def test_what_was_committed_is_there_again(tmp_path: Path) -> None:
    first = open_database(tmp_path / "x.db", SCHEMA, 1)
    first.execute("INSERT INTO things VALUES ('a')")
    second = open_database(tmp_path / "x.db", SCHEMA, 1)  # while the first is still open, as after a kill
    assert second.execute("SELECT name FROM things").fetchall() == [("a",)]
    assert second.execute("PRAGMA synchronous").fetchone() == (2,)
    first.close()
    second.close()


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"not a database at all" * 100)
    (tmp_path / "x.db").chmod(0o600)
    with pytest.raises(HostError, match="cannot use"):
        open_database(tmp_path / "x.db", SCHEMA, 1)


def test_another_version_is_refused(tmp_path: Path) -> None:
    open_database(tmp_path / "x.db", SCHEMA, 1).close()
    with pytest.raises(HostError, match="another version"):
        open_database(tmp_path / "x.db", SCHEMA, 2)


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "x.db").close()
    (tmp_path / "x.db").chmod(0o644)
    with pytest.raises(HostError, match="closed to others"):
        open_database(tmp_path / "x.db", SCHEMA, 1)


def test_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.db").symlink_to(tmp_path / "elsewhere.db")
    with pytest.raises(HostError, match="cannot open"):
        open_database(tmp_path / "x.db", SCHEMA, 1)


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="No such file"):
        open_database(tmp_path / "none/x.db", SCHEMA, 1)
