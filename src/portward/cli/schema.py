"""`portward schema`: the JSON Schema of the policy file."""

import argparse

from portward.cli.environment import Environment
from portward.cli.outcome import Outcome
from portward.sources.policy_schema import make_schema, write_schema


def run(_: argparse.Namespace, __: Environment) -> Outcome:
    """Print the schema; it is the `--json` result too."""
    return Outcome(text=write_schema(), result=make_schema())
