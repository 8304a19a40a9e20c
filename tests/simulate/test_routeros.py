import math

import attrs
import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st
from tests.simulate.router import knocker, router, script

from portward.simulate.judgement import Verdict
from portward.simulate.machine import Machine
from portward.simulate.packet import ConnectionState
from portward.simulate.routeros import Ending, Router, how_long, pattern_of, way_of
from portward.sources.routeros_lift import lift
from portward.sources.routeros_rules import Family, Forever, Table


def key(name: str) -> tuple[Family, str]:
    """The key of an IPv4 list."""
    return Family.V4, name


STAGES = """
add chain=input connection-state=established,related action=accept
add chain=input src-address-list=trusted action=accept
add chain=input protocol=tcp dst-port=22 src-address-list=two action=add-src-to-address-list address-list=trusted \
address-list-timeout=1h
add chain=input protocol=tcp dst-port=2222 src-address-list=one action=add-src-to-address-list address-list=two \
address-list-timeout=10s
add chain=input protocol=udp dst-port=1111 action=add-src-to-address-list address-list=one address-list-timeout=10s
add chain=input action=drop
"""


def test_a_packet_that_no_rule_decides_about_is_accepted() -> None:
    assert router("add chain=input protocol=udp action=drop").at(0, "tcp/22") == "accept"


def test_the_knocks_open_and_the_packet_behind_the_last_is_in() -> None:
    talk = router(STAGES)
    assert [talk.at(0, "udp/1111"), talk.at(1, "tcp/2222"), talk.at(2, "tcp/22"), talk.at(3, "tcp/80")] == [
        "drop",
        "drop",
        "drop",
        "accept",
    ]
    assert talk.at(3, "tcp/80", source="192.0.2.8") == "drop"


def test_a_list_entry_is_over_at_its_time_and_a_match_in_between_renews_it() -> None:
    talk = router(STAGES)
    talk.at(0, "udp/1111")
    talk.at(9, "udp/1111")
    talk.at(18, "tcp/2222")
    late = router(STAGES)
    late.at(0, "udp/1111")
    late.at(10, "tcp/2222")
    assert talk.memory.list(*key("two")).holds(knocker("tcp/1").packet.source, 18)
    assert not late.memory.list(*key("two")).holds(knocker("tcp/1").packet.source, 10)


def test_a_later_rule_sees_the_list_that_an_earlier_one_filled_with_this_very_packet() -> None:
    """So stages on one port, written in the right order, are all passed by one packet."""
    forward = """
    add chain=input protocol=tcp dst-port=1 action=add-src-to-address-list address-list=one address-list-timeout=1m
    add chain=input protocol=tcp dst-port=1 src-address-list=one action=add-src-to-address-list address-list=two
    add chain=input src-address-list=!two action=drop
    """
    assert router(forward).at(0, "tcp/1") == "accept"


def test_adding_goes_on_in_the_chain_and_the_shorter_time_of_a_later_rule_counts() -> None:
    rules = """
    add chain=input action=add-src-to-address-list address-list=one address-list-timeout=1h
    add chain=input protocol=udp action=add-src-to-address-list address-list=one address-list-timeout=1s
    """
    talk = router(rules)
    talk.at(0, "udp/1")
    assert talk.memory.list(*key("one")).members(0.5) == {knocker("tcp/1").packet.source: 1.0}


def test_a_static_entry_stays_as_it_is() -> None:
    rules = """
    add chain=input action=add-src-to-address-list address-list=one address-list-timeout=1s
    add chain=input src-address-list=!one action=drop
    /ip firewall address-list add list=one address=192.0.2.0/24
    """
    talk = router(rules)
    talk.at(0, "udp/1")
    assert talk.memory.list(*key("one")).members(0) == {}
    assert talk.memory.list(*key("one")).holds(knocker("udp/1").packet.source, 1000)


def test_what_a_rule_makes_static_no_rule_ends() -> None:
    rules = """
    add chain=input protocol=tcp action=add-src-to-address-list address-list=one address-list-timeout=none-static
    add chain=input protocol=udp action=add-src-to-address-list address-list=one address-list-timeout=1s
    """
    talk = router(rules)
    talk.at(0, "tcp/1")
    talk.at(1, "udp/1")
    assert talk.memory.list(*key("one")).members(1000) == {knocker("tcp/1").packet.source: math.inf}


