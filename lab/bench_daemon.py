"""A gate with people, keys and a running `portward serve`; and what the kernel counts of any process that reads UDP."""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import attrs

from lab.bench_place import Site
from lab.bench_pump import cpu_time
from lab.bench_rules import DOOR
from lab.bench_table import quotient
from lab.namespaces import Namespace
from portward.apply.keystore import KeyStore
from portward.compile.nft import compile_policy
from portward.knock.private import write_private
from portward.policy.policy import Policy
from portward.sources.policy_reader import read_policy
from portward.spa.crypto import AesMode, new_private, public_of
from portward.spa.keyring import FwknopKey, HmacDigest, Keyring, SealedKey, ServerKey, Term, TokenKey
from portward.spa.keyring_text import write_server_key
from portward.spa.sealed import DAY, word


PEOPLE = 200
PASS_PORT, SEALED_PORT, FWKNOP_PORT = 62202, 62203, 62201
PASSES = f"[passes]\nport = {PASS_PORT}\nper_window = 20\n"
LONG_AGO = Term(datetime(2020, 1, 1, tzinfo=UTC))

START = 30.0
"""Seconds that a daemon may take until it serves."""

IDLE = 10.0
"""Seconds that a reader may take to work off what waits in its socket."""

TICKS = os.sysconf("SC_CLK_TCK")


