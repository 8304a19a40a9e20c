"""`portward plan`: what apply would change. Also how `plan` and `apply` come from a policy file to what is wanted."""

import argparse

from portward.apply.gate import Plan, plan
from portward.apply.wanted import Wanted, want
from portward.cli.environment import Environment
from portward.cli.exit import ExitStatus
from portward.cli.outcome import Outcome
from portward.cli.policy import read_checked
from portward.compile.nft import compile_policy
from portward.errors import Diagnostic


SHUT_OUT = frozenset({"PW401", "PW402", "PW407"})
"""The codes of advice about locking oneself out."""


def run(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Compare a policy with the live table."""
    rules, _ = read_wanted(options.policy, environment)
    change = plan(rules)
    status = ExitStatus.USAGE if options.detailed_exitcode and change.changes else ExitStatus.OK
    return Outcome(text=describe(change), result=as_result(change), status=status)


def read_wanted(path: str, environment: Environment) -> tuple[Wanted, tuple[Diagnostic, ...]]:
    """Read, check and compile a policy file; `-` is stdin. Also gives the warnings of being shut out.

    Raises:
        PolicyError: it has mistakes.
        HostError: it cannot be read.
    """
    loaded = read_checked(path, environment)
    warnings = tuple(each for each in loaded.diagnostics if each.code in SHUT_OUT)
    return want(loaded.policy, compile_policy(loaded.policy), path), warnings


def describe(change: Plan) -> str:
    """Tell people what would change."""
    if not change.changes:
        return "no changes: the live table is what the policy wants"
    return "\n".join(change.difference())


def as_result(change: Plan) -> dict[str, object]:
    """Tell programs."""
    return {"changes": change.changes, "up": change.live is not None, "diff": change.difference()}
