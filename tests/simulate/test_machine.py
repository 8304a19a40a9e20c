"""The machine, line by line of "The order of judgement", and what must hold for every trace."""

from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulate.transcript import (
    GATE,
    GATE_6,
    INSIDE,
    OTHER,
    SSH,
    VISITOR,
    VISITOR_6,
    Gate,
    packet,
    policy,
    sequence,
)

from portward.errors import Span
from portward.policy.net import PortRange, Protocol
from portward.policy.notation import read_ports
from portward.policy.policy import Expiry, Mode, Places, Policy, Service
from portward.policy.vpn import VpnKind
from portward.simulate.machine import Machine
from portward.simulate.packet import Begun, Cast, ConnectionState, Packet, TcpFlag


ADMIN = "tcp/33333 udp/22222 icmp/128 tcp/11111"
LOCKDOWN: dict[str, Any] = {"mode": Mode.LOCKDOWN}
CAMERA = Service("camera", (read_ports("tcp/443"),), (), (INSIDE,))


def line_of(kept: Policy, what: str, **about: Any) -> str:
    judgement = Gate(kept).hears(what, **about)
    return f"{judgement.line} {judgement.verdict}"


def test_a_visit() -> None:
    """Closed; the knocks; open; closed again when the grant ends."""
    gate = Gate(policy())
    assert not gate.is_open()
    assert [stage.place for stage in gate.hears("tcp/33333").reached] == [1]
    assert [stage.place for stage in gate.hears("udp/22222").reached] == [2]
    assert [stage.place for stage in gate.hears("icmp/128").reached] == [3]
    assert not gate.is_open()
    opened = gate.hears("tcp/11111")
    assert [(grant.service, str(grant.network)) for grant in opened.granted] == [("ssh", "192.0.2.7/32")]
    assert gate.is_open()
    assert not gate.is_open(source=OTHER)
    assert not gate.is_open(source=VISITOR_6)
    gate.now += 3599.9
    assert gate.is_open()
    gate.now += 0.2
    assert not gate.is_open()


def test_ipv6_does_all_that_ipv4_does() -> None:
    gate = Gate(policy())
    assert gate.hears_all(ADMIN, source=VISITOR_6).granted
    assert gate.is_open(source=VISITOR_6)
    assert not gate.is_open()


def test_judging_leaves_the_state_given_as_it_was() -> None:
    machine = Machine(policy())
    before = machine.start()
    after = machine.judge(before, packet("tcp/33333"), 0.0).state
    assert before == machine.start()
    assert after != before
    assert next(machine.run([(0.0, packet("tcp/33333"))], before)).state == after
    assert before == machine.start()


