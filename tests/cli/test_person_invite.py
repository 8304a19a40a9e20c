import argparse
import io
from pathlib import Path
from typing import Any, TextIO

import pytest

from portward.cli.environment import Environment
from portward.cli.person_invite import hand_over, prepare, refuse_existing
from portward.errors import UsageError
from portward.knock.profile import Profile
from portward.policy.notation import read_knock


PROFILE = Profile("gate", "gate.example.org", (read_knock("udp/7"),))


def options(**given: Any) -> argparse.Namespace:
    return argparse.Namespace(**{"host": "h", "output": None, "qr": None, "force": False, **given})


def said(stream: TextIO) -> str:
    """What was written to a stream of the test's."""
    assert isinstance(stream, io.StringIO)
    return stream.getvalue()


@pytest.fixture
def environment() -> Environment:
    """A run without a terminal."""
    return Environment(io.StringIO(), io.StringIO(), io.StringIO(), {})


def test_the_host_is_the_users_or_this_machines(environment: Environment) -> None:
    assert prepare(options(), environment) == "h"
    assert prepare(options(host=None), environment)
    assert "--host HOST says otherwise" in said(environment.stderr)


def test_targets_are_judged_before_anything_else(environment: Environment, tmp_path: Path) -> None:
    file = tmp_path / "a.svg"
    file.touch()
    for wrong in ({"output": str(file)}, {"qr": str(file)}, {"qr": "paper"}):
        with pytest.raises(UsageError):
            prepare(options(**wrong), environment)
    refuse_existing(str(file), replace=True)


def test_an_invitation_is_printed_or_written(environment: Environment, tmp_path: Path) -> None:
    printed = hand_over(options(), environment, PROFILE, secret=True)
    assert printed.startswith("# An invitation to gate.example.org. Keep it secret")
    file = tmp_path / "invitation"
    assert hand_over(options(output=str(file)), environment, PROFILE, secret=False) == ""
    assert "It holds no secret" in file.read_text()
