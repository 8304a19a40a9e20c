"""`portward compile`: print the nftables text that a policy or a RouterOS script becomes, or the map of its lines."""

import argparse

import attrs

from portward.cli import exact
from portward.cli.environment import Environment
from portward.cli.outcome import Outcome
from portward.cli.policy import read_checked
from portward.compile.exact import Exact
from portward.compile.nft import Compiled, compile_policy
from portward.errors import UsageError


def run(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Compile a policy without mistakes, or with `--exact` RouterOS rules as they are."""
    if options.exact:
        compiled_exact, outcome = exact.compile_file(options.policy, options, environment)
        return attrs.evolve(outcome, text=line_map(compiled_exact)) if options.map else outcome
    if options.allow_weaker or options.interface:
        raise UsageError("--allow-weaker and --interface are about RouterOS rules: give --exact, too")
    loaded = read_checked(options.policy, environment)
    compiled = compile_policy(loaded.policy)
    return Outcome(
        text=line_map(compiled) if options.map else compiled.text.rstrip("\n"),
        result={
            "text": compiled.text,
            "map": [
                {"line": line, "file": span.file, "policy_line": span.line, "policy_column": span.column}
                for line, span in sorted(compiled.lines.items())
            ],
        },
    )


def line_map(compiled: Compiled | Exact) -> str:
    """Lay out the map: line of the text, place in the policy or script, and the line itself."""
    lines = compiled.text.splitlines()
    return "\n".join(
        f"{line}\t{span}\t{lines[line - 1].strip()}" for line, span in sorted(compiled.lines.items())
    )
