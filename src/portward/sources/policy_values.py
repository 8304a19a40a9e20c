"""Reads one value, key, table or name as the description of the keys has it, and tells every mistake in it.

Nothing here knows what the keys mean or how they hang together; a mistake is added to `found` and the value is left
out, so that the rest is read all the same.
"""

from collections.abc import Mapping
from typing import Any

import attrs

from portward.errors import Diagnostic, Severity, Span
from portward.policy.policy import PlacePath
from portward.sources.did_you_mean import shape, spelling, where_key_belongs
from portward.sources.policy_keys import NAME, Key, Kind, Section
from portward.sources.toml_text import TomlText


_TOML_NAMES = {
    dict: "a table",
    list: "a list",
    str: "a text",
    bool: "true or false",
    int: "a number",
    float: "a number with a point",
}
_CHARACTERS_SHOWN = 40


@attrs.frozen
class Table:
    """What was read of one table that has a name in the file.

    Attributes:
        values: by key, only those that could be read; a list is a tuple.
        broken: keys that stand there but could not be read.
        path: where it is in its file.
        toml: its file.
    """

    values: Mapping[str, Any]
    broken: frozenset[str]
    path: PlacePath
    toml: TomlText

    def span(self, *path: str | int) -> Span:
        """The place of something in the table, or of the table's own key."""
        return self.toml.value((*self.path, *path)) if path else self.toml.key(self.path)


def mistake(code: str, message: str, span: Span | None, hint: str = "") -> Diagnostic:
    """Spell a diagnostic that is a mistake."""
    return Diagnostic(code, Severity.ERROR, message, span, hint)


def read_table(
    section: Section, raw: Mapping[str, Any], path: PlacePath, toml: TomlText, found: list[Diagnostic]
) -> Table:
    """Read the keys of one table of a section; for the keys before the first table, sections are passed over."""
    values: dict[str, Any] = {}
    broken = set()
    for name, value in raw.items():
        key = section.key(name)
        if key is None:
            found.append(_unknown_key(section, name, toml.key((*path, name))))
            continue
        before = len(found)
        result = read_value(key, value, (*path, name), toml, found)
        if len(found) == before:
            values[name] = result
        else:
            broken.add(name)
    return Table(values, frozenset(broken), path, toml)


def missing_keys(section: Section, table: Table, span: Span) -> list[Diagnostic]:
    """Tell which required keys a table lacks."""
    return [
        mistake(
            "PW105",
            f"{'.'.join(str(each) for each in table.path) or 'the file'} lacks {key.name}",
            span,
            f"add {key.name} = {_example(key)}" + (f", or {key.given_by}" if key.given_by else ""),
        )
        for key in section.keys
        if lacks(table, key)
    ]


def lacks(table: Table, key: Key) -> bool:
    """Whether a table has neither a key that it needs nor the one that gives it."""
    written = table.values.keys() | table.broken
    needed = key.required or bool(key.given_by)
    return needed and key.name not in written and key.given_by not in written


def read_value(key: Key, value: Any, path: PlacePath, toml: TomlText, found: list[Diagnostic]) -> Any:
    """Read what stands behind a key; nothing means anything if `found` has grown."""
    kind = key.kind
    if isinstance(kind, Kind):
        return _read_one(kind, value, path, toml, found)
    if not isinstance(value, list):
        if kind.single and not isinstance(value, dict):
            return _read_one(kind.element, value, path, toml, found)
        message = f"expected {kind.says}, found {_name_of(value)}"
        found.append(mistake("PW103", message, toml.value(path), shape(kind, value)))
        return None
    if len(value) < kind.least:
        found.append(mistake("PW106", f"{key.name} is empty", toml.value(path), f"it is {kind.says}"))
    return tuple(
        _read_one(kind.element, each, (*path, place), toml, found) for place, each in enumerate(value)
    )


def _read_one(kind: Kind, value: Any, path: PlacePath, toml: TomlText, found: list[Diagnostic]) -> Any:
    """Read one value without parts."""
    if type(value) is not kind.toml:
        message = f"expected {kind.says}, found {_name_of(value)}"
        found.append(mistake("PW103", message, toml.value(path), spelling(kind, value)))
        return None
    try:
        return kind.read(value)
    except ValueError as error:
        found.append(mistake("PW104", _shortened(str(error)), toml.value(path), spelling(kind, value)))
        return None


def read_name(name: str, section: Section, span: Span, found: list[Diagnostic]) -> bool:
    """Judge a name of the user's; whether it is one."""
    if NAME.fullmatch(name):
        return True
    good = "".join(char if NAME.fullmatch("a" + char) else "-" for char in name.lower()).lstrip(
        "-_0123456789"
    )[:32]
    hint = f"did you mean {good.rstrip('-')}?" if good.rstrip("-") else ""
    sentence = (
        f"{_shortened(repr(name))} cannot be a name in {section.header}: "
        "lower-case letters, digits, - and _, a letter first, at most 32"
    )
    found.append(mistake("PW107", sentence, span, hint))
    return False


def _unknown_key(section: Section, name: str, span: Span) -> Diagnostic:
    if not section.name:
        message = f"there is no key or section {_shortened(repr(name))}"
    else:
        message = f"there is no key {_shortened(repr(name))} in {section.header}"
    return mistake("PW102", message, span, where_key_belongs(name, section))


def _name_of(value: Any) -> str:
    """Name the kind of a TOML value, for people."""
    return _TOML_NAMES.get(type(value), "a date or time")


def _example(key: Key) -> str:
    return key.kind.example if isinstance(key.kind, Kind) else f"[{key.kind.element.example}]"


def _shortened(text: str) -> str:
    """Cut a sentence that quotes something very long."""
    longest = 4 * _CHARACTERS_SHOWN
    return text if len(text) <= longest else f"{text[:_CHARACTERS_SHOWN]}…{text[-2 * _CHARACTERS_SHOWN :]}"
