import pytest
from tests.check.findings import gate, told

from portward.check.rules import check
from portward.sources.policy_reader import read_policy


def quoted(words: str) -> str:
    return ", ".join(f'"{each}"' for each in words.split())


def sequences(*texts: str) -> str:
    return "".join(
        f"[sequences.s{index}]\nknocks = [{quoted(text)}]\nopens = '*'\n" for index, text in enumerate(texts)
    )


@pytest.mark.parametrize(
    ("texts", "place", "words"),
    [
        (["tcp/1 udp/9", "tcp/1 udp/9"], "6:10", "s1 has the same knocks as s0"),
        (["tcp/1 udp/9", "tcp/1 udp/9 tcp/5"], "6:10", "s0 is the beginning of s1"),
        (["tcp/1 udp/9 tcp/5", "tcp/1 udp/9"], "3:10", "s1 is the beginning of s0"),
        (["tcp/1 udp/9", "tcp/1 icmp/99 udp/9"], "6:10", "the knocks of s0 are among those of s1, in order"),
        (["udp/9", "udp/9=x tcp/1"], "6:10", "s0 is the beginning of s1"),
        (
            ["udp/9", "tcp/1", "tcp/1 udp/9"],
            "9:10",
            "s0 are among those of s2, in order: who knocks s2 opens s0",
        ),
    ],
)
def test_a_sequence_that_another_opens_on_the_way_is_a_mistake(
    texts: list[str], place: str, words: str
) -> None:
    policy, _ = read_policy("schema = 1\n" + sequences(*texts), "f")
    assert policy is not None
    (only,) = [each for each in check(policy) if each.code == "PW321"]
    assert str(only.span) == f"f:{place}"
    assert words in only.message
    assert only.hint.startswith("s")


def test_several_that_are_opened_on_the_way_are_counted() -> None:
    policy, _ = read_policy("schema = 1\n" + sequences("udp/9", "tcp/1", "tcp/1 udp/9"), "f")
    assert policy is not None
    (only,) = [each for each in check(policy) if each.code == "PW321"]
    assert only.message.endswith("and 1 more besides")


@pytest.mark.parametrize(
    ("knocks", "expected"),
    [
        ("tcp/7 tcp/7 udp/9", ["PW322 5:20"]),
        ("udp/7=a udp/7 tcp/9", ["PW322 5:22"]),
        ("udp/7 udp/7=a tcp/9", []),
        ("tcp/7 udp/7 tcp/9", []),
    ],
)
def test_a_knock_that_the_repeat_of_the_one_before_would_be_is_a_mistake(
    knocks: str, expected: list[str]
) -> None:
    assert [each for each in gate(knocks) if each.startswith("PW3")] == expected


def test_without_strict_the_same_knock_twice_in_a_row_is_advice() -> None:
    found = gate("tcp/7 tcp/7 udp/9", defaults="strict = false")
    assert "PW322 5:20" in found
    assert found[0].startswith("PW2")


def test_a_service_is_opened_once() -> None:
    text = '[services.b]\nports=["tcp/1"]\n[sequences.a]\nknocks=["udp/5", "tcp/9"]\nopens=["b", "b"]\n'
    assert "PW323 6:13" in told(text)
