"""`portward invite`: what a person needs to knock, from the policy of this gate."""

import argparse

from portward.cli.environment import Environment
from portward.cli.outcome import Outcome
from portward.cli.output import write_output
from portward.cli.policy import read_checked
from portward.cli.profile import as_object
from portward.errors import UsageError
from portward.knock.invitation import OPENS_ONCE, find_sequence, invitation_text, invite
from portward.knock.profile import Profile
from portward.policy.policy import Policy, Sequence


def run(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Print or write the invitation."""
    return make(options, environment, read_checked(options.policy, environment).policy)


def make(options: argparse.Namespace, environment: Environment, policy: Policy) -> Outcome:
    """Make the invitation from a policy that was read."""
    if options.html and options.shell:
        raise UsageError("--html and --shell are two kinds of invitation; ask for one")
    if options.link and not options.html:
        raise UsageError("--link belongs to --html")
    sequence = find_sequence(policy, options.sequence)
    profile = invite(policy, sequence, options.host, options.name)
    text = _text(options, profile, sequence)
    result = {
        "profile": as_object(profile),
        "kind": _kind(options),
        "once": sequence.once,
        "file": options.output,
    }
    if not options.output:
        return Outcome(text.rstrip("\n"), {**result, "text": text})
    write_output(options.output, text, replace=options.force)
    environment.talk(f"wrote {options.output}; whoever has this file can knock, so hand it over safely")
    return Outcome("", result, changed=True)


def _kind(options: argparse.Namespace) -> str:
    return "html" if options.html else "shell" if options.shell else "profile"


def _text(options: argparse.Namespace, profile: Profile, sequence: Sequence) -> str:
    if options.html:
        from portward.knock.page import browser_delay, page  # noqa: PLC0415 - one of three

        delay = browser_delay(sequence.step_timeouts)
        return page(profile, delay, sequence.open_for, options.link or "", once=sequence.once)
    if options.shell:
        from portward.knock.shell_lines import shell_lines  # noqa: PLC0415 - one of three

        return (f"# {OPENS_ONCE}\n\n" if sequence.once else "") + shell_lines(profile) + "\n"
    return invitation_text(profile, once=sequence.once)
