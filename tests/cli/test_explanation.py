"""The words of an explanation, and that its chains are those of the compiled ruleset."""

from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulate.transcript import GATE, GATE_6, INSIDE, VISITOR, VISITOR_6, Gate, packet, policy

from portward.cli.explanation import describe, object_of, way_through
from portward.compile.lower import lower
from portward.policy.notation import read_ports
from portward.policy.policy import Expiry, Mode, Policy, Service
from portward.simulate.machine import Machine
from portward.simulate.packet import ConnectionState, Packet, TcpFlag
from portward.simulate.replay import Step
from portward.simulate.sighting import Sighting


SERVICES = (
    Service("ssh", (read_ports("tcp/22"),)),
    Service("web", (read_ports("tcp/80"),), (read_ports("tcp/8080"),)),
    Service("camera", (read_ports("tcp/443"),), (), (INSIDE,)),
)


def chains_of(kept: Policy) -> frozenset[str]:
    return frozenset(chain.name for chain in lower(kept).chains)


@pytest.mark.parametrize(
    ("what", "about", "way"),
    [
        ("tcp/22", {}, "first_look > judge > to_us > door_ssh"),
        ("tcp/80", {}, "first_look > judge > to_us > hidden"),
        ("tcp/443", {"destination": INSIDE, "local": False}, "first_look > judge > door_camera"),
        ("tcp/22", {"tcp_flags": TcpFlag.ACK}, "second_look > stale_tcp"),
        ("udp/9", {"state": ConnectionState.RELATED}, "second_look"),
        ("tcp/9", {}, "first_look > judge > to_us > stray > closed"),
        ("udp/22222", {}, "second_look > judge > to_us > knock_udp_22222 > stray > closed"),
        ("tcp/33333", {}, "first_look > judge > to_us > knock_tcp_33333 > after_knock > closed"),
        ("tcp/25", {}, "first_look > judge > to_us"),
        ("tcp/9", {"local": False}, "first_look > judge > unasked"),
        ("tcp/9", {"interface": "lo"}, "first_look"),
    ],
)
def test_the_way_through_the_ruleset(what: str, about: dict[str, Any], way: str) -> None:
    kept = policy(services=SERVICES, mode=Mode.LOCKDOWN, public=(read_ports("tcp/25"),))
    found = way_through(packet(what, **about), Gate(kept).hears(what, **about), kept, chains_of(kept))
    assert " > ".join(found) == way


def test_a_neighbour_solicitation_goes_no_further_than_the_second_look() -> None:
    kept = policy(mode=Mode.LOCKDOWN)
    neighbour = Packet(VISITOR_6, GATE_6, 58, icmp_type=135, icmp_code=0)
    machine = Machine(kept)
    judgement = machine.judge(machine.start(), neighbour, 0.0)
    assert way_through(neighbour, judgement, kept, chains_of(kept)) == ("second_look",)


@given(
    st.sampled_from(["tcp/22", "tcp/33333", "udp/1", "icmp/128", "icmp/60"]),
    st.booleans(),
    st.sampled_from(Mode),
)
@settings(deadline=None)
def test_only_chains_that_exist_are_named(what: str, strict: bool, mode: Mode) -> None:  # noqa: FBT001 - drawn
    kept = policy(strict=strict, mode=mode)
    for local in (True, False):
        judgement = Gate(kept).hears(what, local=local)
        assert set(way_through(packet(what, local=local), judgement, kept, chains_of(kept))) <= chains_of(
            kept
        )


@pytest.mark.parametrize(
    ("seen", "text"),
    [
        (packet("tcp/22"), "192.0.2.7 > 198.51.100.1 tcp/22 syn"),
        (packet("tcp/22", tcp_flags=TcpFlag(0)), "192.0.2.7 > 198.51.100.1 tcp/22 without flags"),
        (packet("udp/7000=mellon"), "192.0.2.7 > 198.51.100.1 udp/7000 with 6 bytes"),
        (packet("icmp/128"), "192.0.2.7 > 198.51.100.1 icmp/128"),
        (Packet(VISITOR, GATE, 1, icmp_type=3, icmp_code=1), "192.0.2.7 > 198.51.100.1 icmp type 3 code 1"),
        (Packet(VISITOR, GATE, 254), "192.0.2.7 > 198.51.100.1 254"),
    ],
)
def test_packets_are_told_in_the_words_of_a_trace(seen: Packet, text: str) -> None:
    assert describe(seen) == text


def test_a_packet_of_this_host_has_no_verdict() -> None:
    step = Step(Sighting(0.0, packet("udp/9"), outgoing=True), packet("udp/9"), None)
    assert "verdict" not in object_of(step, policy(), frozenset())


def test_what_is_cut_goes_through_the_chain_that_asks_again() -> None:
    cut = attrs.evolve(SERVICES[0], on_expiry=Expiry.CUT)
    kept = policy(services=(cut, *SERVICES[1:]))
    about: dict[str, Any] = {"tcp_flags": TcpFlag.ACK, "state": ConnectionState.ESTABLISHED}
    found = way_through(packet("tcp/22", **about), Gate(kept).hears("tcp/22", **about), kept, chains_of(kept))
    assert " > ".join(found) == "second_look > cut > door_ssh"
