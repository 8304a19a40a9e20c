"""Random RouterOS scripts and the packets that matter to them."""

import random
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address

import attrs
from exact_gate import BEHIND_V4, BEHIND_V6, V4, V6, visitor
from hypothesis import strategies as st

from lab import frames
from lab.frames import Address
from portward.simulate.packet import ConnectionState, TcpFlag, datagram, echo_request, syn
from portward.simulate.passage import Passage
from portward.sources.routeros_matchers import (
    TEST_ORDER,
    AddressIs,
    AddressListed,
    AddressRange,
    AddressTypeIs,
    Dscp,
    DstLimit,
    IcmpIs,
    InterfaceIs,
    InterfaceListed,
    Limit,
    Matcher,
    Nth,
    PacketSize,
    PortIs,
    ProtocolIs,
    Range,
    Side,
    State,
    StateIs,
    TcpFlags,
    TimeToLive,
)
from portward.sources.routeros_rules import (
    Action,
    AddToList,
    Family,
    Forever,
    InterfaceList,
    Jump,
    ListEntry,
    Reject,
    Rule,
    Script,
    Table,
    Verdict,
)


SHORT, LONG = timedelta(milliseconds=500), timedelta(seconds=90)
PORTS = range(1000, 1004)
SIZES = range(70, 73)
LISTS = ("one", "two", "three", "list four")
VISITORS = range(2, 258)
NEVER_AGAIN = timedelta(hours=7)
"""The time of limits: no token comes back while a test runs."""

either = st.booleans()
sometimes = st.sampled_from([False, False, False, True])
sides = st.sampled_from([Side.SOURCE, Side.SOURCE, Side.DESTINATION])
times: st.SearchStrategy[timedelta | Forever] = st.sampled_from(
    [SHORT, LONG, LONG, Forever.UNTIL_REBOOT, Forever.SAVED]
)


def port_ranges(draw: st.DrawFn) -> tuple[Range, ...]:
    """A few ports, single or in ranges that may overlap."""
    chosen = draw(st.lists(st.sampled_from(PORTS), min_size=1, max_size=3))
    return tuple(Range(port, port + draw(st.sampled_from([0, 0, 0, 1]))) for port in chosen)


@st.composite
def about_protocol(draw: st.DrawFn, family: Family) -> list[Matcher]:
    """A protocol, and what may be asked only with it."""
    icmp = 1 if family is Family.V4 else 58
    number = draw(st.sampled_from([6, 6, 17, 17, icmp]))
    found: list[Matcher] = [ProtocolIs(number)]
    if number == icmp:
        codes = draw(st.sampled_from([Range(0, 255), Range(0, 0), Range(1, 3)]))
        kinds = st.builds(IcmpIs, st.sampled_from([8, 128, 3]), st.just(codes), either)
        sizes = st.builds(PacketSize, st.sampled_from([Range(70, 70), Range(71, 90)]), sometimes)
        return [*found, *draw(st.lists(st.one_of(kinds, sizes), max_size=2, unique_by=type))]
    side = draw(st.sampled_from([Side.DESTINATION] * 4 + [Side.SOURCE, Side.EITHER]))
    found.append(PortIs(side, port_ranges(draw), draw(sometimes)))
    if number == 6 and draw(sometimes):
        flags = st.sampled_from(["syn", "ack", "rst", "fin"])
        there = draw(st.frozensets(flags, max_size=2))
        found.append(TcpFlags(there, draw(st.frozensets(flags, max_size=2)) - there, draw(either)))
    return found


def some_addresses(family: Family) -> st.SearchStrategy[AddressRange]:
    """Visitors: one, a network, a range."""
    version = 4 if family is Family.V4 else 6
    base = int(visitor(0, version))
    kind = IPv4Address if version == 4 else IPv6Address
    spans = [(2, 2), (3, 3), (16, 31), (40, 61), (64, 127), (2, 200)]
    return st.sampled_from([AddressRange(kind(base + low), kind(base + high)) for low, high in spans])


