"""A host of its own with a real systemd as PID 1 of namespaces, for tests of units and timers.

It sees no unit of the host's: its unit directories hold a few empty targets and what a test puts there.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from live_gate import SOURCE

from portward.apply.listing import Listing, read_listing


TARGETS = ("sysinit", "basic", "timers", "shutdown", "network-pre", "quiet")
START = """set -e
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
mount --bind "$1/units" /lib/systemd/system
mount --bind "$1/empty" /etc/systemd/system
mount --bind "$1/empty" /lib/systemd/system-generators
mount --bind "$1/lib" /var/lib
exec env -i container=docker "PATH=$PATH" /lib/systemd/systemd --system --unit=quiet.target --show-status=no
"""


@attrs.frozen
class Host:
    """A host of its own, with systemd as PID 1.

    Attributes:
        holder: the process outside that keeps it; its child is PID 1.
        root: where its unit directories and its state are.
    """

    holder: "subprocess.Popen[bytes]"
    root: Path

    @property
    def first(self) -> int:
        """The number of PID 1 as it is seen from outside."""
        children = Path(f"/proc/{self.holder.pid}/task/{self.holder.pid}/children").read_text().split()
        return int(children[0])

    def command(self, *words: str) -> list[str]:
        """What runs a command in there."""
        return ["nsenter", f"--target={self.first}", "--mount", "--pid", "--net", "--ipc", *words]

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a command in there."""
        return subprocess.run(
            self.command(*words),
            capture_output=True,
            text=True,
            check=False,
            env=self.environment,
            timeout=60,
        )

    @property
    def environment(self) -> dict[str, str]:
        """What commands in there see."""
        return {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE), "STATE_DIRECTORY": "/var/lib/portward"}

    def portward(self, *words: str) -> Any:
        """Run the command line in there."""
        done = self.run(sys.executable, "-m", "portward", *words, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def table(self) -> Listing | None:
        """The live table's structure."""
        return read_listing(self.run("nft", "-s", "-t", "list", "ruleset").stdout)

    def units(self) -> str:
        """The units of ours that systemd knows."""
        return self.run("systemctl", "list-units", "--all", "--no-legend", "--plain", "portward*").stdout


@contextlib.contextmanager
def systemd_host(tmp_path: Path) -> Iterator[Host]:
    """A host whose systemd is up."""
    for name in ("units", "empty", "lib/portward"):
        (tmp_path / name).mkdir(mode=0o700, parents=True)
    for target in TARGETS:
        (tmp_path / f"units/{target}.target").write_text(
            f"[Unit]\nDescription={target}\nDefaultDependencies=no\n"
        )
    spaces = ["--pid", "--fork", "--kill-child", "--mount", "--uts", "--ipc", "--net"]
    holder = subprocess.Popen(
        ["unshare", *spaces, "sh", "-c", START, "sh", str(tmp_path)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    made = Host(holder, tmp_path)
    try:
        if not wait_for(lambda: is_up(made), 10):
            pytest.skip("systemd does not come up in a namespace here")
        yield made
    finally:
        holder.kill()
        holder.wait()


def is_up(host: Host) -> bool:
    """Whether systemd answers."""
    try:
        return host.run("systemctl", "is-system-running").stdout.strip() in {"running", "degraded"}
    except (IndexError, FileNotFoundError):
        return False


def wait_for(true: Callable[[], bool], seconds: float) -> bool:
    """Look again and again until it is true or the time is over."""
    until = time.monotonic() + seconds
    while not (found := true()) and time.monotonic() < until:
        time.sleep(0.05)
    return found
