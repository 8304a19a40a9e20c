"""A RouterOS script as lines that remember where each of their characters stood in the file.

Bytes become text here, and lines are cut, changed and put together without losing their places. This module knows
nothing of the grammar: not even of quotes and comments.
"""

import bisect
import codecs
import re
from collections.abc import Iterable

import attrs

from portward.errors import Span


@attrs.frozen
class Mend:
    """One repair of damaged text.

    Attributes:
        kind: what was wrong, in a few words, the same words for the same damage.
        span: where it stood in the file.
        before: the damaged characters, as they were.
        after: what was read instead.
        grave: whether a careful reader must see it: refused under `--strict`.
    """

    kind: str
    span: Span
    before: str
    after: str
    grave: bool = True


Origin = tuple[int, int, int]
"""From this offset on, the characters come from this line and column on."""


MANY = 1 << 62
"""More than any line or column."""

Edit = tuple[int, int, str]
"""Put these characters in place of those from one offset to another; several are in ascending order."""


@attrs.frozen
class Line:
    """A logical line: text, and where its characters come from.

    Attributes:
        text: the characters.
        origins: ascending by offset; the first is at offset 0.
    """

    text: str
    origins: tuple[Origin, ...]

    def place(self, offset: int) -> tuple[int, int]:
        """The line and column, from 1, that the character at this offset comes from."""
        if len(self.origins) == 1:
            return self.origins[0][1], self.origins[0][2] + offset
        start, line, column = self.origins[
            max(0, bisect.bisect_right(self.origins, (offset, MANY, MANY)) - 1)
        ]
        return line, column + max(0, offset - start)

    def span(self, file: str, start: int, end: int | None = None) -> Span:
        """The place of the characters from `start` to `end`, cut at the end of the first one's line."""
        line, column = self.place(start)
        if len(self.origins) == 1:
            return Span(file, line, column, max(1, (end or 0) - start))
        length = 1
        if end is not None and end > start and self.place(end - 1)[0] == line:
            length = max(1, self.place(end - 1)[1] - column + 1)
        return Span(file, line, column, length)

    def lines(self, start: int, end: int) -> tuple[int, int]:
        """The first and the last line of the file that these characters come from."""
        return self.place(start)[0], self.place(max(start, end - 1))[0]

    def edit(self, edits: Iterable[Edit]) -> "Line":
        """The line with other characters in place of some; the new ones come from where the old ones stood."""
        pieces: list[str] = []
        origins: list[Origin] = []
        at = offset = 0
        for start, end, new in edits:
            origins += self._moved(at, start, offset)
            offset += start - at
            origins.append((offset, *self.place(start)))
            pieces += [self.text[at:start], new]
            at, offset = end, offset + len(new)
        origins += self._moved(at, len(self.text), offset) or [(offset, *self.place(at))]
        return Line("".join([*pieces, self.text[at:]]), tuple(origins))

    def _moved(self, start: int, end: int, offset: int) -> list[Origin]:
        """Where the characters from `start` to `end` come from, when they stand at another offset."""
        if start >= end:
            return []
        first = bisect.bisect_right(self.origins, (start, MANY, MANY))
        last = bisect.bisect_left(self.origins, (end, 0, 0))
        inner = [(each - start + offset, line, column) for each, line, column in self.origins[first:last]]
        return [(offset, *self.place(start)), *inner]

    def cut(self, start: int, end: int) -> "Line":
        """The characters from `start` to `end` alone."""
        if len(self.origins) == 1:
            return Line(self.text[start:end], ((0, *self.place(start)),))
        return Line(self.text[start:end], tuple(self._moved(start, end, 0)) or ((0, *self.place(start)),))

    def join(self, other: "Line", between: str) -> "Line":
        """This line, the characters between, the other line."""
        shift = len(self.text) + len(between)
        moved = tuple((each + shift, line, column) for each, line, column in other.origins)
        return Line(self.text + between + other.text, self.origins + moved)


