"""Which SSH connection a command came in by."""

import os
import subprocess
import sys
from pathlib import Path

from portward.apply.session import ancestors, began_at, connection_of, current_session, parent_of
from portward.apply.state import since_boot


CONNECTION = "192.0.2.1 40000 192.0.2.2 22"
SOURCE = Path(__file__).parents[2] / "src"

ASK = """
import os, sys
from portward.apply.session import current_session
found = current_session(dict.fromkeys(()))
print(found and found.connection, found and found.began)
"""


def test_the_variable_tells() -> None:
    found = current_session({"SSH_CONNECTION": CONNECTION})
    assert found is not None
    assert found.connection == CONNECTION


def test_a_parent_tells_where_sudo_took_the_variable_away() -> None:
    """The child asks its own environment in vain; its parent's has it. The session began with the parent's parent."""
    child = [sys.executable, "-c", ASK]
    parent = f"import subprocess, os; subprocess.run({child!r}, env={{'PYTHONPATH': {str(SOURCE)!r}}})"
    done = subprocess.run(
        [sys.executable, "-c", parent],
        env={"SSH_CONNECTION": CONNECTION},
        capture_output=True,
        text=True,
        check=True,
    )
    connection, _, began = done.stdout.strip().rpartition(" ")
    assert connection == CONNECTION
    assert abs(float(began) - (began_at(os.getpid()) or 0)) < 0.02, "the parent's parent is this process"


def test_processes_and_their_parents_are_the_kernels() -> None:
    assert parent_of(os.getpid()) == os.getppid()
    assert next(ancestors(os.getpid())) == os.getppid()
    assert 0 < (began_at(os.getpid()) or 0) <= since_boot()


def test_a_process_that_is_gone_tells_nothing() -> None:
    assert parent_of(2**22 + 1) == 0
    assert began_at(2**22 + 1) is None
    assert connection_of(2**22 + 1) == ""
