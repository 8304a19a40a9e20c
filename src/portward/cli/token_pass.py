"""`portward pass`: print a one-time pass, and the plain commands that send it."""

import argparse
from datetime import UTC, datetime
from typing import Any

from portward.cli.environment import Environment
from portward.cli.knock import find_profile
from portward.cli.outcome import Outcome
from portward.errors import UsageError
from portward.knock.pass_counter import Pass, hand_out
from portward.knock.pass_lines import pass_lines
from portward.knock.profile import Profile
from portward.knock.store import load_profiles


MOST_AT_ONCE = 64
"""Two windows of 32 passes count at any time."""


def run(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Hand out passes that count now; none of them is ever handed out again."""
    directory = environment.client_directory()
    profile = find_profile(load_profiles(directory), options.profile)
    if profile is None:
        raise UsageError(f"there is no profile for {options.profile}; portward profiles lists what there is")
    if profile.token is None or profile.token.pass_port is None:
        raise UsageError(f"the profile {profile.name} knows no passes")
    passes = hand_out(profile.token, read_count(options.count), directory, datetime.now(UTC))
    text = "\n\n".join(_text(profile, each) for each in passes)
    return Outcome(text, {"passes": [as_object(profile, each) for each in passes]}, changed=True)


def read_count(text: str) -> int:
    """Read how many passes are wanted.

    Raises:
        UsageError: no number, 1 to 64.
    """
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= MOST_AT_ONCE):
        raise UsageError(f"--count takes 1 to {MOST_AT_ONCE}, not {text!r}")
    return int(text)


def _text(profile: Profile, each: Pass) -> str:
    """A pass and its commands, each under the name of its tool."""
    token = profile.token
    assert token  # noqa: S101 - `run` has looked
    assert token.pass_port  # noqa: S101 - the same
    lines = pass_lines(each.secret, profile.host, token.pass_port, echo=token.echo)
    head = f"{each.secret.hex()}  good once, until {each.last:%Y-%m-%d %H:%M:%S} UTC"
    return "\n".join((head, *(f"  {line.tool + ':':<11} {line.line}" for line in lines)))


def as_object(profile: Profile, each: Pass) -> dict[str, Any]:
    """Make a pass's object for programs."""
    token = profile.token
    assert token  # noqa: S101 - the same
    assert token.pass_port  # noqa: S101 - the same
    lines = pass_lines(each.secret, profile.host, token.pass_port, echo=token.echo)
    return {
        "pass": each.secret.hex(),
        "host": profile.host,
        "port": token.pass_port,
        "since": each.first.isoformat(),
        "until": each.last.isoformat(),
        "commands": {line.tool: line.line for line in lines},
    }
