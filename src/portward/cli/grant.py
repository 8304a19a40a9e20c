"""`portward grant` and `portward revoke`: let an address in, or out, by hand."""

import argparse
from datetime import UTC, datetime, timedelta

from portward.apply import grants
from portward.cli.environment import Environment
from portward.cli.outcome import Outcome
from portward.errors import Diagnostic, Severity, UsageError
from portward.policy.net import Address
from portward.policy.notation import read_address, read_duration, write_duration
from portward.policy.policy import EVERYTHING


def grant(options: argparse.Namespace, _environment: Environment) -> Outcome:
    """Let an address in for a while."""
    length = read_length(options.duration)
    given = grants.give(options.service, read_source(options.address), length)
    until = (datetime.now(UTC) + length).isoformat(timespec="seconds")
    return Outcome(
        text=f"{given.who} may reach {called(given.service)} for {write_duration(length)}",
        result={"service": given.service, "address": given.who, "until": until},
        changed=True,
    )


def revoke(options: argparse.Namespace, _environment: Environment) -> Outcome:
    """End an address's grant."""
    address = read_source(options.address)
    ended = grants.take(options.service, address)
    result = {"address": str(address), "services": list(ended)}
    where = called(options.service) if options.service != EVERYTHING else "any service"
    text = (
        f"{address} is out of {', '.join(map(called, ended))}" if ended else f"{address} was not in {where}"
    )
    notes: tuple[Diagnostic, ...] = ()
    if options.service != EVERYTHING and grants.trusted(address):
        notes = (
            Diagnostic("", Severity.ADVICE, f"{address} may still reach everything, by its grant for *"),
        )
    return Outcome(text=text, result=result, changed=bool(ended), diagnostics=notes)


def called(service: str) -> str:
    """Name a service for people."""
    return "everything (*)" if service == EVERYTHING else service


def read_source(text: str) -> Address:
    """Read an address from the command line; an IPv4 address mapped into IPv6 is IPv4.

    Raises:
        UsageError: it is none.
    """
    try:
        address = read_address(text)
    except ValueError as error:
        raise UsageError(str(error)) from None
    return getattr(address, "ipv4_mapped", None) or address


def read_length(text: str) -> timedelta:
    """Read a length of time from the command line.

    Raises:
        UsageError: it is none.
    """
    try:
        return read_duration(text)
    except ValueError as error:
        raise UsageError(f"--for: {error}") from None
