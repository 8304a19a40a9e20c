"""The daemon's units under a real systemd: no root, all hardening on, readiness, socket, reload, watchdog, restart."""

import pwd
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from served_gate import LONG_AGO, POLICY
from systemd_host import Host, systemd_host, wait_for

from portward.apply.keystore import KeyStore
from portward.spa.crypto import new_private, public_of
from portward.spa.keyring import Keyring, SealedKey, TokenKey
from portward.spa.request import Request
from portward.spa.sealed import seal_knock


pytestmark = [pytest.mark.net, pytest.mark.peer("systemctl", "unshare", "nsenter", "/usr/bin/python3")]

PACKAGING = Path(__file__).parents[2] / "packaging"
UNITS = PACKAGING / "systemd"
USER = "daemon"
"""Stands for the user portward, whom systemd-sysusers would make: every Debian has this one."""

KNOCKER = """
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
socket.socket(family, socket.SOCK_DGRAM).sendto(bytes.fromhex(sys.argv[3]), (sys.argv[1], int(sys.argv[2])))
"""


@attrs.frozen
class Served:
    """A host with portward installed for a system Python, a policy, keys, and the units in place.

    Attributes:
        host: with systemd.
        place: everything is below it, and everybody may go there.
        alice: her private key.
    """

    host: Host
    place: Path
    alice: bytes

    @property
    def store(self) -> KeyStore:
        """The keys."""
        return KeyStore.beside(self.place / "policy.toml")

    def knock(self, key: bytes | None = None) -> None:
        """Send a sealed knock from within the host itself, by another of its addresses."""
        server = self.store.make_server()
        made = seal_knock(server.public, key or self.alice, b"", new_private(), Request(), time.time_ns())
        self.host.run(
            "ip", "netns", "exec", "visitor", sys.executable, "-c", KNOCKER, "192.0.2.1", "62203", made.hex()
        )

    def granted(self, service: str = "ssh") -> bool:
        """Whether the visitor has a grant."""
        return (
            "192.0.2.2"
            in self.host.run("nft", "list", "set", "inet", "portward", f"grant_{service}_v4").stdout
        )

    def show(self, what: str) -> str:
        """A property of the service."""
        return self.host.run("systemctl", "show", "--value", "-p", what, "portward-serve").stdout.strip()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """Install portward as its user would see it, with root's policy and the daemon's keys."""
    with tempfile.TemporaryDirectory() as name, systemd_host(tmp_path) as host:
        place = Path(name)
        place.chmod(0o755)
        made = Served(host, place, new_private())
        install(made)
        visitor(host)
        host.portward("apply", str(place / "policy.toml"), "--yes")
        assert host.run("systemctl", "daemon-reload").returncode == 0
        yield made
        host.run("systemctl", "stop", "portward-serve.service", "portward-serve.socket")


def install(made: Served) -> None:
    """Put the program, its libraries, the policy, the keys and the units where they belong."""
    place, user = made.place, pwd.getpwnam(USER)
    modules = place / "modules"
    modules.mkdir()
    source = Path(__file__).parents[2] / "src/portward"
    shutil.copytree(source, modules / "portward", ignore=shutil.ignore_patterns("__pycache__"))
    libraries = Path(sysconfig.get_paths()["platlib"])
    for each in ("attr", "attrs", "cryptography", "cffi", "pycparser"):
        if (libraries / each).exists():
            shutil.copytree(libraries / each, modules / each)
    for file in libraries.glob("_cffi_backend*.so"):
        shutil.copy(file, modules)
    launcher = place / "portward"
    launcher.write_text(f'#!/bin/sh\nPYTHONPATH={modules} exec /usr/bin/python3 -m portward "$@"\n')
    launcher.chmod(0o755)
    policy = place / "policy.toml"
    policy.write_text(POLICY)
    policy.chmod(0o640)
    shutil.chown(policy, "root", user.pw_gid)
    made.store.prepare()
    shutil.chown(made.store.directory, user.pw_uid, user.pw_gid)
    sealed = SealedKey("alice", public_of(made.alice), b"", LONG_AGO)
    made.store.make_server()
    made.store.save("alice", Keyring((sealed,), (TokenKey("alice", b"a" * 32, 0, LONG_AGO),)))
    for unit in ("portward-serve.service", "portward-serve.socket"):
        text = (UNITS / unit).read_text()
        text = text.replace("/usr/bin/portward serve", f"{launcher} serve {policy}").replace(
            "=portward\n", f"={USER}\n"
        )
        # What hides this test's own folder below /tmp from the daemon:
        text = text.replace("PrivateTmp=yes", "PrivateTmp=no").replace(
            "/etc/portward/policy.toml", str(policy)
        )
        (made.host.root / "units" / unit).write_text(text)


