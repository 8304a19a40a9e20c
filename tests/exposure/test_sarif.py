"""The parts of the SARIF 2.1.0 schema that our documents use, by hand: required fields, closed lists, indices."""

import json
from typing import Any

from tests.exposure.firewalls import host, listener

from portward.exposure.judge import audit
from portward.exposure.router import audit_script
from portward.exposure.sarif import sarif


def made() -> list[dict[str, Any]]:
    """A document about a host, and one about a router."""
    of_host = sarif(audit(host(listener("tcp/23"), listener("tcp/4711", program="x"))).findings, "gate")
    findings, _ = audit_script(b"/ip service set telnet disabled=no\n", "a b.rsc")
    return [of_host, sarif(findings, "a b.rsc")]


def test_a_document_is_one_run_with_its_rules_and_results() -> None:
    for document in made():
        assert json.loads(json.dumps(document)) == document
        assert document["version"] == "2.1.0"
        (run,) = document["runs"]
        rules = run["tool"]["driver"]["rules"]
        assert run["results"]
        assert len({each["id"] for each in rules}) == len(rules)
        for result in run["results"]:
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
            assert result["level"] in {"none", "note", "warning", "error"}
            assert result["message"]["text"]


def test_a_socket_is_a_logical_place_and_a_line_a_physical_one() -> None:
    socket, line = (each["runs"][0]["results"][0]["locations"][0] for each in made())
    assert socket["logicalLocations"][0]["fullyQualifiedName"] == "gate tcp/23 telnet"
    assert line["physicalLocation"]["artifactLocation"]["uri"] == "a%20b.rsc"
    assert line["physicalLocation"]["region"]["startLine"] == 1


def test_nothing_found_is_a_document_all_the_same() -> None:
    assert sarif((), "gate")["runs"][0]["results"] == []
