"""A trial under a real systemd, and the unit for the boot: systemd runs as PID 1 of namespaces of its own.

It sees no unit of the host's: its unit directories hold a few empty targets and what a test puts there.
"""

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
from live_gate import NEW, POLICY, SOURCE, wanted

from portward.apply import wanted as storing
from portward.apply.listing import Listing, read_listing


pytestmark = [pytest.mark.net, pytest.mark.peer("systemd-run", "systemctl", "unshare", "nsenter")]

DRIVER = Path(__file__).with_name("trial_driver.py")
UNIT = Path(__file__).parents[2] / "packaging/systemd/portward.service"

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


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
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


def write_policy(host: Host, first: int) -> str:
    """Write a policy file."""
    path = host.root / f"{first}.toml"
    path.write_text(POLICY.format(first=first))
    path.chmod(0o600)
    return str(path)


def on_new_rules(host: Host) -> bool:
    """Whether the rules on trial are in force."""
    table = host.table()
    return table is not None and ("chain", "knock_tcp_44444") in table.blocks


def test_the_timer_of_systemd_undoes_what_nobody_confirms(host: Host) -> None:
    host.portward("apply", write_policy(host, 33333), "--yes")
    old = host.table()
    host.portward("apply", write_policy(host, 44444), "--trial", "5s", "--no-wait")
    assert "portward-rollback.timer" in host.units()
    assert on_new_rules(host)
    assert wait_for(lambda: host.table() == old, 7)
    assert wait_for(lambda: "portward-rollback" not in host.units(), 5)


def test_confirm_takes_the_timer_back(host: Host) -> None:
    host.portward("apply", write_policy(host, 44444), "--trial", "5s", "--no-wait")
    host.portward("confirm")
    assert "portward-rollback" not in host.units()
    time.sleep(5.5)
    assert on_new_rules(host)


@pytest.mark.parametrize("step", ["armed", "loaded"])
def test_the_timer_fires_though_the_whole_session_is_killed(host: Host, step: str) -> None:
    host.portward("apply", write_policy(host, 33333), "--yes")
    old = host.table()
    rules = host.root / "wanted"
    rules.write_text(json.dumps(storing.to_json(wanted(*NEW))))
    words = [sys.executable, str(DRIVER), "/var/lib/portward", str(rules), "3", step, "SIGKILL", "session"]
    driver = subprocess.run(
        host.command(*words),
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
        env=host.environment,
    )
    assert driver.stdout == f"{step}\n", driver.stderr
    assert on_new_rules(host) is (step == "loaded")
    assert wait_for(lambda: host.table() == old, 5)


def test_the_unit_brings_the_gate_up_as_confirmed_and_saves_the_grants(host: Host) -> None:
    """With all its hardening, but for what hides this checkout and the interpreter from it."""
    launcher = host.root / "portward"
    launcher.write_text(f'#!/bin/sh\nPYTHONPATH={SOURCE} exec {sys.executable} -m portward "$@"\n')
    launcher.chmod(0o755)
    policy = write_policy(host, 33333)
    text = (
        UNIT.read_text()
        .replace("/usr/bin/portward", str(launcher))
        .replace("apply --yes", f"apply --yes {policy}")
    )
    relaxed = text.replace("PrivateTmp=yes", "PrivateTmp=no").replace("ProtectHome=yes", "ProtectHome=no")
    (host.root / "units/portward.service").write_text(relaxed)
    host.run("systemctl", "daemon-reload")
    host.portward("apply", policy, "--yes")
    host.portward("grant", "ssh", "192.0.2.7")
    old = host.table()
    assert host.run("systemctl", "start", "portward").returncode == 0
    assert host.run("systemctl", "stop", "portward").returncode == 0
    host.run("nft", "flush", "ruleset")
    started = host.run("systemctl", "start", "portward")
    assert started.returncode == 0, host.run("systemctl", "status", "portward").stdout
    assert host.table() == old
    assert [each["address"] for each in host.portward("status")["result"]["grants"]] == ["192.0.2.7"]
    assert host.run("systemctl", "reload", "portward").returncode == 0
    assert host.table() == old
    assert [each["address"] for each in host.portward("status")["result"]["grants"]] == ["192.0.2.7"]


def test_the_unit_is_hardened() -> None:
    """`systemd-analyze security` finds at most 2.0."""
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", str(UNIT)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-300:]
