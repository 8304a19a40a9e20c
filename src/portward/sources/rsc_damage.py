"""What web pages, word processors and terminals do to the characters of a script, undone on one line.

Each pass takes a line and gives it back with one kind of damage mended; every repair is told to the `Desk`. Inside
ASCII quotes a pass changes only what no author can have meant. What spans words or lines is mended in `rsc_glue`
and `rsc_lines`.
"""

import bisect
import html
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol as Contract

import attrs

from portward.sources.rsc_menu import KNOWN_PROPERTIES
from portward.sources.rsc_text import Edit, Line, Mend, undo_mojibake


@attrs.define
class Desk:
    """Where the mends of one file are collected.

    Attributes:
        file: its name.
        web_page: whether the text is HTML, so that entities are decoded within quotes too.
        mends: in the order they were made.
    """

    file: str
    web_page: bool = False
    mends: list[Mend] = attrs.field(factory=list)

    def mend(self, kind: str, line: Line, edits: Sequence[Edit], *, grave: bool = True) -> Line:
        """Put other characters in place of some, in ascending order, and note each."""
        if not edits:
            return line
        for start, end, new in edits:
            self.mends.append(Mend(kind, line.span(self.file, start, end), line.text[start:end], new, grave))
        return line.edit(edits)


STRING = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)', re.DOTALL)


def quoted_parts(text: str, *, inside: bool = False) -> Iterator[tuple[int, int]]:
    """Where the ASCII-quoted strings of a line are; `inside` says that it begins within one."""
    at = 0
    if inside:
        match = STRING.match('"' + text)
        at = match.end() - 1 if match else len(text)
        yield 0, at
    for match in STRING.finditer(text, at):
        yield match.span()


def _outside(text: str, pattern: re.Pattern[str], *, inside: bool) -> list[re.Match[str]]:
    """What a pattern finds outside of quotes."""
    found = list(pattern.finditer(text))
    if not found:
        return found
    parts = list(quoted_parts(text, inside=inside))
    starts = [start for start, _ in parts]

    def is_free(match: re.Match[str]) -> bool:
        at = bisect.bisect_left(starts, match.end()) - 1
        return at < 0 or parts[at][1] <= match.start()

    return [each for each in found if is_free(each)]


def _all(found: Iterable[re.Match[str]], new: str) -> list[Edit]:
    return [(*each.span(), new) for each in found]


class Pass(Contract):
    """One kind of damage."""

    def __call__(self, line: Line, desk: Desk, /, *, inside: bool) -> Line:
        """Mend it on a line; `inside` says that the line begins within a string."""


_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")


def _entities(line: Line, desk: Desk, *, inside: bool) -> Line:
    found = (
        list(_ENTITY.finditer(line.text)) if desk.web_page else _outside(line.text, _ENTITY, inside=inside)
    )
    edits = [(*each.span(), html.unescape(each.group())) for each in found]
    return desk.mend("HTML entity", line, [each for each in edits if each[2] != line.text[each[0] : each[1]]])


def _mojibake(line: Line, desk: Desk, *, inside: bool) -> Line:  # noqa: ARG001 - one shape for all passes
    right = undo_mojibake(line.text)
    if right is None:
        return line
    return desk.mend("UTF-8 read as code page 1252", line, [(0, len(line.text), right)])


