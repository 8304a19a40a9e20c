"""`portward check`: mistakes, advice, and how strong each sequence is."""

import argparse
from typing import TYPE_CHECKING, Any

from portward.cli.environment import Environment
from portward.cli.exit import ExitStatus
from portward.cli.outcome import Outcome
from portward.cli.policy import read_checked
from portward.errors import Severity
from portward.policy.policy import Policy


if TYPE_CHECKING:
    from portward.simulate.strength import Strength

ROWS = 50
"""Of the table for people; `--json` has all."""


def run(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Check a policy; mistakes are raised, and with `--strict` advice is a finding too.

    Raises:
        PolicyError: there are mistakes.
        HostError: a file cannot be read.
    """
    loaded = read_checked(options.policy, environment)
    strengths: tuple[Strength, ...] = ()
    if not options.no_strength:
        from portward.simulate.strength import measure  # noqa: PLC0415 - the whole reference machine

        strengths = measure(loaded.policy)
    advised = any(each.severity is Severity.ADVICE for each in loaded.diagnostics)
    return Outcome(
        text="\n\n".join(filter(None, [verdict(loaded.policy), table(strengths)])),
        result=as_result(loaded.policy, strengths),
        status=ExitStatus.FINDINGS if options.strict and advised else ExitStatus.OK,
        diagnostics=loaded.diagnostics,
        sources=loaded.sources,
    )


def verdict(policy: Policy) -> str:
    """Say that there is no mistake, and in what."""
    services, sequences = len(policy.services), len(policy.sequences)
    return (
        f"no mistakes: {services:,} service{'' if services == 1 else 's'}, "
        f"{sequences:,} sequence{'' if sequences == 1 else 's'}, mode {policy.mode}"
    )


def table(strengths: "tuple[Strength, ...]") -> str:
    """Lay out the strengths for people; of very many, only those that were swept."""
    from portward.simulate.strength import summary  # noqa: PLC0415 - as above

    if len(strengths) <= ROWS:
        return summary(strengths)
    shown = tuple(each for each in strengths if each.sweeps)[:ROWS]
    return f"{summary(shown)}\n\n… and {len(strengths) - len(shown):,} more; --json has all"


def as_result(policy: Policy, strengths: "tuple[Strength, ...]") -> dict[str, Any]:
    """Make the object for `--json`."""
    return {
        "mode": str(policy.mode),
        "strict": policy.strict,
        "services": [each.name for each in policy.services],
        "sequences": [
            {
                "name": each.sequence,
                "bits": round(each.bits, 1),
                "sweeps": [
                    {
                        "name": sweep.name,
                        "packets": sweep.packets,
                        "seconds": sweep.seconds,
                        "opened": sweep.opened,
                    }
                    for sweep in each.sweeps
                ],
            }
            for each in strengths
        ]
        or [{"name": each.name} for each in policy.sequences],
    }
