"""Elements as nft's JSON has them."""

import json
from datetime import timedelta

from portward.apply.live import Element, parse_elements


def spelled(*elements: object) -> str:
    """Spell nft's JSON for a set with these elements."""
    found = {
        "set": {"family": "inet", "name": "s", "table": "portward"} | ({"elem": elements} if elements else {})
    }
    return json.dumps({"nftables": [{"metainfo": {"version": "1.0.6"}}, found]})


def test_elements_come_with_the_time_they_have_left() -> None:
    text = spelled({"elem": {"val": "192.0.2.7", "timeout": 3600, "expires": 59}})
    assert parse_elements(text) == (Element(("192.0.2.7",), timedelta(seconds=59)),)


def test_a_key_may_have_parts() -> None:
    text = spelled({"elem": {"val": {"concat": ["2001:db8::7", 17]}, "timeout": 60, "expires": 9}})
    (found,) = parse_elements(text)
    assert found.key == ("2001:db8::7", 17)
    assert found.spelled == "2001:db8::7 . 17"


def test_an_element_without_a_time_stays_for_ever() -> None:
    assert parse_elements(spelled("192.0.2.7")) == (Element(("192.0.2.7",), None),)
    assert parse_elements(spelled({"concat": ["192.0.2.7", 17]})) == (Element(("192.0.2.7", 17), None),)


def test_an_empty_set_has_none() -> None:
    assert parse_elements(spelled()) == ()


def test_eight_bytes_have_no_sign() -> None:
    """The JSON of nft prints a word of the day as a signed number; given back so, nft would refuse it."""
    text = '{"nftables": [{"set": {"elem": [{"elem": {"val": -2, "timeout": 9, "expires": 7}}]}}]}'
    assert parse_elements(text) == (Element((2**64 - 2,), timedelta(seconds=7)),)
