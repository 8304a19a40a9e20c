"""Whether a packet's values fit what a rule compares them with. Pure."""

from collections.abc import Iterable

from portward.exposure.ruleset import Atom, Between, Element, Part


Value = Atom | tuple[Atom, ...] | None
"""A field's value; None: not known; a tuple: any of them fits; the empty tuple: the packet has no such field."""


def fits(values: Iterable[Value], element: Element) -> bool:
    """Whether every value fits its part of an element."""
    return all(_part_fits(value, part) for value, part in zip(values, element, strict=True))


def _part_fits(value: Value, part: Part) -> bool:
    if isinstance(value, tuple):
        return any(_part_fits(each, part) for each in value)
    if isinstance(part, Between):
        return _between(value, part)
    if isinstance(part, str) and isinstance(value, str) and part.endswith("*"):
        return value.startswith(part[:-1])
    return value == part


def _between(value: Value, part: Between) -> bool:
    first, last = part.first, part.last
    if isinstance(value, int) and isinstance(first, int) and isinstance(last, int):
        return first <= value <= last
    if (
        isinstance(value, int | str)
        or isinstance(first, int | str)
        or isinstance(last, int | str)
        or value is None
    ):
        return False
    if isinstance(value, tuple) or not value.version == first.version == last.version:
        return False
    return int(first) <= int(value) <= int(last)
