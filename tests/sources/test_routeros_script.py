import time
from ipaddress import ip_address

import pytest
from tests.sources.routeros_texts import refusal, script

from portward.errors import PolicyError
from portward.sources.routeros_rules import Family, Fate
from portward.sources.routeros_script import read_source


def test_address_lists_with_their_entries() -> None:
    """Prefixes, ranges, timeouts; a name is listed, since only the router resolves it."""
    source = script(
        "/ip firewall address-list\nadd list=a address=192.0.2.77/24 comment=x\nadd list=a address=10.0.0.1-10.0.0.9\n"
        "add list=a address=gate.example.org\nadd list=b address=192.0.2.1 timeout=1h disabled=yes\n"
        "/ipv6 firewall address-list add list=a address=2001:db8::1\n"
    )
    first = source.entries[0]
    assert first.addresses is not None
    assert (first.list, first.addresses.first, first.family) == ("a", ip_address("192.0.2.0"), Family.V4)
    assert source.entries[2].name == "gate.example.org"
    assert source.told[2].decides
    assert [each.family for each in source.entries].count(Family.V6) == 1
    assert source.entries[3].disabled
    assert source.entries[3].timeout is not None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("/ip firewall address-list add list=a", "missing value of argument address"),
        ("/ip firewall address-list add list=a address=192.0.2.1-9", "write both addresses in full"),
        ("/ip firewall address-list add list=a address=192.0.2.1 timeout=52w", "out of range"),
        ("/ip firewall address-list add list=a address=<IP>", "placeholder"),
        ("/ipv6 firewall address-list add list=a address=2001:db8::1-2001:db8::9x", "address"),
    ],
)
def test_entries_that_a_router_refuses(line: str, reason: str) -> None:
    """With the reason."""
    assert reason in refusal(line)


def test_second_equal_entry_stops_an_import() -> None:
    """`already have such entry`."""
    line = "/ip firewall address-list add list=a address=192.0.2.1\n"
    assert "already have such entry" in script(line * 2).told[1].reason


def test_interface_lists_and_layer7() -> None:
    """With their members; the pattern with its place."""
    source = script(
        "/interface list\nadd name=WAN\nadd name=OUT include=WAN\n/interface list member\n"
        "add list=WAN interface=ether1\nadd list=WAN interface=ether2 disabled=yes\n"
        '/ip firewall layer7-protocol add name=w regexp="^open\\$"\n'
    )
    assert {each.name: (each.members, each.include) for each in source.interface_lists} == {
        "WAN": (("ether1",), ()),
        "OUT": ((), ("WAN",)),
    }
    assert (source.layer7[0].name, source.layer7[0].regexp, source.layer7[0].span.line) == ("w", "^open$", 7)


def test_every_statement_is_told() -> None:
    """Taken, listed or refused; with whether packets depend on it."""
    source = script(
        "/ip firewall filter add chain=input\n/ip dns set servers=192.0.2.53\n"
        "/ip firewall connection tracking set enabled=yes\n"
        "/ip firewall filter add chain=input p2p=all\n/ip firewall filter add chain=\n/system script add name=s "
        'source="/ip firewall filter remove [find]"\n/ip firewall filter add chain=input time=1h-2h,mon disabled=yes\n'
    )
    assert [(each.fate, each.decides) for each in source.told] == [
        (Fate.TAKEN, False),
        (Fate.LISTED, False),
        (Fate.LISTED, True),
        (Fate.LISTED, True),
        (Fate.REFUSED, True),
        (Fate.LISTED, True),
        (Fate.LISTED, False),
    ]


def test_refusal_points_at_the_value() -> None:
    """Line and column of the port, also when a later set wrote it."""
    text = (
        "/ip firewall filter\nadd chain=input comment=x protocol=tcp dst-port=1\n"
        "set [find comment=x] \\\n    dst-port=99999\n"
    )
    (told,) = [each for each in script(text).told if each.fate is Fate.REFUSED]
    assert (told.span.line, told.span.column, told.span.length) == (4, 14, 5)


def test_rule_of_a_wrapped_export_names_its_lines() -> None:
    """First and last."""
    (rule,) = script("/ip firewall filter\nadd action=drop \\\n    chain=input\n").rules
    assert rule.lines == "2-3"


def test_codepage_comments_are_readable() -> None:
    """A file from an old WinBox."""
    source = read_source('/ip firewall filter add chain=input comment="стук"\n'.encode("cp1251"), "f")
    assert source.script.rules[0].comment == "стук"
    assert source.mends[0].kind == "encoding"


def test_time_and_memory_grow_with_the_text_only() -> None:
    """10,000 wrapped rules in a few seconds: 100,000 are read in under 10 s on an idle machine."""
    rule = (
        'add action=accept chain=input comment="customer {0} may come in" connection-state=new \\\n'
        "    dst-port=22 protocol=tcp src-address=10.{1}.{2}.{3}\n"
    )
    text = "/ip firewall filter\n" + "".join(
        rule.format(number, number >> 16, number >> 8 & 255, number & 255) for number in range(10_000)
    )
    begin = time.process_time()
    assert len(script(text).rules) == 10_000
    assert time.process_time() - begin < 10


def test_what_is_no_text_is_the_one_error() -> None:
    """A backup of a router, for example."""
    with pytest.raises(PolicyError, match="this is no text"):
        read_source(bytes(range(32)) * 50, "f")
