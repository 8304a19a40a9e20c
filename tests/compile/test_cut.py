"""Doors that cut: what is added to the ruleset, and that nothing is where no service cuts."""

from ipaddress import ip_address

import attrs
from hypothesis import given
from tests.policies import policies

from portward.compile.cut import chains, cutting, entries, port_sets
from portward.compile.nft import compile_policy
from portward.policy.net import PortRange, Protocol
from portward.policy.notation import read_ports
from portward.policy.policy import Expiry, Policy, Service
from portward.policy.vpn import VpnKind


SSH = Service("ssh", (read_ports("tcp/22"),), (read_ports("tcp/2222"),), on_expiry=Expiry.CUT)


def chain(policy: Policy, name: str) -> str:
    """The text of one chain, spaces made single."""
    text = compile_policy(policy).text
    start = text.index(f"chain {name} {{")
    return " ".join(text[start : text.index("\n\t}", start)].split())


@given(policies())
def test_a_policy_without_such_a_service_has_nothing_of_it(policy: Policy) -> None:
    """The cost of the feature is zero where it is not used."""
    assert not [*cutting(policy), *entries(policy), *port_sets(policy), *chains(policy)]


def test_only_packets_to_such_a_port_pay_more_than_one_lookup() -> None:
    look = chain(Policy((SSH,)), "second_look")
    once = 'iif "lo" accept ct state established meta l4proto . th dport @cut_ports goto cut comment'
    assert once in look
    assert look.index("goto cut") < look.index("ct state established,related accept")


def test_the_published_port_is_asked_for_in_the_direction_of_its_visitors_alone() -> None:
    rules = chain(Policy((SSH,)), "cut")
    assert "tcp dport 2222 fib daddr type local ct direction original goto door_ssh" in rules
    assert "ct direction reply" not in rules
    assert "tcp dport 22 " not in rules
    assert rules.endswith('accept comment "established"')


def test_a_tunnel_is_asked_for_whoever_began_it() -> None:
    vpn = Service("vpn", VpnKind.IPSEC.usual_ports, kind=VpnKind.IPSEC, on_expiry=Expiry.CUT)
    rules = chain(Policy((vpn,)), "cut")
    for which in ("udp dport 500", "udp dport 4500", "meta l4proto esp"):
        assert f"{which} fib daddr type local ct direction original goto door_vpn" in rules
        assert f"{which} fib daddr type local ct direction reply ct status ! snat goto door_vpn" in rules


def test_a_protocol_without_ports_is_a_tunnel_without_a_kind() -> None:
    """Nobody can tell from ESP who began."""
    gre = Service("vpn", (PortRange(Protocol.GRE),), on_expiry=Expiry.CUT)
    assert "ct direction reply ct status ! snat goto door_vpn" in chain(Policy((gre,)), "cut")


def test_a_service_behind_this_host_is_asked_for_at_its_own_address() -> None:
    inside = attrs.evolve(SSH, published=(), hosts=(ip_address("192.168.1.10"), ip_address("fd00::10")))
    rules = chain(Policy((inside,)), "cut")
    assert "tcp dport 22 ip daddr 192.168.1.10 ct direction original goto door_ssh" in rules
    assert "tcp dport 22 ip6 daddr fd00::10 ct direction original goto door_ssh" in rules
    assert "fib daddr" not in rules
