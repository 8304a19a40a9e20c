"""What the corpus of test_knockd_commands does not have."""

import pytest

from portward.policy.notation import write_ports
from portward.sources.knockd_effect import BLOCKS, NOTHING, Effect
from portward.sources.knockd_ufw import read_ufw


def read(text: str) -> Effect:
    """Read a command that does one thing."""
    (effect,) = read_ufw(tuple(text.split()))
    return effect


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("allow 22", ["tcp/22", "udp/22"]),
        ("allow ssh", ["tcp/22"]),
        ("allow in 53/udp", ["udp/53"]),
        ("allow 8000:8010/tcp", ["tcp/8000-8010"]),
        ("allow proto esp from %IP%", ["esp"]),
        ("allow from %IP% to any app OpenSSH", ["tcp/22"]),
        ("rule prepend allow from %IP% to any port 22,80 proto tcp", ["tcp/22", "tcp/80"]),
        ("allow log from %IP%", []),
    ],
)
def test_spellings(text: str, ports: list[str]) -> None:
    """The short and the long ones."""
    assert [write_ports(each) for each in read(text).ports] == ports


def test_denying_is_the_other_way_round() -> None:
    """It closes, and deleting it opens; that it blocks is said."""
    added, deleted = read("deny from %IP%"), read("delete deny from %IP%")
    assert added.undoes(deleted)
    assert (added.remarks, deleted.remarks) == ((BLOCKS,), ())


def test_a_routed_rule_needs_its_machine() -> None:
    """And delete may stand on either side of route."""
    assert read("route delete allow from %IP% to 192.0.2.9 port 22") == read(
        "delete route allow from %IP% to 192.0.2.9 port 22"
    )
    with pytest.raises(ValueError, match="which machine"):
        read("route allow from %IP% to any port 22")


@pytest.mark.parametrize("text", ["", "status verbose", "allow out 53"])
def test_what_changes_nothing_for_a_visitor(text: str) -> None:
    """It is understood, and does nothing."""
    assert read_ufw(tuple(text.split())) == NOTHING


@pytest.mark.parametrize(
    "text",
    [
        "enable",
        "reset",
        "frob",
        "allow",
        "insert",
        "allow from",
        "allow from 192.0.2.1",
        "allow from %IP% port 7",
        "allow frob",
        "allow from %IP% to any port x",
        "allow from %IP% frob",
        "delete 3",
    ],
)
def test_what_is_not_understood(text: str) -> None:
    """It is never guessed at."""
    with pytest.raises(ValueError, match=r"."):
        read_ufw(tuple(text.split()))
