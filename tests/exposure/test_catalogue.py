import re
from pathlib import Path

import pytest

from portward.check.page import Page
from portward.exposure.catalogue import GROUPS, PAGES, exposure_page


ROOT = Path(__file__).parents[2]


def test_no_code_has_two_pages_and_all_are_of_a_group() -> None:
    assert all(re.fullmatch(rf"PX[{''.join(GROUPS)}]\d\d", code) for code in PAGES)
    modules = (
        "clear_text",
        "open_doors",
        "server_settings",
        "gaps",
        "router_open",
        "router_settings",
        "compare",
    )
    texts = [(ROOT / f"src/portward/exposure/{each}.py").read_text() for each in modules]
    written = [code for text in texts for code in re.findall(r'^    "(PX\d{3})",$', text, re.MULTILINE)]
    assert sorted(written) == list(PAGES)


@pytest.mark.parametrize("page", PAGES.values(), ids=lambda page: page.code)
def test_every_heading_of_a_page_is_filled(page: Page) -> None:
    assert page.title
    assert not page.title.endswith(".")
    assert page.what.endswith((".", ")"))
    assert page.why.endswith((".", ")"))
    assert page.example
    assert page.fix
    assert page.example != page.fix


def test_the_page_in_the_documentation_is_made_from_the_catalogue() -> None:
    assert (ROOT / "docs/exposure.md").read_text() == exposure_page(), "run tools/policy_docs"
