from datetime import timedelta
from ipaddress import ip_address

import pytest
from tests.sources.routeros_texts import only_rule, refusal

from portward.sources.routeros_matchers import (
    AddressIs,
    AddressListed,
    AddressRange,
    AddressTypeIs,
    ConnectionLimit,
    Content,
    Dscp,
    DstLimit,
    IcmpIs,
    InterfaceIs,
    InterfaceListed,
    Layer7,
    Limit,
    Matcher,
    NatStateIs,
    Nth,
    OtherMatcher,
    PacketSize,
    PortIs,
    PortScan,
    ProtocolIs,
    Random,
    Range,
    Side,
    SourceMac,
    State,
    StateIs,
    TcpFlags,
    TimeToLive,
)


SECOND = timedelta(seconds=1)
ONE = AddressRange(ip_address("10.0.0.1"), ip_address("10.0.0.1"))


@pytest.mark.parametrize(
    ("text", "matcher"),
    [
        ("protocol=!tcp", ProtocolIs(6, negated=True)),
        (
            "protocol=tcp dst-port=!80,443",
            PortIs(Side.DESTINATION, (Range(80, 80), Range(443, 443)), negated=True),
        ),
        ("protocol=udp src-port=53", PortIs(Side.SOURCE, (Range(53, 53),))),
        ("protocol=udp port=1-5", PortIs(Side.EITHER, (Range(1, 5),))),
        ("packet-size=!100-200", PacketSize(Range(100, 200), negated=True)),
        ("protocol=icmp icmp-options=8:0", IcmpIs(8, Range(0, 0))),
        ("protocol=icmp icmp-options=5:0-255", IcmpIs(5)),
        ("connection-state=established,related", StateIs(frozenset({State.ESTABLISHED, State.RELATED}))),
        ("connection-state=!new", StateIs(frozenset({State.NEW}), negated=True)),
        ("connection-nat-state=!dstnat", NatStateIs(frozenset({"dstnat"}), negated=True)),
        ("in-interface=!ether1", InterfaceIs(Side.SOURCE, "ether1", negated=True)),
        ("out-interface-list=WAN", InterfaceListed(Side.DESTINATION, "WAN")),
        ("src-address=10.0.0.1", AddressIs(Side.SOURCE, ONE)),
        ("dst-address=!10.0.0.1", AddressIs(Side.DESTINATION, ONE, negated=True)),
        ("src-address-list=!good", AddressListed(Side.SOURCE, "good", negated=True)),
        ('dst-address-list="!a + b"', AddressListed(Side.DESTINATION, "a + b", negated=True)),
        (
            "dst-address-type=local,broadcast",
            AddressTypeIs(Side.DESTINATION, frozenset({"local", "broadcast"})),
        ),
        ("protocol=tcp tcp-flags=fin,!syn", TcpFlags(frozenset({"fin"}), frozenset({"syn"}))),
        ("protocol=tcp tcp-flags=!syn", TcpFlags(frozenset(), frozenset({"syn"}))),
        ('content="a\\FFb"', Content(b"a\xffb")),
        ("layer7-protocol=w", Layer7("w")),
        ("limit=50/1m,5:packet", Limit(50, timedelta(minutes=1), 5)),
        ("dst-limit=30,256,src-address/1s", DstLimit(30, SECOND, 256, "src-address", SECOND)),
        ("connection-limit=!10,24", ConnectionLimit(10, 24, negated=True)),
        ("psd=21,3s,3,1", PortScan(21, timedelta(seconds=3), 3, 1)),
        ("src-mac-address=!aa:bb:cc:dd:ee:0f", SourceMac("AA:BB:CC:DD:EE:0F", negated=True)),
        ("ttl=equal:64", TimeToLive("equal", 64)),
        ("dscp=46", Dscp(46)),
        ("random=30", Random(30)),
        ("nth=2,1", Nth(2, 1)),
        ("time=8h-18h,mon", OtherMatcher("time", "8h-18h,mon")),
        ("dst-addr=10.0.0.1", AddressIs(Side.DESTINATION, ONE)),
    ],
)
def test_matchers_of_knock_scripts_are_typed(text: str, matcher: Matcher) -> None:
    """Each by its own class, with its negation."""
    assert matcher in only_rule(text).matchers


@pytest.mark.parametrize("text", ['connection-state=""', 'dst-address-type=""'])
def test_empty_matchers_of_exports_are_none(text: str) -> None:
    """Real exports have them."""
    assert only_rule(text).matchers == ()


def test_matchers_stand_in_the_order_of_tests() -> None:
    """Not in that of the text."""
    rule = only_rule("limit=1,1 content=x dst-port=1 protocol=tcp src-address-list=a in-interface=e")
    kinds = [type(each) for each in rule.matchers]
    assert kinds == [InterfaceIs, AddressListed, ProtocolIs, PortIs, Content, Limit]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("protocol=tcp dst-port=113322", "port 113322 is not in 0..65535"),
        ("dst-port=22", "dst-port needs protocol=tcp or udp"),
        ("protocol=icmp packet-size=2", "no ICMP packet is that small"),
        ("packet-size=70000", "packet size 70000 is not in 0..65535"),
        ("protocol=tcp dst-port=", "dst-port has no value"),
        ("src-address=<IP>", "'<IP>' is a placeholder"),
        ("protocol=tcp dst-port=$PORT", "'$PORT' is a placeholder"),
        ("protocol=nonsense", "'nonsense' is no protocol"),
        ("connection-state=brandnew", "'brandnew' is no connection state"),
        ("tcp-flags=syn", "tcp-flags needs protocol=tcp"),
        ("n-interface=ether1", "has no property 'n-interface'"),
        ("comment=first knock", "expected end of command"),
        ("psd=1,2", "psd is threshold,delay,low,high"),
        ("dst-limit=1,1,apples", "'apples' is no kind of flow"),
        ("src-mac-address=zz", "is no MAC address"),
        ("ttl=like:3", "is no comparison"),
    ],
)
def test_what_a_router_refuses_is_told_as_such(text: str, reason: str) -> None:
    """And the other lines are read."""
    assert reason in refusal(f"/ip firewall filter add chain=input {text}")


def test_raw_knows_no_connections() -> None:
    """It stands before connection tracking."""
    assert "raw stands before" in refusal("/ip firewall raw add chain=prerouting connection-state=new")


def test_ipv6_echo_has_at_least_48_bytes() -> None:
    """40 of IPv6 and 8 of ICMPv6."""
    assert "at least 48" in refusal("/ipv6 firewall filter add chain=input protocol=icmpv6 packet-size=47")