def about_the_rest(family: Family, table: Table) -> st.SearchStrategy[Matcher]:
    """Matchers that go with anything."""
    known: list[st.SearchStrategy[Matcher]] = [
        st.builds(AddressListed, sides, st.sampled_from([*LISTS, "nobody fills it"]), either),
        st.builds(AddressListed, st.just(Side.SOURCE), st.sampled_from(LISTS), either),
        st.builds(AddressIs, st.just(Side.SOURCE), some_addresses(family), either),
        st.builds(InterfaceIs, st.just(Side.SOURCE), st.sampled_from(["eth0", "ether1"]), sometimes),
        st.builds(
            InterfaceListed, st.just(Side.SOURCE), st.sampled_from(["WAN", "LAN", "all", "none"]), either
        ),
        st.builds(
            AddressTypeIs, st.just(Side.DESTINATION), st.just(frozenset({"local", "multicast"})), sometimes
        ),
        st.builds(PacketSize, st.sampled_from([Range(0, 60), Range(48, 71), Range(72, 72)]), either),
        st.builds(
            TimeToLive, st.sampled_from(["equal", "less-than", "greater-than"]), st.just(64), sometimes
        ),
        st.builds(Dscp, st.sampled_from([0, 10]), sometimes),
        st.builds(Nth, st.just(3), st.integers(1, 3), sometimes),
        st.builds(
            Limit, st.just(1), st.just(NEVER_AGAIN), st.integers(1, 40), st.just(value=False), sometimes
        ),
        st.builds(
            DstLimit,
            st.just(1),
            st.just(NEVER_AGAIN),
            st.integers(1, 3),
            st.sampled_from(["src-address", "dst-address", "src-and-dst-addresses"]),
            st.just(LONG),
            sometimes,
        ),
    ]
    if table is not Table.RAW:
        states = st.frozensets(st.sampled_from([State.NEW, State.INVALID, State.ESTABLISHED]), min_size=1)
        known.append(st.builds(StateIs, states, either))
    return st.one_of(known)


def actions(table: Table, chain: str) -> st.SearchStrategy[Action]:
    """What a rule may do there."""
    adds = st.builds(AddToList, sides, st.sampled_from(LISTS), times)
    ends = [Verdict.ACCEPT, Verdict.RETURN, Verdict.PASSTHROUGH]
    if table is not Table.MANGLE:
        ends.append(Verdict.DROP)
    jumps = {
        "input": ["knocks", "more"],
        "forward": ["knocks"],
        "prerouting": ["more"],
        "knocks": ["more", "empty"],
    }
    goes = st.sampled_from([Jump(name) for name in jumps.get(chain, ["empty"])])
    parts: list[st.SearchStrategy[Action]] = [adds, adds, adds, st.sampled_from(ends), goes]
    if table is Table.FILTER:
        parts.append(st.just(Reject("icmp-port-unreachable")))
    return st.one_of(parts)


WHERE = (
    [(Table.FILTER, "input")] * 6
    + [(Table.FILTER, "knocks")] * 3
    + [(Table.FILTER, "more")] * 2
    + [(Table.FILTER, "forward")] * 2
    + [(Table.RAW, "prerouting")] * 2
    + [(Table.RAW, "more"), (Table.MANGLE, "prerouting"), (Table.MANGLE, "input")]
)


@st.composite
def any_rule(draw: st.DrawFn, family: Family) -> Rule:
    """A rule of any kind."""
    table, chain = draw(st.sampled_from(WHERE))
    found: list[Matcher] = draw(about_protocol(family)) if draw(st.sampled_from([True, True, False])) else []
    kinds = {type(each) for each in found}
    for each in draw(st.lists(about_the_rest(family, table), max_size=3)):
        if type(each) not in kinds:
            found.append(each)
            kinds.add(type(each))
    action = draw(actions(table, chain))
    if not found and action in {Verdict.DROP, Verdict.ACCEPT, Verdict.RETURN}:
        action = Verdict.PASSTHROUGH
    disabled = draw(st.sampled_from([False] * 9 + [True]))
    return Rule(family, table, chain, action, in_order(found), disabled, log=False)


def in_order(found: list[Matcher]) -> tuple[Matcher, ...]:
    """Sort matchers as a router tests them."""
    return tuple(sorted(found, key=lambda each: TEST_ORDER.index(type(each))))


