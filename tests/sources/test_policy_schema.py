import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from portward.sources.policy_reference import EXAMPLE
from portward.sources.policy_schema import make_schema, write_schema


FILE = Path(__file__).parents[2] / "docs" / "schema" / "policy.schema.json"
TYPES: dict[str, type] = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}


def fits(value: Any, schema: dict[str, Any]) -> bool:  # noqa: PLR0911 - one for each word
    """Whether a value fits a schema; knows the words of JSON Schema that ours uses, and no others."""
    known = {
        "$schema",
        "title",
        "description",
        "default",
        "type",
        "properties",
        "patternProperties",
        "required",
    }
    known |= {
        "additionalProperties",
        "items",
        "minItems",
        "anyOf",
        "pattern",
        "enum",
        "const",
        "minimum",
        "maximum",
    }
    assert schema.keys() <= known, schema.keys() - known
    if "anyOf" in schema and "type" not in schema:
        return any(fits(value, each) for each in schema["anyOf"])
    if "const" in schema or "enum" in schema:
        return value in schema.get("enum", [schema.get("const")])
    if type(value) is not TYPES[schema["type"]]:
        return False
    if isinstance(value, dict):
        return object_fits(value, schema)
    if isinstance(value, list):
        return len(value) >= schema.get("minItems", 0) and all(fits(each, schema["items"]) for each in value)
    if isinstance(value, str):
        return bool(re.search(schema["pattern"], value))
    return value in range(schema["minimum"], schema["maximum"] + 1) if "minimum" in schema else True


def object_fits(value: dict[str, Any], schema: dict[str, Any]) -> bool:
    assert schema["additionalProperties"] is False
    if not set(schema.get("required", [])) <= value.keys():
        return False
    either = schema.get("anyOf")
    if either and not any(set(each["required"]) <= value.keys() for each in either):
        return False
    for name, each in value.items():
        inner = schema.get("properties", {}).get(name)
        for pattern, other in schema.get("patternProperties", {}).items():
            inner = other if inner is None and re.search(pattern, name) else inner
        if inner is None or not fits(each, inner):
            return False
    return True


def test_the_schema_in_the_documentation_is_the_one_that_is_printed() -> None:
    assert FILE.read_text() == write_schema() + "\n", "run tools/policy_docs"


def test_the_schema_is_json_of_draft_2020_12() -> None:
    assert json.loads(write_schema())["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_a_good_policy_fits() -> None:
    assert fits(tomllib.loads(EXAMPLE), make_schema())


@pytest.mark.parametrize(
    "change",
    [
        ("schema = 1", "schema = 2"),
        ("schema = 1\n", ""),
        ("step_timeout =", "step_timout ="),
        ('["tcp/22"]', "[22]"),
        ('"tcp/22"', '"22/tcp"'),
        ('["tcp/22"]', "[]"),
        ('"guard"', '"guarded"'),
        ('"7d"', '"7 days"'),
        ("[services.ssh]", "[services.SSH]"),
        ('knocks = ["udp/27272"', 'knoks = ["udp/27272"'),
        ("strict       = true", 'strict       = "true"'),
    ],
)
def test_a_policy_with_a_mistake_of_form_does_not_fit(change: tuple[str, str]) -> None:
    assert change[0] in EXAMPLE
    assert not fits(tomllib.loads(EXAMPLE.replace(*change)), make_schema())
