"""Giving privileges up, in a process of its own: there is no way back."""

import os
import subprocess
import sys

import pytest


CHECK = """
import os, socket, subprocess
from portward.daemon.privileges import capabilities, drop_all
drop_all()
assert capabilities() == 0
assert os.getresuid() == (65534,) * 3 and os.getresgid() == (65534,) * 3 and os.getgroups() == []
for forbidden in (
    lambda: os.setuid(0),
    lambda: open("/proc/1/mem", "rb"),
    lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
    lambda: os.mkdir("/etc/portward-test"),
):
    try:
        forbidden()
    except PermissionError:
        continue
    raise SystemExit(f"{forbidden} was allowed")
said = subprocess.run(["cat", "/proc/self/status"], capture_output=True, text=True).stdout
status = dict(line.split(":", 1) for line in said.splitlines() if ":" in line)
assert status["NoNewPrivs"].strip() == "1"
assert int(status["CapPrm"], 16) == 0
print("gave up")
"""


@pytest.mark.net
def test_nothing_is_left() -> None:
    """Neither a capability nor root, nor a way to get them back, nor for a program that it runs."""
    path = {"PYTHONPATH": ":".join(sys.path), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "-c", CHECK], capture_output=True, text=True, check=False, env=path
    )
    assert done.stdout == "gave up\n", done.stderr


def test_memory_cannot_be_looked_into() -> None:
    """PR_GET_DUMPABLE says 0."""
    code = "import ctypes; from portward.daemon.privileges import undumpable; undumpable();"
    code += "print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    path = {"PYTHONPATH": ":".join(sys.path), "PATH": os.environ["PATH"]}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=path)
    assert done.stdout == "0\n"
