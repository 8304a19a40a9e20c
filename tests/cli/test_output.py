"""A file that is asked for with `--output`."""

from pathlib import Path

import pytest

from portward.cli.output import write_output
from portward.errors import HostError, UsageError


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    """It may hold knocks."""
    write_output(str(tmp_path / "new"), "text\n", replace=False)
    assert (tmp_path / "new").read_text() == "text\n"
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_stays_unless_forced(tmp_path: Path) -> None:
    """Nothing of the user's is lost by a slip."""
    there = tmp_path / "there"
    there.write_text("old")
    with pytest.raises(UsageError, match="--force replaces it"):
        write_output(str(there), "new", replace=False)
    assert there.read_text() == "old"
    write_output(str(there), "new", replace=True)
    assert there.read_text() == "new"


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    """With the system's reason."""
    with pytest.raises(HostError, match="cannot write"):
        write_output(str(tmp_path / "missing" / "file"), "text", replace=False)
