import re
from pathlib import Path

import pytest

from portward.check.catalogue import GROUPS, PAGES, codes_page, explanation, overview
from portward.check.page import Page
from portward.check.rules import check
from portward.check.session import read_session
from portward.sources.policy_reader import read_what_can_be_read


ROOT = Path(__file__).parents[2]
SESSION = read_session("203.0.113.9 50000 192.0.2.1 22")


def codes(text: str, part: str) -> set[str]:
    """Every code that a policy gives, checked over SSH from 203.0.113.9."""
    reading = read_what_can_be_read(text, "policy.toml", [("policy.d/more.toml", part)] if part else [])
    return {each.code for each in (*reading.diagnostics, *check(reading.policy, SESSION))}


POLICIES = [each for each in PAGES.values() if not each.by_hand]


@pytest.mark.parametrize("page", POLICIES, ids=lambda page: page.code)
def test_the_example_gives_the_code(page: Page) -> None:
    assert page.code in codes(page.example, page.example_part)


@pytest.mark.parametrize("page", POLICIES, ids=lambda page: page.code)
def test_the_fix_does_not_give_the_code_and_makes_no_mistake(page: Page) -> None:
    found = codes(page.fix, page.fix_part)
    assert page.code not in found
    assert not {code for code in found if code[2] in "13"}


@pytest.mark.parametrize("page", PAGES.values(), ids=lambda page: page.code)
def test_every_heading_of_a_page_is_filled(page: Page) -> None:
    assert page.title
    assert not page.title.endswith(".")
    assert page.what.endswith((".", ")"))
    assert page.why.endswith((".", ")"))
    assert page.example
    assert page.fix
    assert page.example != page.fix or page.example_part != page.fix_part


def test_no_code_has_two_pages_and_all_are_of_a_group() -> None:
    assert all(re.fullmatch(rf"PW[{''.join(GROUPS)}]\d\d", code) for code in PAGES)
    sources = [path.read_text() for path in (ROOT / "src/portward/check").glob("*.py")]
    written = [code for text in sources for code in re.findall(r'^    +"(PW\d{3})",$', text, re.MULTILINE)]
    assert sorted(written) == list(PAGES)


def test_every_code_that_the_reader_gives_has_its_page() -> None:
    given = {
        code
        for path in (ROOT / "src/portward/sources").glob("*.py")
        if path.name.startswith(("policy_", "toml_"))
        for code in re.findall(r'"(PW\d{3})"', path.read_text())
    }
    assert given
    assert given <= set(PAGES)


def test_the_list_has_every_code_once() -> None:
    assert re.findall(r"PW\d{3}", overview()) == list(PAGES)


def test_an_explanation_has_the_four_headings_and_fits_the_terminal() -> None:
    for page in PAGES.values():
        text = explanation(page)
        assert [line for line in text.splitlines() if line in {"What", "Why", "Example", "Fix"}] == [
            "What",
            "Why",
            "Example",
            "Fix",
        ]
        prose = text.split("\n\nExample")[0]
        assert max(map(len, prose.splitlines())) <= 88


def test_the_page_in_the_documentation_is_made_from_the_catalogue() -> None:
    assert (ROOT / "docs/codes.md").read_text() == codes_page(), "run tools/policy_docs"