@attrs.frozen
class Keys:
    """All secrets of a run; all its gates have the same.

    Attributes:
        server: the gate's own.
        people: private keys for sealed knocks.
        tokens: secrets of passes.
        fwknop: the one that fwknopd has too; of the first person.
    """

    server: ServerKey
    people: tuple[bytes, ...]
    tokens: tuple[TokenKey, ...]
    fwknop: FwknopKey

    @property
    def word(self) -> bytes:
        """What sealed knocks begin with today."""
        return word(self.server.public, int(time.time()) // DAY)


def name_of(number: int) -> str:
    """A person's name."""
    return f"p{number}"


@cache
def keys() -> Keys:
    """Make all secrets."""
    private = new_private()
    return Keys(
        ServerKey(private, public_of(private)),
        tuple(new_private() for _ in range(PEOPLE)),
        tuple(TokenKey(name_of(number), os.urandom(32), number, LONG_AGO) for number in range(PEOPLE)),
        FwknopKey(
            name_of(0),
            os.urandom(24),
            os.urandom(48),
            HmacDigest.SHA256,
            AesMode.CBC,
            legacy=False,
            username="",
            term=LONG_AGO,
        ),
    )


def policy_text() -> str:
    """A lockdown policy with people. Sources are limited as little as can be: what is measured lies behind that."""
    people = "".join(f'[people.{name_of(number)}]\nopens = ["ssh"]\n' for number in range(PEOPLE))
    return (
        f'schema = 1\n[defaults]\nmode = "lockdown"\n[services.ssh]\nports = ["tcp/{DOOR}"]\n{people}'
        '[windows]\nlength = "1h"\nahead = "3h"\n'
        f"{PASSES}[sealed]\nport = {SEALED_PORT}\nper_second = 1000\n"
        f"[fwknop]\nport = {FWKNOP_PORT}\nper_second = 1000\n"
    )


@cache
def policy() -> Policy:
    """The same as a value.

    Raises:
        ValueError: it has mistakes.
    """
    found, mistakes = read_policy(policy_text(), "policy.toml")
    if found is None:
        raise ValueError(mistakes)
    return found


@cache
def ruleset() -> str:
    """The same as nft's text, with the word of today."""
    words = f"add element inet portward words {{ 0x{keys().word.hex()} }}\n"
    return compile_policy(policy()).text + words


@attrs.frozen
class Daemon:
    """A process that reads datagrams.

    Attributes:
        process: the one that reads.
        port: from where.
        log: what it, or its parent, says.
    """

    process: int
    port: int
    log: Path

    def at(self, port: int) -> "Daemon":
        """The same at another of its ports."""
        return attrs.evolve(self, port=port)

    def cpu(self) -> float:
        """Seconds of CPU time; that of its ended children in ticks (proc(5), /proc/pid/stat, fields 16 and 17)."""
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return cpu_time(self.process) / 1e9 + sum(map(int, fields[13:15])) / TICKS

    def consumed(self) -> int:
        """Datagrams that anybody in its namespace took out of a socket (snmp's InDatagrams)."""
        return snmp(Path(f"/proc/{self.process}/net/snmp").read_text())["InDatagrams"]

    def waiting(self) -> int:
        """Bytes that wait in its sockets."""
        return sum(each[0] for each in self._sockets())

    def lost(self) -> int:
        """Datagrams that its sockets had no room for."""
        return sum(each[1] for each in self._sockets())

    def _sockets(self) -> Iterator[tuple[int, int]]:
        for table in ("udp", "udp6"):
            yield from sockets(Path(f"/proc/{self.process}/net/{table}").read_text(), self.port)

    def settle(self) -> None:
        """Wait until nothing waits."""
        end = time.monotonic() + IDLE
        while self.waiting() and time.monotonic() < end:
            time.sleep(0.02)


def snmp(text: str) -> dict[str, int]:
    """The UDP counters of /proc/net/snmp."""
    names, values = (line.split()[1:] for line in text.splitlines() if line.startswith("Udp: "))
    return dict(zip(names, map(int, values), strict=True))


def sockets(text: str, port: int) -> Iterator[tuple[int, int]]:
    """Of each socket of a port in /proc/net/udp: bytes that wait, and datagrams that were dropped."""
    for line in text.splitlines()[1:]:
        fields = line.split()
        if int(fields[1].rpartition(":")[2], 16) == port:
            yield int(fields[4].partition(":")[2], 16), int(fields[-1])


@contextlib.contextmanager
def serving(where: Site) -> Iterator[Daemon]:
    """Put the policy in force in a gate and start the daemon there; gives its reader, at the port of sealed knocks.

    Raises:
        RuntimeError: it does not start.
    """
    where.gate.nft(ruleset())
    with tempfile.TemporaryDirectory(prefix="portward-bench-") as folder:
        file, log = Path(folder, "policy.toml"), Path(folder, "log")
        # Passes are measured without a daemon: it would load thousands of them before it serves.
        file.write_text(policy_text().replace(PASSES, ""))
        file.chmod(0o600)
        write_keys(KeyStore.beside(file))
        command = (
            sys.executable,
            "-m",
            "portward",
            "serve",
            str(file),
            "--state",
            str(Path(folder, "state")),
        )
        with started(where.gate, log, *command) as daemon:
            wait_for("doors opened", daemon, log)
            children = Path(f"/proc/{daemon.pid}/task/{daemon.pid}/children").read_text().split()
            yield Daemon(int(children[0]), SEALED_PORT, log)


@contextlib.contextmanager
def started(gate: Namespace, log: Path, *command: str) -> Iterator["subprocess.Popen[str]"]:
    """Run a daemon in a gate, in a session of its own as a service is: so the kernel gives it a share of its own."""
    with log.open("w") as out:
        daemon = gate.start(
            *command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
    try:
        yield daemon
    finally:
        daemon.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            daemon.wait(5)
        daemon.kill()
        daemon.wait()


def wait_for(sentence: str, daemon: "subprocess.Popen[str]", log: Path) -> None:
    """Wait until a daemon says something.

    Raises:
        RuntimeError: it ends, or does not say it in time.
    """
    end = time.monotonic() + START
    while sentence not in (said := log.read_text(errors="replace")):
        if daemon.poll() is not None or time.monotonic() > end:
            msg = f"a daemon did not start: {said or 'its log is empty'}"
            raise RuntimeError(msg)
        time.sleep(0.02)


def write_keys(store: KeyStore) -> None:
    """Write everybody's keys, and the gate's."""
    known = keys()
    store.prepare()
    write_private(store.directory / "server.toml", write_server_key(known.server), replace=True)
    for number, private in enumerate(known.people):
        name = name_of(number)
        sealed = SealedKey(name, public_of(private), b"", LONG_AGO)
        store.save(name, Keyring((sealed,), (), (known.fwknop,) if number == 0 else ()))


def per_second(count: float, seconds: float) -> float:
    """A rate; 0 of nothing."""
    return quotient(count, seconds) or 0.0
