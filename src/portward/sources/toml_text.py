"""TOML with positions: the values of a text, and where in it each key and each value stands.

`tomllib` reads the values and alone judges the syntax. The scanner here runs only over a text that `tomllib` has
accepted, so it may be simple: it finds where things begin and end and decodes nothing but keys. This module knows
TOML and nothing of policies.
"""

import ast
import re
import tomllib
from bisect import bisect_right
from typing import Any

import attrs

from portward.errors import Diagnostic, Severity, Span
from portward.policy.policy import PlacePath


Extent = tuple[int, int]
"""Where a piece of text begins and where it ends (excluded), counted in characters from 0."""

_BETWEEN = re.compile(r"(?:[ \t\r\n,]|#[^\n]*)*")
_KEY_PART = re.compile(r"""[A-Za-z0-9_-]+|"(?:\\.|[^"\\])*"|'[^']*'""")
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_EQUALS = re.compile(r"[ \t]*=[ \t]*")
_SCALAR = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\])*"'
    r"|'[^']*'"
    r"|\d{4}-\d\d-\d\d[ Tt]\d\d:[^\s,\]}#]+"
    r"|[^\s,\]}#]+",
    re.DOTALL,
)
_TWICE = re.compile(r"cannot declare (\(.*\)) twice", re.IGNORECASE)
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


@attrs.frozen
class TomlText:
    """A text that is TOML.

    Attributes:
        data: what it says.
        keys: where each key stands; of a table, in its own header or at the first mention; of a table in an array of
            tables, in its header.
        values: where each value stands; tables without braces have none.
    """

    data: dict[str, Any]
    keys: dict[PlacePath, Span]
    values: dict[PlacePath, Span]

    def key(self, path: PlacePath) -> Span:
        """The place of a key, or of the value where there is no key (an element of an array)."""
        return self.keys.get(path) or self.values[path]

    def value(self, path: PlacePath) -> Span:
        """The place of a value, or of the key of a table that has no braces."""
        return self.values.get(path) or self.keys[path]


def read_toml(text: str, file: str) -> TomlText | Diagnostic:
    """Read a text with the places of its keys and values, or tell the one mistake that `tomllib` finds in it."""
    try:
        data = tomllib.loads(text)
        scan = locate(text)
    except RecursionError:
        return Diagnostic("PW101", Severity.ERROR, "this is nested too deeply", Span(file, 1, 1))
    except ValueError as error:
        return _syntax_error(str(error), text, file)
    measure = Ruler(text, file)
    return TomlText(
        data,
        {path: measure.span(extent) for path, extent in scan.keys.items()},
        {path: measure.span(extent) for path, extent in scan.values.items()},
    )


class Ruler:
    """Turns offsets into a text into lines and columns."""

    def __init__(self, text: str, file: str) -> None:
        self._text = text
        self._file = file
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def span(self, extent: Extent) -> Span:
        """The place of an extent, cut at the end of its first line."""
        start, end = extent
        line = bisect_right(self._starts, start)
        if line < len(self._starts):
            end = min(end, self._starts[line] - 1)
        return Span(self._file, line, start - self._starts[line - 1] + 1, max(1, end - start))

    def end(self) -> Span:
        """The place of the last character that is no blank."""
        last = max(0, len(self._text.rstrip()) - 1)
        return self.span((last, last + 1))


def _syntax_error(message: str, text: str, file: str) -> Diagnostic:
    """Turn tomllib's sentence, whose place is in its text until Python 3.14, into a diagnostic."""
    place = _PLACE.search(message)
    span = Span(file, int(place[1]), int(place[2])) if place and place[1] else Ruler(text, file).end()
    sentence = message[: place.start()] if place else message
    hint = ""
    if sentence.startswith(("Invalid value", "Expected newline or end of document after a statement")):
        hint = 'text stands in quotes, such as "10s"; only numbers, true and false stand without'
    if twice := _TWICE.match(sentence):
        path = ast.literal_eval(twice[1])
        sentence = f"[{'.'.join(path)}] stands here twice"
        hint = _first_mention(path, text, span)
    return Diagnostic(
        "PW101", Severity.ERROR, f"this is not TOML: {sentence[:1].lower()}{sentence[1:]}", span, hint
    )


def _first_mention(path: PlacePath, text: str, span: Span) -> str:
    """Say where a table was declared that is declared again at `span`; the text before is good TOML."""
    before = "\n".join(text.split("\n")[: span.line - 1])
    extent = locate(before).keys.get(path)
    return f"it is also at {Ruler(before, span.file).span(extent)}" if extent else ""


