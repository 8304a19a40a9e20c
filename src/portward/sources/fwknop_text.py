"""fwknopd's configuration files as entries, each with its place, cut as fwknopd 2.6.10 cuts them.

A line is a variable and its value; what they mean is not known here. A value ends at a semicolon or at the end of the
line, so a remark behind it is part of it, and so is a blank at its end.
"""

import re
from collections.abc import Iterable, Iterator

import attrs

from portward.errors import Diagnostic, Severity, Span
from portward.sources.knockd_text import Word


LONGEST_LINE = 1023
"""Bytes of a line that fwknopd reads at once; what is left over would be a line of its own."""

_PAIR = re.compile(r"[ \t\v\f\r]*([^ \t\v\f\r]+)[ \t\v\f\r]+([^;\r]+)")
_SKIPPED = ("", "#", ";", "\r")
"""First characters of a line that says nothing; a blank before the # makes it an entry."""

_LEADING_INT = re.compile(r"[ \t]*([+-]?[0-9]{1,18})")


@attrs.frozen
class Entry:
    """A variable and its value.

    Attributes:
        key: without the colon that may end it.
        value: as fwknopd takes it; maybe a secret, so its text goes into no message.
    """

    key: Word
    value: Word

    @property
    def name(self) -> str:
        """The variable, which is spelled in capitals."""
        return self.key.text

    def says_yes(self) -> bool:
        """Whether fwknopd takes the value for yes: it looks at the first letter."""
        return self.value.text[:1] in {"Y", "y"}


def fatal(message: str, span: Span | None, hint: str = "") -> Diagnostic:
    """Spell a mistake that keeps fwknopd from starting."""
    return Diagnostic("PW701", Severity.ERROR, f"fwknopd does not start: {message}", span, hint)


def quirk(message: str, span: Span | None, hint: str = "") -> Diagnostic:
    """Spell what fwknopd reads otherwise than it looks."""
    return Diagnostic("PW702", Severity.ADVICE, message, span, hint)


def left_out(message: str, span: Span | None, hint: str = "") -> Diagnostic:
    """Spell why a stanza is not in the policy."""
    return Diagnostic("PW703", Severity.ERROR, message, span, hint)


def not_taken(message: str, span: Span | None, hint: str = "") -> Diagnostic:
    """Spell what of a stanza is not in the policy."""
    return Diagnostic("PW704", Severity.ADVICE, message, span, hint)


def differs(message: str, span: Span | None, hint: str = "") -> Diagnostic:
    """Spell what portward does otherwise."""
    return Diagnostic("PW705", Severity.NOTE, message, span, hint)


def read_lines(content: bytes, file: str) -> Iterator[Word]:
    """Cut a file into lines; each ends where a zero byte stands."""
    for number, line in enumerate(content.split(b"\n"), 1):
        text = line.decode(errors="replace").partition("\0")[0]
        yield Word(text, Span(file, number, 1, max(1, len(text))))


def read_entries(content: bytes, file: str) -> tuple[list[Entry], list[Diagnostic]]:
    """Cut a file into entries; what keeps fwknopd from starting is told, and reading goes on."""
    entries: list[Entry] = []
    mistakes: list[Diagnostic] = []
    for line in read_lines(content, file):
        if line.text[:1] in _SKIPPED:
            continue
        found = _PAIR.match(line.text)
        if len(line.text.encode()) > LONGEST_LINE:
            mistakes.append(fatal(f"a line has more than {LONGEST_LINE} bytes", line.span))
        elif found:
            key = line.part(*found.span(1))
            entries.append(Entry(_without_colon(key), line.part(*found.span(2))))
        elif line.text.strip():
            sentence = "a line must hold a variable and its value"
            mistakes.append(fatal(sentence, line.span, "a switch wants a value too, such as Y"))
        else:
            mistakes.append(fatal("a line holds nothing but blanks", line.span, "leave it empty"))
    return entries, mistakes


def _without_colon(key: Word) -> Word:
    colon = key.text.rfind(":")
    return key if colon < 0 else key.part(0, colon)


def number_in(entry: Entry, first: int, last: int, mistakes: list[Diagnostic]) -> int:
    """Read a number as fwknopd does: leading digits, 0 without any; outside its range it does not start."""
    found = _LEADING_INT.match(entry.value.text)
    number = int(found[1]) if found else 0
    if not first <= number <= last:
        mistakes.append(fatal(f"{entry.name} is not in {first}..{last}", entry.value.span))
        return first
    return number


def remarks_on_values(entries: Iterable[Entry], secret: Iterable[str]) -> Iterator[Diagnostic]:
    """Tell of values that are longer than they look."""
    secrets = frozenset(secret)
    for entry in entries:
        text = entry.value.text
        if (found := text.find(" #")) >= 0:
            span = entry.value.part(found + 1, len(text)).span
            yield quirk(f"the remark behind {entry.name} is part of its value", span)
        elif entry.name in secrets and text != text.rstrip():
            yield quirk(f"the blanks at the end of {entry.name} are part of it", entry.value.span)
