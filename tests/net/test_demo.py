"""`make demo`: it plays to its end, and leaves nothing behind, also when it is interrupted."""

import os
import signal
import subprocess
import sys

import pytest

from lab.namespaces import Namespace, remove


pytestmark = [pytest.mark.net, pytest.mark.peer("sshd", "ssh", "nmap", "nc")]

DEMO = [sys.executable, "-m", "lab.demo"]


def kept(process: int) -> list[str]:
    """The namespaces and folders of that run of the demo that are still there."""
    listed = subprocess.run(
        ["ip", "netns", "list"], check=True, capture_output=True, text=True
    ).stdout.split()
    return [name for name in listed if name.startswith("demo-") and name.endswith(f"-{process}")]


def test_the_demo_plays_to_its_end() -> None:
    """From the first scan, which sees nothing, to a pass that opens while no process of ours runs."""
    with subprocess.Popen(DEMO, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as demo:
        told, _ = demo.communicate(timeout=100)
    assert demo.returncode == 0, told
    for act in (
        "0 hosts up",
        "hello from behind the gate",
        "timed out",
        "198.51.100.2",
        "The kernel alone",
        "uses it up",
    ):
        assert act in told
    assert kept(demo.pid) == []


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_demo_leaves_nothing_behind(sent: signal.Signals) -> None:
    """Whatever it was doing when the signal came."""
    with subprocess.Popen(DEMO, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as demo:
        assert demo.stdout is not None
        for line in demo.stdout:
            if "Before: a real OpenSSH server" in line:
                break
        assert kept(demo.pid)
        os.kill(demo.pid, sent)
        demo.communicate(timeout=60)
    assert demo.returncode != 0
    assert kept(demo.pid) == []


def test_kept_namespaces_can_be_removed() -> None:
    """KEEP=1 tells how; so does `--remove`."""
    with subprocess.Popen(
        [*DEMO, "--keep"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as demo:
        told, _ = demo.communicate(timeout=100)
    names = kept(demo.pid)
    try:
        assert len(names) == 5
        folder = next(line.split()[-1] for line in told.splitlines() if "Kept. Files:" in line)
        assert all(name in told for name in names)
        gate = next(name for name in names if "gate" in name)
        assert "sshd" in Namespace(gate).run("ps", "-eo", "args").stdout
        subprocess.run([*DEMO, "--remove", *names], check=True)
        assert kept(demo.pid) == []
        subprocess.run(["rm", "-r", folder], check=True)
    finally:
        for name in names:
            remove(Namespace(name))
