"""How values and commands are spelled."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.compile.routeros_words import Row, add, drop, quote, remember, spell, whole_seconds
from portward.sources.rsc_text import Line
from portward.sources.rsc_words import statements


@pytest.mark.parametrize(
    ("value", "spelled"),
    [
        ("syn,!fin", "syn,!fin"),
        ("192.0.2.0/24", "192.0.2.0/24"),
        ("", '""'),
        ("open sesame", '"open sesame"'),
        ('say "x"', '"say \\"x\\""'),
        ("a\\b$c?", '"a\\\\b\\$c\\?"'),
        ("ö\n", '"\\C3\\B6\\0A"'),
        ("\udcff", '"\\FF"'),
    ],
)
def test_values_are_quoted_where_they_could_be_misread(value: str, spelled: str) -> None:
    assert quote(value) == spelled


@given(st.binary(min_size=1, max_size=64))
def test_the_reader_takes_any_value_back(value: bytes) -> None:
    """Bytes that are not UTF-8, and RouterOS's own signs, among them."""
    text = value.decode(errors="surrogateescape")
    line = f"add content={quote(text)}"
    assert line.isascii()
    (statement,) = statements(Line(line, ((0, 1, 1),)), {})
    assert statement.flaw is None
    assert statement.words[1].value.encode(errors="surrogateescape") == value


@pytest.mark.parametrize(
    ("length", "seconds"), [(0, 1), (1, 1), (999, 1), (1000, 1), (1001, 2), (60_000, 60)]
)
def test_times_are_rounded_up_and_are_never_for_ever(length: int, seconds: int) -> None:
    """Nought would be `none-dynamic`: until reboot."""
    assert whole_seconds(timedelta(milliseconds=length)) == timedelta(seconds=seconds)


def test_a_timeout_is_spelled_as_routeros_does() -> None:
    assert spell(remember("x", timedelta(days=7, seconds=90))).endswith(" address-list-timeout=1w1m30s")


def test_a_rule_is_one_line_with_the_mark_of_its_owner() -> None:
    row = Row("input", (("protocol", "tcp"),), drop(), "why")
    line = '/ip firewall filter add chain=input protocol=tcp action=drop comment="portward: why"'
    assert add("/ip firewall filter", row) == line
    assert add("/ip firewall filter", row, first=True) == (
        line + " place-before=([find where chain=input and dynamic=no]->0)"
    )
