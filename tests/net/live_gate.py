"""What the tests of a living gate share: policies that differ, a gate, and its command line in a namespace."""

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs

from lab.namespaces import Namespace, Town, namespaces, town
from portward.apply.gate import Plan, load, plan_or_guess
from portward.apply.listing import Listing
from portward.apply.live import read_table
from portward.apply.state import StateDirectory
from portward.apply.wanted import Wanted, want
from portward.compile.nft import compile_policy
from portward.policy.notation import read_knock, read_ports
from portward.policy.policy import Policy, Sequence, Service


SOURCE = Path(__file__).parents[2] / "src"

OLD = ("tcp/33333", "udp/22222", "tcp/11111")
NEW = ("tcp/44444", "udp/22222", "udp/2345")

POLICY = """schema = 1
[services.ssh]
ports = ["tcp/22"]
[services.web]
ports = ["tcp/80"]
[sequences.admin]
knocks = ["tcp/{first}", "udp/22222", "tcp/11111"]
opens = ["ssh"]
"""


def policy(*knocks: str, **more: Any) -> Policy:
    """Services on tcp/22 and tcp/80, one sequence that opens the first."""
    steps = (timedelta(seconds=10),) * (len(knocks) - 1)
    services = (Service("ssh", (read_ports("tcp/22"),)), Service("web", (read_ports("tcp/80"),)))
    sequences = (Sequence("admin", tuple(map(read_knock, knocks)), steps, ("ssh",), timedelta(hours=1)),)
    return Policy(**({"services": services, "sequences": sequences} | more))


def wanted(*knocks: str, **more: Any) -> Wanted:
    """What that policy wants of the kernel."""
    made = policy(*knocks, **more)
    return want(made, compile_policy(made), "policy.toml")


@attrs.frozen
class LiveGate:
    """A namespace with a gate, and the state directory that belongs to it."""

    here: Namespace
    state: StateDirectory

    @property
    def environment(self) -> dict[str, str]:
        """The environment that the command line runs in."""
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(SOURCE),
            "STATE_DIRECTORY": str(self.state.path),
            "HOME": "/nonexistent",
        }

    def portward(self, *words: str, code: int | None = 0, **variables: str) -> dict[str, Any]:
        """Run a command with `--json` in the namespace and give its object."""
        command = [sys.executable, "-m", "portward", *words, "--json"]
        done = self.here.run(*command, check=False, env=self.environment | variables, stdin=-3)
        assert code is None or done.returncode == code, done.stdout + done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def table(self) -> Listing | None:
        """The live table."""
        return read_table(self.here.prefix)

    def ruleset(self) -> str:
        """All that nft lists, counted packets aside."""
        return self.here.run("nft", "-s", "list", "ruleset").stdout

    def load(self, rules: Wanted) -> Plan:
        """Put rules into the kernel from within this process."""
        with self.here.entered():
            change = plan_or_guess(rules)
            load(change)
        return change

    def elements(self, name: str) -> dict[str, int | None]:
        """The elements of a set and the seconds that each has left."""
        listed = json.loads(self.here.run("nft", "-j", "list", "set", "inet", "portward", name).stdout)
        found = next(each["set"] for each in listed["nftables"] if "set" in each).get("elem", [])
        return {str(each["elem"]["val"]): each["elem"].get("expires") for each in found}

    def add(self, name: str, element: str) -> None:
        """Put an element into a set by hand."""
        self.here.nft(f"add element inet portward {name} {{ {element} }}")


@contextlib.contextmanager
def live_town(state: Path) -> Iterator[tuple[LiveGate, Town]]:
    """A gate without a table, and one visitor."""
    with town("visitor", prefix="pwc") as made:
        directory = StateDirectory(state / "state")
        directory.prepare()
        yield LiveGate(made.gate, directory), made


@contextlib.contextmanager
def live_gates(state: Path, count: int = 1) -> Iterator[list[LiveGate]]:
    """Several gates that know nothing of each other."""
    with namespaces(*(f"g{number}" for number in range(count)), prefix="pwc") as made:
        yield [LiveGate(here, prepared(state / here.name)) for here in made]


def prepared(path: Path) -> StateDirectory:
    """Make a state directory."""
    directory = StateDirectory(path)
    directory.prepare()
    return directory
