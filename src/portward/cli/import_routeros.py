"""`portward import routeros`: a RouterOS text in, a policy out, and the fate of every line.

The policy goes to stdout or a file; all that is to be said about it goes to stderr, or into the JSON object.
"""

import argparse
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import attrs

from portward.cli.environment import Environment
from portward.cli.exit import ExitStatus
from portward.cli.outcome import Outcome
from portward.compile.routeros_back import Kept, recover
from portward.compile.routeros_owned import Owned, recognise
from portward.errors import Diagnostic, HostError, PolicyError, Severity, Span
from portward.policy.notation import write_duration, write_knock
from portward.sources.policy_text import write_policy
from portward.sources.routeros_fates import Fates
from portward.sources.routeros_lift import Lifted, lift
from portward.sources.routeros_rules import Fate, Rule, Script, Told
from portward.sources.routeros_script import Source, read_source
from portward.sources.rsc_text import Mend, split_lines


LARGEST = 512 * 1024 * 1024
"""Bytes of a script that are read; no router holds one that long."""
MOST_SHOWN = 20
"""How many of one kind are shown with their source line; of the rest, the lines are named (and `--json` has all)."""
MOST_SHOWN_TEXT = 2_000_000
"""Characters of a text up to which source lines are shown at all."""


def run(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Read the file, lift it, write the policy.

    Raises:
        PolicyError: the file is no text, or `--strict` was asked for and it had to be mended.
        HostError: the file cannot be read or written.
    """
    name = "stdin" if options.file == "-" else options.file
    source = read_source(_read(options.file, environment), name)
    source = attrs.evolve(source, mends=_open_mends(source))
    if (own := recognise(source.text)) is not None:
        return _own_export(own, source, options, environment)
    texts = _shown(source)
    if options.strict and any(each.grave for each in source.mends):
        raise PolicyError((_mend(each, Severity.ERROR) for each in source.mends if each.grave), texts)
    kept = recover(source.script)
    lifted = _lifted(kept, source.script) if kept else lift(source.script, exact=options.exact_meaning)
    facts = tuple(_facts(source, lifted))
    lines = tuple(_statements(source, lifted))
    diagnostics = (*facts, *_say_statements(lines), *_say_prose(source), *_say_services(source))
    ok = all(each.severity is not Severity.ERROR for each in diagnostics)
    text = write_policy(lifted.policy, _comments(source, lifted, lines)) if lifted.found else ""
    result = _result(source, lifted, lines, text)
    changed = False
    if options.output and text:
        _write(Path(options.output), text)
        environment.talk(f"written: {options.output}")
        changed, text = True, ""
    return Outcome(
        text.rstrip("\n"), result, ExitStatus.OK if ok else ExitStatus.FINDINGS, changed, diagnostics, texts
    )


def _lifted(kept: Kept, script: Script) -> Lifted:
    """The policy that rules of our own on a router keep, and what became of all rules there."""
    fates = Fates(script)
    for rule in kept.rules:
        fates.carry(rule, "portward's own rules, which keep this policy")
    for rule in script.rules:
        if not fates.is_carried(rule):
            fates.leave(rule, "it is none of portward's own rules", decides=not rule.disabled)
    comment = "What no rule on a router says (sizes, prefixes of grants) is as usual."
    return Lifted(kept.policy, {(): comment}, fates, (), ())


def _own_export(own: Owned, source: Source, options: argparse.Namespace, environment: Environment) -> Outcome:
    """Give back the very policy that an export of ours, not changed since, was made of."""
    name, version = source.file, own.target.version
    said = f"Made by portward import routeros from {name}, portward's own export for RouterOS {version}."
    text = write_policy(own.policy, {(): said})
    lifted = Lifted(own.policy, {}, Fates(source.script), (), ())
    result = _result(source, lifted, (), text)
    message = "this is portward's own export, not changed since: the policy is the one it was made of"
    note = Diagnostic("", Severity.NOTE, message)
    if not options.output:
        return Outcome(text.rstrip("\n"), result, diagnostics=(note, *_say_services(source)))
    _write(Path(options.output), text)
    environment.talk(f"written: {options.output}")
    return Outcome("", result, changed=True, diagnostics=(note, *_say_services(source)))


def _read(file: str, environment: Environment) -> bytes:
    try:
        if file == "-":
            buffer = getattr(environment.stdin, "buffer", None)
            data = buffer.read(LARGEST + 1) if buffer else environment.stdin.read(LARGEST + 1).encode()
        else:
            with Path(file).open("rb") as stream:
                data = stream.read(LARGEST + 1)
    except OSError as error:
        msg = f"{file}: {error.strerror}"
        raise HostError(msg) from error
    if len(data) > LARGEST:
        msg = f"{file} is larger than {LARGEST >> 20} MiB, which no RouterOS script is"
        raise HostError(msg)
    return bytes(data)


def _write(path: Path, text: str) -> None:
    """Write the policy so that only its owner reads it: it holds the knocks."""
    try:
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        msg = f"{path}: {error.strerror}"
        raise HostError(msg) from error


_SECRET = re.compile(
    r"(?<![\w-])((?:[a-z0-9-]*(?:password|passphrase|secret|pre-shared-key|preshared-key|private-key|psk|community)"
    r"|content|regexp)=)(\"(?:[^\"\\]|\\.)*\"|[\u201c-\u201f\u00ab\u2033][^\n]*?[\u201c-\u201f\u00bb\u2033]|[^\s\"]+)",
    re.IGNORECASE,
)


_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""Characters that a terminal would obey or that would break a line."""


def _shown(source: Source) -> dict[str, str]:
    """The text for the lines below diagnostics: secrets blotted out, none at all of a very long one."""
    if len(source.text) > MOST_SHOWN_TEXT:
        return {}
    text = _CONTROLS.sub("\N{MIDDLE DOT}", "\n".join(split_lines(source.text)))
    return {source.file: hide(text)}


def hide(text: str) -> str:
    """The text with the values of secrets blotted out, character for character."""
    return _SECRET.sub(lambda match: match.group(1) + "•" * len(match.group(2)), text)


# --- what is said about the text ------------------------------------------------------------------------------------


def _facts(source: Source, lifted: Lifted) -> Iterator[Diagnostic]:
    grave = [_mend(each, Severity.ADVICE) for each in source.mends if each.grave]
    slight = [_mend(each, Severity.NOTE) for each in source.mends if not each.grave]
    yield from _grouped(grave, [each.kind for each in source.mends if each.grave])
    yield from _grouped(slight, [each.kind for each in source.mends if not each.grave], shown=1)
    mistakes = list(lifted.mistakes)
    yield from _grouped(mistakes, [each.code + each.message[:40] for each in mistakes])
    differences = list(lifted.differences)
    yield from _grouped(differences, [each.message for each in differences])
    if not lifted.found:
        message = "no knock sequence was found in this text, so there is no policy to write"
        yield Diagnostic("PW506", Severity.ERROR, message)


def _open_mends(source: Source) -> tuple[Mend, ...]:
    """The mends as they may be shown: those of a secret are blotted out."""
    hidden = split_lines(hide(source.text)) if source.mends else []
    return tuple(_open_mend(each, hidden) for each in source.mends)


def _open_mend(mend: Mend, hidden: list[str]) -> Mend:
    start = mend.span.column - 1
    line = hidden[mend.span.line - 1] if mend.span.line <= len(hidden) else ""
    if "•" in line[start : start + max(mend.span.length, len(mend.before))]:
        return attrs.evolve(mend, before="•••", after="•••")
    return attrs.evolve(mend, before=hide(mend.before), after=hide(mend.after))


def _mend(mend: Mend, severity: Severity) -> Diagnostic:
    before, after = _short(mend.before), _short(mend.after)
    code = "PW501" if mend.grave else "PW502"
    change = f"{before!r} was read as {after!r}" if after else f"{before!r} was passed over"
    return Diagnostic(code, severity, f"{mend.kind}: {change}", mend.span)


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:40] + "…" + text[-15:]


