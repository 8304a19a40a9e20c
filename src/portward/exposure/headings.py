"""Pages of the codes of exposure: the headings are those of `check`'s pages, the examples are no policies."""

from portward.check.page import Page, page
from portward.errors import Severity


def exposure_page(  # noqa: PLR0913 - the headings of a page
    code: str, severity: Severity, title: str, *, what: str, why: str, example: str, fix: str
) -> Page:
    """Write a page; `example` is what the audit says, `fix` is what to do."""
    return page(code, severity, title, what=what, why=why, example=example, fix=fix, by_hand=True)
