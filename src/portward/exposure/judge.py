"""All rules about a host, and what runs them. Pure: facts in, findings out."""

import shlex
from collections.abc import Iterable
from typing import Protocol

import attrs

from portward.errors import Severity
from portward.exposure import clear_text, gaps, open_doors, server_settings
from portward.exposure.facts import Facts
from portward.exposure.finding import Finding
from portward.exposure.reach import Shown, look


class Rule(Protocol):
    """What a rule is: it looks at the facts and at what is shown, and tells what is wrong. It does not raise."""

    def __call__(self, facts: Facts, shown: tuple[Shown, ...], /) -> Iterable[Finding]:
        """Judge a host."""


RULES: tuple[Rule, ...] = (*clear_text.RULES, *open_doors.RULES, *server_settings.RULES, *gaps.RULES)

_RANK = {Severity.ERROR: 0, Severity.ADVICE: 1, Severity.NOTE: 2}


@attrs.frozen
class Audit:
    """The end of an audit of a host."""

    facts: Facts
    shown: tuple[Shown, ...]
    findings: tuple[Finding, ...]


def audit(facts: Facts) -> Audit:
    """Look at the facts, run all rules, and put the worst first.

    Two sockets of one service (IPv4 and IPv6) that give the same finding are told once.
    """
    shown = look(facts)
    found: dict[tuple[str, str], Finding] = {}
    for rule in RULES:
        for each in rule(facts, shown):
            found.setdefault((each.code, each.subject), each)
    return Audit(facts, shown, in_order(found.values()))


def below(done: Audit, root: str) -> Audit:
    """The audit of a system that does not run: its commands are for that system."""
    return attrs.evolve(done, findings=tuple(_below(each, root) for each in done.findings))


def _below(finding: Finding, root: str) -> Finding:
    remedies = tuple(
        attrs.evolve(each, text=each.text.replace(_NOW, f"systemctl --root={shlex.quote(root)} disable "))
        for each in finding.remedies
    )
    return attrs.evolve(finding, remedies=remedies)


_NOW = "systemctl disable --now "


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sort by severity, then by code and place; the order of the rules does not matter."""
    return tuple(sorted(findings, key=_order))


def _order(finding: Finding) -> tuple[int, str, int, str]:
    place = finding.span.line if finding.span else finding.listener.port if finding.listener else 0
    return (_RANK[finding.severity], finding.code, place, finding.subject)