def _grouped(found: list[Diagnostic], kinds: list[str], shown: int = MOST_SHOWN) -> Iterator[Diagnostic]:
    """The first few of each kind in full, the others as a list of their lines."""
    counted: dict[str, int] = {}
    rest: dict[str, list[Diagnostic]] = {}
    for each, kind in zip(found, kinds, strict=True):
        counted[kind] = counted.get(kind, 0) + 1
        if counted[kind] <= shown:
            yield each
        else:
            rest.setdefault(kind, []).append(each)
    for others in rest.values():
        first = others[0]
        lines = name_lines((each.span.line, each.span.line) for each in others if each.span)
        subject = first.message.partition(":")[0]
        yield Diagnostic(first.code, first.severity, f"the same again, {subject}: {lines}")


def name_lines(ranges: Iterable[tuple[int, int]]) -> str:
    """Line numbers for people: `line 7`, `lines 3, 9-20`."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(set(ranges)):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    text = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in joined)
    alone = len(joined) == 1 and joined[0][0] == joined[0][1]
    return f"{'line' if alone else 'lines'} {text}"


# --- the fate of each statement -------------------------------------------------------------------------------------


class _Line:
    """A statement and what became of it in the end."""

    __slots__ = ("decides", "fate", "hint", "last", "menu", "span", "what")

    def __init__(self, told: Told, fate: str, what: str, *, decides: bool, hint: str) -> None:
        self.span: Span = told.span
        self.last = told.last
        self.menu = told.menu
        self.fate = fate
        self.what = what
        self.decides = decides
        self.hint = hint


def _statements(source: Source, lifted: Lifted) -> Iterator[_Line]:
    rules: dict[tuple[int, int], list[Rule]] = {}
    for rule in source.script.rules:
        rules.setdefault((rule.span.line, rule.span.column), []).append(rule)
    for told in source.script.told:
        made = rules.get((told.span.line, told.span.column), ())
        if told.fate is not Fate.TAKEN or not made:
            yield _plain(told)
            continue
        for rule in made:
            fate = lifted.fates.of(rule)
            name = "policy" if fate.carried else "left"
            yield _Line(told, name, fate.what, decides=fate.decides, hint=fate.hint)


def _plain(told: Told) -> _Line:
    if told.fate is Fate.REFUSED:
        return _Line(told, "refused", told.reason, decides=True, hint=told.hint)
    if told.fate is Fate.LISTED:
        return _Line(told, "left", told.reason, decides=told.decides, hint=told.hint)
    what = told.reason or ("kept in the report" if told.menu == "/ip service" else "read")
    return _Line(told, "kept", what, decides=False, hint="")


_WORDS = {"policy": "in the policy", "left": "not in the policy", "kept": "taken note of"}


def _say_statements(lines: tuple[_Line, ...]) -> Iterator[Diagnostic]:
    pressing = [each for each in lines if each.decides or each.fate == "refused"]
    errors = [_pressing(each) for each in pressing]
    yield from _grouped(errors, [each.what for each in pressing])
    groups: dict[tuple[str, str, str], list[_Line]] = {}
    for each in lines:
        if not (each.decides or each.fate == "refused"):
            groups.setdefault((each.fate, each.what, each.hint), []).append(each)
    for (fate, what, hint), each_line in groups.items():
        where = name_lines((each.span.line, each.last) for each in each_line)
        yield Diagnostic("", Severity.NOTE, f"{where}: {_WORDS[fate]}: {what}", None, hint)


def _pressing(line: _Line) -> Diagnostic:
    if line.fate == "refused":
        message = f"a router refuses this: {line.what}"
        return Diagnostic("PW503", Severity.ERROR, message, line.span, line.hint)
    message = f"not in the policy, and packets depend on it: {line.what}"
    return Diagnostic("PW504", Severity.ERROR, message, line.span, line.hint)


def _say_prose(source: Source) -> Iterator[Diagnostic]:
    if source.prose:
        count = sum(last - first + 1 for first, last in source.prose)
        where = name_lines(source.prose)
        yield Diagnostic(
            "PW505", Severity.NOTE, f"{where}: {count} lines that are not RouterOS were passed over"
        )


def _say_services(source: Source) -> Iterator[Diagnostic]:
    off = [each.name for each in source.script.services if each.disabled]
    if off:
        names = ", ".join(off)
        message = f"the text switches these services of the router off: {names}"
        yield Diagnostic("", Severity.NOTE, message, None, "switch their like off on this host too")


# --- the policy's head, and the result for programs -----------------------------------------------------------------


def _comments(source: Source, lifted: Lifted, lines: tuple[_Line, ...]) -> dict[Any, str]:
    version = f" (RouterOS {source.script.version})" if source.script.version else ""
    head = [f"Made by portward import routeros from {source.file}{version}; the lines named are that file's."]
    left = [(each.span.line, each.last) for each in lines if each.decides or each.fate == "refused"]
    if left:
        head.append(f"Not in this policy, though packets depend on it: {name_lines(left)}.")
    comments: dict[Any, str] = dict(lifted.comments)
    comments[()] = "\n".join([*head, *filter(None, [comments.get(())])])
    return comments


def _result(source: Source, lifted: Lifted, lines: tuple[_Line, ...], text: str) -> dict[str, Any]:
    script = source.script
    return {
        "policy": text or None,
        "version": script.version or None,
        "mode": str(lifted.policy.mode),
        "strict": lifted.policy.strict,
        "sequences": [
            {
                "name": each.name,
                "knocks": [write_knock(knock, secret=False) for knock in each.knocks],
                "step_timeouts": [write_duration(time) for time in each.step_timeouts],
                "opens": list(each.opens),
                "open_for": write_duration(each.open_for),
            }
            for each in lifted.policy.sequences
        ],
        "services": [
            {
                "name": each.name,
                "disabled": each.disabled,
                "port": each.port,
                "addresses": list(each.addresses),
            }
            for each in script.services
        ],
        "statements": [_statement_object(each) for each in lines],
        "mends": [
            {
                "kind": each.kind,
                "line": each.span.line,
                "column": each.span.column,
                "before": each.before,
                "after": each.after,
                "grave": each.grave,
            }
            for each in source.mends
        ],
        "prose": [list(each) for each in source.prose],
        "comments": source.comments,
        "quiet": source.quiet,
    }


def _statement_object(line: _Line) -> dict[str, Any]:
    return {
        "line": line.span.line,
        "column": line.span.column,
        "last_line": line.last,
        "menu": line.menu or None,
        "fate": line.fate,
        "what": line.what,
        "decides": line.decides,
        "hint": line.hint or None,
    }
