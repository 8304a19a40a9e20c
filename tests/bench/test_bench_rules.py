"""The rulesets that are compared: what they say, and that the kernel takes them."""

import pytest

from lab.bench_rules import (
    ARTICLE_KNOCKS,
    FIRST_STRAY,
    article_policy,
    bare_drop,
    bare_drop_behind_tracking,
    drop_on_arrival,
    knockd_config,
    knockd_host,
    made_up_policy,
    made_up_text,
    one_rule_per_knock,
)
from lab.namespaces import cable, namespaces
from portward.compile.nft import compile_policy
from portward.sources.policy_reader import read_policy


def test_two_runs_compare_the_same_policy() -> None:
    assert made_up_policy(50) == made_up_policy(50)


def test_a_stray_is_never_a_knock() -> None:
    """All made-up knocks lie below the ports that strays go to."""
    assert all(knock.number < FIRST_STRAY for each in made_up_policy(500).sequences for knock in each.knocks)


def test_the_article_has_one_rule_for_each_knock_in_forward_order() -> None:
    rules = [
        line.strip()
        for line in one_rule_per_knock(article_policy(), at_input=True).splitlines()
        if "update" in line
    ]
    assert rules == [
        "tcp dport 33333 update @port_knock_0_1 { ip saddr timeout 1m }",
        "tcp dport 22222 ip saddr @port_knock_0_1 update @port_knock_0_2 { ip saddr timeout 1m }",
        "tcp dport 11111 ip saddr @port_knock_0_2 update @trusted { ip saddr timeout 7d } counter",
    ]


def test_both_get_the_same_sequences() -> None:
    text = one_rule_per_knock(made_up_policy(30), at_input=False)
    assert text.count("update") == 30 * 4
    assert "ct state" not in text


def test_knockd_is_given_the_same_knocks() -> None:
    text = knockd_config("/x/log", "/x/pid", "/usr/sbin/nft")
    assert f"sequence = {','.join(map(str, ARTICLE_KNOCKS))}" in text
    assert "start_command = /usr/sbin/nft add element inet knockd open { %IP% }" in text
    assert "stop_command" not in text


def test_a_policy_file_of_10_000_lines_has_no_mistakes() -> None:
    text = made_up_text(10_000)
    assert len(text.splitlines()) == 10_000
    policy, found = read_policy(text, "policy.toml")
    assert not found
    assert policy is not None
    assert len(policy.sequences) == 1999


@pytest.mark.net
@pytest.mark.parametrize(
    "text",
    [
        bare_drop(),
        bare_drop_behind_tracking(),
        drop_on_arrival(),
        one_rule_per_knock(made_up_policy(3), at_input=True),
        one_rule_per_knock(made_up_policy(3), at_input=False),
        compile_policy(made_up_policy(3)).text,
        knockd_host(),
    ],
    ids=["bare", "bare-udp", "arrival", "article-input", "article-raw", "portward", "knockd"],
)
def test_the_kernel_takes_every_ruleset(text: str) -> None:
    with namespaces("gate", "world", prefix="pwf") as (gate, world):
        cable(gate, world, "eth0", "gate0")
        gate.nft(text)
        assert gate.run("nft", "list", "ruleset").stdout
