"""The compiled text: readable, the same every time, and taken by the real nft."""

import re
import subprocess
from pathlib import Path

import pytest

from portward.compile.nft import compile_policy
from portward.sources.policy_file import load_policy


CORPUS = sorted(Path(__file__).with_name("corpus").glob("*.toml"))


@pytest.mark.parametrize("source", CORPUS, ids=lambda path: path.stem)
def test_the_text_is_the_golden_one(source: Path) -> None:
    """A reviewer reads the policy and the text beside it; tools/golden writes it anew."""
    assert compile_policy(load_policy(source).policy).text == source.with_suffix(".nft").read_text()


@pytest.mark.net
@pytest.mark.parametrize("source", CORPUS, ids=lambda path: path.stem)
def test_nft_takes_the_golden_text(source: Path) -> None:
    """Every golden file loads, for real, in an empty namespace."""
    golden = source.with_suffix(".nft")
    result = subprocess.run(
        ["unshare", "--net", "nft", "-f", str(golden)], check=False, capture_output=True, text=True
    )
    assert not result.stderr
    assert result.returncode == 0


@pytest.mark.parametrize("source", CORPUS, ids=lambda path: path.stem)
def test_lines_lead_back_to_the_policy(source: Path) -> None:
    """Each rule of a sequence points at its knock, each door at its service."""
    compiled = compile_policy(load_policy(source).policy)
    policy_lines, text_lines = source.read_text().splitlines(), compiled.text.splitlines()
    for number, span in compiled.lines.items():
        line, origin = text_lines[number - 1], policy_lines[span.line - 1]
        if ": knock " in line:
            assert "knocks" in origin
            assert '"' in origin[span.column - 1 :][: span.length]
        elif "refused_" in line:
            assert "[services." in origin
        elif "@grant_" in line and "update" in line and "knock" not in line:
            assert "[people." in origin
    rules = [text_lines[number - 1] for number in compiled.lines]
    assert any(": knock " in line for line in rules) or source.stem == "people"


def test_the_secret_word_is_in_no_comment() -> None:
    """An auditor may read comments over somebody's shoulder; the word stands in the rule only, as bytes."""
    text = Path(__file__).with_name("corpus").joinpath("everything.nft").read_text()
    assert "sesame" not in text
    assert "mellon" not in text


def test_no_delete_in_the_packet_path() -> None:
    """Deleting a key there again and again makes its lookups linear."""
    for source in CORPUS:
        text = source.with_suffix(".nft").read_text()
        assert set(re.findall(r"delete @(\w+)", text)) <= {"passes"}  # which come and go once
