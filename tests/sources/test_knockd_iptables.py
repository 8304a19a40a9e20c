"""What the corpus of test_knockd_commands does not have."""

import pytest

from portward.policy.notation import write_ports
from portward.sources.knockd_effect import BLOCKS, NOTHING, Effect
from portward.sources.knockd_iptables import read_helper, read_iptables


V4 = frozenset((4,))


def read(text: str) -> Effect:
    """Read a command that does one thing."""
    (effect,) = read_iptables(tuple(text.split()), V4)
    return effect


def test_long_and_short_spellings_are_the_same() -> None:
    """With = and without."""
    short = read("-t filter -I INPUT 3 -s %IP% -p tcp --dport 22 -j ACCEPT")
    assert short == read(
        "--table=filter --insert INPUT 3 --src %IP% --proto tcp --destination-port 22 --jump=ACCEPT"
    )
    assert short == read("-w -I INPUT -s%IP% -ptcp --dport=22 -jACCEPT")


def test_adding_a_block_is_the_other_way_round() -> None:
    """It closes, and deleting it opens; that it blocks is said."""
    added, deleted = (read(f"{command} INPUT -s %IP% -p tcp --dport 22 -j DROP") for command in ("-A", "-D"))
    assert added.undoes(deleted)
    assert (added.remarks, deleted.remarks) == ((BLOCKS,), ())


@pytest.mark.parametrize(
    "text",
    ["-L -n", "-A OUTPUT -j ACCEPT", "-A INPUT -s %IP%", "-C INPUT -s %IP% -j ACCEPT", "-A INPUT -j LOG"],
)
def test_what_changes_nothing_for_a_new_connection(text: str) -> None:
    """It is understood, and does nothing."""
    assert read_iptables(tuple(text.split()), V4) == NOTHING


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-A",
        "-A INPUT -j",
        "-A INPUT -s %IP% --dport 22 -j ACCEPT",
        "-A INPUT -s %IP% -p icmp --dport 22 -j ACCEPT",
        "-A INPUT -s %IP% -g guests",
        "-A INPUT -s %IP% -j guests",
        "-A INPUT -s ! %IP% -j ACCEPT",
        "-t mangle -A INPUT -s %IP% -j ACCEPT",
        "-t nat -A POSTROUTING -s %IP% -j MASQUERADE",
        "-t nat -A PREROUTING -s %IP% -j REDIRECT --to-ports 22",
        "-t nat -A PREROUTING -s %IP% -p tcp --dport 1:3 -j REDIRECT --to-ports 22",
        "-t nat -A PREROUTING -s %IP% -p tcp --dport 22 -j DNAT --to-destination gate",
        "-A FORWARD -s %IP% -d 192.0.2.0/24 -j ACCEPT",
    ],
)
def test_what_is_not_understood(text: str) -> None:
    """It is never guessed at."""
    with pytest.raises(ValueError, match=r"."):
        read_iptables(tuple(text.split()), V4)


def test_translation_to_an_ipv6_address() -> None:
    """In brackets, with a port."""
    words = "-t nat -A PREROUTING -s %IP% -p udp --dport 7 -j DNAT --to-destination [2001:db8::9]:8"
    (effect,) = read_iptables(tuple(words.split()), frozenset((6,)))
    assert (str(effect.host), *map(write_ports, (*effect.ports, *effect.published))) == (
        "2001:db8::9",
        "udp/8",
        "udp/7",
    )


def test_the_helper_script() -> None:
    """Its defaults are TCP and INPUT; what it is not given is a mistake."""
    (effect,) = read_helper(("-x", "-f", "%IP%", "-d", "22"))
    assert (effect.opens, effect.families, [write_ports(each) for each in effect.ports]) == (
        False,
        V4,
        ["tcp/22"],
    )
    for words in (("-f", "%IP%", "-d", "22"), ("-i", "-d", "22"), ("-i", "-f", "%IP%"), ("-i", "--frob")):
        with pytest.raises(ValueError, match=r"."):
            read_helper(words)
