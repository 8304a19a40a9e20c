"""What a person is given: the invitation as a text, a file, a QR code."""

import argparse
import socket
from collections.abc import Collection
from pathlib import Path

from portward.apply.people_keys import Issued
from portward.cli import qr
from portward.cli.environment import Environment
from portward.cli.output import write_output
from portward.errors import UsageError
from portward.knock.person_invitation import invitation, invite_person, sealed_profile, token_profile
from portward.knock.profile import Profile, read_host
from portward.knock.profile_text import write_profiles
from portward.knock.ways import Way
from portward.policy.people import Person
from portward.policy.policy import Policy
from portward.spa.keyring import ServerKey


def prepare(options: argparse.Namespace, environment: Environment) -> str:
    """Judge what the command line says of the invitation before anything is changed; gives the gate's host.

    Raises:
        UsageError: a host or a target that is none, or a file that is there already.
    """
    if options.qr:
        qr.read_target(options.qr)
    for path in (options.output, options.qr if options.qr != qr.TERMINAL else None):
        if path:
            refuse_existing(path, replace=options.force)
    if options.host:
        try:
            return read_host(options.host)
        except ValueError as error:
            raise UsageError(str(error)) from None
    host = socket.getfqdn()
    environment.talk(f"the invitation says that the gate is {host}; --host HOST says otherwise")
    return host


def refuse_existing(path: str, *, replace: bool) -> None:
    """Refuse a file that is there already.

    Raises:
        UsageError: it is, and `replace` is false.
    """
    if not replace and Path(path).exists():
        raise UsageError(f"{path} is there already; --force replaces it")


def make_profile(  # noqa: PLR0913, PLR0917 - who, whereto and with what
    policy: Policy, person: Person, host: str, issued: Issued, server: ServerKey, ways: Collection[Way]
) -> Profile:
    """The profile of new keys."""
    sealed = token = None
    if issued.sealed:
        sealed = sealed_profile(policy, person, server.public, issued.sealed, issued.private)
    if issued.token:
        token = token_profile(policy, server.public, issued.token, frozenset(ways))
    return invite_person(policy, person, host, sealed, token)


def hand_over(
    options: argparse.Namespace, environment: Environment, profile: Profile, *, secret: bool
) -> str:
    """Write the invitation where it is to go; gives what is to be printed, empty where it went to a file."""
    text = invitation(profile, secret=secret) + write_profiles((profile,))
    if options.qr:
        qr.show(write_profiles((profile,)), options.qr, environment, replace=options.force)
        if options.qr != qr.TERMINAL:
            environment.talk(f"wrote {options.qr}")
    if not options.output:
        return text.rstrip("\n")
    write_output(options.output, text, replace=options.force)
    careful = "; whoever has this file can knock, so hand it over safely" if secret else ""
    environment.talk(f"wrote {options.output}{careful}")
    return ""
