import pytest
from tests.sources.fwknop_files import told

from portward.sources.fwknop_text import number_in, read_entries, remarks_on_values


def entries(text: str) -> list[tuple[str, str]]:
    """Variables and values of a text without mistakes."""
    found, mistakes = read_entries(text.encode(), "f")
    assert not mistakes
    return [(each.name, each.value.text) for each in found]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("KEY abc", [("KEY", "abc")]),
        ("KEY: abc", [("KEY", "abc")]),
        ("A:B: c", [("A:B", "c")]),
        ("  KEY\t abc def ", [("KEY", "abc def ")]),
        ("KEY abc; HMAC_KEY x", [("KEY", "abc")]),
        ("KEY abc # no remark", [("KEY", "abc # no remark")]),
        ("KEY abc\r", [("KEY", "abc")]),
        ("# KEY abc", []),
        ("; KEY abc", []),
        (" # KEY abc", [("#", "KEY abc")]),
        ("", []),
        ("KEY abc\0def", [("KEY", "abc")]),
    ],
)
def test_lines_as_fwknopd_cuts_them(line: str, expected: list[tuple[str, str]]) -> None:
    """Colons, blanks, semicolons, remarks that are none."""
    assert entries(line) == expected


@pytest.mark.parametrize("line", ["KEY", "KEY ", "   ", "KEY ;x", "K v" + "x" * 1030, " KEY\r"])
def test_lines_that_fwknopd_refuses(line: str) -> None:
    """No value, nothing but blanks, more than its buffer; the lines around are read."""
    found, mistakes = read_entries(f"A b\n{line}\nC d".encode(), "f")
    assert [each.name for each in found] == ["A", "C"]
    assert [each.span.line for each in mistakes if each.span] == [2]


def test_places() -> None:
    """Key and value each have theirs."""
    (entry,), _ = read_entries(b"\n  KEY:  abc", "f")
    assert (str(entry.key.span), entry.key.span.length) == ("f:2:3", 3)
    assert (str(entry.value.span), entry.value.span.length) == ("f:2:9", 3)


def test_numbers_as_c_reads_them() -> None:
    """Leading digits count; no digits are 0; outside the range it is a mistake."""
    found, _ = read_entries(b"A 12x\nB x\nC 99\nD -1", "f")
    mistakes: list[object] = []
    assert [number_in(each, 0, 50, mistakes) for each in found] == [12, 0, 0, 0]  # type: ignore[arg-type]
    assert len(mistakes) == 2


def test_remarks_on_values() -> None:
    """A remark that became part of a value, and blanks at the end of a secret; the secret is not shown."""
    found, _ = read_entries(b"KEY horse # one\nKEY horse \nUSER x ", "f")
    assert told(list(remarks_on_values(found, ["KEY"]))) == [
        "1: the remark behind KEY is part of its value",
        "2: the blanks at the end of KEY are part of it",
    ]