def join_all(lines: list[Line], between: str) -> Line:
    """All the lines in one, at the cost of their length (joining one by one would cost its square)."""
    offset = 0
    origins: list[Origin] = []
    for each in lines:
        origins += [(offset + start, line, column) for start, line, column in each.origins]
        offset += len(each.text) + len(between)
    return Line(between.join(each.text for each in lines), tuple(origins))


def physical_line(number: int, text: str) -> Line:
    """A line of the file, as it stands there; lines count from 1."""
    return Line(text, ((0, number, 1),))


def split_lines(text: str) -> list[str]:
    """The lines of a text: LF, CRLF and a lone CR all end one, as on RouterOS."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def decode(data: bytes, file: str) -> tuple[str, tuple[Mend, ...]]:
    """Find the encoding of a file and read it; no bytes are refused.

    UTF-8 with or without a byte order mark, UTF-16 with or without one, else one of the Windows code pages that
    WinBox writes (1251 for Cyrillic, 1252).
    """
    start = Span(file, 1, 1)
    for mark, encoding in _UTF16.items():
        if data.startswith(mark):
            mend = Mend("encoding", start, encoding, "utf-8")
            return data[len(mark) :].decode(encoding, "replace"), (mend,)
    if data.startswith(codecs.BOM_UTF8):
        text, mends = decode(data[len(codecs.BOM_UTF8) :], file)
        return text, (Mend("byte order mark", start, "U+FEFF", "", grave=False), *mends)
    unmarked = _unmarked_utf16(data)
    if unmarked is not None:
        return data.decode(unmarked, "replace"), (Mend("encoding", start, unmarked, "utf-8"),)
    try:
        return data.decode(), ()
    except UnicodeDecodeError as error:
        encoding = _code_page(data)
        line = data.count(b"\n", 0, error.start) + 1
        place = Span(file, line, error.start - data.rfind(b"\n", 0, error.start))
        return data.decode(encoding, "replace"), (Mend("encoding", place, encoding, "utf-8"),)


def _unmarked_utf16(data: bytes) -> str | None:
    """The byte order of UTF-16 without a mark: mostly ASCII, so every other byte is NUL."""
    head = data[:4096]
    if len(head) < 4:
        return None
    for encoding, at in (("utf-16-le", 1), ("utf-16-be", 0)):
        if head[at::2].count(0) > len(head[at::2]) * 0.7 and head[1 - at :: 2].count(0) == 0:
            return encoding
    return None


def is_text(data: bytes) -> bool:
    """Whether the beginning of a file can be text: a program or an archive is full of control characters."""
    head = data[:8192]
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or _unmarked_utf16(data) is not None:
        return True
    controls = len(re.findall(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", head))
    return controls * 20 <= len(head)


def _code_page(data: bytes) -> str:
    """The Windows code page: two neighbours in 0xC0..0xFF are common in Cyrillic words and rare in Latin ones."""
    high = len(re.findall(rb"[\x80-\xff]", data))
    in_words = sum(len(run) for run in re.findall(rb"[\xc0-\xff\xa8\xb8]{2,}", data))
    return "cp1251" if in_words * 2 > high else "cp1252"


_UPPER_HALF = (
    r"\x80-\xbf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013\u2014\u2018-\u201a"
    r"\u201c-\u201e\u2020-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122"
)
"""What code page 1252 shows for the bytes 80..BF, which follow the first byte of a UTF-8 character."""

_MOJIBAKE = re.compile(rf"\u00e2\u20ac[{_UPPER_HALF}]|[\u00c2\u00c3\u00d0\u00d1][{_UPPER_HALF}]")


def undo_mojibake(text: str) -> str | None:
    """UTF-8 that was once read as code page 1252, read right; None if it was not, or cannot be."""
    if not _MOJIBAKE.search(text):
        return None
    try:
        raw = b"".join(_as_1252(char) for char in text)
        return raw.decode()
    except UnicodeError:
        return None


def _as_1252(char: str) -> bytes:
    """The byte that code page 1252 shows as this character; the five holes in it stand for themselves."""
    try:
        return char.encode("cp1252")
    except UnicodeEncodeError:
        return char.encode("latin-1")
