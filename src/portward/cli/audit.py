"""`portward audit`: what this host, a file system, a router or its script shows to the network, and what mends it."""

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from portward.apply.routeros_printed import read_printed
from portward.apply.run import run as run_program
from portward.cli.environment import Environment
from portward.cli.exit import ExitStatus
from portward.cli.outcome import Outcome
from portward.cli.router import open_way
from portward.errors import HostError, Severity, UsageError
from portward.exposure.ask import ask_all
from portward.exposure.finding import Finding
from portward.exposure.gather import gather, gather_offline
from portward.exposure.html import page, scope_words, sentence
from portward.exposure.judge import Audit, audit, below
from portward.exposure.reach import Shown
from portward.exposure.record import audit_object, finding_object
from portward.exposure.router import audit_script
from portward.exposure.router_live import audit_printed
from portward.exposure.sarif import sarif
from portward.policy.policy import Policy
from portward.sources.policy_file import load_policy


LARGEST_SCRIPT = 64 << 20
"""Bytes of a router's script that are read; an export has some 100,000."""


def run(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Audit this host, a host that does not run, a router, or a router's script.

    Raises:
        UsageError: a router or a script together with what is about hosts only, or no such router.
        HostError: something that is needed cannot be read.
        PolicyError: the policy, or the list of routers, has mistakes.
        PeerError: the router does not answer, or lets nobody in.
    """
    if options.sarif + options.html + options.json > 1:
        raise UsageError("--json, --sarif and --html are three forms of one answer: choose one")
    if options.file and options.router:
        raise UsageError("FILE is a router's script, --router the router itself: choose one")
    if options.file or options.router:
        if options.root or options.policy:
            raise UsageError("--root and --policy are about hosts, not about routers")
        return _live(options, environment) if options.router else _script(options, environment)
    return _host(options)


def _host(options: argparse.Namespace) -> Outcome:
    policy = _policy(options.policy)
    if options.root:
        facts = gather_offline(Path(options.root))
    else:
        facts = gather(read_by, policy)
        if not options.no_ask:
            facts = ask_all(facts)
    done = below(audit(facts), options.root) if options.root else audit(facts)
    forms = _forms(options, facts.host or "this host", done.findings, done.shown, facts.unseen)
    return Outcome(forms or describe(done), audit_object(done), _status(done.findings))


def _policy(path: str | None) -> Policy | None:
    """The policy that is named; else the usual one, if it is there and this user may read it."""
    from portward.cli.commands import POLICY_PATH  # noqa: PLC0415 - text only

    if path:
        return load_policy(path).policy
    try:
        return load_policy(POLICY_PATH).policy if Path(POLICY_PATH).is_file() else None
    except HostError:
        return None


def read_by(*arguments: str) -> str:
    """Run a program that only reads.

    Raises:
        HostError: it is missing, took too long, or failed.
    """
    done = run_program(arguments)
    if done.code:
        reason = next((line for line in done.err.splitlines() if line.strip()), "no reason given")
        raise HostError(f"{Path(arguments[0]).name}: {reason}")
    return done.out


def _script(options: argparse.Namespace, environment: Environment) -> Outcome:
    name = "stdin" if options.file == "-" else options.file
    findings, remarks = audit_script(_read(options.file, environment), name)
    return _told(options, ("file", name), findings, remarks)


def _live(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Ask a router, over the connection that pushes go by; it is only read."""
    way = open_way(options, environment)
    link = way.connect()
    try:
        printed = read_printed(link)
    finally:
        link.close()
    name = way.router.name
    return _told(options, ("router", name), *audit_printed(printed, name))


def _told(
    options: argparse.Namespace,
    about: tuple[str, str],
    findings: Sequence[Finding],
    remarks: Sequence[str],
) -> Outcome:
    """Tell about a router, whether it was asked or its script read."""
    kind, name = about
    result = {kind: name, "findings": [finding_object(each) for each in findings], "unseen": list(remarks)}
    text = _forms(options, name, findings, (), remarks)
    return Outcome(text or "\n".join(_lines(findings, remarks)), result, _status(findings))


def _read(file: str, environment: Environment) -> bytes:
    try:
        if file == "-":
            raw = getattr(environment.stdin, "buffer", None)
            data = raw.read(LARGEST_SCRIPT + 1) if raw else environment.stdin.read().encode()
        else:
            with Path(file).open("rb") as stream:
                data = stream.read(LARGEST_SCRIPT + 1)
    except OSError as error:
        raise HostError(f"cannot read {file}: {error.strerror}") from error
    if len(data) > LARGEST_SCRIPT:
        raise HostError(f"{file} is larger than {LARGEST_SCRIPT >> 20} MiB and so no router's script")
    return bytes(data)


def _forms(
    options: argparse.Namespace,
    title: str,
    findings: Sequence[Finding],
    shown: Sequence[Shown],
    remarks: Sequence[str],
) -> str:
    """The answer as SARIF or HTML; empty if neither was asked for."""
    if options.sarif:
        return json.dumps(sarif(findings, title), indent=2, ensure_ascii=False)
    return page(title, findings, shown, remarks).rstrip("\n") if options.html else ""


def _status(findings: Sequence[Finding]) -> ExitStatus:
    told = any(each.severity is not Severity.NOTE for each in findings)
    return ExitStatus.FINDINGS if told else ExitStatus.OK


def describe(done: Audit) -> str:
    """Lay out the audit of a host: every port, then what is wrong."""
    return "\n".join([*table(done.shown), "", *_lines(done.findings, done.facts.unseen)])


def table(shown: Sequence[Shown]) -> list[str]:
    """Lay out all ports, columns aligned."""
    if not shown:
        return ["nothing listens"]
    heads = ("PORT", "ADDRESS", "SERVICE", "PROGRAM", "UNIT", "USER", "REACHED BY", "DOOR")
    rows = [heads, *(_row(each) for each in shown)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def _row(shown: Shown) -> tuple[str, ...]:
    listener = shown.listener
    program = ",".join(dict.fromkeys(each.name for each in listener.programs))
    moved = " (moved)" if shown.usual is False else ""
    outside = "".join(f" via {port}" for port in shown.outside)
    return (
        listener.spelled,
        str(listener.address),
        (shown.name or "?") + moved,
        program or "-",
        listener.unit or "-",
        listener.user or "-",
        scope_words(shown) + outside,
        ",".join(shown.doors) or "-",
    )


def findings_text(findings: Sequence[Finding], nothing: str = "nothing is wrong") -> str:
    """Lay out findings with their remedies, and how many there are."""
    return "\n".join(_lines(findings, (), nothing))


def _lines(
    findings: Sequence[Finding], remarks: Sequence[str], nothing: str = "nothing is wrong"
) -> list[str]:
    """Lay out findings with their remedies, then what was not looked at, then the count."""
    lines: list[str] = []
    for each in findings:
        place = f"{each.span}: " if each.span else ""
        lines += [f"{place}{each.severity}[{each.code}]: {each.message}"]
        for remedy in each.remedies:
            lines += [f"    {'mend' if remedy is each.remedies[0] else 'or'} ({remedy.kind}):"]
            lines += [f"        {line}" for line in remedy.text.splitlines()]
        lines.append("")
    lines += [sentence(f"not looked at: {each}") for each in remarks]
    counted = Counter(each.severity for each in findings)
    words = [f"{counted[kind]} {word}" for kind, word in _WORDS.items() if counted[kind]]
    lines.append(", ".join(words) + "; portward explain CODE tells more" if words else nothing)
    return lines


_WORDS = {Severity.ERROR: "to mend", Severity.ADVICE: "advice", Severity.NOTE: "noted"}
