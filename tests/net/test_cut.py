"""What is established, at doors that cut and at doors that keep: machine and kernel agree, and real connections."""

import contextlib
import itertools
import os
import socket
import sys
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import attrs
import pytest
from gate import V4, V6, Gate, gate, pause, source
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from lab.frames import Address
from lab.namespaces import Namespace, Town, town
from portward.compile.nft import compile_policy
from portward.policy.net import Knock, PortRange, Protocol
from portward.policy.policy import EVERYTHING, Expiry, Mode, Policy, Sequence, Service
from portward.policy.vpn import VpnKind
from portward.simulate.judgement import Verdict
from portward.simulate.machine import Machine
from portward.simulate.packet import Begun, ConnectionState, Packet, datagram


pytestmark = pytest.mark.net

LONG = timedelta(minutes=5)
UDP, ESP, GRE = Protocol.UDP, Protocol.ESP, Protocol.GRE

LISTENS_AND_LETS_THROUGH = """
table inet observer
delete table inet observer
table inet observer {
  chain last {
    type filter hook prerouting priority 300; policy accept;
    iifname "lo" accept
    ct state new,established log group 77
    meta l4proto { icmp, ipv6-icmp } drop
  }
}
"""

PORTS = (500, 600, 605, 700, 900, 901)


def services(cuts: list[bool], kinds: list[VpnKind | None]) -> tuple[Service, ...]:
    """Doors of every form, some of which cut, some of which are tunnels."""
    plain = (
        Service("plain", (PortRange(UDP, 500, 500), PortRange(ESP))),
        Service("range", (PortRange(UDP, 600, 610),)),
        Service("moved", (PortRange(UDP, 700, 700),), (PortRange(UDP, 900, 900),)),
    )
    return tuple(
        attrs.evolve(each, on_expiry=Expiry.CUT if cut else Expiry.KEEP, kind=kind)
        for each, cut, kind in zip(plain, cuts, kinds, strict=True)
    )


@attrs.frozen
class Flow:
    """What a visitor's established packet is part of: a port (0 for ESP, 1 for GRE), and who began it."""

    visitor: int
    version: int
    port: int
    begun: Begun

    @property
    def protocol(self) -> Protocol:
        """What the packet is."""
        return {0: ESP, 1: GRE}.get(self.port, UDP)


flows = st.builds(
    Flow,
    st.integers(0, 2),
    st.sampled_from([4, 6]),
    st.sampled_from([0, 1, *PORTS]),
    st.sampled_from([Begun.VISITOR, Begun.HOST]),
)
three_flags = st.lists(st.booleans(), min_size=3, max_size=3)
three_kinds = st.lists(st.sampled_from([None, VpnKind.WIREGUARD]), min_size=3, max_size=3)

numbers = itertools.count(1)


@attrs.frozen
class Ends:
    """The gate, and sockets of it that answer or begin."""

    gate: Gate
    sockets: dict[tuple[int, int], socket.socket]

    def establish(self, flow: Flow, visitor: Address) -> None:
        """Begin the flow from its side, and answer from the other, without any rules of ours."""
        if flow.begun is Begun.VISITOR:
            send(self.gate, flow, visitor)
        end = self.sockets[flow.version, flow.port]
        end.sendto(b"from the host, and long enough", (str(visitor), 40000 if flow.protocol is UDP else 0))


def send(gate: Gate, flow: Flow, visitor: Address) -> int:
    """Send a packet of the flow from the visitor."""
    if flow.protocol is UDP:
        return gate.udp(visitor, flow.port, b"hello")
    return gate.send(visitor, flow.protocol.number, bytes(20))


def imagined(flow: Flow, visitor: Address) -> Packet:
    """The same packet for the reference machine."""
    goal = V4 if flow.version == 4 else V6
    packet = (
        datagram(visitor, goal, flow.port, b"hello")
        if flow.protocol is UDP
        else Packet(visitor, goal, flow.protocol.number, length=40)
    )
    return attrs.evolve(packet, state=ConnectionState.ESTABLISHED, begun=flow.begun)


