import pytest
from tests.simulate.router import script

from portward.compile.exact import compile_exact
from portward.errors import Severity


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("add chain=input protocol=tcp action=tarpit", "nothing holds the visitor"),
        ("add chain=forward action=fasttrack-connection", "go on meeting all rules"),
        ("add chain=input protocol=tcp limit=1/11s,1:packet action=accept", "not quite the same"),
        ("add chain=input in-interface-list=WAN action=drop", "has no members"),
        ('add chain=input in-interface="ether1 WAN" action=drop', "no interface here can be called"),
        (
            "add chain=input action=add-src-to-address-list address-list=a address-list-timeout=none-static",
            "a router saves it",
        ),
        (
            "/ipv6 firewall filter add chain=input action=reject reject-with=icmp-headers-too-long",
            "admin-prohibited",
        ),
    ],
    ids=lambda text: text.split("=")[-1],
)
def test_what_differs_beside_the_judgement_is_advice(text: str, words: str) -> None:
    (note,) = compile_exact(script(text)).notes
    assert note.severity is Severity.ADVICE
    assert words in note.message


def test_a_network_that_no_rule_here_renews_is_an_error() -> None:
    text = """add chain=input action=add-src-to-address-list address-list=a address-list-timeout=1m
/ip firewall address-list add list=a address=192.0.2.0/24 timeout=1h"""
    (note,) = compile_exact(script(text)).notes
    assert note.severity is Severity.ERROR
    assert note.span is not None
    assert note.span.line == 3


def test_a_network_with_an_end_is_fine_in_a_list_that_no_rule_adds_to() -> None:
    text = """add chain=input src-address-list=a action=drop
/ip firewall address-list add list=a address=192.0.2.0/24 timeout=1h"""
    assert not compile_exact(script(text)).notes
