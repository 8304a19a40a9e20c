"""Network namespaces that are made, wired and removed again, also when the run is interrupted.

Nothing here touches the host's own network: cables are made inside the namespaces. Needs root.
"""

import contextlib
import ctypes
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs

from portward.errors import HostError


CLONE_NEWNET = 0x40000000
"""linux/sched.h; `os.setns` comes with Python 3.12 only."""

PATH = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin"
"""Where `ip` is looked for, whatever PATH the caller has."""

_LIBC = ctypes.CDLL(None, use_errno=True)


def _setns(descriptor: int) -> None:
    if _LIBC.setns(descriptor, CLONE_NEWNET):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


@attrs.frozen
class Namespace:
    """One network namespace by its name under /run/netns."""

    name: str

    @property
    def prefix(self) -> list[str]:
        """What to put before a command so that it runs in here."""
        return [_program(), "netns", "exec", self.name]

    def run(self, *command: str, check: bool = True, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command in here and wait for it; its output is captured as text."""
        options.setdefault("capture_output", True)
        return subprocess.run([*self.prefix, *command], check=check, text=True, **options)

    def start(self, *command: str, **options: Any) -> subprocess.Popen[str]:
        """Start a command in here and go on."""
        return subprocess.Popen([*self.prefix, *command], text=True, **options)

    def nft(self, text: str) -> None:
        """Give nft a text."""
        result = self.run("nft", "-f", "-", input=text, check=False)
        if result.returncode:
            msg = f"nft refused:\n{result.stderr}"
            raise RuntimeError(msg)

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Be in here, with this thread, for a while: sockets opened now stay in here for ever."""
        with (
            Path("/proc/thread-self/ns/net").open("rb") as home,
            Path(f"/run/netns/{self.name}").open("rb") as there,
        ):
            _setns(there.fileno())
            try:
                yield
            finally:
                _setns(home.fileno())

    def socket(self, *arguments: Any) -> socket.socket:
        """Open a socket that lives in here; the arguments are `socket.socket`'s."""
        with self.entered():
            return socket.socket(*arguments)


@contextlib.contextmanager
def namespaces(*roles: str, prefix: str = "pw") -> Iterator[tuple[Namespace, ...]]:
    """Make one namespace for each role, with `lo` up, and remove them all at the end.

    Names carry the process number, so that two runs do not meet.
    """
    made = tuple(Namespace(f"{prefix}-{role}-{os.getpid()}") for role in roles)
    try:
        for each in made:
            _ip("netns", "add", each.name)
            each.run("ip", "link", "set", "lo", "up")
        yield made
    finally:
        for each in made:
            remove(each)


def remove(namespace: Namespace) -> None:
    """End what runs in a namespace and remove it; nothing happens if it is gone."""
    found = subprocess.run(
        [_program(), "netns", "pids", namespace.name], check=False, capture_output=True, text=True
    )
    for number in found.stdout.split():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(number), 9)
    subprocess.run([_program(), "netns", "del", namespace.name], check=False, capture_output=True)


def cable(one: Namespace, other: Namespace, one_end: str, other_end: str) -> None:
    """Lay a cable between two namespaces and name its ends; both are up, without addresses."""
    one.run("ip", "link", "add", one_end, "type", "veth", "peer", "name", other_end, "netns", other.name)
    for where, end in ((one, one_end), (other, other_end)):
        # Without duplicate address detection an IPv6 address is good at once.
        where.run("sysctl", "-qw", f"net.ipv6.conf.{end}.accept_dad=0")
        where.run("ip", "link", "set", end, "up")


def address(where: Namespace, end: str, *addresses: str) -> None:
    """Give the end of a cable its addresses, such as `192.0.2.1/24`."""
    for each in addresses:
        where.run("ip", "address", "add", each, "dev", end, *(["nodad"] if ":" in each else []))


@attrs.frozen
class Town:
    """A gate and its visitors on one street: every visitor reaches the gate and the others.

    Attributes:
        gate: the host that is guarded; its end is `eth0`.
        visitors: by role.
        street: holds the bridge between them.
    """

    gate: Namespace
    visitors: dict[str, Namespace]
    street: Namespace


GATE_V4 = "198.51.100.1"
GATE_V6 = "2001:db8:0:1::1"


def visitor_v4(number: int) -> str:
    """The IPv4 address of the visitor of that number, from 0."""
    return f"198.51.100.{number + 2}"


def visitor_v6(number: int) -> str:
    """The IPv6 address of the visitor of that number, from 0."""
    return f"2001:db8:0:1::{number + 2:x}"


@contextlib.contextmanager
def town(*roles: str, prefix: str = "pw") -> Iterator[Town]:
    """Build a gate and visitors of these roles on one street; addresses are RFC 5737 and RFC 3849 ones."""
    with namespaces("gate", "street", *roles, prefix=prefix) as (gate, street, *visitors):
        street.run("ip", "link", "add", "bridge", "type", "bridge")
        street.run("ip", "link", "set", "bridge", "up")
        for number, (role, where) in enumerate(zip(["gate", *roles], [gate, *visitors], strict=True)):
            cable(where, street, "eth0", f"to-{role}"[:15])
            street.run("ip", "link", "set", f"to-{role}"[:15], "master", "bridge")
            address(where, "eth0", f"198.51.100.{number + 1}/24", f"2001:db8:0:1::{number + 1:x}/64")
        yield Town(gate, dict(zip(roles, visitors, strict=True)), street)


def _ip(*arguments: str) -> None:
    try:
        subprocess.run([_program(), *arguments], check=True, capture_output=True, text=True)
    except subprocess.CalledProcessError as error:
        raise HostError(f"cannot make a network namespace: {error.stderr.strip()}") from error


def _program() -> str:
    """The full path of `ip`.

    Raises:
        HostError: it is not installed.
    """
    if (found := shutil.which("ip", path=PATH)) is None:
        raise HostError("the program ip is missing; install the package iproute2")
    return found


def missing(*programs: str) -> Sequence[str]:
    """Name which of these programs this machine lacks."""
    places = [*os.environ.get("PATH", "/usr/bin:/bin").split(":"), "/usr/sbin", "/sbin"]
    return [program for program in programs if not any((Path(place) / program).exists() for place in places)]
