"""Guesses at what was meant, for the hints of diagnostics. Guesses are only ever shown, never acted on."""

import re
from collections.abc import Iterable
from typing import Any

from portward.policy.net import Protocol
from portward.sources.policy_keys import KNOCK, SECTIONS, Kind, Listing, Section


_SWAPPED = re.compile(r"(\d+(?:-\d+)?)/(\w+)")
_PROTOCOL = re.compile(r"(\w+)([/:]| +)(\d.*)?", re.DOTALL)


def nearest(word: str, candidates: Iterable[str]) -> str:
    """Ask for the candidate that is spelled most like the word; an empty text when none is near."""
    import difflib  # noqa: PLC0415 - for mistakes only

    spelled = {each.lower(): each for each in candidates}
    found = difflib.get_close_matches(word.lower(), spelled, n=1)
    return f"did you mean {spelled[found[0]]}?" if found else ""


def where_key_belongs(name: str, here: Section) -> str:
    """Say in which section a misplaced key belongs, or which key of this section is spelled like it."""
    for section in SECTIONS:
        if section is not here and section.key(name):
            place = f"in {section.header}" if section.name else "at the top, before the first [table]"
            return f"{name} belongs {place}"
    candidates = [each.name for each in here.keys]
    if not here.name:
        candidates += [each.name for each in SECTIONS if each.name]
    return nearest(name, candidates)


def spelling(kind: Kind, value: Any) -> str:
    """Guess how a value of that kind that cannot be read was meant."""
    if kind.choices:
        return nearest(str(value), kind.choices)
    if kind.around and type(value) is int and value > 0:
        return f'write "{kind.around[0]}{value}{kind.around[1]}"'
    if kind.toml is str and isinstance(value, str) and kind.around and kind.around[0]:
        return _ports(value, kind)
    if kind.toml is bool and value in ("true", "false"):
        return f"write {value} without quotes"
    if kind.toml is int and isinstance(value, str) and value.isdecimal():
        return f"write {value} without quotes"
    return f"an example: {kind.example}"


def shape(listing: Listing, value: Any) -> str:
    """Guess how a value that should have been a list was meant."""
    if isinstance(value, str) and listing.element is not KNOCK:
        return f'write ["{value}"]'
    return f"a list stands in brackets: [{listing.element.example}]"


def _ports(text: str, kind: Kind) -> str:
    """Guess at `22/tcp`, `22`, `tpc/22`, `tcp:22`; never gives back what follows an `=`, which is a secret."""
    text = text.partition("=")[0].strip().lower()
    if text.isdecimal() and text.isascii():
        return f'did you mean "{kind.around[0] if kind.around else ""}{text}"?'
    if swapped := _SWAPPED.fullmatch(text):
        text = f"{swapped[2]}/{swapped[1]}"
        if swapped[2] in tuple(Protocol):
            return f'did you mean "{text}"?'
    if (parts := _PROTOCOL.fullmatch(text)) and parts[3]:
        import difflib  # noqa: PLC0415 - for mistakes only

        close = difflib.get_close_matches(parts[1], [each for each in Protocol if each.has_ports], n=1)
        if close and f"{close[0]}/{parts[3]}" != text:
            return f'did you mean "{close[0]}/{parts[3]}"?'
    return ""
