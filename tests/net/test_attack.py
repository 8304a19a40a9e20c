"""Attacks on real gates: a weak policy falls, a strict one does not, honest visitors get in, nothing is left behind."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from portward.attack.place import Place, place
from portward.attack.replays import replays
from portward.attack.scanner import scan
from portward.attack.sweeps import SWEEPS, Bound, Sweep, run
from portward.attack.visitors import welcome
from portward.attack.weather import Weather
from portward.policy.policy import Policy
from portward.sources.policy_reader import read_policy


pytestmark = pytest.mark.net

STRICT = """
schema = 1
[services.ssh]
ports = ["tcp/22"]
[sequences.admin]
knocks = ["tcp/41733", "udp/9121", "icmp/777", "tcp/17021"]
opens = "ssh"
"""
WEAK = """
schema = 1
[defaults]
strict = false
[services.ssh]
ports = ["tcp/22"]
[sequences.admin]
knocks = ["tcp/100", "tcp/200", "tcp/300"]
opens = "ssh"
"""
BOUND = Bound(200_000, 4)


def read(text: str) -> Policy:
    """Read a policy without mistakes."""
    policy, found = read_policy(text, "policy.toml")
    assert policy, found
    return policy


@pytest.fixture(params=[4, 6])
def strict(request: pytest.FixtureRequest) -> Iterator[Place]:
    """A gate with the defaults."""
    with place(read(STRICT), request.param) as made:
        yield made


@pytest.fixture(params=[4, 6])
def weak(request: pytest.FixtureRequest) -> Iterator[Place]:
    """A gate as many articles make it."""
    with place(read(WEAK), request.param) as made:
        yield made


@pytest.mark.parametrize("sweep", SWEEPS, ids=lambda sweep: sweep.name)
def test_a_strict_policy_survives_every_sweep(strict: Place, sweep: Sweep) -> None:
    """And every packet of it did arrive at the gate."""
    before = strict.arrived()
    found = run(strict, sweep, BOUND)
    assert not found.opened
    assert strict.arrived() - before >= found.packets > 100


@pytest.mark.parametrize("name", ["ascending", "repeated"])
def test_a_weak_policy_falls_to_one_ascending_sweep(weak: Place, name: str) -> None:
    found = run(weak, next(each for each in SWEEPS if each.name == name), BOUND)
    assert found.opened
    assert found.packets < 65_536


@pytest.mark.peer("nmap")
def test_real_nmap_opens_nothing(strict: Place) -> None:
    found = scan(strict, Bound(1_000_000, 6))
    assert found
    assert not found.opened
    assert found.packets > 20_000


def test_of_what_was_seen_only_the_whole_opens(strict: Place) -> None:
    *parts, whole = replays(strict, strict.policy.sequences[0], BOUND)
    assert [each.opened for each in parts] == [0, 0]
    assert whole.opened == 1
    assert whole.by_design


def test_honest_visitors_get_in(weak: Place) -> None:
    """Without a penalty the second try comes after two seconds, so that this test is short."""
    fair, foul = welcome(weak, weak.policy.sequences[0], 20, (Weather("fair"), Weather("foul", lost=0.1)))
    assert (fair.at_once, fair.entered) == (20, 20)
    assert foul.entered >= 18
    assert fair.seconds < 5


def test_a_door_that_opened_is_a_finding(tmp_path: Path) -> None:
    """Exit code 1, and programs are told which attack it was."""
    policy = tmp_path / "policy.toml"
    policy.write_text(WEAK)
    little = ["--packets", "20,000", "--seconds", "1", "--visits", "0", "--json"]
    command = [sys.executable, "-m", "portward", "attack", str(policy), *little]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    attacks = json.loads(done.stdout)["result"]["attacks"]
    opened = {each["name"] for each in attacks if each["opened"]}
    assert {"ascending", "repeated", "replay of the whole visit"} <= opened


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_attack_leaves_nothing_behind(tmp_path: Path, how: signal.Signals) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(STRICT)
    with subprocess.Popen(
        [sys.executable, "-m", "portward", "attack", str(policy)],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as attack:
        assert attack.stderr
        attack.stderr.readline()
        time.sleep(0.5)
        name = f"pwa-gate-{attack.pid}"
        assert name in namespaces()
        attack.send_signal(how)
        assert attack.wait(20) == 130
    assert name not in namespaces()


def namespaces() -> str:
    """What `ip netns` lists."""
    return subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