def test_a_user_chain_returns_to_behind_the_jump_and_a_return_of_the_built_in_chain_accepts() -> None:
    rules = """
    add chain=input action=jump jump-target=more
    add chain=input protocol=tcp action=return
    add chain=input action=drop
    add chain=more dst-port=7 protocol=udp action=return
    add chain=more protocol=udp action=accept
    """
    talk = router(rules)
    assert [talk.at(0, "udp/7"), talk.at(0, "udp/8"), talk.at(0, "tcp/8"), talk.at(0, "icmp/99")] == [
        "drop",
        "accept",
        "accept",
        "drop",
    ]


def test_accept_in_raw_ends_raw_only() -> None:
    rules = """
    add chain=input action=drop
    /ip firewall raw add chain=prerouting action=accept
    """
    assert router(rules).at(0, "tcp/1") == "drop"


def test_established_connections_outlive_the_list() -> None:
    talk = router(STAGES)
    passage = knocker("tcp/22 ack")
    known = attrs.evolve(passage, packet=attrs.evolve(passage.packet, state=ConnectionState.ESTABLISHED))
    assert talk.router.advance(talk.memory, known, 10_000).ending is Ending.ACCEPT


def test_the_families_have_nothing_to_do_with_each_other() -> None:
    rules = """
    add chain=input action=drop
    /ipv6 firewall filter add chain=input protocol=udp action=drop
    """
    talk = router(rules)
    assert talk.at(0, "tcp/1", "2001:db8::7", "2001:db8::1") == "accept"
    assert talk.at(0, "udp/1", "2001:db8::7", "2001:db8::1") == "drop"


def test_disabled_rules_and_those_a_router_refuses_do_nothing() -> None:
    rules = """
    add chain=input action=drop disabled=yes
    add chain=input dst-port=1 action=drop
    """
    assert router(rules).at(0, "tcp/1") == "accept"


def test_a_jump_to_a_chain_without_rules_goes_on() -> None:
    rules = "add chain=input action=jump jump-target=nowhere\nadd chain=input action=drop"
    assert router(rules).at(0, "tcp/1") == "drop"


def test_the_machine_to_itself_meets_no_rule() -> None:
    assert router("add chain=input action=drop").at(0, "tcp/1 on lo") == "accept"


def test_each_packet_counts_the_third_of_a_connection_too() -> None:
    talk = router(
        "add chain=input protocol=tcp limit=1/1h,2:packet action=accept\nadd chain=input action=drop"
    )
    assert [talk.at(0, "tcp/1") for _ in range(3)] == ["accept", "accept", "drop"]


def test_judge_leaves_the_memory_given_as_it_is() -> None:
    made = Router(script(STAGES))
    before = made.start()
    after, _ = made.judge(before, knocker("udp/1111"), 0)
    source = knocker("udp/1").packet.source
    assert after.list(*key("one")).holds(source, 1)
    assert not before.list(*key("one")).holds(source, 1)


def test_what_is_forwarded_has_its_time_to_live_counted_down() -> None:
    talk = router("add chain=forward ttl=equal:63 action=drop")
    assert talk.at(0, "tcp/1 forwarded") == "drop"


def test_the_way_of_a_packet_ends_with_the_filter() -> None:
    here, through = way_of(knocker("tcp/1")), way_of(knocker("tcp/1 forwarded"))
    own = way_of(attrs.evolve(knocker("tcp/1"), outgoing=True))
    assert here[-1] == (Table.FILTER, "input")
    assert (Table.FILTER, "forward") in through
    assert own[0] == (Table.RAW, "output")


@pytest.mark.parametrize("regexp", ["(", "a{2,1}"])
def test_a_pattern_that_cannot_be_read_never_fits(regexp: str) -> None:
    assert pattern_of(regexp) is None


def test_how_long_is_told_in_routeros_own_words() -> None:
    assert how_long(Forever.UNTIL_REBOOT) == "until reboot"


