"""`--exact`: RouterOS rules as they are, compiled for the kernel or run over a trace; no policy is made of them.

Reads the files and puts things together; the meaning is `portward.simulate`'s and `portward.compile`'s.
"""

import argparse
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs

from portward.cli.environment import Environment
from portward.cli.explanation import describe
from portward.cli.import_routeros import LARGEST, hide
from portward.cli.outcome import Outcome
from portward.compile.exact import Exact, compile_exact
from portward.errors import Diagnostic, HostError, PolicyError, Severity, UsageError
from portward.simulate.routeros import Router
from portward.simulate.routeros_interfaces import named, renamed
from portward.simulate.routeros_memory import FOREVER, Memory
from portward.simulate.routeros_replay import Step, replay
from portward.simulate.sighting import Sighting
from portward.sources.routeros_rules import Script
from portward.sources.routeros_script import read_source


STDIN = "-"

NOT_AS_THERE = Diagnostic(
    "",
    Severity.ERROR,
    "packets would be judged otherwise than on a router; --allow-weaker does what can be done",
)


@attrs.frozen
class Loaded:
    """A script, ready to run.

    Attributes:
        script: its interfaces called by their names here.
        notes: what is to be said about the text itself.
        sources: the text for the lines below diagnostics, secrets blotted out.
    """

    script: Script
    notes: tuple[Diagnostic, ...]
    sources: dict[str, str]


def load(path: str, interfaces: Iterable[str], environment: Environment) -> Loaded:
    """Read a script; nothing of it is judged.

    Args:
        path: of the file; `-` for stdin.
        interfaces: each `NAME=OURS` or `NAME=OURS,OURS`.
        environment: for stdin.

    Raises:
        HostError: the file cannot be read.
        UsageError: an interface that the script does not name, or another spelling.
    """
    name = "stdin" if path == STDIN else path
    source = read_source(read_bytes(path, environment), name)
    script = renamed(source.script, read_names(interfaces, named(source.script)))
    shown = hide("\n".join(source.text.splitlines()))
    notes = []
    if grave := [each for each in source.mends if each.grave]:
        message = (
            f"the text was damaged in {len(grave)} places and was mended: portward import routeros shows how"
        )
        notes.append(Diagnostic("", Severity.ADVICE, message, grave[0].span))
    if not script.rules:
        notes.append(
            Diagnostic("", Severity.ERROR, f"{name}: there are no firewall rules of RouterOS in this text")
        )
    return Loaded(script, tuple(notes), {name: shown})


def read_bytes(path: str, environment: Environment) -> bytes:
    """Read a file, or stdin.

    Raises:
        HostError: it cannot be read, or no router holds one that long.
    """
    if path == STDIN:
        return environment.stdin.read().encode(errors="surrogateescape")
    try:
        with Path(path).open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except OSError as error:
        raise HostError(f"cannot read {path}: {error.strerror}") from None
    if len(data) > LARGEST:
        raise HostError(f"{path} is larger than {LARGEST >> 20} MiB, which no RouterOS script is")
    return data