def visitor(host: Host) -> None:
    """Give the host a visitor: another network namespace, on a cable."""
    for command in (
        "ip link set lo up",
        "ip netns add visitor",
        "ip link add eth0 type veth peer name eth0 netns visitor",
        "ip address add 192.0.2.1/24 dev eth0",
        "ip link set eth0 up",
        "ip -n visitor address add 192.0.2.2/24 dev eth0",
        "ip -n visitor link set eth0 up",
    ):
        done = host.run(*command.split())
        assert done.returncode == 0, done.stderr


def test_it_serves_without_root_under_all_its_hardening(served: Served) -> None:
    """Started by its unit, ready when `systemctl start` returns; a knock opens; a reload takes a new key."""
    started = served.host.run("systemctl", "start", "portward-serve.service")
    assert started.returncode == 0, served.host.run("systemctl", "status", "portward-serve").stdout
    assert "people" in served.show("StatusText")
    served.knock()
    assert wait_for(served.granted, 10)
    process = served.show("MainPID")
    status = served.host.run("cat", f"/proc/{process}/status").stdout
    assert f"Uid:\t{pwd.getpwnam(USER).pw_uid}\t" in status
    assert "CapBnd:\t0000000000001000" in status
    bob = new_private()
    served.store.save("bob", Keyring((SealedKey("bob", public_of(bob), b"", LONG_AGO),)))
    assert served.host.run("systemctl", "reload", "portward-serve").returncode == 0
    time.sleep(1)  # a reload is asked for, not waited for, by this version of systemd
    served.knock(bob)
    assert wait_for(lambda: served.granted("web"), 10)
    assert served.show("MainPID") == process


def test_systemd_starts_it_again_and_holds_its_ports_meanwhile(served: Served) -> None:
    """Killed by force: the socket unit keeps what was sent, the daemon comes back, and opens for it."""
    assert served.host.run("systemctl", "start", "portward-serve.socket").returncode == 0
    assert served.host.run("systemctl", "start", "portward-serve.service").returncode == 0
    first = served.show("MainPID")
    served.host.run("systemctl", "kill", "--kill-whom=all", "--signal=KILL", "portward-serve.service")
    served.knock()
    assert wait_for(served.granted, 15)
    assert served.show("MainPID") not in {first, "0"}


def test_a_daemon_that_hangs_is_killed_by_the_watchdog(served: Served) -> None:
    """It says that it lives three times as often as systemd wants; stopped by SIGSTOP, it is replaced."""
    unit = served.host.root / "units/portward-serve.service"
    unit.write_text(unit.read_text().replace("WatchdogSec=30", "WatchdogSec=2"))
    served.host.run("systemctl", "daemon-reload")
    assert served.host.run("systemctl", "start", "portward-serve.service").returncode == 0
    first = served.show("MainPID")
    time.sleep(3)
    assert served.show("MainPID") == first
    served.host.run("kill", "-STOP", first)
    assert wait_for(lambda: served.show("MainPID") not in {first, "0"}, 15)


@pytest.mark.parametrize("unit", ["portward-serve.service"])
def test_the_unit_is_hardened(unit: str) -> None:
    """`systemd-analyze security` finds at most 2.0."""
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", str(UNITS / unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-300:]
