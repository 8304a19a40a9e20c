import json
from ipaddress import ip_address
from typing import Any

import pytest

from portward.exposure.nft_json import read_ruleset, sets_to_list, uses_iptables
from portward.exposure.passage import Answer, Packet, walk
from portward.policy.net import Protocol


def rules(
    *expressions: list[dict[str, Any]], policy: str = "drop", sets: tuple[dict[str, Any], ...] = ()
) -> str:
    """A ruleset of one input chain, as nft prints it."""
    table = {"table": {"family": "inet", "name": "t"}}
    chain = {
        "chain": {
            "family": "inet", "table": "t", "name": "in", "type": "filter", "hook": "input", "prio": 0, "policy": policy
        }
    }  # fmt: skip
    listed = [{"rule": {"family": "inet", "table": "t", "chain": "in", "expr": each}} for each in expressions]
    return json.dumps({"nftables": [table, *sets, chain, *listed]})


def fate(text: str, port: int = 22, listed: tuple[str, ...] = ()) -> Answer:
    own = ip_address("198.51.100.1")
    packet = Packet(ip_address("203.0.113.7"), own, Protocol.TCP, port, "eth0", frozenset({own}))
    return walk(read_ruleset(text, listed), packet).answer


def match(left: dict[str, Any], right: Any, operator: str = "==") -> dict[str, Any]:
    return {"match": {"op": operator, "left": left, "right": right}}


TCP_PORT = {"payload": {"protocol": "tcp", "field": "dport"}}
SOURCE = {"payload": {"protocol": "ip", "field": "saddr"}}
SOURCE_V6 = {"payload": {"protocol": "ip6", "field": "saddr"}}
STATE = {"ct": {"key": "state"}}
FLAGS = {"payload": {"protocol": "tcp", "field": "flags"}}
MASKED = {"&": [FLAGS, ["fin", "syn", "rst", "ack"]]}


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        (match(TCP_PORT, 22), Answer.OPEN),
        (match(TCP_PORT, {"set": [80, {"range": [20, 25]}]}), Answer.OPEN),
        (match(TCP_PORT, 22, "!="), Answer.CLOSED),
        (match(TCP_PORT, 22, ">="), Answer.OPEN),
        (match(TCP_PORT, 22, "<"), Answer.CLOSED),
        (match({"payload": {"protocol": "udp", "field": "dport"}}, 22), Answer.CLOSED),
        (match({"payload": {"protocol": "udp", "field": "dport"}}, 23, "!="), Answer.CLOSED),
        (match({"payload": {"protocol": "th", "field": "dport"}}, 22), Answer.OPEN),
        (match(SOURCE, {"prefix": {"addr": "203.0.113.0", "len": 24}}), Answer.OPEN),
        (match(SOURCE, {"set": ["203.0.113.7", {"range": ["10.0.0.1", "10.0.0.9"]}]}), Answer.OPEN),
        (match(SOURCE_V6, "2001:db8::1", "!="), Answer.CLOSED),
        (match(STATE, ["established", "related"], "in"), Answer.CLOSED),
        (match(STATE, {"set": ["new", "untracked"]}), Answer.OPEN),
        (match({"meta": {"key": "iifname"}}, {"set": ["lo", "eth*"]}), Answer.OPEN),
        (match({"meta": {"key": "nfproto"}}, "ipv6"), Answer.CLOSED),
        (match({"meta": {"key": "l4proto"}}, {"set": ["icmp", "tcp"]}), Answer.OPEN),
        (match({"fib": {"result": "type", "flags": ["daddr"]}}, "local"), Answer.OPEN),
        (
            match({"fib": {"result": "type", "flags": ["daddr"]}}, {"set": ["broadcast", "multicast"]}),
            Answer.CLOSED,
        ),
        (match(MASKED, "syn"), Answer.OPEN),
        (match(MASKED, "syn", "!="), Answer.CLOSED),
        (match({"meta": {"key": "skuid"}}, 0), Answer.UNSURE),
        (
            match({"concat": [{"meta": {"key": "l4proto"}}, TCP_PORT]}, {"set": [{"concat": ["tcp", 22]}]}),
            Answer.OPEN,
        ),
        ({"limit": {"rate": 5, "per": "second"}}, Answer.OPEN),
        ({"limit": {"rate": 5, "per": "second", "inv": True}}, Answer.UNSURE),
        ({"xt": {"type": "match", "name": "conntrack"}}, Answer.UNSURE),
        ({"something": {"new": 1}}, Answer.UNSURE),
    ],
)
def test_a_condition_means_what_nft_means_by_it(condition: dict[str, Any], answer: Answer) -> None:
    assert fate(rules([condition, {"accept": None}])) is answer


def test_a_verdict_map_leads_to_its_chain() -> None:
    key = {
        "vmap": {
            "key": TCP_PORT,
            "data": {"set": [[22, {"accept": None}], [{"range": [80, 90]}, {"drop": None}]]},
        }
    }
    assert [fate(rules([key]), port) for port in (22, 85, 95)] == [Answer.OPEN, Answer.CLOSED, Answer.CLOSED]


def named(**more: object) -> dict[str, Any]:
    return {"set": {"family": "inet", "table": "t", "name": "s", "type": "ipv4_addr", **more}}


def test_a_stranger_is_in_no_set_that_packets_fill() -> None:
    text = rules([match(SOURCE, "@s"), {"accept": None}], sets=(named(flags=["timeout"]),))
    assert sets_to_list(text) == ()
    assert fate(text) is Answer.CLOSED


def test_a_constant_set_is_listed_by_itself_and_unsure_until_then() -> None:
    text = rules([match(SOURCE, "@s"), {"accept": None}], sets=(named(),))
    assert sets_to_list(text) == (("set", "inet", "t", "s"),)
    assert fate(text) is Answer.UNSURE
    filled = json.dumps({"nftables": [named(elem=["203.0.113.7"])]})
    assert fate(text, listed=(filled,)) is Answer.OPEN


def test_rules_of_iptables_are_recognised() -> None:
    assert uses_iptables(rules([{"xt": {"type": "match", "name": "comment"}}]))
    assert not uses_iptables(rules([{"accept": None}]))
