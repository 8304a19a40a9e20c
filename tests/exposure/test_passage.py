"""The walk of a stranger's packet: open, closed, or honestly unsure."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.exposure.firewalls import both, iptables

from portward.exposure.passage import Answer, Packet, walk
from portward.exposure.ruleset import Chain, Jump, Rule, Ruleset, Table, Unknown, Verdict
from portward.policy.net import Protocol


OWN = ip_address("198.51.100.1")


def fate(
    rules: Ruleset, port: int = 22, source: str = "203.0.113.7", protocol: Protocol = Protocol.TCP
) -> Answer:
    """How a first packet to a port fares."""
    return walk(rules, Packet(ip_address(source), OWN, protocol, port, "eth0", frozenset({OWN}))).answer


@pytest.mark.parametrize(
    ("rules", "answer"),
    [
        ((), Answer.CLOSED),
        (("-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT",), Answer.OPEN),
        (("-A INPUT -p udp -m udp --dport 22 -j ACCEPT",), Answer.CLOSED),
        (("-A INPUT -p tcp -m multiport --dports 80,20:25 -j ACCEPT",), Answer.OPEN),
        (("-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",), Answer.CLOSED),
        (("-A INPUT -m conntrack --ctstate NEW -j ACCEPT",), Answer.OPEN),
        (("-A INPUT -s 10.0.0.0/8 -j ACCEPT",), Answer.CLOSED),
        (("-A INPUT ! -s 10.0.0.0/8 -j ACCEPT",), Answer.OPEN),
        (("-A INPUT -i eth+ -j ACCEPT",), Answer.OPEN),
        (("-A INPUT -i wg0 -j ACCEPT",), Answer.CLOSED),
        (("-A INPUT -m limit --limit 3/sec -j ACCEPT",), Answer.OPEN),
        (("-A INPUT -m limit --limit 3/sec -j DROP", "-A INPUT -j ACCEPT"), Answer.UNSURE),
        (("-A INPUT -m limit --limit 3/sec -j LOG", "-A INPUT -j ACCEPT"), Answer.OPEN),
        (("-A INPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT",), Answer.OPEN),
        (("-A INPUT -p tcp -m tcp ! --syn -j ACCEPT",), Answer.CLOSED),
        (("-A INPUT -m recent --rcheck --name in -j ACCEPT",), Answer.CLOSED),
        (("-A INPUT -m set --match-set mine src -j ACCEPT",), Answer.UNSURE),
        (("-A INPUT -p udp -m set --match-set mine src -j ACCEPT",), Answer.CLOSED),
        (("-A INPUT -m set --match-set mine src -j DROP", "-A INPUT -j DROP"), Answer.CLOSED),
        (("-A INPUT -j LOG", "-A INPUT -j ACCEPT"), Answer.OPEN),
        (("-A INPUT -j own", ":own - [0:0]", "-A own -p tcp -j RETURN", "-A INPUT -j ACCEPT"), Answer.OPEN),
        (("-A INPUT -g own", ":own - [0:0]", "-A own -p tcp -j RETURN", "-A INPUT -j ACCEPT"), Answer.CLOSED),
    ],
)  # fmt: skip
def test_a_closed_chain_opens_by_what_it_accepts(rules: tuple[str, ...], answer: Answer) -> None:
    declared = [each for each in rules if each.startswith(":")]
    assert (
        fate(iptables(*declared, *(each for each in rules if each not in declared), policy="DROP")) is answer
    )


def test_a_drop_of_anybody_is_final_an_accept_is_not() -> None:
    """Two tables at one hook: both must let it through."""
    opened, closed = iptables("-A INPUT -j ACCEPT"), iptables(policy="DROP")
    assert fate(both(opened, closed)) is Answer.CLOSED
    assert fate(both(closed, opened)) is Answer.CLOSED


def test_rules_of_ipv4_say_nothing_of_ipv6() -> None:
    packet = Packet(ip_address("2001:db8::7"), ip_address("2001:db8::1"), Protocol.TCP, 22, "eth0")
    assert walk(iptables(policy="DROP"), packet).answer is Answer.OPEN


def test_a_translated_port_is_judged_where_it_goes() -> None:
    rules = both(
        iptables("-A PREROUTING -p tcp -m tcp --dport 2222 -j REDIRECT --to-ports 22", table="nat"),
        iptables("-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT", policy="DROP"),
    )
    assert fate(rules, 2222) is Answer.OPEN
    assert fate(rules, 2223) is Answer.CLOSED


def test_a_packet_for_another_machine_meets_forward_not_input() -> None:
    rules = both(
        iptables(
            "-A PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.17.0.2:8080", table="nat"
        ),
        iptables("-A FORWARD -d 172.17.0.3/32 -j DROP", policy="DROP"),
    )
    passage = walk(rules, Packet(ip_address("203.0.113.7"), OWN, Protocol.TCP, 80, "eth0", frozenset({OWN})))
    assert (passage.answer, str(passage.destination), passage.port) == (Answer.OPEN, "172.17.0.2", 8080)


def test_a_translation_that_is_not_understood_leaves_all_unsure() -> None:
    rules = iptables("-A PREROUTING -p tcp -j DNAT --to-destination 10.0.0.1-10.0.0.9", table="nat")
    assert fate(rules) is Answer.UNSURE


def test_chains_that_jump_in_a_circle_end() -> None:
    circle = Table("ip", "filter", {"INPUT": Chain((Rule((Jump("INPUT"),)),), "input")})
    assert fate(Ruleset((circle,))) is not Answer.OPEN


RULES = st.lists(
    st.sampled_from(
        [
            "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT",
            "-A INPUT -p tcp -m tcp --dport 22 -j DROP",
            "-A INPUT -s 203.0.113.0/24 -j ACCEPT",
            "-A INPUT -s 203.0.113.0/24 -j DROP",
            "-A INPUT -m set --match-set mine src -j ACCEPT",
            "-A INPUT -m set --match-set mine src -j DROP",
            "-A INPUT -p udp -j ACCEPT",
        ]
    )
)


@given(RULES, st.sampled_from(["ACCEPT", "DROP"]))
def test_a_sure_answer_holds_whatever_the_unknown_turns_out_to_be(rules: list[str], policy: str) -> None:
    """Open and closed are said only where every way of reading the unknown conditions agrees."""
    said = fate(iptables(*rules, policy=policy))
    answers = set()
    for truth in (True, False):
        known = [
            each.replace("-m set --match-set mine src ", "")
            for each in rules
            if truth or "match-set" not in each
        ]
        answers.add(fate(iptables(*known, policy=policy)))
    assert said is Answer.UNSURE or answers == {said}


def test_reasons_name_what_was_not_understood() -> None:
    rules = Table("ip", "filter", {"INPUT": Chain((Rule((Unknown("the moon"), Verdict.DROP)),), "input")})
    packet = Packet(ip_address("203.0.113.7"), OWN, Protocol.TCP, 22, "eth0", frozenset({OWN}))
    assert walk(Ruleset((rules,)), packet).reasons == ("the moon",)
