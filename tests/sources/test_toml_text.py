import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.errors import Diagnostic, Span
from portward.policy.policy import PlacePath
from portward.sources.toml_text import TomlText, locate, read_toml


EVERYTHING = '''\
# a comment with a [header] and a = "pair"
top = 1
"quoted key" = 'literal'
dotted . "inner.dot" .'deep' = true

[a.b]   # implicit a
plain = "text # no comment"
multi = """
three "quotes" inside, and a "" pair, \\""" escaped
end\\
   joined"""
literal = \'\'\'
it's # raw\'\'\'
tail = """a"""""
when = 1979-05-27 07:32:00.5Z
day = 1979-05-27
list = [ 1, # one ]
  "two", [3, [4]], { five = 5, six.seven = [6] },
]
empty = []
none = {}
"\\u00e4" = -1e3

[[rows]]
id = 1
[rows.sub]
x = 1
[[rows.parts]]
n = 1
[[rows.parts]]
n = 2
[[rows]]
id = 2
[[rows.parts]]
n = 3
'''


def read(text: str) -> TomlText:
    found = read_toml(text, "f")
    assert isinstance(found, TomlText), found
    return found


def walk(value: Any, path: PlacePath = ()) -> dict[PlacePath, Any]:
    """Every path of a value that tomllib gives, with what stands there."""
    children: Any = ()
    if isinstance(value, dict):
        children = value.items()
    elif isinstance(value, list):
        children = enumerate(value)
    found = {path: value} if path else {}
    for name, child in children:
        found |= walk(child, (*path, name))
    return found


def hold_to_tomllib(text: str) -> None:
    """The scanner's paths are tomllib's, and each extent, read alone, gives tomllib's value."""
    expected = walk(tomllib.loads(text))
    scan = locate(text)
    assert scan.keys.keys() | scan.values.keys() == expected.keys()
    for path, (start, end) in scan.values.items():
        assert tomllib.loads(f"again = {text[start:end]}")["again"] == expected[path], path
    for path, (start, end) in scan.keys.items():
        name = next(part for part in reversed(path) if isinstance(part, str))
        assert next(iter(tomllib.loads(f"{text[start:end]} = 1"))) == name


@pytest.mark.parametrize("text", [EVERYTHING, EVERYTHING.replace("\n", "\r\n"), "", "a=1", "\n\n#x"])
def test_every_form_of_toml_is_found_where_tomllib_finds_it(text: str) -> None:
    hold_to_tomllib(text)


def test_places_are_lines_and_columns_of_characters() -> None:
    found = read('"ä" = 1\n[t]\n"ü" = ["ö", "b"] # c\n')
    assert found.values["ä",] == Span("f", 1, 7, 1)
    assert found.keys["t",] == Span("f", 2, 2, 1)
    assert found.keys["t", "ü"] == Span("f", 3, 1, 3)
    assert found.values["t", "ü", 1] == Span("f", 3, 13, 3)


def test_the_span_of_a_value_over_several_lines_ends_with_its_first_line() -> None:
    found = read("a = [\n  1,\n]\n")
    assert found.values["a",] == Span("f", 1, 5, 1)
    assert found.values["a", 0] == Span("f", 2, 3, 1)


def test_a_tables_own_header_is_its_place_not_an_earlier_mention() -> None:
    found = read("[s.x.y]\n[s.x]\n")
    assert found.key(("s", "x")).line == 2
    assert found.value(("s", "x")).line == 2


def test_a_line_separator_of_unicode_ends_no_line() -> None:
    found = read("a = '\u2028\x85'\nb = 1\n")
    assert found.values["b",] == Span("f", 2, 5, 1)


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("a = 1\nb = \n", 2, 5, "invalid value"),
        ("a = 10s\n", 1, 7, "expected newline"),
        ("a = 1\na = 2\n", 2, 6, "cannot overwrite"),
        ("[t]\nx = '''abc\n\n", 2, 10, "expected"),
        ("[t]\n[t]\n", 2, 3, "[t] stands here twice"),
        ("", 0, 0, ""),
    ],
)
def test_a_syntax_error_is_one_diagnostic_with_its_place(
    text: str, line: int, column: int, words: str
) -> None:
    found = read_toml(text, "f")
    if not words:
        assert isinstance(found, TomlText)
        return
    assert isinstance(found, Diagnostic)
    assert found.span is not None
    assert (found.code, found.span.line, found.span.column) == ("PW101", line, column)
    assert words in found.message


def test_a_value_without_quotes_gets_a_hint() -> None:
    found = read_toml("a = 10s", "f")
    assert isinstance(found, Diagnostic)
    assert "quotes" in found.hint