@pytest.fixture(scope="module")
def ends() -> Iterator[Ends]:
    """One gate for all examples, that answers."""
    with gate() as made, contextlib.ExitStack() as stack:
        made.here.nft(LISTENS_AND_LETS_THROUGH)
        sockets = {}
        for version, family in ((4, socket.AF_INET), (6, socket.AF_INET6)):
            for port in PORTS:
                end = stack.enter_context(made.here.socket(family, socket.SOCK_DGRAM))
                if version == 6:
                    end.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                end.bind(("", port))
                sockets[version, port] = end
            for name, protocol in ((0, ESP), (1, GRE)):
                sockets[version, name] = stack.enter_context(
                    made.here.socket(family, socket.SOCK_RAW, protocol.number)
                )
        yield Ends(made, sockets)


@attrs.frozen
class Case:
    """A policy's variable parts, and the flows that are open before it is loaded."""

    cuts: list[bool]
    kinds: list[VpnKind | None]
    opens: tuple[str, ...]
    flows: list[Flow]
    mode: Mode
    welcome: bool


cases = st.builds(
    Case,
    three_flags,
    three_kinds,
    st.sampled_from([("plain",), ("range", "moved"), (EVERYTHING,), ()]),
    st.lists(flows, min_size=1, max_size=8, unique_by=lambda each: (each.visitor, each.version, each.port)),
    st.sampled_from(Mode),
    st.booleans(),
)


@given(cases)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_machine_and_the_kernel_agree_on_what_is_established(ends: Ends, case: Case) -> None:
    """Visitor 1 knocks, visitor 2 may always come, visitor 0 has no grant; each sends on its flows."""
    first = 3 * next(numbers)
    ends.gate.here.nft("table inet portward\ndelete table inet portward\n")
    for flow in case.flows:
        ends.establish(flow, source(first + flow.visitor, flow.version))
    always = tuple(ip_network(source(first + 2, version)) for version in (4, 6)) if case.welcome else ()
    sequences = (Sequence("s", (Knock(UDP, 7000),), (), case.opens, LONG),) if case.opens else ()
    policy = Policy(services(case.cuts, case.kinds), sequences, case.mode, always=always)
    ends.gate.load(policy)
    machine = Machine(policy)
    state = machine.start()
    for version in (4, 6):
        knocker = source(first + 1, version)
        ends.gate.udp(knocker, 7000)
        state = machine.judge(state, datagram(knocker, V4 if version == 4 else V6, 7000), 0.0).state
    ends.gate.left()
    sent = [send(ends.gate, flow, source(first + flow.visitor, flow.version)) for flow in case.flows]
    left = ends.gate.left()
    for flow, number in zip(case.flows, sent, strict=True):
        judgement = machine.judge(state, imagined(flow, source(first + flow.visitor, flow.version)), 1.0)
        event(str(judgement.verdict))
        assert (judgement.verdict is Verdict.LEAVE) == (number in left), (flow, judgement.reasons)


GATE = {4: "198.51.100.1", 6: "2001:db8:0:1::1"}
VISITOR = {4: "198.51.100.2", 6: "2001:db8:0:1::2"}
VERSIONS = pytest.mark.parametrize("version", [4, 6])
KNOCK = Sequence("s", (Knock(UDP, 7000),), (), ("ssh",), timedelta(seconds=1))
SSH = Service("ssh", (PortRange(Protocol.TCP, 22, 22),), on_expiry=Expiry.CUT)
PUBLISHED = attrs.evolve(SSH, published=(PortRange(Protocol.TCP, 2222, 2222),))


@pytest.fixture(scope="module")
def street() -> Iterator[Town]:
    """A gate and a visitor."""
    with town("visitor", prefix="pwmc") as made:
        yield made


def family(version: int) -> socket.AddressFamily:
    """The socket family."""
    return socket.AF_INET if version == 4 else socket.AF_INET6


def load(street: Town, *guarded: Service, **more: object) -> None:
    """Put the policy up."""
    text = compile_policy(Policy(guarded, (KNOCK,), **more)).text  # type: ignore[arg-type]
    street.gate.nft(f"table inet portward\ndelete table inet portward\n{text}")


def knock(street: Town, version: int) -> None:
    """One datagram."""
    with street.visitors["visitor"].socket(family(version), socket.SOCK_DGRAM) as sock:
        sock.sendto(b"", (GATE[version], 7000))


@contextlib.contextmanager
def connection(
    server: Namespace, client: Namespace, version: int, address: tuple[str, int], own: int = 22
) -> Iterator[tuple[socket.socket, socket.socket]]:
    """A TCP connection, both ends."""
    with server.socket(family(version), socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("" if version == 4 else "::", own))
        listener.listen()
        with client.socket(family(version), socket.SOCK_STREAM) as near:
            near.settimeout(2)
            near.connect(address)
            listener.settimeout(2)
            with listener.accept()[0] as far:
                listener.close()
                far.settimeout(0.4)
                yield near, far


