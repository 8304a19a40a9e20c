import re

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulate.router import script

from portward.compile.exact import DEEPEST, Exact, compile_exact
from portward.errors import Severity
from portward.sources.routeros_rules import Script
from portward.sources.routeros_script import read_source


def compiled(text: str) -> Exact:
    """Compile rules in RouterOS's own words."""
    return compile_exact(script(text))


def rules(text: str) -> list[str]:
    """The kernel's rules that come from the script, without their comments."""
    found = compiled(text)
    lines = found.text.splitlines()
    return [re.sub(r' ?comment ".*"$', "", lines[number - 1].strip()) for number in sorted(found.lines)]


def errors(text: str) -> list[str]:
    """What cannot be said."""
    return [each.message for each in compiled(text).notes if each.severity is Severity.ERROR]


def test_a_rule_becomes_one_rule_with_its_line_and_comment() -> None:
    found = compiled('add chain=input protocol=tcp dst-port=22,80-90 action=drop comment="no \\"ssh\\""')
    assert (
        "\t\tmeta l4proto tcp th dport { 22, 80-90 } drop comment \"line 2: no 'ssh'\""
        in found.text.splitlines()
    )
    assert [span.line for span in found.lines.values()] == [2]


def test_only_hooks_that_have_rules_are_hooked() -> None:
    text = compiled("/ip firewall raw add chain=prerouting protocol=udp action=drop").text
    assert re.findall(r"hook (\w+) priority (-?\d+)", text) == [("prerouting", "-300")]
    assert "ipv6" not in text


def test_a_list_is_asked_in_all_its_parts() -> None:
    text = """add chain=input src-address-list=a protocol=tcp action=drop
add chain=input src-address-list=!a protocol=udp action=add-src-to-address-list address-list=a
/ip firewall address-list add list=a address=192.0.2.0/24"""
    assert rules(text) == [
        "ip saddr @list_ip_a_hosts meta l4proto tcp drop",
        "ip saddr != @list_ip_a_hosts ip saddr @list_ip_a_static meta l4proto tcp drop",
        (
            "ip saddr != @list_ip_a_hosts ip saddr != @list_ip_a_static meta l4proto udp "
            "ip saddr != @list_ip_a_static update @list_ip_a_hosts { ip saddr timeout 36500d }"
        ),
    ]


def test_an_unknown_list_holds_nobody() -> None:
    text = "add chain=input src-address-list=a action=drop\nadd chain=input src-address-list=!a action=drop"
    assert rules(text) == ["drop"]


def test_a_state_that_several_ways_lead_to_is_kept_once() -> None:
    """One bucket for both sides of `port`."""
    found = rules("add chain=input protocol=tcp port=7 limit=1,2:packet action=drop")
    assert sorted(found) == sorted(
        [
            "meta l4proto tcp th sport 7 jump more_1",
            "meta l4proto tcp th sport & 0xffff != 7 th dport 7 jump more_1",
            "limit rate 1/second burst 2 packets drop",
        ]
    )


def test_a_return_behind_such_a_state_leaves_the_right_chain() -> None:
    found = compiled(
        "add chain=input protocol=tcp port=7 limit=1,2:packet action=return\nadd chain=input action=drop"
    )
    assert found.text.count("goto more_1") == 2
    assert found.text.count("goto more_2") == 2


def test_a_jump_to_a_chain_whose_rules_are_all_left_out_goes_nowhere() -> None:
    text = "add chain=input action=jump jump-target=a\nadd chain=a psd=21,3s,3,1 action=drop"
    assert rules(text) == ["counter"]
    assert len(errors(text)) == 1


def test_all_that_cannot_be_said_is_said_at_once_in_order() -> None:
    text = """add chain=input psd=21,3s,3,1 action=drop
add chain=input content=mellon action=drop
add chain=input protocol=tcp limit=1,0:packet action=drop
/ip firewall nat add chain=srcnat action=masquerade"""
    assert [each.split(":")[0] for each in errors(text)] == [
        "psd",
        "content",
        "a rate or burst of 0",
        "it translates addresses, which is not run",
    ]


def test_a_secret_word_stands_in_no_message() -> None:
    found = compiled('add chain=input content="open sesame" action=drop')
    assert "sesame" not in "".join(map(str, found.notes))
    assert "sesame" not in repr(found.notes)


def test_jumps_deeper_than_the_kernel_follows_are_an_error() -> None:
    chains = ["input", *(f"c{number}" for number in range(DEEPEST))]
    text = "\n".join(
        f"add chain={one} action=jump jump-target={other}"
        for one, other in zip(chains, [*chains[1:], "end"], strict=True)
    )
    assert "deeper" in errors(f"{text}\nadd chain=end action=drop")[0]
    assert not errors("\n".join(text.splitlines()[:5]))


def test_an_empty_script_is_an_empty_table() -> None:
    assert compile_exact(Script()).text.startswith("table inet portward {\n")


@pytest.mark.parametrize("prefix", ['a"b', "x" * 300, "häst", "back\\slash"])
def test_a_log_prefix_is_made_fit(prefix: str) -> None:
    made = script("add chain=input protocol=tcp action=log")
    text = compile_exact(attrs.evolve(made, rules=(attrs.evolve(made.rules[0], log_prefix=prefix),))).text
    (found,) = re.findall(r'log prefix "([^"]*)"', text)
    assert len(found.encode()) <= 120
    assert "\\" not in found


PIECES = """add chain=input chain=forward action=drop action=accept protocol=tcp protocol=17 dst-port=1-3 port=!9
limit=1,5 src-address-list=a action=add-src-to-address-list address-list=a address-list-timeout=1m tcp-flags=syn,!ack
connection-state=new in-interface-list=!WAN icmp-options=8:0 packet-size=1-99 nth=2,1 dst-limit=1,1,src-address
/ip/firewall/raw /ipv6/firewall/filter action=jump jump-target=b chain=b action=return ttl=less-than:3"""

texts = st.lists(st.sampled_from([*PIECES.split(), "\n", "\n"]), max_size=40).map(" ".join)
strange = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), max_size=200)


@settings(max_examples=300)
@given(texts | strange)
def test_whatever_a_text_says_a_table_comes_of_it(text: str) -> None:
    found = compile_exact(read_source(text.encode(), "x.rsc").script)
    assert found.text.startswith("table inet portward {\n")
    assert found.text.endswith("}\n")
    jumped = set(re.findall(r"(?:jump|goto) (\S+)", found.text))
    assert jumped <= set(re.findall(r"^\tchain (\S+) \{", found.text, re.MULTILINE))
    named = set(re.findall(r"@(list_\w+|meter_\w+)", re.sub(r'"[^"]*"', "", found.text)))
    assert named <= set(re.findall(r"^\tset (\S+) \{", found.text, re.MULTILINE))
