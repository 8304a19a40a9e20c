"""Services behind the gate, with real connections: published ports, machines behind it, what is established."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from ipaddress import ip_address

import attrs
import pytest

from lab.namespaces import Namespace, address, cable, namespaces
from portward.compile.nft import compile_policy
from portward.policy.notation import read_knock, read_ports
from portward.policy.policy import EVERYTHING, Mode, Policy, Sequence, Service


pytestmark = pytest.mark.net

GATE = {4: "198.51.100.1", 6: "2001:db8:0:1::1"}
VISITOR = {4: "198.51.100.2", 6: "2001:db8:0:1::2"}
INSIDE = {4: "192.168.1.10", 6: "fd00:1::10"}
VERSIONS = pytest.mark.parametrize("version", [4, 6])


@attrs.frozen
class Place:
    """A visitor, a gate, and a machine behind it."""

    visitor: Namespace
    gate: Namespace
    inside: Namespace

    def load(self, policy: Policy) -> None:
        """Put a policy in place of what was there."""
        text = compile_policy(policy).text
        self.gate.nft(f"table inet portward\ndelete table inet portward\n{text}")

    def knock(self, version: int) -> None:
        """Knock twice: udp/7000, udp/7001."""
        with self.visitor.socket(family(version), socket.SOCK_DGRAM) as sock:
            for port in (7000, 7001):
                sock.sendto(b"", (GATE[version], port))

    def open(self, host: str, port: int, patience: float = 0.5) -> socket.socket | None:
        """Connect from the visitor, or None if nothing answers."""
        sock = self.visitor.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        sock.settimeout(patience)
        try:
            sock.connect((host, port))
        except OSError:
            sock.close()
            return None
        return sock

    def reaches(self, host: str, port: int) -> bool:
        """Whether the visitor's connection comes about."""
        sock = self.open(host, port)
        if sock:
            sock.close()
        return sock is not None


def family(version: int) -> socket.AddressFamily:
    """The socket family."""
    return socket.AF_INET if version == 4 else socket.AF_INET6


@contextmanager
def listener(where: Namespace, host: str, port: int) -> Iterator[socket.socket]:
    """Listen on a TCP port, on one family alone."""
    with where.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as sock:
        if ":" in host:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(64)
        yield sock


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """The three of them, with routes and listeners: 22 on the gate, 443 inside, on both families."""
    with (
        namespaces("visitor", "gate", "inside", prefix="pws") as (visitor, gate, inside),
        ExitStack() as stack,
    ):
        cable(visitor, gate, "eth0", "wan0")
        cable(gate, inside, "lan0", "eth0")
        for number, length in ((4, 24), (6, 64)):
            address(visitor, "eth0", f"{VISITOR[number]}/{length}")
            address(gate, "wan0", f"{GATE[number]}/{length}")
            address(gate, "lan0", f"{'192.168.1.1' if number == 4 else 'fd00:1::1'}/{length}")
            address(inside, "eth0", f"{INSIDE[number]}/{length}")
        gate.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        for where, gateway4, gateway6 in (
            (visitor, GATE[4], GATE[6]),
            (inside, "192.168.1.1", "fd00:1::1"),
        ):
            where.run("ip", "route", "add", "default", "via", gateway4)
            where.run("ip", "-6", "route", "add", "default", "via", gateway6)
        for where, port in ((gate, 22), (inside, 443), (inside, 8001)):
            for host in ("0.0.0.0", "::"):
                stack.enter_context(listener(where, host, port))
        yield Place(visitor, gate, inside)


def policy(*services: Service, opens: tuple[str, ...] = (EVERYTHING,), **more: object) -> Policy:
    """These services behind two datagrams."""
    sequence = Sequence(
        "s",
        (read_knock("udp/7000"), read_knock("udp/7001")),
        (timedelta(seconds=10),),
        opens,
        timedelta(hours=1),
    )
    return Policy(services, (sequence,), **more)  # type: ignore[arg-type]


SSH = Service("ssh", (read_ports("tcp/22"),))
PUBLISHED = Service("ssh", (read_ports("tcp/22"),), (read_ports("tcp/12345"),))
ROUTED = Service(
    "cameras",
    (read_ports("tcp/443"), read_ports("tcp/8000-8010")),
    (),
    (ip_address(INSIDE[4]), ip_address(INSIDE[6])),
)
TRANSLATED = attrs.evolve(ROUTED, published=(read_ports("tcp/1443"), read_ports("tcp/9000-9010")))


@VERSIONS
@pytest.mark.parametrize("mode", list(Mode))
def test_a_published_port_is_the_only_way_in(place: Place, version: int, mode: Mode) -> None:
    """Reached on 12345 after the knock; 22 stays shut."""
    place.load(policy(PUBLISHED, opens=("ssh",), mode=mode))
    assert not place.reaches(GATE[version], 12345)
    place.knock(version)
    assert place.reaches(GATE[version], 12345)
    assert not place.reaches(GATE[version], 22)