@given(st.lists(st.sampled_from(["udp/1111", "tcp/2222", "tcp/22", "tcp/80", "udp/9"]), max_size=12))
def test_nobody_is_let_in_who_has_not_sent_all_the_knocks(sent: list[str]) -> None:
    talk = router(STAGES)
    endings = [talk.at(place / 10, what) for place, what in enumerate(sent)]
    order = iter(sent)
    knocked = all(any(each == wanted for each in order) for wanted in ("udp/1111", "tcp/2222", "tcp/22"))
    assert "accept" not in endings or knocked


KNOCKS = tuple(f"{protocol}/{port}" for protocol in ("tcp", "udp") for port in (1000, 1001, 1002))
DOOR = "tcp/22"
DOORS = ("", " protocol=tcp dst-port=22", " protocol=tcp dst-port=22,80")
WALLS = ("add chain=input action=drop", "add chain=input protocol=tcp dst-port=22 action=drop")
STEPS = st.sampled_from([0.1, 0.5, 0.5, 2.0, 7.0, 30.0])


Packets = list[tuple[float, str]]


@st.composite
def knock_scripts(draw: st.DrawFn) -> tuple[str, Packets]:
    """Rules of two to four stages and a door, in any order that authors use, and packets that matter to them."""
    count = draw(st.integers(2, 4))
    knocks = draw(st.lists(st.sampled_from(KNOCKS), min_size=count, max_size=count))
    rules = []
    for stage, knock in enumerate(knocks):
        protocol, port = knock.split("/")
        before = f" src-address-list=s{stage - 1}" if stage else ""
        rules.append(
            f"add chain=input protocol={protocol} dst-port={port}{before} action=add-src-to-address-list"
            f" address-list=s{stage} address-list-timeout={draw(st.sampled_from([3, 10, 60]))}s"
        )
    wide = draw(st.sampled_from(DOORS))
    door = f"add chain=input src-address-list=s{count - 1}{wide} action=accept"
    ordered = draw(st.sampled_from([rules, rules[::-1], rules[::-1]]))
    body = [door, *ordered] if wide and draw(st.booleans()) else [*ordered, door]
    known = "add chain=input connection-state=established,related action=accept"
    return "\n".join([known, *body, draw(st.sampled_from(WALLS))]), draw(visits(knocks))


@st.composite
def visits(draw: st.DrawFn, knocks: list[str]) -> Packets:
    """The knocks in order, now and then one left out or sent again or another, and a try at the door."""
    sent: Packets = []
    for _ in range(draw(st.integers(1, 3))):
        for knock in knocks:
            for _ in range(draw(st.sampled_from([0, 1, 1, 1, 1, 1, 2]))):
                sent.append((draw(STEPS), knock))
            if draw(st.sampled_from([False] * 5 + [True])):
                sent.append((draw(STEPS), draw(st.sampled_from([*KNOCKS, DOOR]))))
        sent.append((draw(STEPS), DOOR))
    return sent


@settings(max_examples=500)
@given(knock_scripts())
def test_a_lifted_policy_opens_its_door_as_the_rules_did(case: tuple[str, Packets]) -> None:
    """A lifted policy without strict means for new packets what the rules meant that it was lifted from.

    Conditions: the lift tells no difference, and does not say (PW527) that one packet passes two stages at once; a
    door that takes every packet stands behind the knocks, since in front of them it spares those who are in already
    the knocks' rules; all packets are IPv4, new, and for this host; those to the door are compared.
    """
    text, sent = case
    made = script(text)
    lifted = lift(made, exact=True)
    assume(lifted.found == 1 and not lifted.differences)
    assume("PW527" not in {each.code for each in lifted.mistakes})
    router, machine = Router(made), Machine(lifted.policy)
    memory, state, now = router.start(), machine.start(), 0.0
    opened = False
    for step, what in sent:
        now += step
        passage = knocker(what)
        ending = router.advance(memory, passage, now).ending
        judgement = machine.advance(state, passage.packet, now)
        if what == DOOR:
            assert (ending is Ending.ACCEPT) == (judgement.verdict is Verdict.LEAVE), (now, text)
            opened = opened or ending is Ending.ACCEPT
    event("opened" if opened else "shut")
