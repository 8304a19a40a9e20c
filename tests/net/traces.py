"""Random policies and traces for the reference machine and the kernel alike: what is drawn, and how it is sent.

Times are chosen so that no packet comes near an end: short timeouts are 200 ms, packets come in bursts of less than
100 ms with pauses of 400 ms between them. A burst that the machine was too slow for is not judged.
"""

from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network

import attrs
from gate import V4, V6, Gate, source
from hypothesis import strategies as st

from portward.policy.net import Knock, PortRange, Protocol
from portward.policy.policy import EVERYTHING, Mode, Policy, Sequence, Service
from portward.simulate.packet import Packet, TcpFlag, datagram, echo_request, syn


SHORT, LONG = timedelta(milliseconds=200), timedelta(seconds=30)
PAUSE, LONGEST_BURST = 0.4, 0.1

KNOCK_PORTS = range(1000, 1005)
ECHO_SIZES = range(60, 63)
SERVICES = (
    Service("ssh", (PortRange(Protocol.TCP, 22, 22),)),
    Service(
        "web",
        (PortRange(Protocol.TCP, 80, 80), PortRange(Protocol.UDP, 443, 445)),
        (PortRange(Protocol.TCP, 8080, 8080), PortRange(Protocol.UDP, 4430, 4432)),
    ),
    Service("vpn", (PortRange(Protocol.UDP, 51820, 51820), PortRange(Protocol.GRE))),
)
PUBLIC = (PortRange(Protocol.TCP, 25, 25), PortRange(Protocol.UDP, 600, 699), PortRange(Protocol.IGMP))
ALWAYS = (IPv4Network("198.51.0.3/32"), IPv6Network("2001:db8:0:1::3/128"))
WORDS = (b"", b"", b"mellon", b"mellon and friend, longer than sixteen")

times = st.sampled_from([SHORT, LONG, LONG, LONG])
knocks = st.one_of(
    st.builds(Knock, st.just(Protocol.TCP), st.sampled_from(KNOCK_PORTS)),
    st.builds(Knock, st.just(Protocol.UDP), st.sampled_from(KNOCK_PORTS), st.sampled_from(WORDS)),
    st.builds(Knock, st.just(Protocol.ICMP), st.sampled_from(ECHO_SIZES), st.sampled_from(WORDS[:3])),
)


@st.composite
def sequences(draw: st.DrawFn, name: str) -> Sequence:
    """A sequence of few knocks on few ports, so that they meet."""
    drawn = draw(st.lists(knocks, min_size=1, max_size=4))
    opens = draw(st.sampled_from([("ssh",), ("web", "ssh"), ("vpn",), (EVERYTHING,)]))
    steps = draw(st.lists(times, min_size=len(drawn) - 1, max_size=len(drawn) - 1))
    once = draw(st.sampled_from([False, False, True]))
    return Sequence(name, tuple(drawn), tuple(steps), opens, draw(times), once)


policies = st.builds(
    Policy,
    services=st.just(SERVICES),
    sequences=st.tuples(sequences("a")) | st.tuples(sequences("a"), sequences("b"), sequences("c-d_e")),
    mode=st.sampled_from(Mode),
    strict=st.sampled_from([True, True, False]),
    penalty=times,
    public=st.sampled_from([(), PUBLIC]),
    always=st.sampled_from([(), ALWAYS]),
    interfaces=st.sampled_from([(), (), ("eth*", "ppp0"), ("wan0",)]),
    grant_prefix_v4=st.sampled_from([32, 31]),
    grant_prefix_v6=st.sampled_from([128, 64]),
)


@attrs.frozen
class Send:
    """One packet of a trace: after a pause or not, from which visitor, of what kind."""

    late: bool
    visitor: int
    version: int
    kind: str
    number: int = 0
    word: bytes = b""


def of_knock(knock: Knock) -> tuple[str, int, bytes]:
    """The packet that a knock is."""
    return str(knock.protocol), knock.number, knock.word


@st.composite
def traces(draw: st.DrawFn, policy: Policy) -> list[Send]:
    """Packets of all kinds, with whole sequences among them; at the end everybody tries every door."""
    sends: list[Send] = []
    visitors = st.sampled_from([(1, 4), (2, 4), (3, 4), (1, 6), (2, 6), (3, 6)])
    strange = st.tuples(
        st.sampled_from(["tcp", "udp", "icmp", "ack", "fin", "gre", "igmp"]),
        st.sampled_from([*KNOCK_PORTS, *ECHO_SIZES, 22, 80, 8080, 443, 445, 446, 4430, 51820, 25, 650, 7]),
        st.sampled_from([b"", b"mellon!"]),
    )
    for _ in range(draw(st.integers(1, 5))):
        visitor, version = draw(visitors)
        late = draw(st.sampled_from([False] * 9 + [True]))
        for knock in draw(st.sampled_from(policy.sequences)).knocks:
            packets = draw(
                st.sampled_from([[of_knock(knock)]] * 5 + [[of_knock(knock)] * 2, []])
                | st.lists(strange, min_size=1, max_size=2)
            )
            for kind, number, word in packets:
                sends.append(Send(late, visitor, version, kind, number, word))
                late = False
        late = draw(st.sampled_from([False] * 19 + [True]))
    for version in (4, 6):
        for visitor in (1, 2, 3):
            for kind, number in (
                ("tcp", 22),
                ("tcp", 8080),
                ("udp", 51820),
                ("tcp", 80),
                ("gre", 0),
                ("tcp", 7),
            ):
                sends.append(Send(late=False, visitor=visitor, version=version, kind=kind, number=number))
    return sends


def dispatch(here: Gate, each: Send) -> int:
    """Send it for real."""
    visitor = source(each.visitor, each.version)
    match each.kind:
        case "tcp":
            return here.syn(visitor, max(each.number, 1))
        case "udp":
            return here.udp(visitor, max(each.number, 1), each.word)
        case "icmp":
            return here.ping(visitor, each.number, each.word) if fits(each) else here.ping(visitor, 70)
        case "ack":
            return here.tcp(visitor, each.number, 16)
        case "fin":
            return here.tcp(visitor, each.number, 1 | 2)
        case other:
            return here.send(visitor, Protocol(other).number, bytes(20))


def fits(each: Send) -> bool:
    """Whether a ping of that size exists, holds the word and goes through the cable in one piece."""
    return len(each.word) <= each.number - (28 if each.version == 4 else 48) <= 1400


def imagined(each: Send) -> Packet:
    """The same packet for the reference machine."""
    visitor, goal = source(each.visitor, each.version), V4 if each.version == 4 else V6
    match each.kind:
        case "tcp":
            return syn(visitor, goal, max(each.number, 1))
        case "udp":
            return datagram(visitor, goal, max(each.number, 1), each.word)
        case "icmp":
            size = each.number if fits(each) else 70
            room = size - (28 if each.version == 4 else 48)
            return echo_request(visitor, goal, size, (each.word if fits(each) else b"").ljust(room, b"\0"))
        case "ack":
            return attrs.evolve(syn(visitor, goal, each.number), tcp_flags=TcpFlag.ACK)
        case "fin":
            return attrs.evolve(syn(visitor, goal, each.number), tcp_flags=TcpFlag.FIN | TcpFlag.SYN)
        case other:
            return Packet(visitor, goal, Protocol(other).number, length=40)
