"""The whole script: how it reads, in what order it changes a router, and that it can be taken back."""

import re
from ipaddress import IPv4Address, IPv4Network

import attrs
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.policies import policies

from portward.check.rules import mistakes
from portward.compile.routeros import Target, export, removal
from portward.compile.routeros_limits import Kind
from portward.policy.notation import read_duration, read_knock, read_ports
from portward.policy.policy import Mode, Policy, Sequence, Service
from portward.sources.routeros_rules import NOWHERE, Family, Fate, Rule, Script, Table, Verdict
from portward.sources.routeros_script import read_source


GATE = Policy(
    (
        Service("ssh", (read_ports("tcp/22"),), (read_ports("tcp/12345"),)),
        Service("wireguard", (read_ports("udp/51820"),), (read_ports("udp/443"),)),
        Service(
            "camera", (read_ports("tcp/443"),), (read_ports("tcp/8443"),), (IPv4Address("192.168.1.10"),)
        ),
    ),
    (
        Sequence(
            "admin",
            tuple(map(read_knock, ("tcp/33333", "udp/22222", "icmp/128", "tcp/11111"))),
            (read_duration("10s"),) * 3,
            ("ssh", "wireguard"),
            read_duration("7d"),
        ),
    ),
    mode=Mode.LOCKDOWN,
    always=(IPv4Network("192.0.2.0/24"),),
    interfaces=("ether1",),
)
DEFAULT_RULES = """\
/ip firewall filter add action=accept chain=input connection-state=established,related comment=defconf
/ip firewall filter add action=drop chain=input comment="defconf: drop all"
/ip firewall filter add action=fasttrack-connection chain=forward connection-state=established,related
/ip firewall filter add action=drop chain=forward comment="defconf: drop all"
"""


def script_of(text: str) -> Script:
    return read_source(text.encode(), "gate.rsc").script


def text_of(policy: Policy, version: int = 7) -> str:
    return export(policy, Target(version)).text


def bare(rules: tuple[Rule, ...]) -> list[Rule]:
    """Rules without their places, chain by chain: how the chains of a table are mixed has no meaning."""
    return sorted(
        (attrs.evolve(each, span=NOWHERE, last=1) for each in rules),
        key=lambda each: (each.family, each.table, each.chain),
    )


@pytest.mark.parametrize("version", [6, 7])
def test_a_router_can_read_every_line(version: int) -> None:
    """ASCII, LF, no line goes on in the next, full paths; nothing is damaged or refused."""
    text = text_of(GATE, version)
    assert text.isascii()
    assert "\r" not in text
    for line in text.splitlines():
        assert not line.endswith("\\")
        assert re.match(r"(/ip(v6)? (firewall|service) |#|:if |$)", line), line
    source = read_source(text.encode(), "gate.rsc")
    assert not source.mends
    assert not source.prose
    assert [each for each in source.script.told if each.decides or each.fate is Fate.REFUSED] == []


def test_version_6_translates_no_ipv6() -> None:
    """It has no /ipv6 firewall nat."""
    assert "/ipv6 firewall nat" not in text_of(GATE, 6)
    assert "/ipv6 firewall nat" in text_of(GATE, 7)


def test_packets_come_to_us_before_all_other_rules() -> None:
    """Also where the router has rules: its drops and its fasttrack stand below."""
    script = script_of(DEFAULT_RULES + text_of(GATE))
    for chain in ("input", "forward"):
        first = next(each for each in script.table(Family.V4, Table.FILTER) if each.chain == chain)
        assert first.comment.startswith("portward: packets")


def test_importing_again_changes_nothing() -> None:
    """The second time finds the first time's rules and puts the same in their place."""
    once, twice = script_of(text_of(GATE)), script_of(text_of(GATE) * 2)
    assert bare(once.rules) == bare(twice.rules)


