import json
from pathlib import Path

import pytest
from tests.cli.people import Desk, desk


@pytest.fixture
def here(tmp_path: Path) -> Desk:
    """A visitor with an invitation."""
    made = desk(tmp_path)
    file = tmp_path / "alice.toml"
    made.person("add", "alice", "--opens", "ssh", "--host", "gate.example.org", "-o", str(file))
    made.run("import-profile", str(file))
    return made


def test_each_pass_is_another_one_with_the_commands_that_send_it(here: Desk) -> None:
    first, second = (here.run("pass", each) for each in ("gate", "gate.example.org"))
    assert first.split()[0] != second.split()[0]
    assert len(first.split()[0]) == 32
    assert [line.split(":")[0].strip() for line in first.splitlines()[1:]] == ["nc", "bash", "PowerShell"]


def test_several_are_handed_out_at_once_for_programs(here: Desk) -> None:
    found = json.loads(here.run("pass", "gate", "--count", "3", "--json"))["result"]["passes"]
    assert len({each["pass"] for each in found}) == 3
    assert {(each["host"], each["port"]) for each in found} == {("gate.example.org", 62202)}
    assert set(found[0]["commands"]) == {"nc", "bash", "PowerShell"}


def test_when_none_is_left_that_is_told(here: Desk) -> None:
    here.run("pass", "gate", "--count", "9", code=1)
    assert "only 8 passes are left; the next ones count from" in here.said


@pytest.mark.parametrize("words", [("nowhere",), ("gate", "--count", "0"), ("gate", "--count", "x")])
def test_wrong_words_are_refused(here: Desk, words: tuple[str, ...]) -> None:
    here.run("pass", *words, code=2)


def test_a_profile_without_passes_is_told(here: Desk) -> None:
    here.person(
        "add", "bob", "--opens", "ssh", "--host", "other", "--ways", "sealed", "-o", str(here.root / "b")
    )
    here.run("import-profile", str(here.root / "b"))
    here.run("pass", "other", code=2)
    assert "knows no passes" in here.said