_INVISIBLE = re.compile(
    r"\x1b\[[0-9;?]*[A-Za-z]|[\u200b-\u200d\u2060\ufeff\u00ad\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+"
)
_BIDI = re.compile(r"[\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


def _invisible(line: Line, desk: Desk, *, inside: bool) -> Line:  # noqa: ARG001 - one shape for all passes
    line = desk.mend("invisible characters", line, _all(_INVISIBLE.finditer(line.text), ""))
    turning = "characters that turn the direction of writing and hide text"
    return desk.mend(turning, line, _all(_BIDI.finditer(line.text), ""))


_SPACE = re.compile(r"[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\u2028\u2029\x85]")


def _spaces(line: Line, desk: Desk, *, inside: bool) -> Line:
    free = _outside(line.text, _SPACE, inside=inside)
    line = desk.mend("space that is not ASCII", line, _all(free, " "), grave=False)
    return desk.mend("space that is not ASCII, in quotes", line, _all(_SPACE.finditer(line.text), " "))


_TAG = re.compile(
    r"</?(?:a|article|b|blockquote|body|br|code|dd|del|details|div|dl|dt|em|figure|font|h[1-6]|head|hr|html|i|ins|kbd"
    r"|li|main|mark|ol|p|pre|q|s|samp|script|section|small|span|strong|style|sub|summary|sup|table|tbody|td|th|thead"
    r"|tr|tt|u|ul)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_BREAKING = re.compile(r"<(?:br|/?p|/?li|/?div|/?tr|/?pre|/?h[1-6])\b", re.IGNORECASE)


def _tags(line: Line, desk: Desk, *, inside: bool) -> Line:
    if "<" not in line.text:
        return line
    edits = []
    last = len(line.text.rstrip())
    for match in _outside(line.text, _TAG, inside=inside):
        between = edits_leave_text(line.text, match.start()) and match.end() < last
        edits.append((*match.span(), "\n" if between and _BREAKING.match(match.group()) else ""))
    return desk.mend("HTML tag", line, edits)


def edits_leave_text(text: str, end: int) -> bool:
    """Whether anything but tags and blanks stands before an offset."""
    before = text.rfind(">", 0, end) + 1
    return bool(text[before:end].strip()) or (before > 0 and not text.lstrip().startswith("<"))


_MARKDOWN = re.compile(
    r"`+|(?<!\S)\|(?=\s|\Z)|\{:[^}]*\}|\{%[^%]*%\}|\*\*|(?<=\w)\\(?=_[A-Za-z0-9])|\\(?=[*#\[\]>~`-])"
)


def _markdown(line: Line, desk: Desk, *, inside: bool) -> Line:
    return desk.mend("Markdown", line, _all(_outside(line.text, _MARKDOWN, inside=inside), ""))


PROMPT = re.compile(
    r"\s*\[[^\[\]\s@]{1,64}@[^\[\]]{0,64}\]\s*(?:<SAFE>\s*)?(/[a-z0-9 /-]*?)?\s*(?:<SAFE>\s*)?>\s*"
)
MARK = re.compile(
    r"\s*(?:(?:\(?\d{1,4}[.):|]|[-*+>|\u2022\u2023\u25e6\u25aa\u25cf\u00b7\u25cb\u2013\u2014]"
    r"|\d{1,5}(?=[ \t]+(?:/|add\b|set\b|:|#)))[ \t\u00a0]+)+(?=\S)"
    r"|\s*[>\u2022\u2023\u25e6\u25aa\u25cf\u00b7](?=[/a-z])"
)


def _front(line: Line, desk: Desk, *, inside: bool) -> Line:
    if inside:
        return line
    if match := MARK.match(line.text):
        line = desk.mend("list number or mark", line, [(*match.span(), "")], grave=False)
    if match := PROMPT.match(line.text):
        path = (match.group(1) or "").strip().rstrip("/")
        rest = line.text[match.end() :]
        context = "" if rest.startswith(("/", ":", "#")) or not rest else (path or "/") + "\n"
        line = desk.mend("prompt", line, [(*match.span(), context)], grave=False)
    return line


DOUBLES = "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\u2036\u301d\u301e\uff02"
SINGLES = "\u2018\u2019\u201a\u201b\u2032`\u00b4"
_ANY_QUOTE = re.compile(f"[{DOUBLES}{SINGLES}]|='")
_NAME_FOLLOWS = re.compile(r"[a-z][a-z0-9-]*(?==)")
_CURLY_END = re.compile(f"[{DOUBLES}](?=\\s+[a-z][a-z0-9-]*=)")


def _quotes(line: Line, desk: Desk, *, inside: bool) -> Line:
    if not _ANY_QUOTE.search(line.text):
        return line
    text, edits, hopeless = line.text, [], ""
    at = next(quoted_parts(text, inside=True), (0, 0))[1] if inside else 0
    while (opening := _opening(text, at, hopeless)) is not None:
        end = _closing(text, opening)
        if end is None:
            hopeless += _shapes(
                text[opening]
            )  # what is not closed behind here is not closed behind a later one
            at = opening + 1
            continue
        whole = text[opening : end + 1]
        content = whole[1:-1] if whole[0] == '"' else whole[1:-1].replace('"', '\\"')
        if f'"{content}"' != whole:
            edits.append((opening, end + 1, f'"{content}"'))
        at = end + 1
    return desk.mend("curly or single quotes", line, edits)


def _shapes(quote: str) -> str:
    """The quotes that may stand at the other end of a value."""
    return SINGLES + "'" if quote in SINGLES + "'" else DOUBLES + '"'


_ALL_QUOTES = re.compile(f"[{DOUBLES}{SINGLES}\"']")


def _opening(text: str, at: int, hopeless: str) -> int | None:
    """The next quote, of any shape, that begins a value."""
    for match in _ALL_QUOTES.finditer(text, at):
        if match.group() not in hopeless and _begins_value(text, match.start()):
            return match.start()
    return None


def _begins_value(text: str, index: int) -> bool:
    before = text[index - 1] if index else " "
    if text[index] in SINGLES + "'":
        return before in "=~"
    return before in "=~!([ \t"


def _closing(text: str, opening: int) -> int | None:
    """The quote that ends the value: one that a space, the line's end or the next name follows."""
    same = _shapes(text[opening])
    if text[opening] == '"':
        match = STRING.match(text, opening)
        if match and match.end() - 1 > opening and match.group().endswith('"'):
            damaged = _CURLY_END.search(match.group())
            if damaged is None:
                return match.end() - 1
            return opening + damaged.start()
    for match in _ALL_QUOTES.finditer(text, opening + 1):
        if match.group() in same and _ends_value(text, match.end()):
            return match.start()
    return None


def _ends_value(text: str, index: int) -> bool:
    if index >= len(text) or text[index] in " \t;])}\\":
        return True
    match = _NAME_FOLLOWS.match(text, index)
    return bool(match and match.group() in KNOWN_PROPERTIES)


_DASH = re.compile(r"[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
_DOUBLE_DASH = re.compile(r"(?<=[a-z])--(?=[a-z])")


def _dashes(line: Line, desk: Desk, *, inside: bool) -> Line:
    for pattern in (_DASH, _DOUBLE_DASH):
        line = desk.mend("typographic dash", line, _all(_outside(line.text, pattern, inside=inside), "-"))
    return line


_APOSTROPHE = re.compile("[\u2018\u2019\u201b\u2032]")


def _apostrophes(line: Line, desk: Desk, *, inside: bool) -> Line:  # noqa: ARG001 - one shape for all passes
    return desk.mend("curly apostrophe", line, _all(_APOSTROPHE.finditer(line.text), "'"), grave=False)


_BACKSLASH = re.compile(r"(?<==)\\[ \t]*(?=\S)|(?<=\s)\\[ \t]+(?=\S)")
_BACKSLASH_END = re.compile(r"\\[ \t]+\Z")


def _backslashes(line: Line, desk: Desk, *, inside: bool) -> Line:
    if "\\" not in line.text:
        return line
    if match := _BACKSLASH_END.search(line.text):
        edit = (match.start() + 1, match.end(), "")
        line = desk.mend("spaces behind a continuation backslash", line, [edit])
    lost = _outside(line.text, _BACKSLASH, inside=inside)
    return desk.mend("continuation backslash in mid-line", line, _all(lost, ""))


PASSES: tuple[Pass, ...] = (
    _mojibake,
    _entities,
    _invisible,
    _spaces,
    _tags,
    _front,
    _quotes,
    _markdown,
    _dashes,
    _apostrophes,
    _backslashes,
)

_SUSPECT = re.compile(
    r"[^\x20-\x7e\t]|[`<>|&*]|\\[ \t]|\\[^\"\\nrt$_?abfv0-9A-F]|--|='|=\\\S|\{[:%]|\w\\_|\A\s*(?:[\[\d>-]|\(\d)"
)


def is_clean(text: str) -> bool:
    """Whether none of the passes has anything to do: most lines of an export."""
    return _SUSPECT.search(text) is None


def mend_characters(line: Line, desk: Desk, *, inside: bool = False) -> Line:
    """Undo the damage to the characters of one physical line; `inside` says that it begins within a string."""
    for each in PASSES:
        line = each(line, desk, inside=inside)
    return line
