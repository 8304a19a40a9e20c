"""People from `person add` to `person revoke`: real commands on a gate, and a visitor with real programs."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from served_gate import SOURCE, ServedGate, served_gate

from lab.namespaces import GATE_V4


pytestmark = pytest.mark.net

POLICY = """schema = 1
[services.ssh]
ports = ["tcp/22"]
[services.web]
ports = ["tcp/80"]
[windows]
ahead = "1h"
[passes]
port = 62202
echo = true
[rolling]
ports = "20000-24999"
[sealed]
port = 62203
[people.alice]
opens = ["ssh"]
[people.bob]
opens = ["web"]
"""
"""The gate has keys of alice and bob already; slots 0 and 1 are theirs."""


@attrs.frozen
class Home:
    """A visitor's home, and a gate."""

    gate: ServedGate
    path: Path

    def environment(self) -> dict[str, str]:
        """What the visitor's programs run in."""
        return {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE), "HOME": str(self.path)}

    def portward(self, *words: str, code: int = 0) -> str:
        """Run a command of the visitor's; gives what it printed."""
        done = self.gate.town.visitors["client"].run(
            *(sys.executable, "-m", "portward", *words),
            check=False,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def shell(self, line: str) -> None:
        """Run a printed line, as its reader would."""
        client = self.gate.town.visitors["client"]
        client.run("sh", "-c", line, check=False, env={"PATH": os.environ["PATH"]}, timeout=20)

    def invited(self, *words: str) -> dict[str, Any]:
        """Make a person on the gate, and take the invitation here."""
        policy = ("--policy", str(self.gate.policy))
        told = self.gate.portward("person", "add", *words, "--host", GATE_V4, *policy)
        file = self.path / "invitation.toml"
        file.write_text(told["result"]["invitation"])
        self.portward("import-profile", str(file), "--name", "gate", "--force")
        self.gate.portward("apply", str(self.gate.policy), "--yes")
        return told


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A gate without a daemon, and a visitor without a profile."""
    path = tmp_path / "home"
    path.mkdir()
    with served_gate(tmp_path, POLICY) as gate:
        yield Home(gate, path)


WAYS = ("sealed", "pass", "rolling")


def test_an_invited_person_gets_in_by_every_way_and_is_out_when_revoked(home: Home) -> None:
    """The door is shut with the very command; what is loaded ahead leads nowhere, before anything is applied."""
    home.invited("carol", "--opens", "ssh")
    home.gate.start()
    for way in WAYS:
        assert not home.gate.reaches(22)
        home.portward("knock", "gate", "--way", way, "--timeout", "8s")
        assert home.gate.reaches(22)
        assert not home.gate.reaches(80)
        if way != WAYS[-1]:
            home.gate.shut()
    told = home.gate.portward("person", "revoke", "carol", "--policy", str(home.gate.policy))
    assert told["result"]["ended"] == ["198.51.100.2"]
    assert not home.gate.reaches(22)
    for way in ("pass", "rolling"):
        home.portward("knock", "gate", "--way", way, "--no-verify")
        assert not home.gate.reaches(22)
    home.gate.hang_up()
    home.gate.wait_for("reloaded", 20)
    home.portward("knock", "gate", "--no-verify")
    assert not home.gate.reaches(22, timeout=1)


def test_a_key_of_ones_own_never_leaves_home(home: Home) -> None:
    public = home.portward("keygen").strip()
    told = home.invited("carol", "--opens", "*", "--public-key", public)
    assert "private" not in told["result"]["invitation"]
    home.gate.start()
    home.portward("knock", "gate", "--timeout", "8s")
    assert home.gate.reaches(22)
    private = (home.path / ".config/portward/own.key").read_text().strip()
    kept = [each.read_text() for each in home.gate.store.directory.iterdir()]
    assert not any(private in each for each in kept)


def test_passes_open_by_the_lines_that_are_printed_and_only_once(home: Home) -> None:
    """No daemon runs: what was loaded ahead is enough."""
    home.invited("carol", "--opens", "ssh")
    home.gate.portward("serve", str(home.gate.policy), "--state", str(home.gate.state), "--once")
    for tool in ("nc", "bash", "ping"):
        lines = [line.strip() for line in home.portward("pass", "gate").splitlines()]
        (line,) = (each.removeprefix(f"{tool}:").strip() for each in lines if each.startswith(f"{tool}:"))
        home.shell(line)
        assert home.gate.soon_reaches(22, seconds=2), tool
        home.gate.shut()
        home.shell(line)
        assert not home.gate.reaches(22), tool


def test_ping_writes_its_pattern_sixteen_bytes_into_the_data(home: Home) -> None:
    """What the docs say of iputils: a time stamp of 16 bytes, then the pattern, whole."""
    gate, client = home.gate.town.gate, home.gate.town.visitors["client"]
    pattern = bytes(range(0x40, 0x50))
    with gate.socket(2, 3, 1) as raw:  # AF_INET, SOCK_RAW, ICMP
        raw.settimeout(5)
        client.run("ping", "-c1", "-W1", "-s32", "-p", pattern.hex(), GATE_V4, check=False)
        packet = raw.recv(1500)
    data = packet[20 + 8 :]
    assert len(data) == 32
    assert data[16:] == pattern
    assert data[:16] != pattern


def test_ssh_proxy_and_commands_go_by_the_best_way(home: Home) -> None:
    home.invited("carol", "--opens", "web")
    home.gate.start()
    assert home.portward("knock", "gate", "--verify", "80", "--", "echo", "in") == "in\n"
    home.gate.shut()
    proxy = home.gate.town.visitors["client"].start(
        *(sys.executable, "-m", "portward", "ssh-proxy", "gate", "80"),
        env=home.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    try:
        assert home.gate.soon_reaches(80)
    finally:
        proxy.kill()
        proxy.communicate()
