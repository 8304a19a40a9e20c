"""An audit as plain objects for `--json`, and as much of it back as a comparison from outside needs.

Pure. What is written here is read by programs: a field is only ever added.
"""

import json
from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from typing import Any

import attrs

from portward.exposure.finding import Finding
from portward.exposure.judge import Audit
from portward.exposure.passage import Answer
from portward.exposure.reach import Shown
from portward.policy.net import Network, Protocol


def audit_object(audit: Audit) -> dict[str, Any]:
    """The whole audit of a host."""
    return {
        "host": audit.facts.host,
        "addresses": [str(address) for each in audit.facts.interfaces for address, _ in each.addresses],
        "listeners": [shown_object(each) for each in audit.shown],
        "findings": [finding_object(each) for each in audit.findings],
        "unseen": list(audit.facts.unseen),
    }


def shown_object(shown: Shown) -> dict[str, Any]:
    """One listener."""
    listener, reach = shown.listener, shown.reach
    return {
        "protocol": str(listener.protocol),
        "address": str(listener.address),
        "port": listener.port,
        "versions": list(listener.families),
        "origin": str(listener.origin),
        "user": listener.user or None,
        "unit": listener.unit or None,
        "programs": [attrs.asdict(each) for each in listener.programs],
        "service": shown.name or None,
        "risk": str(shown.kind.risk) if shown.kind else None,
        "usual_port": shown.usual,
        "reachable_from": str(reach.scope),
        "strangers": {str(version): str(answer) for version, answer in reach.strangers.items()},
        "private": str(reach.private),
        "networks": [str(each) for each in reach.networks],
        "unsure_because": list(reach.reasons),
        "doors": list(shown.doors),
        "outside_ports": list(shown.outside),
    }


def finding_object(finding: Finding) -> dict[str, Any]:
    """One finding, with its page's why and fix."""
    span = finding.span
    return {
        "code": finding.code,
        "severity": str(finding.severity),
        "subject": finding.subject,
        "message": finding.message,
        "title": finding.page.title,
        "why": finding.page.why,
        "fix": finding.page.fix,
        "mends": [{"kind": str(each.kind), "text": each.text} for each in finding.remedies],
        "file": span.file if span else None,
        "line": span.line if span else None,
        "column": span.column if span else None,
    }


@attrs.frozen
class Believed:
    """What an audit said about one port: the widest of its sockets."""

    protocol: Protocol
    port: int
    strangers: Mapping[int, Answer]
    private: Answer
    networks: tuple[Network, ...] = ()
    outside: tuple[int, ...] = ()
    name: str = ""


def read_believed(text: str) -> tuple[Believed, ...]:
    """Read back what `audit --json` printed.

    Raises:
        ValueError: it is something else.
    """
    try:
        document = json.loads(text)
        result = document.get("result", document)
        return tuple(_believed(result["listeners"]))
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        msg = "this is not what `portward audit --json` prints"
        raise ValueError(msg) from error


def _believed(rows: Iterable[Mapping[str, Any]]) -> Iterable[Believed]:
    for row in rows:
        yield Believed(
            Protocol(row["protocol"]),
            int(row["port"]),
            {int(version): Answer(answer) for version, answer in row["strangers"].items()},
            Answer(row["private"]),
            tuple(ip_network(each) for each in row["networks"]),
            tuple(int(each) for each in row["outside_ports"]),
            str(row["service"] or ""),
        )
