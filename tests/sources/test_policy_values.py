import pytest

from portward.errors import Diagnostic
from portward.sources.policy_keys import DEFAULTS, SERVICES, TOP
from portward.sources.policy_values import missing_keys, read_name, read_table
from portward.sources.toml_text import TomlText, read_toml


def toml(text: str) -> TomlText:
    found = read_toml(text, "f")
    assert isinstance(found, TomlText)
    return found


def codes(found: list[Diagnostic]) -> list[str]:
    return [f"{each.code}@{each.span.line}:{each.span.column}" for each in found if each.span]


def test_good_keys_are_read_although_others_are_bad() -> None:
    source = toml('penalty = "5m"\nstrict = "yes"\nmode = "guard"\nfoo = 1\n')
    found: list[Diagnostic] = []
    table = read_table(DEFAULTS, source.data, (), source, found)
    assert set(table.values) == {"penalty", "mode"}
    assert table.broken == {"strict"}
    assert codes(found) == ["PW103@2:10", "PW102@4:1"]


def test_every_bad_element_of_a_list_is_told() -> None:
    source = toml('public = ["tcp/1", 2,\n "tcp/x", [], {}, 2026-01-01, 1.5, "udp/0"]\n')
    found: list[Diagnostic] = []
    read_table(TOP, source.data, (), source, found)
    assert codes(found) == [
        "PW103@1:20",
        "PW104@2:2",
        "PW103@2:11",
        "PW103@2:15",
        "PW103@2:19",
        "PW103@2:31",
        "PW104@2:36",
    ]


def test_true_is_no_number() -> None:
    source = toml("grant_prefix_v4 = true\n")
    found: list[Diagnostic] = []
    read_table(DEFAULTS, source.data, (), source, found)
    assert codes(found) == ["PW103@1:19"]


def test_a_missing_key_is_told_at_the_table_and_a_broken_one_is_not_missing() -> None:
    source = toml("[services.a]\n[services.b]\nports = 1\n")
    found: list[Diagnostic] = []
    for name in ("a", "b"):
        path = ("services", name)
        table = read_table(SERVICES, source.data["services"][name], path, source, found)
        found += missing_keys(SERVICES, table, table.span())
    assert codes(found) == ["PW105@1:11", "PW103@3:9"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("SSH", "did you mean ssh?"),
        ("my ssh", "did you mean my-ssh?"),
        ("9lives", "did you mean lives?"),
        ("ü", ""),
    ],
)
def test_a_bad_name_gets_a_good_one_proposed(name: str, hint: str) -> None:
    found: list[Diagnostic] = []
    assert not read_name(name, SERVICES, toml("a=1").value(("a",)), found)
    assert found[0].hint == hint


def test_a_huge_value_makes_no_huge_message() -> None:
    source = toml(f'mode = "{"x" * 100_000}"\n')
    found: list[Diagnostic] = []
    read_table(DEFAULTS, source.data, (), source, found)
    assert len(found[0].message) < 300
