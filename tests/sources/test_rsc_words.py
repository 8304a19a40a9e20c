import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.sources.rsc_text import physical_line
from portward.sources.rsc_words import Flaw, Form, closing, readable, statements, unescape


def parts(text: str, **variables: str) -> list[tuple[str, str, Form]]:
    (statement,) = statements(physical_line(1, text), variables)
    assert statement.flaw is None
    return [(each.name, each.value, each.form) for each in statement.words]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a=b#c", "b#c"),
        ("a=192.0.2.0/24", "192.0.2.0/24"),
        ('a=""', ""),
        ('a="x y"', "x y"),
        ('a=!"x y"', "!x y"),
        ('a="!x y"', "!x y"),
        (r'a="q\"\\\n\t\$\?\_z"', 'q"\\\n\t$? z'),
        (r'a="\D0\9F\D1\83"', "Пу"),
        ('a="^pass$"', "^pass$"),
        ("a=$x", "44"),
        ("a=!$x", "!44"),
        ('a="p$x!"', "p44!"),
        ("a='b'", "'b'"),
        ("a=", ""),
    ],
)
def test_values_are_decoded(text: str, value: str) -> None:
    """Bare, quoted, escaped, negated, from a variable."""
    assert [each[:2] for each in parts(text, x="44")] == [("a", value)]


def test_brackets_are_kept_whole() -> None:
    """Commands, expressions and blocks, with strings and comments in them."""
    words = parts('set [find comment="]"] place-before=([find a=b]->0) source={ # }\n :put "}" }')
    assert words == [
        ("", "set", Form.BARE),
        ("", 'find comment="]"', Form.COMMAND),
        ("place-before", "[find a=b]->0", Form.EXPRESSION),
        ("source", ' # }\n :put "}" ', Form.BLOCK),
    ]


@pytest.mark.parametrize("text", ['a="$(1+1)"', 'a="$[:len x]"', "a=$y", 'a="$y"', "a=$[f]"])
def test_what_only_a_running_script_knows_is_marked(text: str) -> None:
    """It is never taken for a literal."""
    ((_, _, form),) = parts(text)
    assert form is Form.UNKNOWN


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        ('add a="x"b=y', "a space is missing behind the closing quote", 10),
        ('add a="x', "the quotes are never closed", 7),
        ("add a=[find", "'[' is never closed", 7),
        ("add a=b(c)", "'(' must be in quotes", 8),
        (r'add a="\q"', "\\q is no escape", 8),
        (r'add a="\0a"', "\\0 is no escape", 8),
        (r"add a=b\c", "a backslash outside quotes may only end a line", 8),
        ("add a=b )", "')' cannot stand here", 9),
    ],
)
def test_what_a_router_refuses_is_a_flaw_with_its_place(text: str, message: str, column: int) -> None:
    """Never an exception."""
    (statement,) = statements(physical_line(1, text), {})
    assert statement.flaw is not None
    assert (statement.flaw.message, statement.flaw.start + 1) == (message, column)


def test_semicolons_and_line_ends_part_statements() -> None:
    """But not within quotes."""
    found = statements(physical_line(1, 'a b ; c="d;e"\nf'), {})
    assert [each.text for each in found] == ["a b ", 'c="d;e"', "f"]


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=40))
def test_escaped_text_is_read_back(text: str) -> None:
    """What is written with RouterOS's escapes has the same value."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    assert unescape(escaped, {}) == text


def test_bytes_that_are_not_utf8_are_kept_and_readable() -> None:
    """WinBox writes comments in a code page."""
    value = unescape(r"\D1\F2\F3\EA", {})
    assert isinstance(value, str)
    assert value.encode(errors="surrogateescape") == b"\xd1\xf2\xf3\xea"
    assert readable(value) == "Стук"


def test_closing_finds_the_partner_only() -> None:
    """Crossed brackets have none."""
    assert closing("[a(b)c]d", 0) == 7
    assert closing("[a(b]c)", 0) is None
    assert isinstance(unescape("\\x", {}), Flaw)
