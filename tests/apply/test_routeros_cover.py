from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.routeros_device import Device
from portward.apply.routeros_cover import Fate, Packet, Sure, Walk, fates, lists_of, matches


OURS = Packet(
    source=ip_address("198.51.100.7"),
    destination=ip_address("192.0.2.1"),
    protocol=6,
    source_port=40000,
    port=443,
    state="new",
    interface="ether1",
    interface_lists=frozenset({"WAN"}),
    lists={"in": True, "for-a-time": None},
    flags=frozenset({"syn"}),
    translated=False,
)


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        ({}, True),
        ({"src-address": "198.51.100.0/24"}, True),
        ({"src-address": "!198.51.100.0/24"}, False),
        ({"src-address": "198.51.100.1-198.51.100.9"}, True),
        ({"src-address": "2001:db8::/32"}, False),
        ({"protocol": "tcp", "dst-port": "80,400-500"}, True),
        ({"protocol": "udp"}, False),
        ({"protocol": "tcp", "port": "40000"}, True),
        ({"src-port": "1-1024"}, False),
        ({"connection-state": "established,related"}, False),
        ({"connection-state": "!invalid"}, True),
        ({"in-interface": "ether1"}, True),
        ({"in-interface-list": "LAN"}, False),
        ({"in-interface-list": "!LAN"}, True),
        ({"in-interface-list": "all"}, True),
        ({"src-address-list": "in"}, True),
        ({"src-address-list": "!nobody"}, True),
        ({"src-address-list": "for-a-time"}, None),
        ({"src-address-list": "!for-a-time"}, None),
        ({"tcp-flags": "syn,!fin,!rst,!ack"}, True),
        ({"tcp-flags": "!syn"}, False),
        ({"tcp-flags": "ack"}, False),
        ({"connection-nat-state": "dstnat"}, False),
        ({"connection-nat-state": "srcnat"}, None),
        ({"dst-address-type": "local"}, True),
        ({"dst-address-type": "!local"}, False),
        ({"src-address-type": "local"}, False),
        ({"limit": "1,1"}, None),
        ({"limit": "1,1", "protocol": "udp"}, False),
        ({"dst-port": "nonsense"}, None),
        ({"comment": "x", "bytes": "1", ".id": "*1", "log": "true"}, True),
    ],
)
def test_a_rule_fits_does_not_or_may(rule: dict[str, str], fits: Sure) -> None:
    assert matches(rule, OURS) is fits


def walk(*rules: dict[str, str]) -> set[Fate]:
    """All that may become of our packet in `input`."""
    return fates(Walk([{"chain": "input", **rule} for rule in rules], OURS), "input")


def test_the_first_rule_that_surely_fits_decides() -> None:
    assert walk({"action": "accept"}, {"action": "drop"}) == {Fate.ACCEPT}
    assert walk({"action": "drop", "disabled": "true"}) == {Fate.END}
    assert walk({"action": "drop", "invalid": "true"}) == {Fate.END}
    assert walk({"action": "log"}, {"action": "reject"}) == {Fate.DROP}


def test_where_a_rule_may_fit_both_ways_are_followed() -> None:
    assert walk({"action": "accept", "limit": "1,1"}, {"action": "drop"}) == {Fate.ACCEPT, Fate.DROP}
    assert walk({"action": "drop", "limit": "1,1"}) == {Fate.DROP, Fate.END}


def test_a_jump_comes_back_where_nothing_was_decided() -> None:
    user = {"chain": "user", "action": "return"}
    assert walk({"action": "jump", "jump-target": "user"}, user, {"action": "accept"}) == {Fate.ACCEPT}
    drop = {"chain": "user", "action": "drop"}
    assert walk({"action": "jump", "jump-target": "user"}, user, drop) == {Fate.END}
    assert walk({"action": "jump", "jump-target": "user"}, {**user, "limit": "1,1"}, drop) == {
        Fate.END,
        Fate.DROP,
    }
    assert Fate.DROP in walk({"action": "jump", "jump-target": "input"})


def test_a_list_entry_that_ends_promises_nothing() -> None:
    rows = (
        {"list": "a", "address": "198.51.100.0/24"},
        {"list": "b", "address": "198.51.100.7", "dynamic": "true"},
        {"list": "c", "address": "198.51.100.8"},
        {"list": "d", "address": "198.51.100.7", "disabled": "true"},
        {"list": "e", "address": "a name.example"},
    )
    assert lists_of(ip_address("198.51.100.7"), rows) == {"a": True, "b": None}


RULES = st.fixed_dictionaries(
    {
        "chain": st.sampled_from(["input", "input", "user"]),
        "action": st.sampled_from(["accept", "drop", "return", "passthrough"]),
    },
    optional={
        "src-address": st.sampled_from(["198.51.100.0/24", "!198.51.100.0/24", "10.0.0.0/8"]),
        "connection-state": st.sampled_from(["new", "established,related", "!new"]),
        "in-interface": st.sampled_from(["ether1", "!ether1", "ether2"]),
        "random": st.just("50"),
    },
)


@given(st.lists(RULES | st.just({"chain": "input", "action": "jump", "jump-target": "user"}), max_size=6))
@settings(max_examples=80, deadline=None)
def test_a_promise_to_let_in_is_kept_by_the_simulator(rules: list[dict[str, str]]) -> None:
    """Whatever is judged exactly is among what may become of it here."""
    device = Device(lambda: 0.0, ipv6=False)
    for rule in rules:
        device.add("/ip/firewall/filter", dict(rule))
    admitted = device.admits("198.51.100.7", 443)
    found = fates(Walk(device.menus["/ip/firewall/filter"], OURS), "input")
    assert (Fate.DROP not in found) <= admitted
    if not admitted:
        assert Fate.DROP in found
