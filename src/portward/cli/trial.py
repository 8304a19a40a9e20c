"""`portward confirm` and `portward rollback`: how a trial ends before its time."""

import argparse

from portward.apply import harden_trial, harden_undo, trial
from portward.apply.session import current_session
from portward.apply.state import StateDirectory
from portward.cli.environment import Environment
from portward.cli.outcome import Outcome


def confirm(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Keep the policy that is on trial."""
    state = StateDirectory(environment.state_directory())
    session = current_session(environment.variables)
    if harden_undo.pending(state):  # the policy is on trial together with what `harden` did
        done = harden_trial.confirm(state, session, same_connection=options.same_connection)
        return Outcome(text="confirmed: the mends stay", result={"kept": list(done.told)}, changed=True)
    kept = trial.confirm(state, session, same_connection=options.same_connection)
    return Outcome(text="confirmed: the policy stays", result={"policy": kept.wanted.source}, changed=True)


def rollback(_options: argparse.Namespace, environment: Environment) -> Outcome:
    """Undo the policy that is on trial."""
    state = StateDirectory(environment.state_directory())
    if harden_undo.pending(state):
        done = harden_undo.undo(state)
        return Outcome(
            text="undone: everything is as before", result={"undone": list(done.told)}, changed=True
        )
    undone = trial.undo_now(state)
    before = "the gate is down, as before" if undone.snapshot.text is None else "the rules of before are back"
    return Outcome(text=f"undone: {before}", result={"policy": undone.wanted.source}, changed=True)
