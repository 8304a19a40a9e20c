"""What the corpus of test_knockd_commands does not have."""

from datetime import timedelta

import pytest

from portward.policy.notation import write_ports
from portward.sources.knockd_effect import NOTHING
from portward.sources.knockd_nft import read_ipset, read_nft


def ports(*words: str) -> list[str]:
    """The ports of a command that does one thing."""
    (effect,) = read_nft(words)
    return [write_ports(each) for each in effect.ports]


def test_one_argument_or_many() -> None:
    """Nft joins its arguments itself."""
    text = "add rule inet filter input ip saddr %IP% tcp dport {22,80} accept"
    assert (
        ports(text)
        == ports(*text.split())
        == ports("-a", "add rule inet", "filter input ip saddr %IP% tcp dport { 22, 80 } accept")
    )


def test_several_commands_in_one_text() -> None:
    """A semicolon in braces ends none."""
    effects = read_nft(("add element f x { %IP% timeout 1m } ; delete element f y { %IP% }; list ruleset",))
    assert [(each.opens, each.behind, each.lasts) for each in effects] == [
        (True, "nft set f x", timedelta(minutes=1)),
        (False, "nft set f y", None),
    ]


def test_th_has_the_protocols_of_l4proto() -> None:
    """Both of them, or those that stand before it."""
    assert ports("add rule inet f input meta l4proto { tcp, udp } th dport 53 accept") == ["tcp/53", "udp/53"]
    assert ports("add rule inet f input meta l4proto udp ip saddr %IP% th dport 53 accept") == ["udp/53"]


def test_families_are_narrowed() -> None:
    """By the table, and by the matches."""
    (effect,) = read_nft(("add rule inet f input ip6 saddr %IP%/64 accept",))
    assert (effect.families, effect.prefix) == (frozenset((6,)), 64)


@pytest.mark.parametrize(
    "text",
    [
        "list ruleset",
        "add rule f output ip daddr 192.0.2.1 accept",
        "add rule f input ct state established accept",
        "add rule f input ip saddr %IP% counter packets 1 bytes 2",
    ],
)
def test_what_changes_nothing_for_a_new_connection(text: str) -> None:
    """It is understood, and does nothing."""
    assert read_nft((text,)) == NOTHING


@pytest.mark.parametrize(
    "text",
    [
        "-f /etc/nftables.conf",
        "flush ruleset",
        "add table inet f",
        "add rule inet f",
        "add rule netdev f ingress ip saddr %IP% accept",
        "add rule f input ip saddr != %IP% accept",
        "add rule f input ip saddr { %IP%, 192.0.2.1 } accept",
        "add rule f input ip saddr %IP% tcp sport 22 accept",
        "add rule f input ip saddr %IP% ct mark 1 accept",
        "add rule f input ip saddr %IP% tcp dport",
        "add rule f forward ip saddr %IP% accept",
        "add rule f prerouting ip saddr %IP% dnat to 192.0.2.9",
        "add rule f prerouting ip saddr %IP% tcp dport 1-3 redirect to :22",
        "add element f x { 192.0.2.1 }",
        "add element f x { %IP% . 22 . 23 }",
        "add element f x { %IP% timeout soon }",
        "add element f x %IP%",
    ],
)
def test_what_is_not_understood(text: str) -> None:
    """It is never guessed at."""
    with pytest.raises(ValueError, match=r"."):
        read_nft((text,))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "create x hash:ip",
        "flush x",
        "add x",
        "add x 192.0.2.1",
        "add x %IP% timeout long",
        "add x %IP%,frob:7",
    ],
)
def test_what_ipset_commands_are_not_understood(text: str) -> None:
    """The same for ipset."""
    with pytest.raises(ValueError, match=r"."):
        read_ipset(tuple(text.split()))


def test_a_timeout_of_nothing_is_none() -> None:
    """As ipset(8) has it: 0 is for good."""
    assert [each.lasts for each in read_ipset(("add", "x", "%IP%", "timeout", "0"))] == [None]
