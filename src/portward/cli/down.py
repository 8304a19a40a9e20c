"""`portward down`: remove our table, and a trial with it."""

import argparse

from portward.apply import trial
from portward.apply.gate import take_down
from portward.apply.state import StateDirectory
from portward.cli.apply import ask
from portward.cli.environment import Environment
from portward.cli.exit import ExitStatus
from portward.cli.outcome import Outcome, failure
from portward.errors import UsageError


def run(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Take the gate down, once that is agreed."""
    if not options.yes:
        if not environment.interactive():
            raise UsageError("there is no terminal to ask on: say --yes")
        if not ask(
            "every guarded service will be open to everybody, and all grants are lost. Go on?", environment
        ):
            return failure(ExitStatus.USAGE, "not taken down")
    state = StateDirectory(environment.state_directory())
    with state.lock():
        on_trial = trial.settle(state)
        removed = take_down()
        if on_trial:
            trial.clear(state, on_trial)
    text = "the gate is down: all is as open as without portward" if removed else "the gate was not up"
    if on_trial:
        text += "; the trial is over"
    return Outcome(
        text=text, result={"removed": removed, "trial_ended": on_trial is not None}, changed=removed
    )
