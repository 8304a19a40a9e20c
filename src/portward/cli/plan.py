"""`portward plan`: what apply would change. Also how `plan` and `apply` come from a policy file to what is wanted."""

import argparse

from portward.apply.gate import Plan, plan
from portward.apply.wanted import Wanted, want
from portward.cli.environment import Environment
from portward.cli.exit import ExitStatus
from portward.cli.outcome import Outcome
from portward.cli.policy import read_checked
from portward.compile.nft import compile_policy
from portward.errors import Diagnostic, Severity, UsageError


SHUT_OUT = frozenset({"PW401", "PW402", "PW407"})
"""The codes of advice about locking oneself out."""


def run(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Compare a policy with the live table."""
    rules, _ = read_choice(options, environment)
    change = plan(rules)
    status = ExitStatus.USAGE if options.detailed_exitcode and change.changes else ExitStatus.OK
    return Outcome(text=describe(change), result=as_result(change), status=status)


OPEN_CONNECTIONS = Diagnostic(
    "",
    Severity.ADVICE,
    "a router's rules know nothing of connections that were open before them: this session may be among those that"
    " they cut, so apply them with --trial",
)


def read_choice(
    options: argparse.Namespace, environment: Environment
) -> tuple[Wanted, tuple[Diagnostic, ...]]:
    """Read what is to be put into the kernel: a policy, or with `--exact` RouterOS rules as they are.

    Raises:
        UsageError: options of `--exact` without it.
        PolicyError: mistakes, or rules that the kernel cannot keep as a router does.
        HostError: the file cannot be read.
    """
    if not options.exact:
        if options.interface or options.allow_weaker:
            raise UsageError("--allow-weaker and --interface are about RouterOS rules: give --exact, too")
        return read_wanted(options.policy, environment)
    from portward.cli import exact  # noqa: PLC0415 - the reader of RouterOS is needed here only

    compiled, told = exact.compile_file(options.policy, options, environment)
    return Wanted(compiled.text, options.policy, lines=compiled.lines), (*told.diagnostics, OPEN_CONNECTIONS)


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
