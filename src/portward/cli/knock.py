"""`portward knock`: knock, wait until the door is open, and run a command then."""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import attrs

from portward.cli.environment import Environment
from portward.cli.outcome import Outcome
from portward.errors import HostError, PeerError, UsageError
from portward.knock.door import Answer
from portward.knock.gate import GateVisit, usual_timeout, visit_gate
from portward.knock.private import read_secret
from portward.knock.profile import MOST_COPIES, Family, Profile, read_delay, read_port
from portward.knock.store import load_profiles
from portward.knock.ways import Way, choose_way, knocker, ways_of, without_penalty
from portward.policy.net import Knock
from portward.policy.notation import read_address, read_duration, read_knock, write_knock


def run(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Knock, and wait; exit 0 when the door is open, or when there was none to wait for."""
    if options.then and options.json:
        raise UsageError("--json and a command both want stdout; use one of them")
    profile = wanted(options, environment)
    way = choose_way(profile, _way(options))
    profile = without_penalty(profile, way)
    timeout = _timeout(options) or usual_timeout(profile)
    by = knocker(profile, way, environment.client_directory())
    visited = visit_gate(profile, timeout, environment.talk, by=by)
    if visited.shut:
        raise PeerError(complaint(profile, visited))
    environment.talk(summary(profile, visited))
    if options.then:
        run_then(options.then)
    return Outcome("", as_object(profile, visited, way), changed=True)


def _way(options: argparse.Namespace) -> Way | None:
    """The way that the command line names; knocks on it are a sequence."""
    if options.sequence or options.word_file:
        if options.way not in {None, Way.SEQUENCE}:
            raise UsageError(f"knocks are given, and --way {options.way} needs none; leave one of them out")
        return Way.SEQUENCE
    if options.fwknop and options.way not in {None, Way.FWKNOP}:
        raise UsageError(f"--fwknop and --way {options.way} exclude each other")
    return Way.FWKNOP if options.fwknop else Way(options.way) if options.way else None


def wanted(options: argparse.Namespace, environment: Environment) -> Profile:
    """Put together what to do: the profile, if there is one, and what the command line says beside it.

    Raises:
        UsageError: nothing to knock, or words that are none.
    """
    known = find_profile(load_profiles(environment.client_directory()), options.host)
    if options.fwknop:
        return _by_fwknop(options, known)
    knocks = tuple(_given_knocks(options, environment)) or (known.knocks if known else ())
    if not knocks and not (known and ways_of(known)):
        raise UsageError(
            f"no profile for {options.host}, and no knocks given; portward profiles lists the profiles, "
            "portward import-profile adds one"
        )
    base = known or Profile(name="", host=options.host, knocks=())
    try:
        return attrs.evolve(base, knocks=knocks, **_overrides(options))
    except ValueError as error:
        raise UsageError(str(error)) from None


def _by_fwknop(options: argparse.Namespace, known: Profile | None) -> Profile:
    """Leave the knocks out, so that fwknop's packet is what is sent.

    Raises:
        UsageError: the profile has nothing about fwknop, or knocks are given beside it.
    """
    if options.sequence or options.word_file:
        raise UsageError("--fwknop sends one packet instead of knocks; leave them out")
    if known is None or known.fwknop is None:
        raise UsageError(
            f"no profile for {options.host} says how to make fwknop's packet; portward import fwknoprc makes one, "
            "or write [profiles.NAME.fwknop] (docs/fwknop.md)"
        )
    try:
        return attrs.evolve(known, knocks=(), **_overrides(options))
    except ValueError as error:
        raise UsageError(str(error)) from None


def find_profile(profiles: Sequence[Profile], host: str) -> Profile | None:
    """Find the profile of that name, or the one for that host.

    Raises:
        UsageError: several are for that host.
    """
    for profile in profiles:
        if profile.name == host:
            return profile
    fitting = [each for each in profiles if each.host.lower() == host.lower()]
    if len(fitting) > 1:
        raise UsageError(
            f"several profiles are for {host}: {', '.join(each.name for each in fitting)}; name one"
        )
    return fitting[0] if fitting else None


def _given_knocks(options: argparse.Namespace, environment: Environment) -> Iterator[Knock]:
    """Read the knocks of the command line or the word file; a word on a command line is refused."""
    if options.word_file and options.sequence:
        raise UsageError("knocks are given both on the command line and in --word-file; use one of them")
    if options.word_file:
        yield from _knocks_of_file(options.word_file, environment)
        return
    for number, text in enumerate(options.sequence, 1):
        if "=" in text:
            raise UsageError(
                f"knock {number} carries a secret word, which every user of this machine could read on the "
                "command line; put it into a profile (portward import-profile) or a file (--word-file)"
            )
        try:
            yield read_knock(text)
        except ValueError as error:
            raise UsageError(f"knock {number}: {error}") from None


def _knocks_of_file(file: str, environment: Environment) -> Iterator[Knock]:
    """Read one knock a line; blank lines and lines that begin with # are passed over."""
    text = environment.stdin.read() if file == "-" else read_secret(Path(file))
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            yield read_knock(line.removesuffix("\r"))
        except ValueError as error:
            raise UsageError(f"{file}:{number}: {error}") from None


def _overrides(options: argparse.Namespace) -> dict[str, Any]:
    """Take from the command line what it says; ValueError for what it says wrong."""
    given: dict[str, Any] = {}
    if options.family:
        given["family"] = Family(options.family)
    if options.delay:
        given["delay"] = read_delay(options.delay)
    if options.copies:
        given["copies"] = _copies(options.copies)
    if options.source:
        given["source"] = read_address(options.source)
    if options.verify and options.no_verify:
        raise UsageError("--verify and --no-verify exclude each other")
    if options.verify:
        given["verify"] = tuple(read_port(each) for each in options.verify)
    if options.no_verify:
        given["verify"] = ()
    return given


def _copies(text: str) -> int:
    if text not in map(str, range(1, MOST_COPIES + 1)):
        msg = f"--copies takes 1 to {MOST_COPIES}, not {text!r}"
        raise ValueError(msg)
    return int(text)


def _timeout(options: argparse.Namespace) -> timedelta | None:
    try:
        return read_duration(options.timeout) if options.timeout else None
    except ValueError as error:
        raise UsageError(f"--timeout: {error}") from None


def complaint(profile: Profile, visited: GateVisit) -> str:
    """Say which door stayed shut, and what that may mean."""
    ports = ", ".join(f"tcp/{port}" for port in visited.shut)
    tries = f"{visited.tries} tries" if visited.tries > 1 else "one try"
    said = f"{ports} of {profile.host} stayed shut after {tries} in {visited.seconds:.0f} seconds"
    if visited.answer is Answer.REFUSED:
        return f"{said}; it refuses: nothing listens there, or the gate answers instead of keeping silent"
    return f"{said}; the knocks may be wrong or late, the gate may ignore us for a while, or the host is away"


def summary(profile: Profile, visited: GateVisit) -> str:
    """Say what was done."""
    where = " and ".join(map(str, visited.addresses))
    if not profile.verify:
        return f"knocked at {where}"
    ports = ", ".join(f"tcp/{port}" for port in profile.verify)
    tries = f", at try {visited.tries}" if visited.tries > 1 else ""
    return f"knocked at {where}: {ports} is open{tries}"


def as_object(profile: Profile, visited: GateVisit, way: Way) -> dict[str, Any]:
    """Make the object for programs; words and keys are not part of it."""
    return {
        "host": profile.host,
        "way": str(way),
        "addresses": [str(each) for each in visited.addresses],
        "knocks": [write_knock(each, secret=False) for each in profile.knocks if way is Way.SEQUENCE],
        "verified": list(profile.verify),
        "tries": visited.tries,
        "seconds": round(visited.seconds, 3),
    }


def run_then(command: list[str]) -> NoReturn:
    """Become the command.

    Raises:
        HostError: there is no such program.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execvp(command[0], command)  # noqa: S606 - an argument list, no shell
    except OSError as error:
        raise HostError(f"cannot run {command[0]}: {error.strerror}") from error
