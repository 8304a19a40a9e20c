"""Real tunnels behind the knock: WireGuard (wireguard-go) and OpenVPN, between namespaces.

Before the knock not even the handshake begins; after it the tunnel works; when the grant ends it goes on,
or ends with it.
"""

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import attrs
import pytest

from lab.namespaces import GATE_V4, Namespace, Town, town
from portward.compile.nft import compile_policy
from portward.policy.net import Knock, Protocol
from portward.policy.policy import Expiry, Policy, Sequence, Service
from portward.policy.vpn import VpnKind


pytestmark = pytest.mark.net

PATIENCE = 3
GRANT = timedelta(seconds=6)
WIREGUARD = pytest.mark.peer("wireguard-go", "wg", "ping")
OPENVPN = pytest.mark.peer("openvpn", "ping")
NETWORK, INSIDE, FAR = "10.77.0.0", "10.77.0.1", "10.77.0.2"


@attrs.frozen
class Tunnel:
    """A tunnel between the visitor and the gate; the gate's end has the address `INSIDE`."""

    street: Town
    handshakes: Callable[[], int]

    @property
    def visitor(self) -> Namespace:
        """Who dials in."""
        return self.street.visitors["visitor"]

    def knock(self) -> None:
        """One datagram opens."""
        with self.visitor.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"", (GATE_V4, 7000))

    def works(self, patience: float = 8.0) -> bool:
        """Whether a ping comes through the tunnel."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if self.visitor.run("ping", "-nqc1", "-W1", INSIDE, check=False).returncode == 0:
                return True
        return False

    def door(self) -> int:
        """Packets that the door has dropped."""
        text = self.street.gate.run("nft", "list", "counter", "inet", "portward", "refused_vpn").stdout
        return int(text.split("\tpackets ")[1].split()[0])


def guard(street: Town, kind: VpnKind, on_expiry: Expiry) -> None:
    """Put the gate up."""
    service = Service("vpn", kind.usual_ports, kind=kind, on_expiry=on_expiry)
    sequence = Sequence("s", (Knock(Protocol.UDP, 7000),), (), ("vpn",), GRANT)
    street.gate.nft(compile_policy(Policy((service,), (sequence,))).text)


@contextlib.contextmanager
def running(where: Namespace, log: Path, *command: str) -> Iterator[None]:
    """Run a program in a namespace for a while."""
    with log.open("w") as output:
        process = where.start(*command, stdout=output, stderr=subprocess.STDOUT)
        try:
            yield
        finally:
            process.terminate()
            process.wait(10)


def wait_for(what: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait until something is there."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)


def run(*command: str, stdin: str = "") -> str:
    """Run a program and give what it prints."""
    return subprocess.run(command, input=stdin, check=True, capture_output=True, text=True).stdout.strip()


@contextlib.contextmanager
def wireguard(on_expiry: Expiry, tmp_path: Path) -> Iterator[Tunnel]:
    """A WireGuard tunnel whose two ends talk all the time, with keepalives of one second."""
    with town("visitor", prefix="pwmw") as street, contextlib.ExitStack() as stack:
        guard(street, VpnKind.WIREGUARD, on_expiry)
        ends = {f"pwmg{os.getpid()}": street.gate, f"pwmv{os.getpid()}": street.visitors["visitor"]}
        private = {name: run("wg", "genkey") for name in ends}
        public = {name: run("wg", "pubkey", stdin=key + "\n") for name, key in private.items()}
        for name, where in ends.items():
            stack.enter_context(running(where, tmp_path / name, "wireguard-go", "-f", name))
            wait_for(Path(f"/var/run/wireguard/{name}.sock").exists)
        (near, gate), (far, visitor) = ends.items()
        for name, peer, more in (
            (near, far, ["allowed-ips", f"{FAR}/32"]),
            (far, near, ["allowed-ips", f"{INSIDE}/32", "endpoint", f"{GATE_V4}:51820"]),
        ):
            key = tmp_path / f"{name}.key"
            key.write_text(private[name])
            listen = ["listen-port", "51820"]
            run("wg", "set", name, *listen, "private-key", str(key), "peer", public[peer], *more)
            run("wg", "set", name, "peer", public[peer], "persistent-keepalive", "1")
        for where, name, address in ((gate, near, INSIDE), (visitor, far, FAR)):
            where.run("ip", "address", "add", f"{address}/24", "dev", name)
            where.run("ip", "link", "set", name, "up")
        yield Tunnel(street, lambda: int(run("wg", "show", near, "latest-handshakes").split()[-1]))


@contextlib.contextmanager
def openvpn(on_expiry: Expiry, tmp_path: Path) -> Iterator[Tunnel]:
    """An OpenVPN tunnel with certificates pinned to each other."""
    with town("visitor", prefix="pwmo") as street, contextlib.ExitStack() as stack:
        guard(street, VpnKind.OPENVPN, on_expiry)
        prints = {}
        for name in ("gate", "visitor"):
            key, certificate = tmp_path / f"{name}.key", tmp_path / f"{name}.pem"
            made = [
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-subj",
                f"/CN={name}",
            ]
            run("openssl", "req", "-x509", *made, "-days", "2", "-keyout", str(key), "-out", str(certificate))
            shown = run("openssl", "x509", "-in", str(certificate), "-noout", "-fingerprint", "-sha256")
            prints[name] = shown.partition("=")[2]
        common = f"--dev tun --proto udp --topology subnet --connect-timeout {PATIENCE}".split()
        serve = f"--server {NETWORK} 255.255.255.0 --dh none --ping 1".split()
        dial = f"--client --nobind --remote {GATE_V4} --ping 1 --ping-restart 3".split()
        sides = (
            (street.gate, "gate", "visitor", serve),
            (street.visitors["visitor"], "visitor", "gate", dial),
        )
        for where, name, peer, more in sides:
            own = ["--cert", str(tmp_path / f"{name}.pem"), "--key", str(tmp_path / f"{name}.key")]
            pinned = ["--peer-fingerprint", prints[peer]]
            stack.enter_context(
                running(where, tmp_path / f"{name}.log", "openvpn", *common, *own, *pinned, *more)
            )
        log = tmp_path / "gate.log"
        wait_for(lambda: "Initialization Sequence Completed" in log.read_text())
        yield Tunnel(street, lambda: log.read_text().count("Peer Connection Initiated"))


BOTH = [pytest.param(wireguard, marks=WIREGUARD), pytest.param(openvpn, marks=OPENVPN)]
Builder = Callable[[Expiry, Path], contextlib.AbstractContextManager[Tunnel]]


@pytest.mark.parametrize("build", BOTH)
@pytest.mark.parametrize("on_expiry", list(Expiry))
def test_a_real_tunnel_behind_the_knock(build: Builder, on_expiry: Expiry, tmp_path: Path) -> None:
    """No handshake before the knock; then it works; after the grant it goes on, or ends until the next knock."""
    with build(on_expiry, tmp_path) as tunnel:
        wait_for(lambda: tunnel.door() >= 2)
        assert not tunnel.works(1.5)
        assert tunnel.handshakes() == 0
        tunnel.knock()
        knocked = time.monotonic()
        assert tunnel.works()
        assert tunnel.handshakes() > 0
        time.sleep(max(0.0, knocked + GRANT.total_seconds() + 0.5 - time.monotonic()))
        if on_expiry is Expiry.KEEP:
            assert tunnel.works()
        else:
            assert not tunnel.works(3)
            tunnel.knock()
            assert tunnel.works(20)
