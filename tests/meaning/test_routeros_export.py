"""The exported rules mean what the policy means: run by the simulator of a router, they agree with the machine.

Random policies are exported, read back as any script is, and walked by random packets; after each packet the verdict,
the grants, the stages and the penalties are the same. The simulator translates no addresses, so the few rules of
`nat` are run here.
"""

from collections.abc import Iterator
from datetime import timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

import attrs
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from portward.compile import routeros_names as names
from portward.compile.routeros import Target, export
from portward.policy.net import Address, Knock, PortRange, Protocol
from portward.policy.notation import read_ports
from portward.policy.policy import EVERYTHING, Mode, Policy, Sequence, Service
from portward.simulate.judgement import Verdict
from portward.simulate.machine import Machine
from portward.simulate.packet import Cast, ConnectionState, Packet, TcpFlag, datagram, echo_request, syn
from portward.simulate.passage import Passage
from portward.simulate.routeros import Ending, Router
from portward.simulate.routeros_matchers import fits
from portward.simulate.routeros_memory import Memory
from portward.simulate.state import State
from portward.sources.routeros_rules import Family, Rule, Table, Translate
from portward.sources.routeros_script import read_source


GATE: dict[int, Address] = {4: IPv4Address("198.51.100.1"), 6: IPv6Address("2001:db8:1::1")}
CAMERA: dict[int, Address] = {4: IPv4Address("192.168.1.10"), 6: IPv6Address("2001:db8:2::10")}
NAS: dict[int, Address] = {4: IPv4Address("192.168.1.20"), 6: IPv6Address("2001:db8:2::20")}
ELSEWHERE: dict[int, Address] = {4: IPv4Address("203.0.113.9"), 6: IPv6Address("2001:db8:9::9")}
MANY: dict[int, Address] = {4: IPv4Address("224.0.0.1"), 6: IPv6Address("ff02::1")}
VISITORS: dict[int, tuple[Address, ...]] = {
    4: tuple(map(IPv4Address, ("192.0.2.1", "192.0.2.2", "192.0.2.3"))),
    6: tuple(map(IPv6Address, ("2001:db8:f::1", "2001:db8:f::2", "fe80::3"))),
}
ALWAYS = (IPv4Network("192.0.2.3/32"), IPv6Network("fe80::/16"))


def ports(*texts: str) -> tuple[PortRange, ...]:
    return tuple(map(read_ports, texts))


SERVICES = (
    Service("ssh", ports("tcp/22"), ports("tcp/12345")),
    Service("web", ports("tcp/80", "udp/443-445"), ports("tcp/8080", "udp/4430-4432")),
    Service("vpn", ports("udp/51820", "gre")),
    Service("camera", ports("tcp/443"), ports("tcp/8443"), (CAMERA[4], CAMERA[6])),
    Service("nas", ports("tcp/5000-5001", "udp/137"), (), (NAS[4],)),
    Service("tunnel", ports("tcp/4000-4002", "esp"), ports("tcp/4000-4002", "esp"), (NAS[6],)),
)
DOORS = [22, 2200, 12345, 80, 8080, 443, 444, 445, 4430, 4431, 51820, 8443, 5000, 137, 4001]
PUBLIC = ports("tcp/25", "udp/600-699", "igmp", "icmp")
KNOCK_PORTS = range(1000, 1004)
ECHO_SIZES = (30, 60, 61)
WORDS = (b"", b"", b"mell", b"mellon")

times = st.sampled_from([timedelta(seconds=each) for each in (1, 2, 5, 5, 30)])
knocks = st.one_of(
    st.builds(Knock, st.just(Protocol.TCP), st.sampled_from(KNOCK_PORTS)),
    st.builds(Knock, st.just(Protocol.UDP), st.sampled_from(KNOCK_PORTS), st.sampled_from(WORDS)),
    st.builds(Knock, st.just(Protocol.ICMP), st.sampled_from(ECHO_SIZES)),
    st.builds(Knock, st.just(Protocol.ICMP), st.just(61), st.just(b"mellon")),
)
opened = st.sampled_from([("ssh",), ("web", "ssh"), ("vpn",), ("camera", "nas"), ("tunnel",), (EVERYTHING,)])


