"""Findings as SARIF 2.1.0 (OASIS Standard, 27 March 2020), for tools that collect them.

Pure. Sockets of a host have no file: they are logical locations; lines of a router's script are physical ones.
"""

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from portward import __version__
from portward.check.page import Page
from portward.errors import Severity
from portward.exposure.finding import Finding


SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.ADVICE: "warning", Severity.NOTE: "note"}


def sarif(findings: Sequence[Finding], host: str) -> dict[str, Any]:
    """Make the one document: all codes that occur as rules, all findings as results."""
    pages = {each.code: each.page for each in findings}
    codes = sorted(pages)
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "portward",
                        "semanticVersion": __version__,
                        "rules": [_rule(pages[code]) for code in codes],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(each, codes.index(each.code), host) for each in findings],
            }
        ],
    }


def _rule(page: Page) -> dict[str, Any]:
    return {
        "id": page.code,
        "shortDescription": {"text": page.title},
        "fullDescription": {"text": page.what},
        "help": {"text": f"{page.why}\n\nFix:\n{page.fix}"},
        "defaultConfiguration": {"level": _LEVELS[page.severity]},
    }


def _result(finding: Finding, index: int, host: str) -> dict[str, Any]:
    text = finding.message + _remedies_text(finding)
    return {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": text},
        "locations": [_location(finding, host)],
        "partialFingerprints": {"portward/v1": f"{finding.code} {finding.subject}"},
    }


def _remedies_text(finding: Finding) -> str:
    return "".join(f"\nMend ({each.kind}): {each.text}" for each in finding.remedies)


def _location(finding: Finding, host: str) -> dict[str, Any]:
    span = finding.span
    if span is None:
        return {
            "logicalLocations": [
                {
                    "name": finding.subject,
                    "fullyQualifiedName": f"{host} {finding.subject}",
                    "kind": "resource",
                }
            ]
        }
    uri = quote(PurePosixPath(span.file).as_posix(), safe="/-_.~")
    region = {"startLine": span.line, "startColumn": span.column, "endColumn": span.column + span.length}
    return {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}
