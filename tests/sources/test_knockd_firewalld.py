"""What the corpus of test_knockd_commands does not have."""

from datetime import timedelta

import pytest

from portward.policy.notation import write_ports
from portward.sources.knockd_effect import BLOCKS, NOTHING
from portward.sources.knockd_firewalld import read_firewall_cmd


@pytest.mark.parametrize(
    ("timeout", "lasts"),
    [("60", timedelta(minutes=1)), ("90s", timedelta(seconds=90)), ("2m", timedelta(minutes=2)), ("0", None)],
)
def test_timeouts(timeout: str, lasts: timedelta | None) -> None:
    """Seconds, or with a unit; 0 is for good."""
    (effect,) = read_firewall_cmd(("--add-port=22/tcp", f"--timeout={timeout}"))
    assert effect.lasts == lasts


def test_several_options_are_several_effects() -> None:
    """One command may add and remove."""
    effects = read_firewall_cmd(("--zone", "public", "--add-port", "8000-8010/udp", "--remove-service=http"))
    assert [(each.opens, [write_ports(ports) for ports in each.ports]) for each in effects] == [
        (True, ["udp/8000-8010"]),
        (False, ["tcp/80"]),
    ]


def test_a_rich_rule_that_leads_elsewhere() -> None:
    """A port that is forwarded to a machine."""
    rule = "rule family=ipv4 source address=%IP% forward-port port=2022 protocol=tcp to-port=22 to-addr=192.0.2.9"
    (effect,) = read_firewall_cmd((f"--add-rich-rule={rule}",))
    assert (str(effect.host), *map(write_ports, (*effect.ports, *effect.published))) == (
        "192.0.2.9",
        "tcp/22",
        "tcp/2022",
    )


def test_a_priority_hides_nothing() -> None:
    """Family and source behind it are read."""
    (effect,) = read_firewall_cmd(
        ("--add-rich-rule", 'rule priority="-9" family="ipv6" source address="%IP%" accept')
    )
    assert (effect.families, effect.to_all) == (frozenset((6,)), False)


def test_a_rich_rule_that_blocks() -> None:
    """Adding it closes."""
    (effect,) = read_firewall_cmd(("--add-rich-rule=rule source address=%IP% reject",))
    assert (effect.opens, effect.remarks) == (False, (BLOCKS,))


@pytest.mark.parametrize(
    "words", [("--state",), ("--list-all",), ("--reload",), ("--add-rich-rule=rule service name=ssh log",)]
)
def test_what_changes_nothing_for_a_visitor(words: tuple[str, ...]) -> None:
    """It is understood, and does nothing."""
    assert read_firewall_cmd(words) == NOTHING


@pytest.mark.parametrize(
    "words",
    [
        ("--add-masquerade",),
        ("--add-port=22",),
        ("--add-service=frob",),
        ("--add-source=192.0.2.1",),
        ("--timeout=soon", "--add-port=22/tcp"),
        ("--add-rich-rule=source address=%IP% accept",),
        ("--add-rich-rule=rule source NOT address=%IP% accept",),
        ("--add-rich-rule=rule source address='%IP% accept",),
        ("--add-rich-rule=rule source address=%IP% service name=ssh accept limit value=1/m",),
        ("--direct", "--add-chain", "ipv4", "filter", "x"),
        ("--direct", "--add-rule", "eb", "filter", "INPUT", "0", "-j", "ACCEPT"),
        ("frob",),
    ],
)
def test_what_is_not_understood(words: tuple[str, ...]) -> None:
    """It is never guessed at."""
    with pytest.raises(ValueError, match=r"."):
        read_firewall_cmd(words)