@st.composite
def sequences(draw: st.DrawFn, name: str) -> Sequence:
    """A sequence of few knocks on few ports, so that they meet."""
    drawn = tuple(draw(st.lists(knocks, min_size=1, max_size=4)))
    return Sequence(name, drawn, tuple(draw(times) for _ in drawn[1:]), draw(opened), draw(times))


policies = st.builds(
    Policy,
    services=st.sampled_from([SERVICES, SERVICES, SERVICES[:3]]),
    sequences=st.tuples(sequences("a")) | st.tuples(sequences("a"), sequences("a-1"), sequences("c_d")),
    mode=st.sampled_from(Mode),
    strict=st.sampled_from([True, True, False]),
    penalty=times,
    public=st.sampled_from([(), PUBLIC]),
    always=st.sampled_from([(), ALWAYS]),
    interfaces=st.sampled_from([(), (), ("eth0",), ("eth0", "wan")]),
).filter(
    lambda each: all(
        set(one.opens) <= {EVERYTHING, *(s.name for s in each.services)} for one in each.sequences
    )
)


def of_knock(knock: Knock, source: Address) -> Packet:
    """The packet that a knock is; for a size that the family cannot have, the smallest."""
    goal = GATE[source.version]
    match knock.protocol:
        case Protocol.TCP:
            return syn(source, goal, knock.number)
        case Protocol.UDP:
            return datagram(source, goal, knock.number, knock.word)
        case _:
            smallest = (28 if source.version == 4 else 48) + len(knock.word)
            return echo_request(source, goal, max(knock.number, smallest), knock.word)


@st.composite
def odd(draw: st.DrawFn, source: Address) -> Packet:
    """A packet of any kind to anywhere."""
    goal = draw(st.sampled_from([GATE, GATE, GATE, CAMERA, NAS, ELSEWHERE, MANY]))[source.version]
    port = draw(st.sampled_from([*KNOCK_PORTS, *DOORS, *DOORS, 25, 650, 7]))
    word = draw(st.sampled_from([b"", b"mellon!", b"mellow", b"other"]))
    flags = draw(
        st.sampled_from([TcpFlag.ACK, TcpFlag.FIN | TcpFlag.SYN, TcpFlag.RST, TcpFlag.SYN | TcpFlag.ACK])
    )
    kind = draw(st.integers(0, 40))
    found = draw(
        st.sampled_from(
            [
                syn(source, goal, port),
                syn(source, goal, port),
                attrs.evolve(syn(source, goal, port), tcp_flags=flags),
                datagram(source, goal, port, word),
                datagram(source, goal, port, word),
                echo_request(source, goal, 48 + draw(st.sampled_from([12, 13, 20])), word),
                Packet(source, goal, draw(st.sampled_from([47, 50, 2, 99])), length=60),
                Packet(source, goal, 58 if source.version == 6 else 1, icmp_type=126 + kind % 12, length=60),
                datagram(source, goal, 546, source_port=547),
            ]
        )
    )
    state = draw(st.sampled_from([ConnectionState.NEW] * 5 + list(ConnectionState)))
    cast = Cast.MULTICAST if goal == MANY[source.version] else Cast.UNICAST
    local = goal == GATE[source.version]
    interface = draw(st.sampled_from(["eth0"] * 6 + ["wan", "lan", "lo"]))
    return attrs.evolve(found, state=state, cast=cast, local=local, interface=interface)


