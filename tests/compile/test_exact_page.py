from pathlib import Path

import pytest
from tests.compile.exact_cases import CASES, cases

from portward.compile.exact import compile_exact
from portward.compile.exact_page import ACTION_ROWS, MATCHER_ROWS, OTHERS, Level, Row, page
from portward.errors import Severity
from portward.simulate.routeros import Router
from portward.sources.routeros_rules import Script
from portward.sources.routeros_script import read_source


ROWS = (*MATCHER_ROWS, *ACTION_ROWS)


def script_of(row: Row) -> Script:
    """The row's example, read."""
    return read_source(row.script.encode(), "example.rsc").script


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_level_of_a_row_is_what_its_example_gives(row: Row) -> None:
    """Exact: nothing to say; approximated: no error; refused: an error."""
    script = script_of(row)
    severities = {each.severity for each in compile_exact(script).notes}
    assert script.rules
    assert (Severity.ERROR in severities) == (row.level is Level.REFUSED)
    assert row.level is not Level.EXACT or not severities


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_simulator_does_to_the_packets_of_a_row_what_the_row_says(row: Row) -> None:
    router = Router(script_of(row))
    memory = router.start()
    for each in cases(row.name):
        assert str(router.advance(memory, each.passage, 0.0).ending) == each.ending, each


def test_every_row_has_its_case_and_every_case_its_row() -> None:
    assert {row.name for row in ROWS} == set(CASES)


def test_what_nobody_knows_is_refused() -> None:
    for name in OTHERS:
        menu = "/ipv6 firewall filter" if name == "headers" else "/ip firewall filter"
        script = read_source(f"{menu}\nadd chain=input {name}=x action=drop\n".encode(), "x.rsc").script
        assert [each.severity for each in compile_exact(script).notes] == [Severity.ERROR], name


def test_the_page_is_made_from_the_rows() -> None:
    text = (Path(__file__).parents[2] / "docs/routeros-matchers.md").read_text()
    assert text == page(), "run tools/policy_docs"
