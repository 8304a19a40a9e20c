"""knockd, the peer, in a gate of its own: started, waited for, stopped.

It gets the best that we know: a set instead of a growing list of rules, no stop command (whose child would sleep), and
only SYNs looked at. It has the addresses from its start on, so the gate must be complete before.
"""

import contextlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from lab.bench_rules import knockd_config
from lab.namespaces import Namespace


START = 5.0
"""Seconds that knockd may take to open its capture."""


@contextlib.contextmanager
def knockd(gate: Namespace) -> Iterator[Path]:
    """Run knockd in a gate; gives its log.

    Raises:
        RuntimeError: it does not start.
    """
    with tempfile.TemporaryDirectory(prefix="portward-bench-") as folder:
        log, config = Path(folder, "log"), Path(folder, "knockd.conf")
        config.write_text(
            knockd_config(str(log), str(Path(folder, "pid")), shutil.which("nft") or "/usr/sbin/nft")
        )
        daemon = gate.start(
            "knockd", "-i", "eth0", "-c", str(config), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            wait_until_listening(daemon, log)
            yield log
        finally:
            daemon.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                daemon.wait(5)
            daemon.kill()
            daemon.wait()


def wait_until_listening(daemon: "subprocess.Popen[str]", log: Path) -> None:
    """Wait until knockd says that it has begun."""
    deadline = time.monotonic() + START
    while "starting up" not in text_of(log):
        if daemon.poll() is not None or time.monotonic() > deadline:
            msg = f"knockd did not start: {text_of(log) or 'its log is empty'}"
            raise RuntimeError(msg)
        time.sleep(0.02)


def text_of(log: Path) -> str:
    """What the log says so far."""
    return log.read_text(errors="replace") if log.exists() else ""


def openings(log: str, network: str) -> int:
    """Count how often knockd opened for addresses that begin with `network`."""
    return sum(1 for line in log.splitlines() if "OPEN SESAME" in line and f"] {network}" in line)
