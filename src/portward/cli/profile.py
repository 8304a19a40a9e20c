"""`portward import-profile` and `portward profiles`."""

import argparse
from pathlib import Path
from typing import Any

import attrs

from portward.cli.environment import Environment
from portward.cli.outcome import Outcome
from portward.errors import HostError, UsageError
from portward.knock.fwknop_profile import FwknopProfile
from portward.knock.profile import Profile, read_name
from portward.knock.profile_text import read_profiles
from portward.knock.store import FILE_NAME, add_profile, load_profiles
from portward.knock.ways import Way, ways_of
from portward.policy.notation import write_duration, write_knock


def add(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Take an invitation into the user's profiles."""
    text = _read(options.file, environment)
    profiles = read_profiles(text, "<stdin>" if options.file == "-" else options.file)
    if not profiles:
        raise UsageError(f"{options.file} holds no profile; `portward invite` on the gate prints one")
    profiles = tuple(_joined(each, environment) for each in _named(profiles, options.name))
    if not options.force:
        _refuse_known(profiles, load_profiles(environment.client_directory()))
    for profile in profiles:
        path = add_profile(environment.client_directory(), profile, replace=options.force)
    names = [profile.name for profile in profiles]
    lines = [
        f"added {each.name} ({each.host}) to {path}; now: portward knock {each.name}" for each in profiles
    ]
    return Outcome("\n".join(lines), {"file": str(path), "profiles": names}, changed=True)


def _joined(profile: Profile, environment: Environment) -> Profile:
    """Put this user's own key into a profile that was made for it."""
    if profile.sealed is None or profile.sealed.private:
        return profile
    from portward.knock.own_key import joined  # noqa: PLC0415 - only who has such a profile pays for it

    return joined(profile, environment.client_directory())


def show(_options: argparse.Namespace, environment: Environment) -> Outcome:
    """List the user's profiles, secret words left out."""
    profiles = load_profiles(environment.client_directory())
    if not profiles:
        environment.talk(
            f"no profiles in {environment.client_directory() / FILE_NAME}; "
            "ask for an invitation and give it to portward import-profile"
        )
    return Outcome("\n".join(map(_line, profiles)), {"profiles": [as_object(each) for each in profiles]})


def as_object(profile: Profile) -> dict[str, Any]:
    """Make a profile's object for programs; words are not part of it."""
    return {
        "name": profile.name,
        "host": profile.host,
        "sequence": profile.sequence or None,
        "knocks": [write_knock(each, secret=False) for each in profile.knocks],
        "delay": write_duration(profile.delay),
        "copies": profile.copies,
        "verify": list(profile.verify),
        "ssh_port": profile.ssh_port,
        "family": str(profile.family),
        "penalty": write_duration(profile.penalty) if profile.penalty else None,
        "source": str(profile.source) if profile.source else None,
        "ways": [str(each) for each in ways_of(profile)],
        "fwknop": _fwknop_object(profile.fwknop) if profile.fwknop else None,
    }


def _fwknop_object(fwknop: FwknopProfile) -> dict[str, Any]:
    """What a profile says of fwknop; keys are not part of it."""
    return {
        "port": fwknop.port,
        "access": [f"{protocol}/{port}" for protocol, port in fwknop.access],
        "allow_ip": str(fwknop.allow_ip) if fwknop.allow_ip else None,
        "timeout": fwknop.timeout,
        "nat": f"{fwknop.nat[0]}:{fwknop.nat[1]}" if fwknop.nat else None,
        "hmac": str(fwknop.hmac_digest) if fwknop.hmac_key else None,
    }


def _line(profile: Profile) -> str:
    knocks = " ".join(write_knock(each, secret=False) for each in profile.knocks)
    others = [f"by {each}" for each in ways_of(profile) if each not in {Way.SEQUENCE, Way.FWKNOP}]
    if profile.fwknop:
        others.append(f"fwknop's packet at udp/{profile.fwknop.port}")
    how = ", ".join(each for each in (knocks, *others) if each)
    doors = "".join(f", then tcp/{port} is open" for port in profile.verify)
    return f"{profile.name}: {profile.host}, {how}{doors}"


def _read(file: str, environment: Environment) -> str:
    if file == "-":
        return environment.stdin.read()
    try:
        return Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise HostError(f"cannot read {file}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise HostError(f"{file} is no UTF-8 text") from None


def _named(profiles: tuple[Profile, ...], name: str | None) -> tuple[Profile, ...]:
    """Give the one profile the name that the user wants."""
    if name is None:
        return profiles
    if len(profiles) > 1:
        raise UsageError(f"--name fits one profile, and there are {len(profiles)}")
    try:
        return (attrs.evolve(profiles[0], name=read_name(name)),)
    except ValueError as error:
        raise UsageError(str(error)) from None


def _refuse_known(new: tuple[Profile, ...], known: tuple[Profile, ...]) -> None:
    """Refuse, before anything is written, names that are taken."""
    taken = {each.name for each in known} & {each.name for each in new}
    if taken:
        names = ", ".join(sorted(taken))
        raise UsageError(f"there is a profile {names} already; --force replaces it, --name NAME keeps both")