@pytest.mark.parametrize(
    ("settings_", "what", "about", "expected"),
    [
        ({}, "tcp/22", {"interface": "lo"}, "1 leave"),
        ({"interfaces": ("wan*",)}, "tcp/22", {"interface": "eth0"}, "1 leave"),
        ({"interfaces": ("wan*",)}, "tcp/22", {"interface": "wan7"}, "5.1 drop"),
        ({"interfaces": ("wan",)}, "tcp/22", {"interface": "wan7"}, "1 leave"),
        ({}, "udp/51820", {"state": ConnectionState.ESTABLISHED}, "2 leave"),
        ({}, "udp/51820", {"state": ConnectionState.RELATED}, "2 leave"),
        ({}, "udp/51820", {"state": ConnectionState.INVALID}, "5.1 drop"),
        ({}, "tcp/22", {"state": ConnectionState.ESTABLISHED}, "5.1 drop"),
        ({"always": (IPv4Network("192.0.2.0/24"),)}, "tcp/22", {}, "3 leave"),
        ({"always": (IPv6Network("2001:db8::/32"),)}, "tcp/22", {}, "5.1 drop"),
        ({}, "tcp/22", {"tcp_flags": TcpFlag.ACK}, "4 drop"),
        ({}, "tcp/22", {"tcp_flags": TcpFlag.SYN | TcpFlag.ACK}, "4 drop"),
        ({}, "tcp/22", {"tcp_flags": TcpFlag.SYN | TcpFlag.PSH}, "5.1 drop"),
        ({}, "tcp/23", {"tcp_flags": TcpFlag.RST}, "4 leave"),
        (LOCKDOWN, "tcp/23", {"tcp_flags": TcpFlag.FIN}, "4 drop"),
        (LOCKDOWN, "tcp/23", {"tcp_flags": TcpFlag.FIN, "local": False}, "4 leave"),
        (
            LOCKDOWN | {"interfaces": ("eth0",)},
            "tcp/23",
            {"tcp_flags": TcpFlag.FIN, "local": False},
            "4 drop",
        ),
        (LOCKDOWN | {"public": (read_ports("tcp/23"),)}, "tcp/23", {"tcp_flags": TcpFlag.ACK}, "4 leave"),
        ({}, "tcp/33333", {}, "5.6 leave"),
        (LOCKDOWN, "tcp/33333", {}, "5.6 drop"),
        (LOCKDOWN | {"public": (read_ports("tcp/23-25"),)}, "tcp/24", {}, "5.4 leave"),
        (LOCKDOWN, "udp/9", {}, "5.6 drop"),
        (LOCKDOWN, "tcp/9", {"local": False}, "7 leave"),
        (LOCKDOWN | {"interfaces": ("eth0",)}, "tcp/9", {"local": False}, "7 drop"),
        (LOCKDOWN, "udp/9", {"local": False, "cast": Cast.BROADCAST}, "7 drop"),
        (
            LOCKDOWN | {"public": (read_ports("udp/9"),)},
            "udp/9",
            {"local": False, "cast": Cast.MULTICAST},
            "7 leave",
        ),
        ({}, "udp/9", {"local": False, "cast": Cast.MULTICAST}, "7 leave"),
    ],
)
def test_the_order_of_judgement(
    settings_: dict[str, Any], what: str, about: dict[str, Any], expected: str
) -> None:
    assert line_of(policy(**settings_), what, **about) == expected


def test_a_published_service_is_reached_on_its_other_port_alone() -> None:
    """The service's own port is dropped, grant or not."""
    web = Service("ssh", (read_ports("tcp/22"),), (read_ports("tcp/12345"),))
    gate = Gate(policy(services=(web,)))
    assert gate.hears("tcp/12345").line == "5.1"
    gate.hears_all(ADMIN)
    assert gate.hears("tcp/12345").verdict == "leave"
    hidden = gate.hears("tcp/22")
    assert (hidden.line, hidden.verdict) == ("5.2", "drop")


@pytest.mark.parametrize("published", [(), (read_ports("tcp/8443"),)])
def test_a_service_of_a_machine_behind(published: tuple[PortRange, ...]) -> None:
    """Its ports are guarded at its address; when published, they are reached at the gate alone."""
    camera = attrs.evolve(CAMERA, published=published)
    gate = Gate(policy(sequence(opens=("camera",)), services=(camera,)))
    inside: dict[str, Any] = {"destination": INSIDE, "local": False}
    assert gate.hears("tcp/443", **inside).verdict == "drop"
    assert gate.hears("tcp/80", **inside).line == "7"
    assert gate.hears("tcp/443", **inside, tcp_flags=TcpFlag.ACK).line == "4"
    gate.hears_all(ADMIN)
    assert gate.hears("tcp/443", **inside).verdict == ("drop" if published else "leave")
    assert gate.hears("tcp/8443").line == ("5.1" if published else "5.6")


def test_who_may_reach_everything_reaches_closed_ports_in_lockdown() -> None:
    gate = Gate(policy(sequence(opens=("*",)), **LOCKDOWN))
    gate.hears_all(ADMIN)
    for what in ("tcp/22", "udp/51820", "tcp/9"):
        assert gate.hears(what).verdict == "leave"
    assert gate.hears("udp/9", local=False, cast=Cast.BROADCAST).verdict == "leave"