@pytest.mark.parametrize("text", ["a = " + "[" * 5000 + "]" * 5000, "a = " + "9" * 5000, "a = 2026-13-40"])
def test_what_makes_tomllib_stumble_is_a_diagnostic_too(text: str) -> None:
    assert isinstance(read_toml(text, "f"), Diagnostic)


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=8)
names = st.one_of(st.from_regex(r"[A-Za-z0-9_-]{1,6}", fullmatch=True), texts)
blanks = st.sampled_from(["", " ", "\t", "  "])
gaps = st.sampled_from(["", " ", "\n", " # , ] } = [\n", "\r\n\t"])


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


@st.composite
def key_texts(draw: st.DrawFn, name: str) -> str:
    """One of the ways to write a part of a key."""
    ways = [quoted(name)]
    if name and all(c.isascii() and (c.isalnum() or c in "_-") for c in name):
        ways.append(name)
    if "'" not in name:
        ways.append(f"'{name}'")
    return draw(st.sampled_from(ways))


@st.composite
def string_texts(draw: st.DrawFn) -> str:
    """A string in one of its four forms."""
    text = draw(texts)
    form = draw(st.sampled_from(['"', "'", '"""', "'''"]))
    if form == '"':
        return quoted(text)
    if form == "'":
        return f"'{text.replace(chr(39), '')}'"
    if form == '"""':
        body = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"""{draw(st.sampled_from(["", chr(10), chr(34), chr(34) * 2]))}{body}{draw(gaps)}"""'
    return f"'''{draw(gaps)}{text.replace(chr(39) * 3, '')}{draw(st.sampled_from(['', 'x' + chr(39) * 2]))}'''".replace(
        "''''''", "'''x'''"
    )


@st.composite
def value_texts(draw: st.DrawFn, depth: int = 2) -> str:
    """Any value."""
    scalars = st.sampled_from(
        [
            "1",
            "-0x_1".replace("-", "").replace("_", ""),
            "1_000",
            "+1.5e-3",
            "inf",
            "true",
            "07:32:00",
            "2026-01-02 03:04:05",
        ]
    )
    kind = draw(st.integers(0, 3 if depth else 1))
    if kind == 0:
        return draw(scalars)
    if kind == 1:
        return draw(string_texts())
    if kind == 2:
        elements = draw(st.lists(value_texts(depth - 1), max_size=3))
        body = "".join(f"{draw(gaps)}{each}{draw(gaps)}," for each in elements)
        return f"[{body[:-1] if body and draw(st.booleans()) else body}{draw(gaps)}]"
    members = draw(st.dictionaries(names, value_texts(depth - 1), max_size=3))
    return (
        "{"
        + ",".join(f" {draw(key_texts(name))} = {value}{draw(blanks)}" for name, value in members.items())
        + "}"
    )


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A whole text: headers of tables and of arrays of tables, pairs, comments. Not always valid TOML."""
    lines = []
    for _ in range(draw(st.integers(0, 8))):
        path = draw(st.lists(st.sampled_from(["a", "b", "c"]) | names, min_size=1, max_size=3))
        key = f"{draw(blanks)}.{draw(blanks)}".join([draw(key_texts(name)) for name in path])
        kind = draw(st.integers(0, 3))
        if kind == 0:
            lines.append(f"[{draw(blanks)}{key}{draw(blanks)}]")
        elif kind == 1:
            lines.append(f"[[{draw(blanks)}{key}{draw(blanks)}]] # x")
        else:
            lines.append(f"{draw(blanks)}{key}{draw(blanks)}={draw(blanks)}{draw(value_texts())}")
    return draw(st.sampled_from(["\n", "\r\n", "\n\n# c\n"])).join(lines)


@given(documents())
def test_in_any_document_paths_and_values_are_those_of_tomllib(text: str) -> None:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        assert isinstance(read_toml(text, "f"), Diagnostic)
        return
    hold_to_tomllib(text)


@given(st.text() | st.text(alphabet="ab[]{}=\"'\\.,\n# 1", max_size=40))
def test_any_text_is_read_or_is_one_diagnostic_and_never_raises(text: str) -> None:
    found = read_toml(text, "f")
    if isinstance(found, Diagnostic):
        assert found.code == "PW101"
        return
    for span in (*found.keys.values(), *found.values.values()):
        line = text.split("\n")[span.line - 1]
        assert 1 <= span.column <= max(1, len(line))
        assert span.column + span.length - 1 <= max(1, len(line))