@attrs.define
class Scan:
    """What the scanner has found so far: extents by path, and how many tables each array of tables has."""

    text: str
    keys: dict[PlacePath, Extent] = attrs.field(factory=dict)
    values: dict[PlacePath, Extent] = attrs.field(factory=dict)
    tables: dict[PlacePath, int] = attrs.field(factory=dict)


def locate(text: str) -> Scan:
    """Find every key and value of a text that `tomllib` accepts; what it gives for any other text means nothing."""
    scan = Scan(text)
    table: PlacePath = ()
    at = _skip(text, 0)
    while at < len(text):
        if text.startswith("[[", at):
            at, table = _array_header(scan, at + 2)
        elif text[at] == "[":
            at, table = _table_header(scan, at + 1)
        else:
            at = _pair(scan, at, table)
        at = _skip(text, at)
    return scan


def _skip(text: str, at: int) -> int:
    """Go over blanks, line ends, commas and comments."""
    found = _BETWEEN.match(text, at)
    return found.end() if found else at


def _key_parts(text: str, at: int) -> tuple[int, list[tuple[str, Extent]]]:
    """Read a key, dotted or not: where it ends, and its parts with their extents."""
    parts = []
    while found := _KEY_PART.match(text, at):
        parts.append((_plain(found.group()), found.span()))
        at = found.end()
        dot = _DOT.match(text, at)
        if not dot:
            break
        at = dot.end()
    return at, parts


def _plain(part: str) -> str:
    """Take the quotes and escapes off one part of a key."""
    if part[0] not in "\"'":
        return part
    if part[0] == "'" or "\\" not in part:
        return part[1:-1]
    plain: str = tomllib.loads(f"key = {part}")["key"]
    return plain


def _into(scan: Scan, path: PlacePath) -> PlacePath:
    """Step from an array of tables into its newest table; from anything else, stay."""
    count = scan.tables.get(path)
    return path if count is None else (*path, count - 1)


def _table_header(scan: Scan, at: int) -> tuple[int, PlacePath]:
    at, parts = _key_parts(scan.text, _skip(scan.text, at))
    path: PlacePath = ()
    for name, extent in parts:
        path = (*path, name)
        scan.keys.setdefault(path, extent)
        path = _into(scan, path)
    scan.keys[path] = parts[-1][1]
    return _skip(scan.text, at) + 1, path


def _array_header(scan: Scan, at: int) -> tuple[int, PlacePath]:
    at, parts = _key_parts(scan.text, _skip(scan.text, at))
    path: PlacePath = ()
    for name, extent in parts[:-1]:
        path = (*path, name)
        scan.keys.setdefault(path, extent)
        path = _into(scan, path)
    name, extent = parts[-1]
    path = (*path, name)
    scan.keys.setdefault(path, extent)
    count = scan.tables.get(path, 0)
    scan.tables[path] = count + 1
    path = (*path, count)
    scan.keys[path] = extent
    return _skip(scan.text, at) + 2, path


def _pair(scan: Scan, at: int, table: PlacePath) -> int:
    """Read `key = value`; give where it ends."""
    at, parts = _key_parts(scan.text, at)
    path = table
    for name, extent in parts:
        path = (*path, name)
        scan.keys.setdefault(path, extent)
    found = _EQUALS.match(scan.text, at)
    return _value(scan, found.end() if found else at + 1, path)


def _value(scan: Scan, at: int, path: PlacePath) -> int:
    """Read a value; give where it ends."""
    opening = scan.text[at]
    if opening == "[":
        end = _array(scan, at, path)
    elif opening == "{":
        end = _inline_table(scan, at, path)
    else:
        found = _SCALAR.match(scan.text, at)
        end = found.end() if found else at + 1
    scan.values[path] = (at, end)
    return end


def _array(scan: Scan, at: int, path: PlacePath) -> int:
    at = _skip(scan.text, at + 1)
    count = 0
    while scan.text[at] != "]":
        at = _skip(scan.text, _value(scan, at, (*path, count)))
        count += 1
    return at + 1


def _inline_table(scan: Scan, at: int, path: PlacePath) -> int:
    at = _skip(scan.text, at + 1)
    while scan.text[at] != "}":
        at = _skip(scan.text, _pair(scan, at, path))
    return at + 1
