"""`portward import fwknop`: an access.conf becomes a policy and keys, and each of its stanzas is accounted for."""

import argparse
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs

from portward.apply.keystore import KeyStore
from portward.cli.environment import Environment
from portward.cli.exit import ExitStatus
from portward.cli.fwknop_keys import make_keyring, refuse_known, save_keys
from portward.cli.import_knockd import read_opens
from portward.cli.input import LARGEST_FILE, read_input
from portward.cli.outcome import Outcome
from portward.cli.output import write_output
from portward.errors import Diagnostic, PolicyError, Severity, UsageError
from portward.policy.notation import write_duration
from portward.sources.fwknop_access import AccessFile, read_access
from portward.sources.fwknop_conf import FwknopConf, read_conf
from portward.sources.fwknop_policy import Fate, FwknopPolicy, LiftedStanza, Opened, make_policy, summary
from portward.sources.policy_text import write_policy


def run(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Read the files, write policy and keys, and tell what became of each stanza."""
    given = read_opens(options.opens)
    name = "<stdin>" if options.file == "-" else options.file
    access = read_access(read_input(options.file, environment, "none of fwknop's files"), name, find_included)
    conf = (
        read_conf(read_input(options.conf, environment, "none of fwknop's files"), options.conf)
        if options.conf
        else FwknopConf()
    )
    made = make_policy(access, conf, given, allow_weaker=options.allow_weaker)
    sources = {**access.texts, **({options.conf: conf.text} if options.conf else {})}
    if made.fatal:
        raise PolicyError(_in_order([*made.fatal, *access.quirks]), sources)
    _judge_names(given, made.stanzas)
    kept = [each for each in made.stanzas if each.fate is Fate.PERSON]
    text = write_policy(made.policy, made.comments) if kept else ""
    directory = _write(options, text, kept, environment)
    for each in made.stanzas:
        environment.talk(summary(each))
    found = _told(made, access, conf)
    if options.strict:
        found = [_strictly(each) for each in found]
    wrong = not text or any(each.severity is Severity.ERROR for each in found)
    return Outcome(
        "" if options.output else text.rstrip("\n"),
        as_object(made, text, options.output, directory),
        ExitStatus.FINDINGS if wrong else ExitStatus.OK,
        changed=bool(text and (options.output or directory)),
        diagnostics=tuple(found),
        sources=sources,
    )


def _told(made: FwknopPolicy, access: AccessFile, conf: FwknopConf) -> list[Diagnostic]:
    return _in_order([*access.quirks, *(said for each in made.stanzas for said in each.told), *conf.told])


def _strictly(diagnostic: Diagnostic) -> Diagnostic:
    """Make advice a mistake."""
    if diagnostic.severity is not Severity.ADVICE:
        return diagnostic
    return attrs.evolve(diagnostic, severity=Severity.ERROR)


def _judge_names(given: Opened, stanzas: Iterable[LiftedStanza]) -> None:
    names = [each.name for each in stanzas]
    for name in given:
        if name not in names:
            raise UsageError(f"--opens {name}=…: no stanza has that name; there are {', '.join(names)}")


def find_included(file: str, name: str) -> Sequence[tuple[str, bytes]]:
    """Read what a file includes, a name that ends with a slash being a folder; names are relative to the file's place.

    Raises:
        ValueError: it is not there.
    """
    path = Path(file).parent / name
    try:
        paths = sorted(path.glob("*.conf")) if name.endswith("/") else [path]
        if name.endswith("/") and not path.is_dir():
            raise ValueError("there is no such folder")
        if any(not each.is_file() or each.stat().st_size > LARGEST_FILE for each in paths):
            raise ValueError("there is no such file")
        return [(str(each), each.read_bytes()) for each in paths]
    except OSError as error:
        raise ValueError(error.strerror) from error


def _in_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    return sorted(diagnostics, key=lambda each: (each.span.file, each.span.line) if each.span else ("", 0))


def _write(
    options: argparse.Namespace, text: str, kept: list[LiftedStanza], environment: Environment
) -> Path | None:
    """Write the policy where the user wants it, and the keys beside it or where the user wants them.

    Raises:
        UsageError: a file or somebody's keys are there already.
        HostError: something cannot be written.
    """
    if not text:
        environment.talk("no stanza became a person, so there is no policy")
        return None
    store = KeyStore(Path(options.keys)) if options.keys else None
    if options.output and store is None:
        store = KeyStore.beside(options.output)
    if store and not options.force:
        refuse_known(store, [each.name for each in kept])
    if options.output:
        write_output(options.output, text, replace=options.force)
        environment.talk(f"wrote {options.output}; now: portward check {options.output}")
    if store is None:
        environment.talk("the keys were not written; --output or --keys says where")
        return None
    save_keys(store, make_keyring(kept, _now()))
    environment.talk(f"wrote the keys of {', '.join(each.name for each in kept)} to {store.directory}")
    return store.directory


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def as_object(made: FwknopPolicy, text: str, output: str | None, directory: Path | None) -> dict[str, Any]:
    """Make the result for `--json`; keys are not part of it."""
    return {
        "policy": text or None,
        "file": output if text else None,
        "keys": str(directory) if directory else None,
        "stanzas": [_stanza(each, made) for each in made.stanzas],
    }


def _stanza(stanza: LiftedStanza, made: FwknopPolicy) -> dict[str, Any]:
    kept = stanza.fate is Fate.PERSON
    access = stanza.access
    return {
        "stanza": access.number,
        "file": access.place.file,
        "line": access.place.line,
        "person": stanza.name,
        "fate": str(stanza.fate),
        "opens": list(made.policy.person(stanza.name).opens) if kept else [],
        "open_for": write_duration(access.open_for),
        "from": [str(each) for each in access.networks],
        "reasons": [each.message for each in stanza.told if each.severity is Severity.ERROR],
        "differences": [each.message for each in stanza.told if each.severity is not Severity.ERROR],
    }
