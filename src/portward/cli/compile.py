"""`portward compile`: print the nftables text that a policy becomes, or the map from its lines to the policy's."""

import argparse

from portward.cli.environment import Environment
from portward.cli.outcome import Outcome
from portward.cli.policy import read_checked
from portward.compile.nft import Compiled, compile_policy


def run(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Compile a policy without mistakes."""
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


def line_map(compiled: Compiled) -> str:
    """Lay out the map: line of the text, place in the policy, and the line itself."""
    lines = compiled.text.splitlines()
    return "\n".join(
        f"{line}\t{span}\t{lines[line - 1].strip()}" for line, span in sorted(compiled.lines.items())
    )
