import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.sources.rsc_text import Line, decode, join_all, physical_line, split_lines, undo_mojibake


def test_lf_crlf_and_a_lone_cr_all_end_a_line() -> None:
    """As on RouterOS."""
    assert split_lines("a\nb\r\nc\rd") == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("data", "text", "kind"),
    [
        ("add é".encode(), "add é", None),
        (codecs.BOM_UTF8 + b"add", "add", "byte order mark"),
        (codecs.BOM_UTF16_LE + "add é".encode("utf-16-le"), "add é", "encoding"),
        (codecs.BOM_UTF16_BE + "add é".encode("utf-16-be"), "add é", "encoding"),
        ("/ip service".encode("utf-16-le"), "/ip service", "encoding"),
        ("/ip service".encode("utf-16-be"), "/ip service", "encoding"),
        ("# стук".encode("cp1251"), "# стук", "encoding"),
        ("# café".encode("cp1252"), "# café", "encoding"),
    ],
)
def test_encoding_is_found_and_told(data: bytes, text: str, kind: str | None) -> None:
    """UTF-8 and UTF-16 with and without marks, and the two code pages of WinBox."""
    read, mends = decode(data, "f")
    assert read == text
    assert [each.kind for each in mends] == ([kind] if kind else [])


def test_mojibake_is_undone() -> None:
    """UTF-8 that went through code page 1252, once."""
    assert undo_mojibake("â€œtürâ€\x9d".replace("ü", "Ã¼")) == "“tür”"
    assert undo_mojibake("plain") is None
    assert undo_mojibake("naïve â€œ broken ï") is None


def test_edited_characters_keep_the_place_of_what_they_replaced() -> None:
    """What stands behind an edit keeps its own place."""
    line = physical_line(7, "comment=”a”chain=x").edit([(8, 11, '"a"'), (11, 11, " ")])
    assert line.text == 'comment="a" chain=x'
    assert line.place(8) == (7, 9)
    assert line.place(line.text.index("chain")) == (7, 12)


def test_joined_lines_know_both_places() -> None:
    """A continuation belongs to its own line of the file."""
    line = physical_line(3, "dst-port=").join(physical_line(4, "    22"), "")
    assert line.place(2) == (3, 3)
    assert line.place(line.text.index("22")) == (4, 5)
    assert line.lines(0, len(line.text)) == (3, 4)


@given(
    st.lists(st.text(alphabet="abc", min_size=1, max_size=6), min_size=1, max_size=4),
    st.data(),
)
def test_every_untouched_character_keeps_its_place(texts: list[str], data: st.DataObject) -> None:
    """Through joining, editing and cutting."""
    line = join_all([physical_line(number + 1, text) for number, text in enumerate(texts)], "|")
    start = data.draw(st.integers(0, len(line.text)))
    end = data.draw(st.integers(start, len(line.text)))
    edited = line.edit([(start, end, "XYZ")])
    for offset, char in enumerate(edited.text):
        if char in "abc":
            row, column = edited.place(offset)
            assert texts[row - 1][column - 1] == char
    at = data.draw(st.integers(0, len(edited.text)))
    cut = edited.cut(at, len(edited.text))
    assert [cut.place(index) for index in range(len(cut.text))] == [
        edited.place(at + index) for index in range(len(cut.text))
    ]


def test_span_never_reaches_into_another_line() -> None:
    """A caret stays below its line."""
    line = Line("ab", ((0, 1, 5), (1, 2, 1)))
    assert line.span("f", 0, 2).length == 1
