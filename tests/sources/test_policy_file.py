import io
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.errors import HostError, PolicyError, Severity
from portward.sources.policy_file import (
    LARGEST_FILE,
    load_policy,
    load_what_can_be_read,
    parts_of,
    without_words,
)


GATE = 'schema = 1\n[services.ssh]\nports = ["tcp/22"]\n[sequences.a]\nknocks = ["udp/1=hush"]\nopens = "*"\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "policy.toml"
    path.write_text(GATE)
    path.chmod(0o600)
    return path


def test_a_file_is_read(file: Path) -> None:
    loaded = load_policy(file)
    assert [each.name for each in loaded.policy.services] == ["ssh"]
    assert loaded.diagnostics == ()
    assert str(loaded.policy.places["services", "ssh"]) == f"{file}:2:11"


def test_stdin_is_read_for_a_hyphen() -> None:
    loaded = load_policy("-", io.StringIO(GATE))
    assert str(loaded.policy.places["services", "ssh"]) == "<stdin>:2:11"
    assert loaded.diagnostics == ()


def test_the_parts_beside_it_are_read_in_the_order_of_their_names(file: Path) -> None:
    parts = file.with_suffix(".d")
    parts.mkdir()
    for name in ("b", "a"):
        (parts / f"{name}.toml").write_text(f'[services.{name}]\nports = ["tcp/{ord(name)}"]\n')
    (parts / ".hidden.toml").write_text("not read")
    (parts / "old.toml.bak").write_text("not read")
    assert [each.name for each in load_policy(file).policy.services] == ["ssh", "a", "b"]
    assert parts_of(file.with_name("other.toml")) == []


def test_mistakes_are_raised_all_at_once_with_the_sources_to_show_them(file: Path) -> None:
    file.write_text(GATE + "x = 1\ny = 2\n")
    with pytest.raises(PolicyError) as caught:
        load_policy(file)
    assert [each.code for each in caught.value.diagnostics] == ["PW102", "PW102"]
    assert caught.value.sources[str(file)].endswith("x = 1\ny = 2\n")


def test_the_sources_that_are_shown_hold_no_words(file: Path) -> None:
    assert "hush" not in load_policy(file).sources[str(file)]
    assert "udp/1=****" in load_policy(file).sources[str(file)]


@pytest.mark.parametrize(("path", "words"), [("missing.toml", "No such file"), (".", "Is a directory")])
def test_what_cannot_be_opened_is_the_hosts_fault(tmp_path: Path, path: str, words: str) -> None:
    with pytest.raises(HostError, match=words):
        load_policy(tmp_path / path)


def test_the_directory_one_stands_in_is_no_policy() -> None:
    with pytest.raises(HostError, match="Is a directory"):
        load_policy(".")


def test_a_file_of_any_size_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.touch()
    os.truncate(path, LARGEST_FILE + 1)
    with pytest.raises(HostError, match="no policy"):
        load_policy(path)


def test_bytes_that_are_no_utf8_are_told_with_their_place(file: Path) -> None:
    file.write_bytes(b"schema = 1\n# K\xc3\xbc K\xfcche\n")
    with pytest.raises(PolicyError) as caught:
        load_policy(file)
    (only,) = caught.value.diagnostics
    assert (only.code, str(only.span)) == ("PW111", f"{file}:2:7")
    assert "0xfc" in only.message


def test_a_byte_order_mark_and_crlf_are_passed_over(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + GATE.replace("\n", "\r\n").encode())
    assert str(load_policy(file).policy.places["services", "ssh"]) == f"{file}:2:11"


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (0o600, []),
        (0o640, [("PW422", Severity.NOTE)]),
        (0o644, [("PW422", Severity.ADVICE)]),
        (0o660, [("PW421", Severity.ADVICE), ("PW422", Severity.NOTE)]),
        (0o602, [("PW421", Severity.ADVICE)]),
    ],
)
def test_who_else_may_read_or_write_the_knocks_is_told(
    file: Path, mode: int, expected: list[tuple[str, Severity]]
) -> None:
    file.chmod(mode)
    assert [(each.code, each.severity) for each in load_policy(file).diagnostics] == expected


def test_a_policy_without_knocks_may_be_read_by_all(file: Path) -> None:
    file.write_text("schema = 1\n")
    file.chmod(0o644)
    assert load_policy(file).diagnostics == ()


def test_what_is_whole_of_a_file_with_mistakes_is_kept(file: Path) -> None:
    file.write_text(GATE + "x = 1\n")
    assert load_what_can_be_read(file).policy.services[0].name == "ssh"


@given(st.text(st.characters(codec="utf-8", exclude_characters="\"\\\n\r'")), st.sampled_from("\"'"))
def test_a_words_characters_are_blotted_out_one_by_one(word: str, quote: str) -> None:
    line = f"knocks = [{quote}udp/7000={word}{quote}, {quote}tcp/1{quote}] # end"
    blotted = without_words(line)
    assert len(blotted) == len(line)
    assert blotted == f"knocks = [{quote}udp/7000={'*' * len(word)}{quote}, {quote}tcp/1{quote}] # end"


def test_an_escaped_quote_does_not_end_a_word() -> None:
    assert without_words(r'["udp/1=a\"b", "x"]') == r'["udp/1=****", "x"]'
