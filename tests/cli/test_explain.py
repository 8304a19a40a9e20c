import io
import json

import pytest

from portward.check.catalogue import PAGES
from portward.cli.environment import Environment
from portward.cli.main import main


def run(*words: str) -> tuple[int, str, str]:
    out, talk = io.StringIO(), io.StringIO()
    status = main(["explain", *words], Environment(io.StringIO(), out, talk, {}))
    return status, out.getvalue(), talk.getvalue()


@pytest.mark.parametrize("word", ["PW201", "pw201", "201"])
def test_a_code_is_explained_however_it_is_written(word: str) -> None:
    status, out, _ = run(word)
    assert status == 0
    assert out.startswith("PW201 (advice): a slow step\n\nWhat\n")


def test_without_a_code_all_are_listed() -> None:
    status, out, _ = run()
    assert status == 0
    assert all(f"  {code}  {page.title}\n" in out for code, page in PAGES.items())


@pytest.mark.parametrize(
    ("word", "hint"), [("PW2O1", "did you mean PW"), ("foo", "portward explain lists them")]
)
def test_an_unknown_code_is_a_wrong_command_line(word: str, hint: str) -> None:
    status, out, talk = run(word)
    assert (status, out) == (2, "")
    assert hint in talk


def test_the_json_object_has_the_headings() -> None:
    result = json.loads(run("PW109", "--json")[1])["result"]
    assert result["code"] == "PW109"
    assert result["example_part"].startswith("[defaults]")
    assert len(json.loads(run("--json")[1])["result"]) == len(PAGES)
