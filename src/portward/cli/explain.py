"""`portward explain`: the page of a code."""

import argparse

import attrs

from portward.check.catalogue import PAGES, explanation, overview
from portward.check.page import Page
from portward.cli.environment import Environment
from portward.cli.outcome import Outcome
from portward.errors import UsageError
from portward.sources.did_you_mean import nearest


def run(options: argparse.Namespace, _: Environment) -> Outcome:
    """Print the page of a code, or the list of all codes.

    Raises:
        UsageError: there is no such code.
    """
    if options.code is None:
        result = [
            {"code": code, "severity": str(each.severity), "title": each.title}
            for code, each in PAGES.items()
        ]
        return Outcome(text=overview(), result=result)
    code = options.code.upper()
    code = f"PW{code}" if code.isdecimal() else code
    page = _page(code)
    if page is None:
        hint = nearest(code, PAGES) if code.startswith("P") else ""
        raise UsageError(f"there is no code {options.code}; {hint or 'portward explain lists them'}")
    return Outcome(
        text=explanation(page), result=attrs.asdict(page, filter=lambda each, _: each.name != "by_hand")
    )


def _page(code: str) -> Page | None:
    """The page of a code: of `check`, or for `PX…` of `audit` and `probe`, which few ask for."""
    if not code.startswith("PX"):
        return PAGES.get(code)
    from portward.exposure.catalogue import PAGES as EXPOSED  # noqa: PLC0415 - all rules of another command

    return EXPOSED.get(code)
