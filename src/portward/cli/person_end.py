"""`portward person list`, `person revoke` and `person remove`: who has keys, and the end of them."""

import argparse
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from portward.apply.keystore import KeyStore
from portward.apply.people_grants import end_grants
from portward.apply.people_keys import ended, living
from portward.apply.policy_files import PolicyFiles, read_files
from portward.cli.environment import Environment
from portward.cli.outcome import Outcome
from portward.cli.person import NEXT, find_person, moment
from portward.cli.policy import read_checked
from portward.errors import Diagnostic, PortwardError, Severity, UsageError
from portward.policy.notation import write_duration
from portward.policy.people import Person
from portward.policy.policy import Policy
from portward.sources.policy_edit_people import remove_person, revoke_person
from portward.spa.keyring import Keyring, Term
from portward.spa.spelling import write_moment


def show(options: argparse.Namespace, environment: Environment) -> Outcome:
    """List the people of a policy and their keys."""
    policy = read_checked(options.policy, environment).policy
    store, now = KeyStore.beside(options.policy), moment()
    keys = {person.name: living(store.person(person.name), now) for person in policy.people}
    strangers = [name for name in store.people() if name not in keys]
    notes = tuple(
        Diagnostic("", Severity.ADVICE, f"there are keys of {name}, but no such person in the policy")
        for name in strangers
    )
    if not policy.people:
        environment.talk("there are no people; portward person add NAME --opens SERVICE adds one")
    lines = [line for person in policy.people for line in _lines(person, keys[person.name], now)]
    result = {"people": [_as_object(person, keys[person.name]) for person in policy.people]}
    return Outcome("\n".join(lines), result, diagnostics=notes)


def _lines(person: Person, keyring: Keyring, now: datetime) -> Iterator[str]:
    """A person, and below it the keys."""
    said = f"{person.name}: opens {', '.join(person.opens)} for {write_duration(person.open_for)}"
    if person.networks:
        said += f", from {', '.join(map(str, person.networks))}"
    if person.revoked:
        said += ", revoked"
    elif person.until:
        said += f", {'ended at' if person.until <= now else 'until'} {write_moment(person.until)}"
    yield said
    keys = list(_keys(keyring))
    yield from (f"  {kind} key since {write_moment(term.since)}{_end(term)}" for kind, term in keys)
    if not keys:
        yield "  no keys"


def _keys(keyring: Keyring) -> Iterator[tuple[str, Term]]:
    yield from (("sealed", each.term) for each in keyring.sealed)
    yield from (("token", each.term) for each in keyring.tokens)
    yield from (("fwknop", each.term) for each in keyring.fwknop)


def _end(term: Term) -> str:
    return f", until {write_moment(term.until)}" if term.until else ""


def _as_object(person: Person, keyring: Keyring) -> dict[str, Any]:
    """Make a person's object for programs; keys are not part of it."""
    return {
        "name": person.name,
        "opens": list(person.opens),
        "open_for": write_duration(person.open_for),
        "from": list(map(str, person.networks)),
        "until": write_moment(person.until) if person.until else None,
        "revoked": person.revoked,
        "keys": [
            {
                "kind": kind,
                "since": write_moment(term.since),
                "until": write_moment(term.until) if term.until else None,
            }
            for kind, term in _keys(keyring)
        ],
    }


def revoke(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Say in the policy that nothing of a person's counts, and end the keys and the grants now."""
    person, store, write = _edited(options, environment, revoke_person)
    with store.locked():
        write()
        keys = store.person(person.name)
        if keys != Keyring():
            store.save(person.name, ended(keys, moment()))
    return _gone(person, "revoked", environment)


def remove(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Take a person out of the policy, remove the keys, and end the grants."""
    person, store, write = _edited(options, environment, remove_person)
    with store.locked():
        write()
        store.remove(person.name)
    return _gone(person, "removed", environment)


def _edited(
    options: argparse.Namespace, environment: Environment, edit: Callable[[str, str], str]
) -> tuple[Person, KeyStore, Callable[[], None]]:
    """Edit the file that a person stands in, and judge it; gives what writes it when the keys are locked."""
    policy = read_checked(options.policy, environment).policy
    person, files = find_person(policy, options.name), read_files(options.policy)
    path = file_of(policy, person, files)
    try:
        text = edit(files.text(path), person.name)
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from None
    files.judged(path, text)
    return person, KeyStore.beside(options.policy), lambda: files.write(path, text)


def file_of(policy: Policy, person: Person, files: PolicyFiles) -> Path:
    """The file that a person stands in."""
    span = policy.places.nearest("people", person.name)
    return Path(span.file) if span and Path(span.file) in files.texts else files.main


def _gone(person: Person, how: str, environment: Environment) -> Outcome:
    """End the grants, and tell; where the kernel cannot be asked, the keys are gone all the same."""
    notes: tuple[Diagnostic, ...] = ()
    out: tuple[str, ...] = ()
    try:
        out = end_grants(person.name, person.opens)
    except PortwardError as error:
        sentence = f"the keys are gone, but open doors could not be shut: {error}"
        notes = (Diagnostic("", Severity.ADVICE, sentence),)
    environment.talk(NEXT)
    doors = f"; {', '.join(out)} {'are' if len(out) > 1 else 'is'} out" if out else "; no door was open"
    text = f"{person.name} is {how}{doors if not notes else ''}"
    return Outcome(text, {"person": person.name, "ended": list(out)}, changed=True, diagnostics=notes)
