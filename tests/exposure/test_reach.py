"""Who reaches a listener, through which door."""

from ipaddress import ip_address

import pytest
from tests.exposure.firewalls import both, host, interface, iptables, listener

from portward.exposure.facts import Facts
from portward.exposure.passage import Answer
from portward.exposure.reach import Scope, Shown, is_private, look


def only(facts: Facts) -> Shown:
    (shown,) = look(facts)
    return shown


def test_without_rules_everybody_reaches_what_is_bound_to_all() -> None:
    shown = only(host(listener("tcp/22", "::", both=True)))
    assert shown.reach.scope is Scope.ANY
    assert dict(shown.reach.strangers) == {4: Answer.OPEN, 6: Answer.OPEN}


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_loopback_is_this_host_alone(address: str) -> None:
    assert only(host(listener("tcp/6379", address))).reach.scope is Scope.LOOPBACK


def test_an_address_that_no_interface_has_is_reached_by_nobody() -> None:
    assert only(host(listener("tcp/22", "192.0.2.99"))).reach.scope is Scope.NOBODY


def test_an_accept_for_private_addresses_is_private() -> None:
    rules = iptables("-A INPUT -s 192.168.0.0/16 -j ACCEPT", policy="DROP")
    assert only(host(listener("tcp/22"), rules=rules)).reach.scope is Scope.PRIVATE


def test_a_network_that_a_rule_lets_in_is_named() -> None:
    rules = iptables("-A INPUT -s 203.0.113.0/24 -p tcp -m tcp --dport 22 -j ACCEPT", policy="DROP")
    reach = only(host(listener("tcp/22"), rules=rules)).reach
    assert reach.scope is Scope.SOME
    assert list(map(str, reach.networks)) == ["203.0.113.0/24"]


def test_a_blocked_network_does_not_make_a_stranger_of_its_members() -> None:
    """The made-up stranger is none whom a rule names."""
    rules = iptables("-A INPUT -s 203.0.113.0/24 -j DROP")
    assert only(host(listener("tcp/22"), rules=rules)).reach.any is Answer.OPEN


def test_strangers_come_in_outside_only() -> None:
    inside = interface("docker0", "172.17.0.1/16", outside=False)
    rules = iptables("-A INPUT -i docker0 -j ACCEPT", policy="DROP")
    facts = host(listener("tcp/22"), rules=rules, interfaces=(interface(), inside))
    assert only(facts).reach.scope is Scope.PRIVATE


def test_a_host_without_ipv6_addresses_is_not_reached_over_ipv6() -> None:
    facts = host(listener("tcp/22", "::"), interfaces=(interface("eth0", "198.51.100.1/24", "fe80::1/64"),))
    assert only(facts).reach.any is Answer.CLOSED


def test_a_condition_that_is_not_understood_makes_it_unsure_and_says_why() -> None:
    rules = iptables("-A INPUT -m set --match-set world src -j ACCEPT", policy="DROP")
    reach = only(host(listener("tcp/22"), rules=rules)).reach
    assert (reach.any, reach.sure, reach.reasons) == (Answer.UNSURE, False, ("iptables' set",))


def test_a_port_that_is_redirected_to_it_is_a_way_in() -> None:
    rules = both(
        iptables("-A PREROUTING -p tcp -m tcp --dport 2222 -j REDIRECT --to-ports 22", table="nat"),
        iptables("-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT", policy="DROP"),
    )
    assert only(host(listener("tcp/22"), rules=rules)).outside == (2222,)


def test_a_container_is_reached_only_where_the_host_forwards() -> None:
    rules = iptables(
        "-A PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.17.0.2:80", table="nat"
    )
    assert only(host(rules=rules, forwards=frozenset({4}))).open
    assert not only(host(rules=rules)).open


def test_kind_name_and_usual_port() -> None:
    ssh, odd = look(host(listener("tcp/2222", program="sshd"), listener("tcp/4711", program="mine")))
    assert (ssh.name, ssh.usual) == ("ssh", False)
    assert (odd.kind, odd.name, odd.usual) == (None, "mine", None)


def test_documentation_addresses_are_strangers() -> None:
    assert not is_private(ip_address("203.0.113.7"))
    assert is_private(ip_address("100.64.3.3"))
    assert is_private(ip_address("fe80::1"))
