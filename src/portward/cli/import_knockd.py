"""`portward import knockd`: a knockd.conf becomes a policy, and each of its doors is accounted for."""

import argparse
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from portward.cli.environment import Environment
from portward.cli.exit import ExitStatus
from portward.cli.input import LARGEST_FILE, read_input
from portward.cli.outcome import Outcome
from portward.cli.output import write_output
from portward.errors import Diagnostic, PolicyError, Severity, UsageError
from portward.policy.net import PortRange
from portward.policy.notation import read_ports, write_duration, write_ports
from portward.policy.policy import EVERYTHING
from portward.sources.knockd_commands import Judged, Kind
from portward.sources.knockd_doors import KnockdFile, read_knockd, read_one_time
from portward.sources.knockd_effect import Effect
from portward.sources.knockd_lift import Fate, LiftedDoor
from portward.sources.knockd_one_time import OneTimeSequences
from portward.sources.knockd_policy import KnockdPolicy, make_policy, opened_services, summary
from portward.sources.policy_text import write_policy


def run(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Read the file, print or write the policy, and tell what became of each door."""
    given = read_opens(options.opens)
    name = "<stdin>" if options.file == "-" else options.file
    knockd = read_knockd(read_input(options.file, environment, "no knockd.conf"), name)
    _judge_names(given, knockd)
    if knockd.fatal:
        raise PolicyError(_in_order([*knockd.fatal, *knockd.quirks], name), {name: knockd.text})
    one_time, texts, about_files = _one_time_files(knockd)
    made = make_policy(knockd, given, one_time, strict=not options.exact_meaning)
    text = write_policy(made.policy, made.comments) if made.policy.sequences else ""
    about_doors = dict.fromkeys(said for door in made.doors for said in door.diagnostics())
    found = _in_order([*knockd.quirks, *about_doors], name)
    found += about_files
    _write(options, text, environment)
    for door in made.doors:
        environment.talk(summary(door, made.policy))
    if not text:
        environment.talk("no door became a sequence, so there is no policy")
    wrong = any(each.severity is Severity.ERROR for each in found) or not text
    return Outcome(
        "" if options.output else text.rstrip("\n"),
        as_object(made, knockd, text, options.output),
        ExitStatus.FINDINGS if wrong else ExitStatus.OK,
        changed=bool(text and options.output),
        diagnostics=tuple(found),
        sources={name: knockd.text, **texts},
    )


def read_opens(words: Iterable[str]) -> dict[str, tuple[PortRange, ...] | None]:
    """Read what the user says that doors open: `DOOR=tcp/22,udp/53`; None for everything.

    Raises:
        UsageError: it is spelled otherwise.
    """
    given: dict[str, tuple[PortRange, ...] | None] = {}
    for word in words:
        door, equals, ports = word.rpartition("=")
        if not equals or not door:
            raise UsageError(f"--opens {word}: write DOOR=PORTS, such as openSSH=tcp/22")
        try:
            given[door] = (
                None if ports == EVERYTHING else tuple(read_ports(each) for each in ports.split(","))
            )
        except ValueError as error:
            raise UsageError(f"--opens {word}: {error}") from error
    return given


def _judge_names(given: Mapping[str, Any], knockd: KnockdFile) -> None:
    names = [each.name.text for each in knockd.doors]
    for name in given:
        if name not in names:
            there = f"there are {', '.join(names)}" if names else "it has no doors"
            raise UsageError(f"--opens {name}=…: the file has no door of that name; {there}")


def _one_time_files(
    knockd: KnockdFile,
) -> tuple[dict[str, OneTimeSequences], dict[str, str], list[Diagnostic]]:
    """Read the files of one-time sequences: what is left in each, their texts, and what there is to tell."""
    left: dict[str, OneTimeSequences] = {}
    texts: dict[str, str] = {}
    found: list[Diagnostic] = []
    words = {door.one_time.text: door.one_time for door in reversed(knockd.doors) if door.one_time}
    for name, word in reversed(words.items()):
        try:
            content = _regular_file(Path(name))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            sentence = f"this file cannot be read here ({reason}); knockd does not start without it"
            found.append(Diagnostic("PW652", Severity.ADVICE, sentence, word.span))
            continue
        left[name], told = read_one_time(content, name)
        texts[name] = content.decode(errors="replace")
        sentence = f"{len(left[name])} of its one-time sequences are left"
        found += [Diagnostic("PW652", Severity.NOTE, sentence, word.span), *told]
    return left, texts, found


def _regular_file(path: Path) -> bytes:
    """Read a small regular file; never wait for a pipe.

    Raises:
        OSError: it cannot be read.
        ValueError: it is something else.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise ValueError("it is no regular file")
    content = path.read_bytes() if path.stat().st_size <= LARGEST_FILE else b""
    if not content and path.stat().st_size:
        raise ValueError("it is too large")
    return content


def _in_order(diagnostics: Iterable[Diagnostic], first: str) -> list[Diagnostic]:
    """Sort by places: those in the file `first`, then those in files of one-time sequences."""

    def place(each: Diagnostic) -> tuple[bool, str, int, int]:
        span = each.span
        return (span.file != first, span.file, span.line, span.column) if span else (False, "", 0, 0)

    return sorted(diagnostics, key=place)


def _write(options: argparse.Namespace, text: str, environment: Environment) -> None:
    """Write the policy where the user wants it, readable by its owner alone: whoever reads the knocks can knock.

    Raises:
        UsageError: the file is there already.
        HostError: it cannot be written.
    """
    if not options.output or not text:
        return
    write_output(options.output, text, replace=options.force)
    environment.talk(f"wrote {options.output}; now: portward check {options.output}")


def as_object(made: KnockdPolicy, knockd: KnockdFile, text: str, output: str | None) -> dict[str, Any]:
    """Make the result for `--json`."""
    return {
        "policy": text or None,
        "file": output if text else None,
        "strict": made.policy.strict,
        "doors": [_door(each, made) for each in made.doors],
        "options": [
            {
                "key": each.key.text,
                "value": each.value.text if each.value else None,
                "line": each.key.span.line,
            }
            for each in knockd.options
        ],
        "differences": list(made.differences),
    }


def _door(lifted: LiftedDoor, made: KnockdPolicy) -> dict[str, Any]:
    door = lifted.door
    in_policy = lifted.fate in {Fate.SEQUENCE, Fate.MERGED}
    return {
        "door": door.name.text,
        "line": door.name.span.line,
        "fate": str(lifted.fate),
        "sequence": lifted.name or None,
        "knocks": [f"{each.protocol}/{each.port}" for each in door.knocks],
        "once": lifted.once,
        "one_time": [[f"{each.protocol}/{each.port}" for each in knocks] for knocks in lifted.one_time],
        "opens": list(opened_services(lifted, made.policy)) if in_policy else [],
        "open_for": write_duration(lifted.open_for) if in_policy else None,
        "differences": list(lifted.remarks),
        "reasons": [each.text for each in lifted.reasons],
        "commands": [_command(role, each) for role, steps in lifted.commands.items() for each in steps],
    }


def _command(role: str, judged: Judged) -> dict[str, Any]:
    return {
        "role": role,
        "line": judged.span.line,
        "text": judged.text,
        "kind": str(judged.kind),
        "arguments": list(judged.words) if judged.kind is Kind.HOOK else None,
        "effects": [_effect(each) for each in judged.effects],
        "why": judged.why or None,
        "packets_depend": judged.packets or judged.kind is Kind.FIREWALL,
        "run_by_portward": False,
    }


def _effect(effect: Effect) -> dict[str, Any]:
    return {
        "does": "opens" if effect.opens else "closes",
        "ports": [write_ports(each) for each in effect.ports] or (None if effect.behind else EVERYTHING),
        "published": [write_ports(each) for each in effect.published],
        "host": str(effect.host) if effect.host else None,
        "set": effect.behind or None,
        "for": write_duration(effect.lasts) if effect.lasts else None,
    }