def test_a_protocol_without_ports_is_a_door() -> None:
    gate = Gate(policy(services=(Service("ssh", (PortRange(Protocol.ESP),)),)))
    esp = Packet(VISITOR, GATE, 50)
    assert gate.machine.judge(gate.state, esp, 0.0).line == "5.1"
    gate.hears_all(ADMIN)
    assert gate.machine.judge(gate.state, esp, gate.now).verdict == "leave"


@pytest.mark.parametrize("kind", [130, 133, 134, 135, 136])
def test_lockdown_leaves_ipv6_its_neighbours(kind: int) -> None:
    machine = Machine(policy(**LOCKDOWN))
    for local in (True, False):
        neighbour = Packet(VISITOR_6, GATE_6, 58, icmp_type=kind, icmp_code=0, local=local)
        assert machine.judge(machine.start(), neighbour, 0.0).verdict == "leave"
    redirect = Packet(VISITOR_6, GATE_6, 58, icmp_type=137, icmp_code=0)
    assert machine.judge(machine.start(), redirect, 0.0).verdict == "drop"


def test_lockdown_leaves_dhcpv6_replies_of_link_local_servers_alone() -> None:
    for source, verdict in ((ip_address("fe80::1"), "leave"), (VISITOR_6, "drop")):
        reply = packet("udp/546", source=source, source_port=547)
        machine = Machine(policy(**LOCKDOWN))
        assert machine.judge(machine.start(), reply, 0.0).verdict == verdict


def test_connections_that_were_adopted_go_on() -> None:
    gate = Gate(policy(), adopted=[(VISITOR, 40000, GATE, 22)])
    assert gate.hears("tcp/22", tcp_flags=TcpFlag.ACK).verdict == "leave"
    assert gate.hears("tcp/22", tcp_flags=TcpFlag.ACK, source_port=40001).verdict == "drop"
    assert gate.hears("tcp/22").verdict == "drop"


def test_the_reasons_name_the_place_in_the_policy() -> None:
    span = Span("policy.toml", 7, 3)
    places = Places({("services", "ssh"): span, ("sequences", "admin", "knocks", 0): span})
    gate = Gate(policy(places=places))
    assert gate.hears("tcp/22").reasons[-1].span == span
    first = gate.hears("tcp/33333").reasons[0]
    assert (first.line, first.sequence, first.place, first.span) == ("5.3", "admin", 1, span)


# For every trace.

PORTS = st.sampled_from(["tcp/1", "tcp/2", "udp/1", "udp/2", "icmp/60"])
STEPS = st.sampled_from([1.0, 3.0])
ONCE = st.sampled_from([False, False, True])
GAPS = st.sampled_from([0.25, 0.75, 2.5, 3.5])


@st.composite
def sequences(draw: st.DrawFn, name: str) -> Any:
    knocks = draw(st.lists(PORTS, min_size=1, max_size=4))
    steps = tuple(draw(STEPS) for _ in knocks[1:])
    return sequence(name, " ".join(knocks), steps=steps, open_for=draw(STEPS), once=draw(ONCE))


POLICIES = st.builds(
    lambda one, two, strict, mode: policy(one, two, strict=strict, mode=mode, penalty=timedelta(seconds=2)),
    sequences("one"),
    sequences("two"),
    st.booleans(),
    st.sampled_from(Mode),
)
WHATS = st.one_of(PORTS, st.sampled_from(["tcp/3", "tcp/22", "icmp/61"]))
TRACES = st.lists(st.tuples(GAPS, WHATS, st.sampled_from([VISITOR, OTHER, VISITOR_6])), max_size=25)


@given(POLICIES, TRACES)
@settings(max_examples=300, deadline=None)
def test_nothing_opens_without_the_knocks(kept: Policy, trace: list[Any]) -> None:
    """A door opens only to a source that has sent all knocks of a sequence, in order and in time."""
    gate = Gate(kept)
    sent: list[tuple[Any, float, str]] = []
    for gap, what, source in trace:
        judgement = gate.hears(what, after=gap, source=source)
        sent.append((source, gate.now, what))
        for grant in judgement.granted:
            opened_by = next(each for each in kept.sequences if each.name == grant.sequence)
            own = [(when, knock) for who, when, knock in sent if who == source]
            assert knocked(opened_by, own)


