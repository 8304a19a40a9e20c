"""How an outcome reaches the terminal or a program: data on stdout, talk on stderr."""

import json
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from portward.cli.command import Command
from portward.cli.environment import Environment
from portward.cli.exit import ExitStatus
from portward.cli.outcome import Outcome
from portward.errors import Diagnostic, Severity


JSON_SCHEMA = 1
"""The version of the `--json` object; it grows only when a field goes or changes its meaning."""

_COLOURS = {Severity.ERROR: "31", Severity.ADVICE: "33", Severity.NOTE: "36"}


def render(command: Command, outcome: Outcome, environment: Environment, *, as_json: bool) -> None:
    """Print the outcome of a command, for people or as one JSON object."""
    if as_json:
        print(
            json.dumps(as_object(command, outcome), ensure_ascii=False), file=environment.stdout, flush=True
        )
        return
    if outcome.text:
        print(outcome.text, file=environment.stdout, flush=True)
    colour = environment.colour(environment.stderr)
    for diagnostic in outcome.diagnostics:
        environment.stderr.write(show(diagnostic, outcome.sources, colour=colour) + "\n")
    counted = Counter(each.severity for each in outcome.diagnostics if each.code)
    if counted and not environment.quiet:
        kinds = {Severity.ERROR: "mistake", Severity.ADVICE: "piece of advice", Severity.NOTE: "note"}
        plural = {"mistake": "mistakes", "piece of advice": "pieces of advice", "note": "notes"}
        pieces = [
            f"{counted[severity]} {name if counted[severity] == 1 else plural[name]}"
            for severity, name in kinds.items()
            if counted[severity]
        ]
        environment.stderr.write(", ".join(pieces) + "\n")


def show(diagnostic: Diagnostic, sources: Mapping[str, str], *, colour: bool = False) -> str:
    """Lay out one diagnostic: the place, the sentence, the source line and a caret under the value."""
    label = str(diagnostic.severity)
    if diagnostic.code:
        label += f"[{diagnostic.code}]"
    if colour:
        label = f"\x1b[{_COLOURS[diagnostic.severity]}m{label}\x1b[0m"
    lines = [
        f"{diagnostic.span}: {label}: {diagnostic.message}"
        if diagnostic.span
        else f"{label}: {diagnostic.message}"
    ]
    if diagnostic.span and (text := sources.get(diagnostic.span.file)) is not None:
        source = lines_of(text)
        if 1 <= diagnostic.span.line <= len(source):
            line = source[diagnostic.span.line - 1].rstrip("\r")
            before = "".join("\t" if char == "\t" else " " for char in line[: diagnostic.span.column - 1])
            room = max(1, min(diagnostic.span.length, len(line) - diagnostic.span.column + 1))
            lines += [f"    {line}", f"    {before}{'^' * room}"]
    if diagnostic.hint:
        lines.append(f"    hint: {diagnostic.hint}")
    return "\n".join(lines)


@lru_cache(maxsize=8)
def lines_of(text: str) -> list[str]:
    """Take a text apart once for all its diagnostics; not by splitlines(): U+2028 in a string ends no line."""
    return text.split("\n")


def as_object(command: Command, outcome: Outcome) -> dict[str, Any]:
    """Make the one object that `--json` prints."""
    return {
        "schema": JSON_SCHEMA,
        "command": command.name,
        "ok": outcome.status is ExitStatus.OK,
        "changed": outcome.changed,
        "result": outcome.result,
        "warnings": [diagnostic_object(d) for d in outcome.diagnostics if d.severity is not Severity.ERROR],
        "errors": [diagnostic_object(d) for d in outcome.diagnostics if d.severity is Severity.ERROR],
    }


def diagnostic_object(diagnostic: Diagnostic) -> dict[str, Any]:
    """Make the object of one diagnostic; place fields are null where there is none."""
    span = diagnostic.span
    return {
        "code": diagnostic.code or None,
        "severity": str(diagnostic.severity),
        "message": diagnostic.message,
        "hint": diagnostic.hint or None,
        "file": span.file if span else None,
        "line": span.line if span else None,
        "column": span.column if span else None,
        "length": span.length if span else None,
    }