@st.composite
def knock_rules(draw: st.DrawFn, family: Family) -> list[Rule]:
    """Stages one after the other, in the right order or not, and who may come in."""
    found: list[Rule] = []
    for stage in range(draw(st.integers(1, 3))):
        number = draw(st.sampled_from([6, 17]))
        port = draw(st.sampled_from(PORTS))
        negated = draw(sometimes) and stage > 0
        matchers: list[Matcher] = [
            ProtocolIs(number),
            PortIs(Side.DESTINATION, (Range(port, port),), negated),
        ]
        if stage:
            matchers.append(AddressListed(Side.SOURCE, LISTS[stage - 1]))
        if draw(sometimes):
            matchers.append(AddressTypeIs(Side.DESTINATION, frozenset({"local"})))
        target = draw(st.sampled_from([LISTS[stage], LISTS[stage], LISTS[-1]]))
        action = AddToList(Side.SOURCE, target, draw(times))
        found.append(Rule(family, Table.FILTER, "input", action, in_order(matchers)))
    found = draw(st.sampled_from([found, found[::-1]]))
    good = [
        AddressListed(Side.SOURCE, found[-1].action.list if isinstance(found[-1].action, AddToList) else "")
    ]
    found.append(Rule(family, Table.FILTER, "input", Verdict.ACCEPT, tuple(good)))
    found.append(Rule(family, Table.FILTER, "input", Verdict.DROP, (ProtocolIs(6),)))
    return found


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    """A script of both families, their lists filled and shadowed by entries of its own."""
    rules: list[Rule] = []
    entries: list[ListEntry] = []
    for family in Family:
        mixed = draw(st.lists(any_rule(family), min_size=2, max_size=10))
        knocks = draw(knock_rules(family))
        at = draw(st.integers(0, len(mixed)))
        rules += [*mixed[:at], *knocks, *mixed[at:]] if draw(either) else mixed
        for name in LISTS:
            spans = draw(st.lists(some_addresses(family), max_size=2, unique=True)) if draw(either) else []
            for span in spans:
                timed = span.first == span.last and draw(either)
                entries.append(ListEntry(family, name, span, timeout=LONG if timed else None))
    lists = (InterfaceList("WAN", ("eth0",)), InterfaceList("LAN", ("ether2",), exclude=("WAN",)))
    return Script(tuple(rules), tuple(entries), lists)


@attrs.frozen
class Sent:
    """One packet of a trace, for the kernel and for the simulator."""

    source: Address
    goal: Address
    protocol: int
    content: bytes
    passage: Passage


def packet_to(draw: random.Random, source: Address) -> Sent:
    """Any packet of one visitor."""
    version = source.version
    here, behind = (V4, BEHIND_V4) if version == 4 else (V6, BEHIND_V6)
    local = draw.random() < 0.8
    goal = here if local else behind
    port = draw.choice(PORTS)
    own = draw.choice([40000, 40000, 1001])
    match draw.choice(["syn", "syn", "syn", "udp", "udp", "udp", "echo", "echo", "ack", "rst"]):
        case "udp":
            size = draw.choice([0, 20, 22 if version == 6 else 42])
            packet = datagram(source, goal, port, bytes(size), own)
            content = frames.udp(source, goal, (own, port), bytes(size))
        case "echo":
            packet = echo_request(source, goal, draw.choice(SIZES))
            content = frames.echo(source, goal, packet.payload, 1)
        case kind:
            flags, state = {
                "syn": (TcpFlag.SYN, ConnectionState.NEW),
                "ack": (TcpFlag.ACK, ConnectionState.NEW),
                "rst": (TcpFlag.RST, ConnectionState.INVALID),
            }[kind]
            packet = attrs.evolve(syn(source, goal, port, own), tcp_flags=flags, state=state)
            content = frames.tcp(source, goal, (own, port), int(flags))
    packet = attrs.evolve(packet, local=local)
    return Sent(source, goal, packet.protocol, content, Passage(packet))


def trace_of(draw: random.Random, source: Address, script: Script) -> list[Sent]:
    """Some packets of one visitor; now and then all the ports that a rule asks for, in the order of the rules."""
    sent = [packet_to(draw, source) for _ in range(draw.randint(2, 5))]
    if draw.random() < 0.5:
        sent += knocks_of(source, script)[:6]
    return sent


def knocks_of(source: Address, script: Script) -> list[Sent]:
    """A packet for each rule with a protocol and a port of the visitor's family."""
    family = Family.V4 if source.version == 4 else Family.V6
    goal = V4 if source.version == 4 else V6
    found = []
    for rule in script.table(family, Table.FILTER):
        number = next((each.number for each in rule.matchers if isinstance(each, ProtocolIs)), 0)
        port = next((each.ranges[0].first for each in rule.matchers if isinstance(each, PortIs)), 0)
        if number == 6 and port:
            packet, content = syn(source, goal, port), frames.tcp(source, goal, (40000, port), frames.SYN)
        elif number == 17 and port:
            packet, content = datagram(source, goal, port), frames.udp(source, goal, (40000, port))
        else:
            continue
        found.append(Sent(source, goal, number, content, Passage(packet)))
    return found