@VERSIONS
def test_a_machine_behind_the_gate_is_guarded_where_it_is_routed(place: Place, version: int) -> None:
    """Packets to its own address need a grant; ports that no service names are left alone."""
    place.load(policy(ROUTED, opens=("cameras",)))
    assert not place.reaches(INSIDE[version], 443)
    assert not place.reaches(INSIDE[version], 8001)
    place.knock(version)
    assert place.reaches(INSIDE[version], 443)
    assert place.reaches(INSIDE[version], 8001)


@VERSIONS
@pytest.mark.parametrize("mode", list(Mode))
def test_a_machine_behind_the_gate_is_reached_by_its_published_port(
    place: Place, version: int, mode: Mode
) -> None:
    """The gate translates for those with a grant; the machine's own address stays shut."""
    place.load(policy(TRANSLATED, opens=("cameras",), mode=mode))
    assert not place.reaches(GATE[version], 1443)
    place.knock(version)
    assert place.reaches(GATE[version], 1443)
    assert place.reaches(GATE[version], 9001)
    assert not place.reaches(INSIDE[version], 443)


@VERSIONS
def test_what_is_established_goes_on_when_the_grant_ends(place: Place, version: int) -> None:
    """As in the article: the accept of established connections stands above all."""
    place.load(policy(SSH, opens=("ssh",)))
    place.knock(version)
    with listener(place.gate, GATE[version], 2222) as server:
        place.load(policy(attrs.evolve(SSH, ports=(read_ports("tcp/2222"),)), opens=("ssh",)))
        place.knock(version)
        sock = place.open(GATE[version], 2222)
        assert sock is not None
        peer, _ = server.accept()
        place.gate.run("nft", "flush", "set", "inet", "portward", f"grant_ssh_v{version}")
        assert not place.reaches(GATE[version], 2222)
        sock.sendall(b"still here")
        peer.settimeout(2)
        assert peer.recv(100) == b"still here"
        peer.close()
        sock.close()


@VERSIONS
def test_an_answer_to_our_own_question_is_no_knock(place: Place, version: int) -> None:
    """In lockdown an answer gets in, even where its port is a knock's; nobody advances by it."""
    place.load(policy(SSH, mode=Mode.LOCKDOWN))
    with (
        place.gate.socket(family(version), socket.SOCK_DGRAM) as ours,
        place.visitor.socket(family(version), socket.SOCK_DGRAM) as theirs,
    ):
        ours.bind((GATE[version], 7000))
        theirs.bind((VISITOR[version], 53))
        ours.settimeout(2)
        theirs.settimeout(2)
        ours.sendto(b"who?", (VISITOR[version], 53))
        question, origin = theirs.recvfrom(100)
        theirs.sendto(b"answer to " + question, origin)
        assert ours.recv(100) == b"answer to who?"
    listed = place.gate.run("nft", "list", "set", "inet", "portward", f"stages_v{version}").stdout
    assert "elements" not in listed


@VERSIONS
def test_lockdown_leaves_the_host_its_own_connections(place: Place, version: int) -> None:
    """The gate itself reaches others over TCP, and neighbours are still found."""
    place.load(policy(SSH, mode=Mode.LOCKDOWN))
    place.gate.run("ip", "neigh", "flush", "dev", "wan0")
    with listener(place.visitor, VISITOR[version], 8888) as server:
        with place.gate.socket(family(version), socket.SOCK_STREAM) as sock:
            sock.settimeout(3)
            sock.connect((VISITOR[version], 8888))
        server.settimeout(2)
        server.accept()[0].close()


@VERSIONS
def test_interfaces_that_are_not_named_are_not_guarded(place: Place, version: int) -> None:
    """With `interfaces = ["lan0"]` the visitor, who comes in by wan0, needs no grant."""
    place.load(policy(SSH, interfaces=("lan0",), mode=Mode.LOCKDOWN))
    assert place.reaches(GATE[version], 22)
    place.load(policy(SSH, interfaces=("wan*",), mode=Mode.LOCKDOWN))
    assert not place.reaches(GATE[version], 22)


def test_lockdown_with_interfaces_stops_what_is_to_be_forwarded(place: Place) -> None:
    """From outside nothing gets through to the machines behind; from inside all goes out."""
    place.load(policy(SSH, interfaces=("wan0",), mode=Mode.LOCKDOWN))
    assert not place.reaches(INSIDE[4], 443)
    with (
        listener(place.visitor, VISITOR[4], 8889),
        place.inside.socket(socket.AF_INET, socket.SOCK_STREAM) as sock,
    ):
        sock.settimeout(3)
        sock.connect((VISITOR[4], 8889))
    place.load(policy(SSH, mode=Mode.LOCKDOWN))
    assert place.reaches(INSIDE[4], 443)
