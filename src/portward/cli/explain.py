"""`portward explain`: the page of a code."""

import argparse

import attrs

from portward.check.catalogue import PAGES, explanation, overview
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
    page = PAGES.get(code)
    if page is None:
        hint = nearest(code, PAGES) if code.startswith("P") else ""
        raise UsageError(f"there is no code {options.code}; {hint or 'portward explain lists them'}")
    return Outcome(
        text=explanation(page), result=attrs.asdict(page, filter=lambda each, _: each.name != "by_hand")
    )