@st.composite
def traces(draw: st.DrawFn, policy: Policy) -> list[tuple[float, Packet]]:
    """Whole sequences with strange packets among them; at the end everybody tries every door."""
    found: list[tuple[float, Packet]] = []
    now = 0.0
    for _ in range(draw(st.integers(1, 5))):
        source = draw(st.sampled_from([*VISITORS[4], *VISITORS[6]]))
        for knock in draw(st.sampled_from(policy.sequences)).knocks:
            plain = of_knock(knock, source)
            many = st.sampled_from([[plain]] * 6 + [[plain, plain], []])
            for packet in draw(many | st.lists(odd(source), min_size=1, max_size=2)):
                now += draw(st.sampled_from([0.0, 0.1, 0.1, 0.1, 0.5, 1.0, 2.0, 4.9]))
                found.append((now, packet))
        for version in (4, 6):
            for visitor in VISITORS[version]:
                found += [(now, syn(visitor, GATE[version], port)) for port in (12345, 8443, 7)]
    return found


cases = policies.flatmap(lambda policy: st.tuples(st.just(policy), traces(policy)))


@attrs.define
class Model:
    """A router that runs an export, translation of addresses included."""

    router: Router
    memory: Memory
    translations: tuple[Rule, ...]

    @classmethod
    def of(cls, policy: Policy, version: int = 7) -> "Model":
        """Export a policy, and import it."""
        script = read_source(export(policy, Target(version)).text.encode(), "export.rsc").script
        router = Router(script)
        return cls(router, router.start(), tuple(each for each in script.rules if each.table is Table.NAT))

    def hears(self, packet: Packet, now: float) -> Ending:
        """Judge a packet."""
        return self.router.advance(self.memory, self.translated(Passage(packet), now), now).ending

    def translated(self, passage: Passage, now: float) -> Passage:
        """Send a packet where the rules of `nat` lead; what connection tracking does not know stays."""
        packet = passage.packet
        if packet.state in {ConnectionState.INVALID, ConnectionState.UNTRACKED} or packet.interface == "lo":
            return passage
        family = Family.V4 if packet.source.version == 4 else Family.V6
        look = self.router.look(self.memory, passage, now, 0, family)
        for rule in self.translations:
            action = rule.action
            if rule.family is not family or not isinstance(action, Translate):
                continue
            if all(fits(each, look) for each in rule.matchers):
                port = action.ports.first if action.ports else packet.destination_port
                goal = action.addresses.first if action.addresses else packet.destination
                local = action.addresses is None
                after = attrs.evolve(packet, destination=goal, destination_port=port, local=local)
                return attrs.evolve(passage, packet=after, translated=frozenset({"dstnat"}))
        return passage


def remembered(policy: Policy, state: State, now: float) -> Iterator[tuple[str, Address]]:
    """What the machine remembers of the visitors, by the names of a router's lists."""
    for version, sources in VISITORS.items():
        for source in sources:
            for (service, family), table in state.grants.items():
                if family == version and table.alive(int(source), now):
                    yield names.grants(service), source
            for sequence in policy.sequences:
                for place in range(1, len(sequence.knocks)):
                    if state.stages[version].alive((source, sequence.name, place), now):
                        yield names.stage(sequence.name, place), source
            if state.penalties[version].alive(source, now):
                yield names.PENALTY, source


def listed(model: Model, now: float) -> Iterator[tuple[str, Address]]:
    """What a router's lists hold of the visitors, but for mid-sequence."""
    for (family, name), found in model.memory.lists.items():
        if name != names.MIDWAY:
            for source in VISITORS[4 if family is Family.V4 else 6]:
                if found.holds(source, now):
                    yield name, source


@given(cases, st.sampled_from([6, 7]))
@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
def test_an_export_means_what_the_policy_means(
    case: tuple[Policy, list[tuple[float, Packet]]], version: int
) -> None:
    """Packet by packet: the same verdict, the same grants, stages and penalties."""
    policy, packets = case
    model, machine = Model.of(policy, version), Machine(policy)
    state = machine.start()
    for now, packet in packets:
        judgement = machine.judge(state, packet, now)
        state = judgement.state
        ending = model.hears(packet, now)
        assert (judgement.verdict is Verdict.LEAVE) == (ending is Ending.ACCEPT), (packet, judgement.reasons)
        assert set(remembered(policy, state, now)) == set(listed(model, now)), (packet, judgement.reasons)
        if judgement.granted:
            event("a door opened")
