"""`portward attack`: numbers, tables and the exit code; tests/net/test_attack.py attacks for real."""

import pytest

from portward.attack.sweeps import Fallen
from portward.attack.visitors import Welcome
from portward.cli.attack import as_result, attack_table, chosen, verdict, welcome_table, whole
from portward.errors import UsageError
from portward.policy.policy import Policy
from portward.sources.policy_reader import read_policy


TEXT = """
schema = 1
[services.ssh]
ports = ["tcp/22"]
[sequences.one]
knocks = ["tcp/1000", "tcp/4000"]
opens = "ssh"
[sequences.two]
knocks = ["tcp/2000", "tcp/3000"]
opens = "ssh"
"""


@pytest.fixture
def policy() -> Policy:
    """Two sequences."""
    found, _ = read_policy(TEXT, "policy.toml")
    assert found
    return found


SHUT = Fallen("ascending", 5_000_000, 21.5, 0, note="upwards")
OPENED = Fallen("random", 1_234, 0.5, 2)
KNOWN = Fallen("replay of the whole visit", 4, 0.0, 1, by_design=True)


@pytest.mark.parametrize(("text", "number"), [("5", 5), ("1,000,000", 1_000_000), ("1_000", 1_000)])
def test_numbers_may_have_their_thousands_apart(text: str, number: int) -> None:
    assert whole(text, "--packets", 1, 10**9) == number


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "many", "٣", "9" * 30])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--packets"):
        whole(text, "--packets", 1, 10**9)


def test_the_first_sequence_is_taken_unless_one_is_named(policy: Policy) -> None:
    assert chosen(policy, None).name == "one"
    assert chosen(policy, "two").name == "two"
    with pytest.raises(UsageError, match="one, two"):
        chosen(policy, "three")
    with pytest.raises(UsageError, match="no sequence"):
        chosen(Policy(), None)


def test_the_table_says_what_opened_and_what_did_not() -> None:
    lines = attack_table([SHUT, OPENED, KNOWN]).splitlines()
    assert lines[1].split() == ["ascending", "5,000,000", "21.5", "no", "upwards"]
    assert "YES" in lines[2]
    assert "yes, by design" in lines[3]


def test_a_replay_of_everything_is_no_defeat() -> None:
    assert verdict([SHUT, KNOWN]).startswith("no door opened")
    assert "random" in verdict([SHUT, OPENED, KNOWN])
    assert "replay" not in verdict([SHUT, OPENED, KNOWN])


def test_shares_of_honest_visitors_are_of_all_that_came() -> None:
    table = welcome_table([Welcome("5 % lost", 200, 160, 199, 62.25)])
    assert table.splitlines()[1].split() == ["5", "%", "lost", "200", "80.0", "%", "99.5", "%", "62.2", "s"]
    assert welcome_table([]) == ""


def test_programs_get_the_same_facts(policy: Policy) -> None:
    found = as_result(policy.sequences[0], [OPENED], [Welcome("no loss", 2, 2, 2, 0.7)])
    assert found["attacks"][0]["opened"] is True
    assert found["visitors"][0]["entered"] == 2
