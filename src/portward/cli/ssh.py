"""`portward ssh-proxy` and `portward ssh-config`: ssh that knocks by itself."""

import argparse

import attrs

from portward.cli.environment import Environment
from portward.cli.outcome import Outcome
from portward.errors import PeerError, UsageError
from portward.knock.profile import Profile, read_port
from portward.knock.ssh_config import write_config
from portward.knock.store import load_profiles


def proxy(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Knock, connect, and join stdin and stdout to the connection."""
    from portward.cli.knock import complaint, find_profile  # noqa: PLC0415 - ssh-config needs none of it
    from portward.knock.gate import usual_timeout, visit_gate  # noqa: PLC0415 - the same
    from portward.knock.splice import splice  # noqa: PLC0415 - the same
    from portward.knock.ways import choose_way, knocker, without_penalty  # noqa: PLC0415 - the same

    profile = find_profile(load_profiles(environment.client_directory()), options.host)
    if profile is None:
        raise UsageError(f"there is no profile for {options.host}; portward profiles lists what there is")
    try:
        profile = attrs.evolve(profile, verify=(read_port(options.port),))
    except ValueError as error:
        raise UsageError(str(error)) from None
    way = choose_way(profile)
    profile = without_penalty(profile, way)
    by = knocker(profile, way, environment.client_directory())
    visited = visit_gate(profile, usual_timeout(profile), environment.talk, keep=True, by=by)
    if visited.connection is None:
        raise PeerError(complaint(profile, visited))
    with visited.connection:
        splice(visited.connection, environment.stdin.fileno(), environment.stdout.fileno())
    return Outcome()


def config(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Print the lines for ~/.ssh/config."""
    known = load_profiles(environment.client_directory())
    profiles = [_named(known, name) for name in options.profile] or list(known)
    if not profiles:
        raise UsageError("there are no profiles yet; portward import-profile adds one")
    text = write_config(profiles, proxy=options.proxy)
    return Outcome(text.rstrip("\n"), {"profiles": [each.name for each in profiles], "text": text})


def _named(known: tuple[Profile, ...], name: str) -> Profile:
    for profile in known:
        if profile.name == name:
            return profile
    raise UsageError(
        f"there is no profile {name!r}; there is {', '.join(each.name for each in known) or 'none'}"
    )
