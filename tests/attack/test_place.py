"""Where an attack happens: addresses and names that fit the policy."""

import os
from ipaddress import ip_address, ip_network

import pytest

from portward.attack.place import NETWORKS, STREETS, free, inner_end, ready
from portward.errors import HostError, UsageError
from portward.policy.policy import Policy


def test_attackers_never_come_from_a_network_that_needs_no_knock() -> None:
    policy = Policy(always=(ip_network("10.0.0.0/8"), ip_network("2001:db8::/32")))
    assert free(policy, NETWORKS[4], 16, 2) == [ip_address("172.20.0.0"), ip_address("192.168.0.0")]
    assert free(policy, NETWORKS[6], 16, 1) == [ip_address("fd64::")]


def test_where_always_is_everybody_there_is_nobody_to_attack() -> None:
    policy = Policy(always=(ip_network("0.0.0.0/0"),))
    with pytest.raises(UsageError, match="always"):
        free(policy, STREETS[4], 8, 1)


@pytest.mark.parametrize(
    ("interfaces", "name"),
    [((), "eth0"), (("wan0", "x"), "wan0"), (("ppp*",), "ppp0"), (("abcdefghijklmn*",), "abcdefghijklmn0")],
)
def test_the_gates_end_of_the_cable_is_a_guarded_interface(interfaces: tuple[str, ...], name: str) -> None:
    assert inner_end(Policy(interfaces=interfaces)) == name


def test_without_root_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(HostError, match="needs root"):
        ready()
