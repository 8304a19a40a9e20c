"""A gate with a running daemon: policy and keys on disk, `portward serve` in the gate's namespace, real datagrams."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import attrs

from lab.namespaces import GATE_V4, GATE_V6, Namespace, Town, town
from portward.apply.keystore import KeyStore
from portward.spa.crypto import new_private, public_of
from portward.spa.keyring import Keyring, SealedKey, Term, TokenKey
from portward.spa.request import Request
from portward.spa.sealed import seal_knock


SOURCE = Path(__file__).parents[2] / "src"
LONG_AGO = Term(datetime(2020, 1, 1, tzinfo=UTC))
PORT = 62203

POLICY = """schema = 1
[services.ssh]
ports = ["tcp/22"]
[services.web]
ports = ["tcp/80"]
[people.alice]
opens = ["ssh"]
[people.bob]
opens = ["web"]
[windows]
ahead = "1h"
[passes]
port = 62202
[sealed]
port = 62203
[fwknop]
"""

HELPER = """
import socket, sys
listeners = []
for port in (22, 80):
    each = socket.socket(socket.AF_INET6)
    each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    each.bind(("::", port))
    each.listen(64)
    listeners.append(each)
print("ready", flush=True)
sys.stdin.read()
"""


@attrs.define
class ServedGate:
    """A street with a gate whose daemon can be started, killed and asked.

    Attributes:
        town: the street; the visitors are `client` and `stranger`.
        directory: of policy, keys and state.
        alice: her private key for sealed knocks.
        daemon: the running `portward serve`.
    """

    town: Town
    directory: Path
    alice: bytes
    daemon: subprocess.Popen[str] | None = None
    lines: list[str] = attrs.field(factory=list)

    @property
    def policy(self) -> Path:
        """The policy file."""
        return self.directory / "policy.toml"

    @property
    def store(self) -> KeyStore:
        """The keys."""
        return KeyStore.beside(self.policy)

    @property
    def state(self) -> Path:
        """The daemon's state directory."""
        return self.directory / "serve"

    @property
    def server_public(self) -> bytes:
        """The gate's public key."""
        return self.store.make_server().public

    def environment(self) -> dict[str, str]:
        """The environment that the command line runs in."""
        state = str(self.directory / "state")
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(SOURCE),
            "STATE_DIRECTORY": state,
            "HOME": "/nonexistent",
        }

    def portward(self, *words: str, code: int = 0) -> dict[str, Any]:
        """Run a command on the gate and give its object."""
        command = [sys.executable, "-m", "portward", *words, "--json"]
        done = self.town.gate.run(*command, check=False, env=self.environment(), stdin=subprocess.DEVNULL)
        assert done.returncode == code, done.stdout + done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def start(self, *, wait: bool = True, **variables: str) -> None:
        """Start the daemon and wait until it serves."""
        log = (self.directory / "log").open("a")
        self.daemon = self.town.gate.start(
            *(sys.executable, "-m", "portward", "serve", str(self.policy), "--state", str(self.state)),
            env=self.environment() | variables,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        log.close()
        if wait:
            self.wait_for("doors opened")

    def log(self) -> str:
        """What the daemon has said since it was started for the first time."""
        file = self.directory / "log"
        return file.read_text() if file.exists() else ""

    def wait_for(self, text: str, seconds: float = 15) -> None:
        """Wait until the daemon has said something new."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            said = self.log()
            if text in "\n".join(said.split("\n")[len(self.lines) :]):
                self.lines = said.split("\n")[:-1]
                return
            if self.daemon and self.daemon.poll() is not None:
                break
            time.sleep(0.02)
        raise AssertionError(f"the daemon never said {text!r}:\n{self.log()}")

    def reader(self) -> int:
        """The process number of the daemon's reader."""
        assert self.daemon
        found = Path(f"/proc/{self.daemon.pid}/task/{self.daemon.pid}/children").read_text().split()
        assert len(found) == 1
        return int(found[0])

    def hang_up(self) -> None:
        """Ask the daemon to read policy and keys again."""
        assert self.daemon
        os.kill(self.daemon.pid, signal.SIGHUP)

    def kill(self, number: int = 9) -> None:
        """End the daemon with a signal; its reader ends with it."""
        if self.daemon:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.daemon.pid, number)
            self.daemon.wait(10)
            self.daemon = None

    def knock(
        self, key: bytes | None = None, request: Request | None = None, *, ns: int | None = None
    ) -> bytes:
        """Make a sealed knock, alice's if no other key is given."""
        return seal_knock(
            self.server_public,
            key or self.alice,
            bytes(0),
            new_private(),
            request or Request(),
            time.time_ns() if ns is None else ns,
        )

    def send(self, datagram: bytes, role: str = "client", version: int = 4, port: int = PORT) -> None:
        """Send a datagram to the gate."""
        family, host = (socket.AF_INET, GATE_V4) if version == 4 else (socket.AF_INET6, GATE_V6)
        with self.town.visitors[role].socket(family, socket.SOCK_DGRAM) as out:
            out.sendto(datagram, (host, port))

    def reaches(self, port: int, role: str = "client", version: int = 4, timeout: float = 0.25) -> bool:
        """Whether a visitor gets a TCP connection now."""
        family, host = (socket.AF_INET, GATE_V4) if version == 4 else (socket.AF_INET6, GATE_V6)
        with self.town.visitors[role].socket(family, socket.SOCK_STREAM) as out:
            out.settimeout(timeout)
            try:
                out.connect((host, port))
            except OSError:
                return False
            return True

    def soon_reaches(self, port: int, role: str = "client", version: int = 4, seconds: float = 5) -> bool:
        """Whether a visitor gets a TCP connection within some seconds."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.reaches(port, role, version):
                return True
        return False

    def shut(self) -> None:
        """End all grants and forget nothing else."""
        for service in ("ssh", "web"):
            for family in ("v4", "v6"):
                self.town.gate.run("nft", "flush", "set", "inet", "portward", f"grant_{service}_{family}")


@contextlib.contextmanager
def served_gate(directory: Path, policy: str = POLICY) -> Iterator[ServedGate]:
    """Make a gate with a policy in force, two services that listen, and alice's and bob's keys; no daemon yet."""
    with town("client", "stranger", prefix="pws") as street:
        served = ServedGate(street, directory, new_private())
        served.policy.write_text(policy)
        served.policy.chmod(0o600)
        served.state.mkdir(mode=0o700)
        store = served.store
        with store.locked():
            store.make_server()
            sealed = SealedKey("alice", public_of(served.alice), b"", LONG_AGO)
            store.save("alice", Keyring((sealed,), (TokenKey("alice", b"a" * 32, 0, LONG_AGO),)))
            store.save("bob", Keyring(tokens=(TokenKey("bob", b"b" * 32, 1, LONG_AGO),)))
        listener = _listen(street.gate)
        try:
            served.portward("apply", str(served.policy), "--yes")
            yield served
        finally:
            served.kill()
            listener.kill()
            listener.communicate()


def _listen(gate: Namespace) -> subprocess.Popen[str]:
    listener = gate.start(sys.executable, "-c", HELPER, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert listener.stdout
    assert listener.stdout.readline() == "ready\n"
    return listener


def visitor(role: str, version: int = 4) -> str:
    """The address of a visitor."""
    number = ("client", "stranger").index(role)
    return str(ip_address(f"198.51.100.{number + 2}" if version == 4 else f"2001:db8:0:1::{number + 2:x}"))
