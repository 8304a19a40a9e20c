"""The JSON Schema of the policy file, made from the description of its keys, for editors that complete TOML.

Draft 2020-12. It knows form only: what fits together, `portward check` tells.
"""

import json
import tomllib
from typing import Any

from portward.sources.policy_keys import NAME, SECTIONS, Key, Kind, Section


_NAME_PATTERN = f"^{NAME.pattern}$"


def write_schema() -> str:
    """Write the schema as JSON text."""
    return json.dumps(make_schema(), indent=2, ensure_ascii=False)


def make_schema() -> dict[str, Any]:
    """Make the schema of the whole file."""
    top, *others = SECTIONS
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "portward policy",
        "description": "Services, the sequences and people that open them, and how strictly.",
        **_table(top),
        "properties": {key.name: _key(key) for key in top.keys}
        | {each.name: _section(each) for each in others},
    }


def _section(section: Section) -> dict[str, Any]:
    """The schema of a table, or of a table of named tables."""
    if not section.named:
        return {"description": _plain(section.about), **_table(section)}
    thing = {"services": "service", "sequences": "sequence", "people": "person"}[section.name]
    return {
        "type": "object",
        "description": _plain(section.about),
        "additionalProperties": False,
        "patternProperties": {_NAME_PATTERN: {"description": f"A {thing}.", **_table(section)}},
    }


def _table(section: Section) -> dict[str, Any]:
    """The schema of the keys of one table. A file of parts may lack what the main file must have."""
    table: dict[str, Any] = {"type": "object", "additionalProperties": False}
    if required := [key.name for key in section.keys if key.required]:
        table["required"] = required
    either = [key for key in section.keys if key.given_by]
    if either:
        table["anyOf"] = [{"required": [name]} for key in either for name in (key.name, key.given_by)]
    table["properties"] = {key.name: _key(key) for key in section.keys}
    return table


def _key(key: Key) -> dict[str, Any]:
    schema: dict[str, Any] = {"description": _plain(key.about)}
    if key.default:
        schema["default"] = tomllib.loads(f"default = {key.default}")["default"]
    if isinstance(key.kind, Kind):
        return {**schema, **key.kind.schema}
    listing: dict[str, Any] = {"type": "array", "items": dict(key.kind.element.schema)}
    if key.kind.least:
        listing["minItems"] = key.kind.least
    if key.kind.single:
        return schema | {"anyOf": [dict(key.kind.element.schema), listing]}
    return schema | listing


def _plain(text: str) -> str:
    """Take the marks of Markdown off, which editors show as they are."""
    return text.replace("`", "")