def read_names(interfaces: Iterable[str], known: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """Read what interfaces are called here.

    Raises:
        UsageError: another spelling, or a name that the script does not have.
    """
    names = {}
    for each in interfaces:
        name, equals, ours = each.partition("=")
        pieces = tuple(filter(None, ours.split(",")))
        if not equals or not pieces:
            raise UsageError(f"--interface {each}: write NAME=OURS, such as ether1=eth0 or WAN=eth0,ppp0")
        if name not in known:
            there = ", ".join(sorted(known)) or "none"
            raise UsageError(f"--interface {each}: the script names no {name!r}; it names: {there}")
        names[name] = pieces
    return names


def settle(notes: Iterable[Diagnostic], loaded: Loaded, *, allow_weaker: bool) -> tuple[Diagnostic, ...]:
    """Go on only if packets are judged as on a router, or the user takes less.

    Raises:
        PolicyError: with all that cannot be said; none of it is an error with `allow_weaker`.
    """
    found = (*loaded.notes, *notes)
    if allow_weaker and loaded.script.rules:
        return tuple(attrs.evolve(each, severity=Severity.ADVICE) for each in found)
    if any(each.severity is Severity.ERROR for each in found):
        if loaded.script.rules:
            found = (*found, NOT_AS_THERE)
        raise PolicyError(found, loaded.sources)
    return found


def compile_file(path: str, options: argparse.Namespace, environment: Environment) -> tuple[Exact, Outcome]:
    """Compile a script for the kernel, as `compile` prints it.

    Raises:
        PolicyError: something cannot be said (see `settle`).
    """
    loaded = load(path, options.interface or [], environment)
    compiled = compile_exact(loaded.script)
    notes = settle(compiled.notes, loaded, allow_weaker=options.allow_weaker)
    result = {
        "text": compiled.text,
        "map": [
            {"line": line, "file": span.file, "script_line": span.line, "script_column": span.column}
            for line, span in sorted(compiled.lines.items())
        ],
    }
    return compiled, Outcome(
        text=compiled.text.rstrip("\n"), result=result, diagnostics=notes, sources=loaded.sources
    )


def simulate_file(
    path: str, sightings: tuple[Sighting, ...], options: argparse.Namespace, environment: Environment
) -> Outcome:
    """Run packets through a script's rules, and tell of each which rules fitted.

    Raises:
        PolicyError: something of the script cannot be run (see `settle`).
    """
    loaded = load(path, options.interface or [], environment)
    router = Router(loaded.script)
    notes = settle(router.chains.notes, loaded, allow_weaker=options.allow_weaker)
    memory = router.start()
    steps = list(replay(router, sightings, memory))
    now = steps[-1].sighting.time if steps else 0.0
    return Outcome(
        text="\n".join((*map(explain, steps), totals(steps), *lists_text(memory, now))),
        result={"packets": [object_of(each) for each in steps], "lists": lists_of(memory, now)},
        diagnostics=notes,
        sources=loaded.sources,
    )


def explain(step: Step) -> str:
    """Tell one packet: what it was, what became of it, and the rules that fitted."""
    sent = "sent by this host: " if step.sighting.outgoing else ""
    head = f"{step.sighting.time:.3f}  {describe(step.packet)}: {sent}{step.judgement.ending}"
    lines = [
        f"    line {each.rule.lines:<6} {each.rule.table} {each.rule.chain}: {each.text}"
        for each in step.judgement.happened
    ]
    return "\n".join((head, *(lines or ["    no rule fits"])))


def object_of(step: Step) -> dict[str, Any]:
    """Make the object of one packet."""
    return {
        "time": step.sighting.time,
        "packet": describe(step.packet),
        "place": str(step.sighting.span) if step.sighting.span else None,
        "state": str(step.packet.state),
        "outgoing": step.sighting.outgoing,
        "verdict": str(step.judgement.ending),
        "rules": [
            {
                "line": each.rule.span.line,
                "family": str(each.rule.family),
                "table": str(each.rule.table),
                "chain": each.rule.chain,
                "comment": each.rule.comment,
                "text": each.text,
            }
            for each in step.judgement.happened
        ],
    }


def totals(steps: list[Step]) -> str:
    """Count what became of the packets."""
    counts = Counter(str(each.judgement.ending) for each in steps)
    told = ", ".join(f"{number} {ending}" for ending, number in sorted(counts.items()))
    return f"{len(steps)} packets" + (f": {told}" if told else "")


def lists_of(memory: Memory, now: float) -> list[dict[str, Any]]:
    """Say who is in which list, and for how many seconds yet; the script's own static entries are not repeated."""
    return [
        {
            "family": str(family),
            "list": name,
            "address": str(address),
            "seconds_left": None if end == FOREVER else round(end - now, 3),
        }
        for (family, name), each in sorted(memory.lists.items())
        for address, end in sorted(each.members(now).items(), key=lambda pair: int(pair[0]))
    ]


def lists_text(memory: Memory, now: float) -> list[str]:
    """Lay the same out for people."""
    return [
        f"in {each['list']}: {each['address']}"
        + (f", {each['seconds_left']:g}s left" if each["seconds_left"] is not None else ", without end")
        for each in lists_of(memory, now)
    ]