def arrives(near: socket.socket, far: socket.socket) -> bool:
    """Whether one end still hears the other."""
    near.sendall(b"x")
    try:
        return far.recv(10) != b""
    except TimeoutError:
        return False


@VERSIONS
@pytest.mark.parametrize("service", [SSH, PUBLISHED], ids=["own port", "published"])
def test_a_connection_ends_with_the_grant_and_comes_back_with_the_next(
    street: Town, version: int, service: Service
) -> None:
    """The kernel does it alone: nothing runs, nothing is cleared."""
    load(street, service)
    knock(street, version)
    visitor = street.visitors["visitor"]
    with connection(street.gate, visitor, version, (GATE[version], service.doors[0].first)) as (near, far):
        assert arrives(near, far)
        pause(1.1)
        assert not arrives(near, far)
        knock(street, version)
        far.settimeout(3)
        assert arrives(near, far)


@VERSIONS
def test_a_kept_connection_goes_on(street: Town, version: int) -> None:
    """The default, as in the article."""
    load(street, attrs.evolve(SSH, on_expiry=Expiry.KEEP))
    knock(street, version)
    with connection(street.gate, street.visitors["visitor"], version, (GATE[version], 22)) as (near, far):
        pause(1.1)
        assert arrives(near, far)


@VERSIONS
def test_what_this_host_begins_itself_is_not_cut(street: Town, version: int) -> None:
    """The host is a client of the same service elsewhere, in lockdown, and hears the answers."""
    load(street, SSH, mode=Mode.LOCKDOWN)
    visitor = street.visitors["visitor"]
    with connection(visitor, street.gate, version, (VISITOR[version], 22)) as (near, far):
        assert arrives(near, far)
        near.settimeout(0.5)
        assert arrives(far, near)


def test_a_datagram_service_begun_from_its_own_port_is_cut_only_if_it_is_a_tunnel(street: Town) -> None:
    """A telephone registers from its own port and hears the answer; a tunnel needs the grant whoever began it."""
    port = PortRange(UDP, 5060, 5060)
    for kind, heard in ((None, True), (VpnKind.WIREGUARD, False)):
        load(street, Service("ssh", (port,), kind=kind, on_expiry=Expiry.CUT))
        with (
            street.gate.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours,
            street.visitors["visitor"].socket(socket.AF_INET, socket.SOCK_DGRAM) as theirs,
        ):
            ours.bind((GATE[4], 5060))
            theirs.bind((VISITOR[4], 6060 if kind else 6061))
            ours.settimeout(0.4)
            theirs.settimeout(2)
            ours.sendto(b"register", theirs.getsockname())
            theirs.sendto(b"welcome", theirs.recvfrom(100)[1])
            assert hears(ours) is heard


def hears(sock: socket.socket) -> bool:
    """Whether a datagram comes."""
    try:
        return bool(sock.recv(100))
    except TimeoutError:
        return False


POLICY = """
schema = 1
[services.ssh]
ports = ["tcp/22"]
on_expiry = "cut"
[sequences.s]
knocks = ["tcp/41733", "udp/9121", "icmp/777", "tcp/17021"]
opens = "ssh"
"""


def test_revoking_cuts_and_a_reload_brings_nothing_back(street: Town, tmp_path: Path) -> None:
    """What was open before the gate goes on through all of it."""
    street.gate.nft("table inet portward\ndelete table inet portward\n")
    file, state = tmp_path / "policy.toml", tmp_path / "state"
    state.mkdir(mode=0o700)
    environment = {**os.environ, "STATE_DIRECTORY": str(state)}

    def portward(*words: str) -> None:
        street.gate.run(sys.executable, "-m", "portward", *words, env=environment)

    file.write_text(POLICY)
    dial = (street.gate, street.visitors["visitor"], 4, (GATE[4], 22))
    with connection(*dial) as before:
        portward("apply", str(file), "--yes")
        assert arrives(*before)
        portward("grant", "ssh", VISITOR[4])
        with connection(*dial) as after:
            assert arrives(*after)
            portward("revoke", "ssh", VISITOR[4])
            assert not arrives(*after)
            file.write_text(POLICY + '[services.web]\nports = ["tcp/80"]\n')
            portward("apply", str(file), "--yes")
            assert not arrives(*after)
            assert arrives(*before)
