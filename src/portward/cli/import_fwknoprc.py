"""`portward import fwknoprc`: the stanzas of a .fwknoprc become profiles of this user."""

import argparse
from collections.abc import Iterable

import attrs

from portward.cli.environment import Environment
from portward.cli.exit import ExitStatus
from portward.cli.input import read_input
from portward.cli.outcome import Outcome
from portward.cli.profile import as_object
from portward.errors import Diagnostic, PolicyError, Severity, UsageError
from portward.knock.fwknop_profile import ITSELF, FwknopProfile
from portward.knock.profile import Family, Profile, read_host, read_name
from portward.knock.store import add_profile, load_profiles
from portward.policy.net import Protocol
from portward.sources.fwknoprc import read_rc
from portward.sources.fwknoprc_stanza import RcStanza, mistake
from portward.spa.crypto import AesMode
from portward.spa.fwknop_fields import USERNAME, InnerDigest
from portward.spa.keyring import HmacDigest


def run(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Add a profile for each stanza, and tell of those that cannot be one."""
    name = "<stdin>" if options.file == "-" else options.file
    rc = read_rc(read_input(options.file, environment, "none of fwknop's files"), name)
    if rc.mistakes:
        raise PolicyError(rc.mistakes, {name: rc.text})
    profiles, found = _make_profiles(rc.stanzas, options)
    if options.strict:
        found = [
            attrs.evolve(each, severity=Severity.ERROR) if each.severity is Severity.ADVICE else each
            for each in found
        ]
    wrong = not profiles or any(each.severity is Severity.ERROR for each in found)
    lines = _add(profiles, options, environment)
    if not rc.stanzas:
        environment.talk("the file has no stanza")
    return Outcome(
        "\n".join(lines),
        {"profiles": [as_object(each) for each in profiles]},
        ExitStatus.FINDINGS if wrong else ExitStatus.OK,
        changed=bool(profiles),
        diagnostics=tuple(found),
        sources={name: rc.text},
    )


def _add(profiles: list[Profile], options: argparse.Namespace, environment: Environment) -> list[str]:
    """Put the profiles into the user's file.

    Raises:
        UsageError: there is a profile of that name, and `--force` was not given.
    """
    directory = environment.client_directory()
    taken = {each.name for each in load_profiles(directory)} & {each.name for each in profiles}
    if taken and not options.force:
        raise UsageError(f"there is a profile {', '.join(sorted(taken))} already; --force replaces it")
    lines = []
    for each in profiles:
        path = add_profile(directory, each, replace=options.force)
        lines.append(f"added {each.name} ({each.host}) to {path}; now: portward knock {each.name}")
    return lines


def _make_profiles(
    stanzas: Iterable[RcStanza], options: argparse.Namespace
) -> tuple[list[Profile], list[Diagnostic]]:
    profiles: list[Profile] = []
    found: list[Diagnostic] = []
    for stanza in stanzas:
        found += stanza.told
        if not stanza.wrong:
            try:
                profiles.append(make_profile(stanza, options.host, allow_weaker=options.allow_weaker))
            except ValueError as error:
                found.append(mistake(f"[{stanza.name}] is not taken: {error}", stanza.place))
    return profiles, list(dict.fromkeys(found))  # what [default] says is told once


def make_profile(stanza: RcStanza, host: str | None = None, *, allow_weaker: bool = False) -> Profile:
    """Make a profile of a stanza.

    Args:
        stanza: what the client sends.
        host: where to, if the stanza does not say.
        allow_weaker: whether to take keys without an HMAC, and legacy mode.

    Raises:
        ValueError: why it can be none, in one sentence.
    """
    secrets = stanza.secrets
    if not stanza.server and not host:
        raise ValueError("it names no SPA_SERVER; --host says which")
    if secrets.legacy and secrets.hmac_key:
        raise ValueError("fwknop makes no packets in legacy mode with an HMAC")
    if not secrets.hmac_key and not allow_weaker:
        raise ValueError("its packets have no HMAC; --allow-weaker takes it as it is")
    if len(secrets.key) > 32 or len(secrets.hmac_key) > 128:
        raise ValueError("a key has at most 32 bytes, an HMAC key 128")
    if stanza.username and not USERNAME.fullmatch(stanza.username):
        raise ValueError("no packet can name its SPOOF_USER")
    access = stanza.access or ((Protocol.TCP, 22),)
    fwknop = FwknopProfile(
        key=secrets.key,
        hmac_key=secrets.hmac_key,
        access=access,
        hmac_digest=HmacDigest(secrets.hmac_digest),
        mode=AesMode(secrets.mode),
        legacy=secrets.legacy,
        digest=InnerDigest(stanza.digest),
        allow_ip=stanza.address,
        timeout=stanza.timeout,
        port=stanza.port,
        nat=(stanza.nat[0] or ITSELF, stanza.nat[1]) if stanza.nat else None,
        username=stanza.username,
    )
    verify = tuple(port for protocol, port in access if protocol is Protocol.TCP)
    return Profile(
        name=read_name(stanza.name),
        host=read_host(stanza.server or host or ""),
        knocks=(),
        verify=verify if stanza.address is None else (),
        family=Family.V4,
        fwknop=fwknop,
    )
