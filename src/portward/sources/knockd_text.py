"""A knockd.conf as sections and entries, each with its place, cut as knockd 0.8 itself cuts it.

What the lines mean is not known here; only what a line, a section, a key and a value are, and how C's `atoi` makes a
number of any text. Mistakes that would keep knockd from starting are collected, and reading goes on after each.
"""

import re
from collections.abc import Iterator

import attrs

from portward.errors import Diagnostic, Severity, Span


BLANKS = " \t\n\v\f\r"
"""What C's `isspace` calls blank, and nothing else: a non-breaking space is part of a word."""

LONGEST_LINE = 4095
"""Bytes of a line that knockd reads at once; what is left over becomes a line of its own (measured on 0.8)."""

BARE_KEY = "usesyslog"
"""The one directive that stands without a value."""

OPTIONS = "options"
"""The one section that is no door; spelled in lower case only."""

_NUMBER = re.compile(rf"[{BLANKS}]*([+-]?[0-9]+)")
_BYTE_ORDER_MARK = "\ufeff"


@attrs.frozen
class Word:
    """A piece of the text and its place."""

    text: str
    span: Span

    def part(self, start: int, end: int) -> "Word":
        """The characters from `start` to `end`, which is excluded."""
        return Word(
            self.text[start:end],
            attrs.evolve(self.span, column=self.span.column + start, length=end - start or 1),
        )

    def trimmed(self) -> "Word":
        """The same without blanks at its ends."""
        start = len(self.text) - len(self.text.lstrip(BLANKS))
        return self.part(start, max(start, len(self.text.rstrip(BLANKS))))

    def pieces(self, separator: str) -> list["Word"]:
        """The pieces between the separators, blanks and all."""
        found, start = [], 0
        for piece in self.text.split(separator):
            found.append(self.part(start, start + len(piece)))
            start += len(piece) + len(separator)
        return found


@attrs.frozen
class Entry:
    """One directive.

    Attributes:
        key: as it stands there.
        value: None for a bare directive.
    """

    key: Word
    value: Word | None

    @property
    def name(self) -> str:
        """The key as knockd compares it."""
        return self.key.text.lower()


@attrs.frozen
class Section:
    """A section and its entries, in the order of the file."""

    name: Word
    entries: tuple[Entry, ...]

    @property
    def is_options(self) -> bool:
        """Whether it holds knockd's own settings; a misspelt `[Options]` was reported and is taken as meant."""
        return self.name.text.lower() == OPTIONS


@attrs.frozen
class KnockdText:
    """The whole text.

    Attributes:
        sections: in the order of the file.
        mistakes: each would keep knockd from starting.
        text: as a string, for showing lines of it.
    """

    sections: tuple[Section, ...]
    mistakes: tuple[Diagnostic, ...]
    text: str


def mistake(code: str, message: str, span: Span | None, hint: str = "") -> Diagnostic:
    """Spell a diagnostic that is a mistake."""
    return Diagnostic(code, Severity.ERROR, message, span, hint)


def fatal(message: str, span: Span, hint: str = "") -> Diagnostic:
    """Spell a mistake that keeps knockd from starting."""
    return mistake("PW651", f"knockd does not start: {message}", span, hint)


def c_int(text: str) -> int:
    """What C's `atoi` makes of a text: leading blanks, a sign, digits, and 0 if there are none.

    glibc's `atoi` is `strtol`, which stops at 63 bits, cut to 32 bits.
    """
    found = _NUMBER.match(text)
    if not found:
        return 0
    digits = found[1]
    length = 2**63 if len(digits) > 20 else abs(int(digits))
    whole = max(-(2**63), -length) if digits[0] == "-" else min(2**63 - 1, length)
    return (whole + 2**31) % 2**32 - 2**31


def is_plain_number(text: str) -> bool:
    """Whether a text is a number as people write it: digits alone, at most ten of them, that fit an int."""
    return bool(re.fullmatch(r"[0-9]{1,10}", text)) and int(text) < 2**31


def shown(text: str) -> str:
    """A text from the file for an error text: quoted, and not longer than one wants to read."""
    return repr(text if len(text) <= 40 else f"{text[:39]}…")


def read_lines(content: bytes, file: str) -> Iterator[Word]:
    """Cut a file into the lines that knockd sees; each ends where a zero byte stands, as C's strings do."""
    for number, line in enumerate(content.split(b"\n"), 1):
        column = 1
        for start in range(0, max(1, len(line)), LONGEST_LINE):
            text = line[start : start + LONGEST_LINE].decode(errors="replace")
            yield Word(text.partition("\0")[0], Span(file, number, column, max(1, len(text))))
            column += len(text)


def read_text(content: bytes, file: str) -> KnockdText:
    """Cut a file into sections and entries."""
    mistakes: list[Diagnostic] = []
    sections: list[Section] = []
    for line in read_lines(content, file):
        word = _without_mark(line, mistakes).trimmed()
        if not word.text or word.text[0] == "#":
            continue
        if word.text[0] == "[" and (name := _section_name(word, mistakes)) is not None:
            sections.append(Section(name, ()))
        elif not sections:
            mistakes.append(fatal("a directive stands before the first [section]", word.span))
        elif (entry := _entry(word, mistakes)) is not None:
            sections[-1] = attrs.evolve(sections[-1], entries=(*sections[-1].entries, entry))
    return KnockdText(tuple(sections), tuple(mistakes), content.decode(errors="replace"))


def _without_mark(line: Word, mistakes: list[Diagnostic]) -> Word:
    """Take off the byte order mark that some editors write and knockd does not know."""
    if line.span.line > 1 or line.span.column > 1 or not line.text.startswith(_BYTE_ORDER_MARK):
        return line
    hint = "save the file without it"
    mistakes.append(fatal("a byte order mark stands before the first line", line.part(0, 1).span, hint))
    return line.part(1, len(line.text))


def _section_name(word: Word, mistakes: list[Diagnostic]) -> Word | None:
    """Read a section's line; None if it is rather a directive."""
    text = word.text
    if text[-1] != "]" or len(text) == 1:
        end = text.find("]")
        if end < 0 or "=" in text[:end]:
            return None
        hint = "knockd knows comments only on lines of their own" if "#" in text[end:] else ""
        mistakes.append(fatal("a section's line must end with ]", word.part(end + 1, len(text)).span, hint))
        return word.part(1, end)
    name = word.part(1, len(text) - 1)
    if not name.text:
        mistakes.append(fatal("a section has no name", word.span))
    elif name.text != OPTIONS and name.text.lower() == OPTIONS:
        sentence = f"it takes [{name.text}] for a door, and one without a sequence"
        mistakes.append(fatal(sentence, name.span, "write [options]"))
    return name


def _entry(word: Word, mistakes: list[Diagnostic]) -> Entry | None:
    """Read a directive."""
    equals = word.text.find("=")
    if equals < 0:
        if word.text.lower() == BARE_KEY:
            return Entry(word, None)
        hint = "a command ends at the end of its line" if word.text[-1] != "]" else ""
        mistakes.append(fatal(f"{shown(word.text)} is no KEY = VALUE", word.span, hint))
        return None
    key = word.part(0, equals).trimmed()
    if key.text.lower() == BARE_KEY:
        mistakes.append(fatal(f"{key.text} stands alone, without a value", word.span))
        return None
    return Entry(key, word.part(equals + 1, len(word.text)).trimmed())
