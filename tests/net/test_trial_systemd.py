"""A trial under a real systemd, and the unit for the boot: systemd runs as PID 1 of namespaces of its own."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from live_gate import NEW, POLICY, SOURCE, wanted
from systemd_host import Host, systemd_host, wait_for

from portward.apply import wanted as storing


pytestmark = [pytest.mark.net, pytest.mark.peer("systemd-run", "systemctl", "unshare", "nsenter")]

DRIVER = Path(__file__).with_name("trial_driver.py")
UNIT = Path(__file__).parents[2] / "packaging/systemd/portward.service"


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    """A host whose systemd is up."""
    with systemd_host(tmp_path) as made:
        yield made


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