def knocked(wanted: Any, sent: list[tuple[float, str]]) -> bool:
    """Whether the knocks are a subsequence that ends with the last packet, each within the time of its step.

    Walks the packets backwards and keeps every time at which the rest of the sequence may have begun.
    """
    spelled = [f"{knock.protocol}/{knock.number}" for knock in wanted.knocks]
    if sent[-1][1] != spelled[-1]:
        return False
    starts = {sent[-1][0]}
    for knock, step in zip(reversed(spelled[:-1]), reversed(wanted.step_timeouts), strict=True):
        starts = {
            when
            for when, what in sent
            if what == knock and any(0 < later - when < step.total_seconds() for later in starts)
        }
    return bool(starts)


@given(POLICIES, TRACES)
@settings(max_examples=150, deadline=None)
def test_what_opens_once_opens_by_one_packet(kept: Policy, trace: list[Any]) -> None:
    gate = Gate(kept)
    opened = [
        name
        for gap, what, source in trace
        for name in {grant.sequence for grant in gate.hears(what, after=gap, source=source).granted}
    ]
    for each in kept.sequences:
        assert not each.once or opened.count(each.name) <= 1


@given(POLICIES, TRACES)
@settings(max_examples=150, deadline=None)
def test_one_packet_advances_a_sequence_by_one_stage(kept: Policy, trace: list[Any]) -> None:
    """The furthest stage alive never rises by more than one, and a grant needs the stage before it."""
    gate = Gate(kept)
    for gap, what, source in trace:
        before = gate.state
        judgement = gate.hears(what, after=gap, source=source)
        for stage in judgement.reached:
            stood = (source, stage.sequence, stage.place - 1)
            assert stage.place == 1 or before.stages[source.version].alive(stood, gate.now)


@given(POLICIES, TRACES)
@settings(max_examples=150, deadline=None)
def test_no_knock_counts_under_penalty(kept: Policy, trace: list[Any]) -> None:
    gate = Gate(kept)
    for gap, what, source in trace:
        before = gate.state
        judgement = gate.hears(what, after=gap, source=source)
        if before.penalties[source.version].alive(source, gate.now):
            assert not judgement.reached
            assert not judgement.granted
        assert kept.strict or not judgement.penalised


@given(POLICIES, TRACES)
@settings(max_examples=100, deadline=None)
def test_other_sources_change_nothing(kept: Policy, trace: list[Any]) -> None:
    """What a source gets depends on its own packets alone, as long as no set is full and nothing opens only once."""
    lasting = tuple(attrs.evolve(each, once=False) for each in kept.sequences)
    kept = attrs.evolve(kept, sequences=lasting)
    together, alone = Gate(kept), Gate(kept)
    for gap, what, source in trace:
        judgement = together.hears(what, after=gap, source=source)
        alone.now += gap
        if source == VISITOR:
            same = alone.hears(what, after=0, source=source)
            assert (same.verdict, same.granted, same.reached) == (
                judgement.verdict,
                judgement.granted,
                judgement.reached,
            )


def test_a_sweep_of_all_ports_never_opens_a_strict_gate() -> None:
    """Single source, ascending, again and again: the first knock that counts is followed by a stray."""
    machine = Machine(policy(sequence(knocks="tcp/10 tcp/20 tcp/30"), penalty=timedelta(seconds=1)))
    sweep = ((number / 1000, packet(f"tcp/{number % 50 + 1}")) for number in range(20_000))
    judgements = list(machine.run(sweep))
    assert any(judgement.reached for judgement in judgements)
    assert not any(judgement.granted for judgement in judgements)


def test_without_strict_the_same_sweep_opens() -> None:
    machine = Machine(policy(sequence(knocks="tcp/10 tcp/20 tcp/30"), strict=False))
    sweep = ((number / 1000, packet(f"tcp/{number % 50 + 1}")) for number in range(50))
    assert any(judgement.granted for judgement in machine.run(sweep))


