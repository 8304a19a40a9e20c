from tests.simulate.router import script

from portward.errors import Severity
from portward.simulate.routeros_chains import ChainKey, sort_rules
from portward.sources.routeros_rules import Family, Script, Table


def messages(text: str) -> list[str]:
    """What is said about rules."""
    return [each.message for each in sort_rules(script(text)).notes]


def test_rules_stand_in_their_chains_in_order() -> None:
    chains = sort_rules(script("add chain=input protocol=tcp\nadd chain=more\nadd chain=input protocol=udp"))
    found = chains.rules[ChainKey(Family.V4, Table.FILTER, "input")]
    assert [each.span.line for each in found] == [2, 4]
    assert not chains.notes


def test_a_jump_back_into_its_own_chain_is_left_out_and_named() -> None:
    text = """add chain=input action=jump jump-target=one
add chain=one action=jump jump-target=two
add chain=two action=jump jump-target=one"""
    chains = sort_rules(script(text))
    assert ChainKey(Family.V4, Table.FILTER, "two") in chains.rules
    assert chains.rules[ChainKey(Family.V4, Table.FILTER, "two")] == ()
    assert "leads back" in chains.notes[0].message


def test_translation_marks_that_change_packets_and_unknown_matchers_are_named() -> None:
    text = """add chain=input time=8h-17h,mon action=drop
/ip firewall nat add chain=srcnat action=masquerade
/ip firewall mangle add chain=prerouting action=change-ttl new-ttl=set:1"""
    found = messages(text)
    assert len(found) == 3
    assert "time" in found[0]
    assert "translates addresses" in found[1]
    assert "change-ttl changes packets" in found[2]


def test_what_a_router_refuses_is_an_error_with_its_place() -> None:
    chains = sort_rules(script("add chain=input protocol=tcp dst-port=113322 action=drop"))
    (note,) = chains.notes
    assert note.severity is Severity.ERROR
    assert note.span is not None
    assert note.span.line == 2
    assert not chains.rules


def test_a_name_in_an_address_list_is_an_error() -> None:
    assert len(messages("/ip firewall address-list add list=a address=vpn.example.org")) == 1


def test_an_empty_script_has_nothing() -> None:
    assert not sort_rules(Script()).rules
