"""`portward confirm` and `portward rollback` without a trial."""

import argparse
from collections.abc import Callable
from pathlib import Path

import pytest

from portward.cli.environment import Environment
from portward.cli.trial import confirm, rollback
from portward.errors import UsageError


@pytest.mark.parametrize("command", [confirm, rollback])
def test_without_a_trial_there_is_nothing_to_end(
    command: Callable[[argparse.Namespace, Environment], object], tmp_path: Path
) -> None:
    here = Environment(variables={"STATE_DIRECTORY": str(tmp_path / "state")})
    with pytest.raises(UsageError, match="no policy is on trial"):
        command(argparse.Namespace(same_connection=False), here)
