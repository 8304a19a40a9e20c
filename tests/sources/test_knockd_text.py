import ctypes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.errors import Span
from portward.sources.knockd_text import BLANKS, Word, c_int, read_lines, read_text


def sections(content: str | bytes) -> list[tuple[str, list[tuple[str, str | None]]]]:
    """Names, keys and values."""
    raw = content.encode() if isinstance(content, str) else content
    return [
        (each.name.text, [(entry.name, entry.value.text if entry.value else None) for entry in each.entries])
        for each in read_text(raw, "f").sections
    ]


def mistakes(content: str | bytes) -> list[tuple[str, str]]:
    """Places and messages."""
    raw = content.encode() if isinstance(content, str) else content
    return [
        (f"{each.span.line}:{each.span.column}", each.message)
        for each in read_text(raw, "f").mistakes
        if each.span
    ]


def test_sections_and_directives() -> None:
    """Keys are compared without case, values are trimmed and may hold =; comments stand on lines of their own."""
    text = " [options] \r\n\tUseSyslog\r\n# [no]\n  ; x = 1\n"
    text += "[My Door]\nSEQUENCE\t=  1,2 = 3 # not a comment  \nempty =\n"
    assert sections(text) == [
        ("options", [("usesyslog", None), ("; x", "1")]),
        ("My Door", [("sequence", "1,2 = 3 # not a comment"), ("empty", "")]),
    ]
    assert mistakes(text) == []


def test_blanks_are_those_of_c() -> None:
    """A non-breaking space is no blank."""
    assert sections("[a]\n\u00a0b = c\u00a0\n") == [("a", [("\u00a0b", "c\u00a0")])]


def test_places_count_characters() -> None:
    """The place of a value, behind a tab and letters of two bytes."""
    (section,) = read_text("[a]\n\tä = ö x\n".encode(), "f").sections
    entry = section.entries[0]
    assert entry.key.span == Span("f", 2, 2, 1)
    assert entry.value == Word("ö x", Span("f", 2, 6, 3))


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        ("x = 1\n[a]\n", "1:1", "before the first [section]"),
        ("UseSyslog\n", "1:1", "before the first [section]"),
        ("[]\n", "1:1", "no name"),
        ("[a] # b\n", "1:4", "must end with ]"),
        ("[a]\n[Options]\n", "2:2", "takes [Options] for a door"),
        ("[a]\n  nonsense \n", "2:3", "is no KEY = VALUE"),
        ("[a]\nusesyslog = yes\n", "2:1", "stands alone"),
        ("\ufeff[a]\n", "1:1", "byte order mark"),
    ],
)
def test_what_keeps_knockd_from_starting(text: str, where: str, said: str) -> None:
    """Each is told with its place."""
    ((place, message),) = mistakes(text)
    assert place == where
    assert said in message
    assert message.startswith("knockd does not start: ")


def test_reading_goes_on_behind_mistakes() -> None:
    """All are told at once, and what follows is read."""
    text = "\ufeff[a] # x\nnonsense\nsequence = 1\n[]\n"
    assert [place for place, _ in mistakes(text)] == ["1:1", "1:5", "2:1", "4:1"]
    assert sections(text) == [("a", [("sequence", "1")]), ("", [])]


def test_a_line_is_cut_after_4095_bytes() -> None:
    """What is left over becomes a line of its own, in its place; a zero byte ends a line."""
    lines = list(read_lines(b"a" * 4095 + b"b=c\nd\0e", "f"))
    assert [(each.text[-3:], each.span.line, each.span.column) for each in lines] == [
        ("aaa", 1, 1),
        ("b=c", 1, 4096),
        ("d", 2, 1),
    ]


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    """Latin-1 in a comment does no harm."""
    assert sections(b"# \xe9\n[a\xe9]\n") == [("a\ufffd", [])]


LIBC = ctypes.CDLL(None)


@given(st.text(st.sampled_from(BLANKS + "+-0123456789x"), max_size=30))
def test_numbers_are_those_of_c(text: str) -> None:
    """The C library's own atoi is the judge."""
    assert c_int(text) == LIBC.atoi(text.encode())