def test_another_policy_takes_the_place_of_the_one_before() -> None:
    other = attrs.evolve(GATE, mode=Mode.GUARD, interfaces=(), services=GATE.services[:2])
    assert bare(script_of(text_of(GATE) + text_of(other)).rules) == bare(script_of(text_of(other)).rules)


def test_a_script_that_stops_in_the_middle_leaves_the_old_gate() -> None:
    """However far the second import comes, our chains begin with all their old rules."""
    text = text_of(GATE)
    whole = script_of(text)
    lines = text.splitlines(keepends=True)
    for stop in range(len(lines)):
        script = script_of(text + "".join(lines[:stop]))
        for family in Family:
            assert any(each.chain == "input" for each in script.table(family, Table.FILTER))
            for chain in {each.chain for each in whole.table(family, Table.FILTER)} - {"input", "forward"}:
                now = [each for each in script.table(family, Table.FILTER) if each.chain == chain]
                old = [each for each in whole.table(family, Table.FILTER) if each.chain == chain]
                assert [(each.matchers, each.action) for each in now[: len(old)]] == [
                    (each.matchers, each.action) for each in old
                ]


def test_every_chain_of_ours_ends_with_a_rule_for_every_packet() -> None:
    """So that old rules and new ones in one chain never both see a packet."""
    for family in Family:
        last = {each.chain: each for each in script_of(text_of(GATE)).table(family, Table.FILTER)}
        for chain, rule in last.items():
            if chain.startswith("portward"):
                assert not rule.matchers, chain
                assert rule.action in {Verdict.DROP, Verdict.RETURN} or chain == "portward-behind"


def test_open_doors_stay_open() -> None:
    """No list of grants, and no penalty, is touched; stages begin anew."""
    touched = re.findall(r'address-list remove \[find where list~"\^(\S+)"\]', text_of(GATE))
    assert set(touched) == {"portward-stage-", "portward-midway"}


@pytest.mark.parametrize("version", [6, 7])
def test_the_removal_takes_away_everything_of_ours_and_nothing_else(version: int) -> None:
    before = script_of(DEFAULT_RULES)
    after = script_of(DEFAULT_RULES + text_of(GATE, version) + removal(GATE, Target(version)))
    assert bare(after.rules) == bare(before.rules)
    assert [each.port for each in after.services if each.name == "ssh"] == [22]


def test_services_of_the_router_move_and_go_off() -> None:
    """The article's `/ip service` lines."""
    script = script_of(export(GATE, Target(off=("telnet", "www"))).text)
    assert {each.name: (each.port, each.disabled) for each in script.services} == {
        "ssh": (12345, None),
        "telnet": (None, True),
        "www": (None, True),
    }


def test_nothing_is_changed_on_a_router_without_the_interface() -> None:
    """The question comes before every command."""
    lines = [line for line in text_of(GATE).splitlines() if line and not line.startswith("#")]
    assert lines[0].startswith(":if ([:len [/interface find where name=ether1]] = 0) do={:error ")


def test_the_script_names_what_it_does_less_strictly() -> None:
    """In a comment, without the word."""
    knocks = (read_knock("udp/7000=open sesame"), *GATE.sequences[0].knocks[1:])
    policy = attrs.evolve(GATE, sequences=(attrs.evolve(GATE.sequences[0], knocks=knocks),))
    comments = [line for line in text_of(policy).splitlines() if line.startswith("# weaker: ")]
    assert len(comments) == 1
    assert "sesame" not in comments[0]


@given(policies(), st.sampled_from([6, 7]))
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
def test_any_policy_becomes_a_script_that_can_be_read(policy: Policy, version: int) -> None:
    """Where nothing is impossible, a router takes every line."""
    assume(not mistakes(policy))
    made = export(policy, Target(version))
    assume(not any(each.kind is Kind.IMPOSSIBLE for each in made.differences))
    source = read_source(made.text.encode(), "gate.rsc")
    assert not any(each.grave for each in source.mends)
    assert [each for each in source.script.told if each.fate is Fate.REFUSED or each.decides] == []