def test_a_service_without_a_sequence_is_never_reached() -> None:
    assert line_of(Policy((SSH,)), "tcp/22") == "5.1 drop"


CUT_SSH = attrs.evolve(SSH, on_expiry=Expiry.CUT)
TUNNEL = Service(
    "vpn", (read_ports("udp/51820"), read_ports("esp")), kind=VpnKind.WIREGUARD, on_expiry=Expiry.CUT
)
KNOWN: dict[str, Any] = {"state": ConnectionState.ESTABLISHED}
ACK: dict[str, Any] = {**KNOWN, "tcp_flags": TcpFlag.ACK}


def test_an_established_connection_ends_with_the_grant_at_a_door_that_cuts() -> None:
    """Where it is kept, it goes on; what is merely related goes on too."""
    kept, cut = policy(), policy(services=(CUT_SSH, TUNNEL))
    assert line_of(kept, "tcp/22", **ACK) == "2 leave"
    assert line_of(cut, "tcp/22", **ACK) == "2 drop"
    assert line_of(cut, "tcp/22", tcp_flags=TcpFlag.ACK, state=ConnectionState.RELATED) == "2 leave"
    assert line_of(cut, "tcp/23", **ACK) == "2 leave"
    gate = Gate(cut)
    for knock in ADMIN.split():
        gate.hears(knock)
    assert gate.hears("tcp/22", **ACK).verdict == "leave"
    assert gate.hears("tcp/22", after=3601, **ACK).verdict == "drop"


def test_who_never_knocks_is_never_cut() -> None:
    cut = policy(services=(CUT_SSH, TUNNEL), always=(IPv4Network("192.0.2.0/24"),))
    assert line_of(cut, "tcp/22", **ACK) == "3 leave"


def test_a_connection_older_than_the_gate_is_not_cut() -> None:
    cut = policy(services=(CUT_SSH, TUNNEL))
    gate = Gate(cut, adopted=[(VISITOR, 40000, GATE, 22)])
    assert gate.hears("tcp/22", **ACK).verdict == "leave"
    assert gate.hears("tcp/22", source_port=40001, **ACK).verdict == "drop"


@pytest.mark.parametrize(
    ("what", "begun", "expected"),
    [
        ("udp/51820", Begun.VISITOR, "2 drop"),
        ("udp/51820", Begun.HOST, "2 drop"),
        ("udp/51820", Begun.BEHIND, "2 leave"),
        ("tcp/22", Begun.HOST, "2 leave"),
    ],
)
def test_a_tunnel_is_cut_whoever_began_it_and_others_only_if_the_visitor_did(
    what: str, begun: Begun, expected: str
) -> None:
    flags = {"tcp_flags": TcpFlag.ACK} if what == "tcp/22" else {}
    assert line_of(policy(services=(CUT_SSH, TUNNEL)), what, begun=begun, **flags, **KNOWN) == expected


def test_a_published_door_cuts_and_the_port_behind_it_does_only_for_tunnels() -> None:
    ssh = attrs.evolve(CUT_SSH, published=(read_ports("tcp/2222"),))
    vpn = attrs.evolve(TUNNEL, ports=(read_ports("udp/51820"),), published=(read_ports("udp/443"),))
    kept = policy(services=(ssh, vpn))
    assert line_of(kept, "tcp/2222", **ACK) == "2 drop"
    assert line_of(kept, "tcp/22", **ACK) == "2 leave"
    assert line_of(kept, "udp/443", **KNOWN) == "2 drop"
    assert line_of(kept, "udp/51820", **KNOWN) == "2 leave"
    assert line_of(kept, "udp/51820", begun=Begun.HOST, **KNOWN) == "2 drop"


def test_a_machine_behind_the_gate_is_cut_off_at_its_own_address() -> None:
    camera = attrs.evolve(CAMERA, on_expiry=Expiry.CUT)
    kept = policy(services=(camera, SSH))
    assert line_of(kept, "tcp/443", destination=INSIDE, local=False, **ACK) == "2 drop"
    assert line_of(kept, "tcp/443", **ACK) == "2 leave"
