"""`portward person add` and `portward person rotate`: keys for people, and the invitations that hold them."""

import argparse
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from portward.apply.keystore import KeyStore
from portward.apply.people_keys import ISSUED, OF_TOKENS, Issued, ended, free_slot, issue, living
from portward.apply.policy_files import read_files
from portward.cli.environment import Environment
from portward.cli.outcome import Outcome
from portward.cli.person_invite import hand_over, make_profile, prepare
from portward.cli.policy import read_checked
from portward.errors import UsageError
from portward.knock.profile import Profile
from portward.knock.ways import Way, ways_of
from portward.policy.notation import read_duration, read_network
from portward.policy.people import Person
from portward.policy.policy import EVERYTHING, Policy
from portward.sources.did_you_mean import nearest
from portward.sources.policy_edit_people import add_person
from portward.sources.policy_keys import MOMENT, NAME
from portward.spa.keyring import Keyring, ServerKey
from portward.spa.spelling import read_key, write_base64, write_moment


NEXT = "portward apply puts the change into the kernel; a running daemon reads the keys by itself"


def add(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Write a person into the policy, make keys, and hand over the invitation."""
    host = prepare(options, environment)
    policy = read_checked(options.policy, environment).policy
    store, files, now = KeyStore.beside(options.policy), read_files(options.policy), moment()
    person = read_person(options, policy)
    store.file(person.name)  # a name that no file of keys can have is the command line's mistake
    ways = read_ways(options, policy, wanted_usually(policy, options))
    path = files.people_part
    try:
        text = add_person(files.text(path), person, open_for=bool(options.open_for))
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from None
    policy = files.judged(path, text)
    person = policy.person(person.name)
    with store.locked():
        if store.person(person.name) != Keyring():
            raise UsageError(
                f"there are keys of {person.name} in {store.file(person.name)}; remove them, or choose another name"
            )
        server = store.make_server()
        issued = make_keys(store, policy, person.name, ways, options.public_key, now)
        store.save(person.name, issued.keyring)
        files.write(path, text)
    profile = make_profile(policy, person, host, issued, server, ways)
    said = hand_over(options, environment, profile, secret=issued.secret)
    environment.talk(f"added {person.name} to {path}; {NEXT}")
    return Outcome(said, as_object(profile, person.name, server, said), changed=True)


def rotate(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Make new keys beside the old ones, which end after a grace time."""
    host = prepare(options, environment)
    policy = read_checked(options.policy, environment).policy
    store, now = KeyStore.beside(options.policy), moment()
    person = find_person(policy, options.name)
    if person.revoked:
        raise UsageError(f"{person.name} is revoked; take revoked out of the policy first")
    end = now + read_grace(options.grace)
    with store.locked():
        old = store.person(person.name)
        usual = ways_of_keys(living(old, now), policy) or wanted_usually(policy, options)
        ways = read_ways(options, policy, usual)
        server = store.make_server()
        issued = make_keys(store, policy, person.name, ways, options.public_key, now)
        kept = living(ended(old, end, ways), now)
        new = issued.keyring
        store.save(
            person.name, Keyring(kept.sealed + new.sealed, kept.tokens + new.tokens, kept.fwknop + new.fwknop)
        )
    profile = make_profile(policy, person, host, issued, server, ways)
    said = hand_over(options, environment, profile, secret=issued.secret)
    environment.talk(f"the old keys of {person.name} end at {write_moment(end)}; {NEXT}")
    return Outcome(said, as_object(profile, person.name, server, said), changed=True)


def moment() -> datetime:
    """Now, in whole seconds as files have it."""
    return datetime.now(UTC).replace(microsecond=0)


def make_keys(  # noqa: PLR0913, PLR0917 - whose, for what and from when on
    store: KeyStore, policy: Policy, name: str, ways: tuple[Way, ...], public: str | None, now: datetime
) -> Issued:
    """Make a person's keys; the store is locked.

    Raises:
        UsageError: the public key is none, or no slot is left.
    """
    slot = None
    if OF_TOKENS.intersection(ways):
        rolling = policy.ways.rolling
        slot = free_slot(store.load(), name, rolling.slots if rolling else None, now)
    return issue(name, ways, read_public(public) if public else None, slot, now)


def read_person(options: argparse.Namespace, policy: Policy) -> Person:
    """Read a person from the command line.

    Raises:
        UsageError: a name that is taken or none, a service that there is not, or a value that is none.
    """
    if not NAME.fullmatch(options.name):
        raise UsageError(
            f"{options.name!r} is no name: lower-case letters, digits, - and _, a letter first, at most 32"
        )
    if any(each.name == options.name for each in policy.people):
        raise UsageError(f"there is a person {options.name} already; portward person rotate makes new keys")
    try:
        return Person(
            options.name,
            read_opens(options.opens, policy),
            read_duration(options.open_for) if options.open_for else timedelta(),
            tuple(map(read_network, options.networks)),
            MOMENT.read(options.until) if options.until else None,
        )
    except ValueError as error:
        raise UsageError(str(error)) from None


def read_opens(texts: Iterable[str], policy: Policy) -> tuple[str, ...]:
    """Read the services of `--opens`, `*` for all.

    Raises:
        UsageError: there is no such service.
    """
    names = tuple(dict.fromkeys(name for text in texts for name in text.split(",") if name))
    known = [each.name for each in policy.services]
    for name in names:
        if name not in known and name != EVERYTHING:
            hint = nearest(name, known) or f"there is {', '.join(known) or 'none'}"
            raise UsageError(f"there is no service {name!r}; {hint}")
    if not names or (EVERYTHING in names and len(names) > 1):
        raise UsageError("--opens takes services, or * alone for all of them")
    return names


def wanted_usually(policy: Policy, options: argparse.Namespace) -> tuple[Way, ...]:
    """The ways of a new person: all that the gate takes; only sealed knocks for a key of the person's own."""
    taken = ways_of_gate(policy)
    return tuple(each for each in taken if each is Way.SEALED) if options.public_key else taken


def ways_of_gate(policy: Policy) -> tuple[Way, ...]:
    """The ways that a gate takes and that keys are made for here."""
    sections = (policy.ways.sealed, policy.ways.passes, policy.ways.rolling)
    return tuple(way for way, section in zip(ISSUED, sections, strict=True) if section)


def ways_of_keys(keyring: Keyring, policy: Policy) -> tuple[Way, ...]:
    """The ways that some keys are for, as far as the gate takes them."""
    return tuple(
        way for way in ways_of_gate(policy) if (keyring.tokens if way in OF_TOKENS else keyring.sealed)
    )


def read_ways(options: argparse.Namespace, policy: Policy, usual: tuple[Way, ...]) -> tuple[Way, ...]:
    """Read `--ways`.

    Raises:
        UsageError: none, one that keys are not made for, or one that the gate does not take.
    """
    names = [each for each in (options.ways or "").split(",") if each]
    taken = ways_of_gate(policy)
    for name in names:
        if name not in ISSUED:
            raise UsageError(f"--ways takes {', '.join(ISSUED)}, not {name!r}")
        if name not in taken:
            section = "passes" if name == Way.PASS else name
            raise UsageError(f"the policy has no [{section}], so the gate does not take that")
    ways = tuple(each for each in ISSUED if each in names) if names else usual
    if not ways:
        raise UsageError(
            "the policy takes none of these knocks yet; add [sealed], [passes] or [rolling] to it"
        )
    if options.public_key and Way.SEALED not in ways:
        raise UsageError("--public-key is for sealed knocks, which are not among the ways")
    return ways


def read_public(text: str) -> bytes:
    """Read what `portward keygen` printed.

    Raises:
        UsageError: it is no key.
    """
    try:
        return read_key(text.strip())
    except ValueError as error:
        raise UsageError(f"--public-key {error}") from None


def read_grace(text: str) -> timedelta:
    """Read how long old keys are still good.

    Raises:
        UsageError: it is no duration.
    """
    try:
        return read_duration(text, timedelta()) // timedelta(seconds=1) * timedelta(seconds=1)
    except ValueError as error:
        raise UsageError(f"--grace: {error}") from None


def find_person(policy: Policy, name: str) -> Person:
    """The person of that name.

    Raises:
        UsageError: there is none.
    """
    known = [each.name for each in policy.people]
    if name not in known:
        hint = nearest(name, known) or f"there is {', '.join(known) or 'nobody'}"
        raise UsageError(f"the policy has no person {name!r}; {hint}")
    return policy.person(name)


def as_object(profile: Profile, name: str, server: ServerKey, text: str) -> dict[str, Any]:
    """Make the object for programs; keys are in it only where the invitation is printed."""
    return {
        "person": name,
        "host": profile.host,
        "profile": profile.name,
        "ways": [str(each) for each in ways_of(profile)],
        "server": write_base64(server.public),
        "invitation": text or None,
    }
