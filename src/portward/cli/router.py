"""How commands come to a router, and the smaller ones: `pull`, `router grant`, `router revoke`."""

import argparse
import getpass
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import attrs

from portward.apply import routeros_grants as grants
from portward.apply.ros_link import Link
from portward.apply.routeros_grants import Entry, Kind
from portward.apply.routeros_inventory import (
    Password,
    Router,
    connect,
    find_router,
    first_line,
    read_password,
)
from portward.cli.environment import Environment
from portward.cli.grant import called, read_length, read_source
from portward.cli.outcome import Outcome
from portward.errors import UsageError
from portward.policy.notation import write_duration


@attrs.frozen
class Way:
    """A router, and how to make a new connection to it."""

    router: Router
    connect: Callable[[], Link]


def open_way(options: argparse.Namespace, environment: Environment) -> Way:
    """Find the router and its password; nothing is connected yet.

    Raises:
        UsageError: there is no such router, or no password and nobody to ask.
        HostError: a file is missing or open to others.
        PolicyError: `routers.toml` has mistakes.
    """
    router = find_router(environment.client_directory(), options.router)
    plain = options.insecure_plain
    if plain and (router.fingerprint or router.ca_file):
        raise UsageError(f"{router.name} has a certificate to check; --insecure-plain would go without")
    password = find_password(router, options.password_file, environment)
    return Way(router, lambda: connect(router, password, plain=plain))


def find_password(router: Router, file: str | None, environment: Environment) -> Password:
    """Take the password from stdin, a file, or the person; never from an argument or a variable.

    Raises:
        UsageError: there is no file and nobody to ask.
        HostError: the file is missing, open to others, or empty.
    """
    if file == "-":
        return first_line(environment.stdin.readline(), "stdin")
    if found := read_password(router, Path(file) if file else None):
        return found
    if not environment.interactive():
        raise UsageError(
            f"no password for {router.name}: --password-file FILE (- for stdin), or password_file in routers.toml"
        )
    return first_line(getpass.getpass(f"password of {router.user} on {router.name}: "), "the answer")


def pull(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Show who is in and who is on the way."""
    link = open_way(options, environment).connect()
    try:
        entries = grants.read_ours(link)
    finally:
        link.close()
    text = "\n\n".join(section(kind, entries) for kind in Kind)
    return Outcome(text, {"entries": [as_object(each) for each in entries]})


def section(kind: Kind, entries: tuple[Entry, ...]) -> str:
    """One heading with its lines."""
    titles = {
        Kind.GRANT: "who is in",
        Kind.STAGE: "stages reached",
        Kind.MIDWAY: "in mid-sequence",
        Kind.PENALTY: "under penalty",
    }
    lines = [
        f"  {each.address:<39}  {about(each):<32}  {left(each.left)}".rstrip()
        for each in entries
        if each.kind is kind
    ]
    return "\n".join([f"{titles[kind]}:", *(lines or ["  nobody"])])


def about(entry: Entry) -> str:
    """What an entry says of its source."""
    if entry.kind is Kind.GRANT:
        return called(entry.about)
    return f"{entry.about}, {entry.stage} knocks" if entry.kind is Kind.STAGE else ""


def left(length: timedelta | None) -> str:
    """How long an entry lasts."""
    return (
        "for ever"
        if length is None
        else f"{write_duration(timedelta(seconds=int(length.total_seconds())))} left"
    )


def as_object(entry: Entry) -> dict[str, object]:
    """Tell programs."""
    return {
        "kind": str(entry.kind),
        "about": entry.about or None,
        "stage": entry.stage or None,
        "address": entry.address,
        "left": None if entry.left is None else int(entry.left.total_seconds()),
    }


def grant(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Let an address in for a while."""
    address, length = read_source(options.address), read_length(options.duration)
    link = open_way(options, environment).connect()
    try:
        grants.give(link, options.service, address, length)
    finally:
        link.close()
    where = f"{called(options.service)} on {options.router}"
    result = {
        "router": options.router,
        "service": options.service,
        "address": str(address),
        "left": length.total_seconds(),
    }
    return Outcome(f"{address} may reach {where} for {write_duration(length)}", result, changed=True)


def revoke(options: argparse.Namespace, environment: Environment) -> Outcome:
    """End an address's grant."""
    address = read_source(options.address)
    link = open_way(options, environment).connect()
    try:
        ended = grants.take(link, options.service, address)
    finally:
        link.close()
    result = {"router": options.router, "address": str(address), "services": list(ended)}
    if not ended:
        return Outcome(f"{address} was in no such service on {options.router}", result)
    text = (
        f"{address} is out of {', '.join(map(called, ended))} on {options.router}; what is connected stays so"
    )
    return Outcome(text, result, changed=True)
