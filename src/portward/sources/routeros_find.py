"""`[find …]`: which items of a menu a command is about.

Conditions are joined by "and", as nearly all scripts have them; what needs a running router (numbers that only
`print` gives, expressions, `or`) is not answered. Regular expressions are answered where they are plain text with
anchors, and alternatives of it: no expression of a stranger is ever run.
"""

import re
from collections.abc import Callable, Mapping

import attrs


Properties = Mapping[str, str]


@attrs.frozen
class Condition:
    """A test of one item."""

    fits: Callable[[Properties], bool]


_TERM = re.compile(
    r"""\s*(?:and\b|&&)?\s*(?P<not>!)?(?P<name>[a-z][a-z0-9-]*)
    (?:\s*(?P<operator>!=|=|~)\s*(?P<value>"(?:[^"\\]|\\.)*"|[^\s"\[\](){}]*))?(?=\s|\Z)""",
    re.VERBOSE,
)
_PLAIN = re.compile(r"(?:[^\\^$.|?*+()\[\]{}]|\\[^A-Za-z0-9])*")
_GROUP = re.compile(r"(\^?)\(([^()]*)\)(\$?)")


def read_conditions(text: str) -> tuple[Condition, ...] | None:
    """Read what stands behind `find`; None for what only a router can answer.

    An empty text asks for every item.
    """
    rest = re.sub(r"^\s*where\b", "", text)
    found = []
    at = 0
    while rest[at:].strip():
        match = _TERM.match(rest, at)
        if match is None or match.end() == at:
            return None
        condition = _read_term(match)
        if condition is None:
            return None
        found.append(condition)
        at = match.end()
    return tuple(found)


def _read_term(match: re.Match[str]) -> Condition | None:
    name, operator, value = match.group("name"), match.group("operator"), match.group("value")
    if name in {"or", "not", "where", "in"}:
        return None
    if operator is None:
        return _flag(name, wanted=not match.group("not"))
    value = _unquote(value)
    if match.group("not") or value is None:
        return None
    if operator == "~":
        return _matching(name, value)
    wanted = operator == "="
    if name in {"dynamic", "disabled", "invalid"}:
        return _flag(name, wanted=(value in {"yes", "true"}) == wanted)
    return Condition(lambda item: (_value(item, name) == value) == wanted)


def _value(item: Properties, name: str) -> str:
    default = "accept" if name == "action" else ""
    return item.get(name, default)


def _flag(name: str, *, wanted: bool) -> Condition:
    def fits(item: Properties) -> bool:
        value = item.get(name, "")
        return (
            value in {"yes", "true"} if name in {"dynamic", "disabled", "invalid"} else bool(value)
        ) == wanted

    return Condition(fits)


def _unquote(text: str) -> str | None:
    if not text.startswith('"'):
        return None if "$" in text else text
    inner = text[1:-1]
    if re.search(r"(?<!\\)\$[A-Za-z(\[]", inner):
        return None
    return re.sub(r"\\(.)", r"\1", inner)


def _matching(name: str, expression: str) -> Condition | None:
    choices = _choices(expression)
    if choices is None:
        return None
    front, texts, back = choices

    def fits(item: Properties) -> bool:
        value = _value(item, name)
        return any(_found(value, text, front=front, back=back) for text in texts)

    return Condition(fits)


def _found(value: str, text: str, *, front: bool, back: bool) -> bool:
    if front and back:
        return value == text
    if front:
        return value.startswith(text)
    return value.endswith(text) if back else text in value


def _choices(expression: str) -> tuple[bool, list[str], bool] | None:
    """The plain texts that an expression asks for, and whether at the front and at the back; None if it asks more."""
    if match := _GROUP.fullmatch(expression):
        front, middle, back = match.groups()
        pieces = middle.split("|")
    else:
        front = "^" if expression.startswith("^") else ""
        back = "$" if expression.endswith("$") and not expression.endswith("\\$") else ""
        pieces = [expression[len(front) : len(expression) - len(back)]]
    if not all(_PLAIN.fullmatch(each) for each in pieces):
        return None
    return bool(front), [re.sub(r"\\(.)", r"\1", each) for each in pieces], bool(back)
