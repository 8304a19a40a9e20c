import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.compile.exact_names import Identifiers, comment_of, possible_interface, shown
from portward.sources.routeros_rules import Family, Rule, Table, Verdict


@given(st.lists(st.text(max_size=90), unique=True))
def test_different_names_have_different_identifiers_that_nft_takes(names: list[str]) -> None:
    identifiers = Identifiers()
    found = [identifiers.of("list", each) for each in names]
    assert len(set(found)) == len(names)
    assert all(re.fullmatch(r"[A-Za-z][\w.-]*", each, re.ASCII) for each in found)
    assert found == [identifiers.of("list", each) for each in names]


def test_a_plain_name_is_kept() -> None:
    assert Identifiers().of("list_ip", "port_knock_1") == "list_ip_port_knock_1"


@given(st.text())
def test_what_stands_in_quotes_is_taken_by_nft(text: str) -> None:
    found = shown(text)
    assert found[0] == found[-1] == '"'
    assert not set(found[1:-1]) & set('"\\\n\r\0')
    assert len(found.encode()) <= 129


def test_a_comment_tells_the_line_first() -> None:
    assert comment_of(Rule(Family.V4, Table.FILTER, "input", Verdict.DROP, comment="x", last=3)) == (
        'comment "lines 1-3: x"'
    )


@pytest.mark.parametrize(
    ("name", "possible"),
    [("eth0", True), ("ether1 WAN", False), ("x" * 16, False), ("*1A", False), ("", False)],
)
def test_not_every_name_of_a_router_can_be_an_interface_here(name: str, *, possible: bool) -> None:
    assert possible_interface(name) == possible
