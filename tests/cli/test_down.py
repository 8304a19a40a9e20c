"""`portward down` asks first."""

import argparse
import io
from pathlib import Path

import pytest

from portward.cli.down import run
from portward.cli.environment import Environment
from portward.cli.exit import ExitStatus
from portward.errors import UsageError


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """As a terminal does."""
        return True


def test_without_a_terminal_it_wants_to_be_told(tmp_path: Path) -> None:
    here = Environment(stdin=io.StringIO("y\n"), variables={"STATE_DIRECTORY": str(tmp_path / "s")})
    with pytest.raises(UsageError, match="--yes"):
        run(argparse.Namespace(yes=False), here)


def test_a_no_changes_nothing(tmp_path: Path) -> None:
    here = Environment(
        stdin=Terminal("n\n"), stderr=Terminal(), variables={"STATE_DIRECTORY": str(tmp_path / "s")}
    )
    outcome = run(argparse.Namespace(yes=False), here)
    assert (outcome.status, outcome.changed) == (ExitStatus.USAGE, False)
    assert not (tmp_path / "s").exists()
