from datetime import timedelta
from typing import Any

import pytest

from portward.knock.way_table import read_length, read_port, read_way


def made(**values: Any) -> dict[str, Any]:
    if values.get("port") == 9:
        msg = "port 9 goes with nothing"
        raise ValueError(msg)
    return values


def read(table: object) -> Any:
    return read_way(table, {"port": read_port, "length": read_length}, ("port",), made)


def test_a_table_becomes_what_its_keys_make_together() -> None:
    assert read({"port": 7, "length": "2m"}) == {"port": 7, "length": timedelta(minutes=2)}


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("x", "must be a table"),
        ({}, "port is missing"),
        (
            {"port": 0, "length": "1s500ms", "x": 1},
            "length 1s500ms is not in whole seconds; port must be a whole number, 1 to 65535; unknown key 'x'",
        ),
        ({"port": 9}, "port 9 goes with nothing"),
    ],
)
def test_all_mistakes_are_told_in_one_sentence(table: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as caught:
        read(table)
    assert str(caught.value) == sentence
