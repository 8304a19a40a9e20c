"""`portward apply`: put a policy into the kernel, for good or on trial, or put the last confirmed one back."""

import argparse
from datetime import timedelta

from portward.apply import trial
from portward.apply.gate import Plan, plan_or_guess
from portward.apply.session import current_session
from portward.apply.state import StateDirectory
from portward.apply.trial import Ending, Trial
from portward.apply.wanted import Wanted
from portward.cli.environment import Environment
from portward.cli.exit import ExitStatus
from portward.cli.outcome import Outcome, failure
from portward.cli.plan import describe, read_choice
from portward.errors import Diagnostic, HostError, UsageError
from portward.policy.notation import read_duration, write_duration


SHORTEST_TRIAL = timedelta(seconds=5)
"""Less is no time to connect anew."""
LONGEST_TRIAL = timedelta(days=1)


def run(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Show the plan, ask, and carry it out."""
    length = read_trial(options.trial) if options.trial else None
    state = StateDirectory(environment.state_directory())
    rules, warnings = choose(options, environment, state)
    change = plan_or_guess(rules)
    if not change.changes:
        trial.keep(state, change)
        return Outcome(text=describe(change), result=as_result(change))
    environment.talk(shown(change, environment))
    for warning in warnings:
        environment.talk(str(warning))
    if length is not None:
        begun = trial.begin(state, change, length, current_session(environment.variables))
        return on_trial(options, environment, state, begun)
    if not agreed(options, environment):
        return failure(ExitStatus.USAGE, "not applied")
    trial.keep(state, change)
    return Outcome(text="applied", result=as_result(change), changed=True)


def shown(change: Plan, environment: Environment) -> str:
    """The plan: whole to a person; counted where nobody looks on, since the rules must not reach a log."""
    whole = environment.interactive() and change.live is not None
    return describe(change) if whole else change.summary()


def as_result(change: Plan) -> dict[str, object]:
    """Tell programs, which log what they are told."""
    return {"changes": change.changes, "summary": change.summary() if change.changes else ""}


def choose(
    options: argparse.Namespace, environment: Environment, state: StateDirectory
) -> tuple[Wanted, tuple[Diagnostic, ...]]:
    """Find out what to apply: a policy file, with the warnings it earns, or what was confirmed last."""
    if not options.confirmed:
        return read_choice(options, environment)
    if options.trial:
        raise UsageError("what is confirmed already needs no trial")
    rules = trial.confirmed(state)
    if rules is None:
        raise HostError(f"nothing has been confirmed yet: there is no {state.file('confirmed.json')}")
    return rules, ()


def agreed(options: argparse.Namespace, environment: Environment) -> bool:
    """Ask, unless told not to.

    Raises:
        UsageError: there is nobody to ask.
    """
    if options.yes or options.confirmed:
        return True
    if not environment.interactive():
        raise UsageError("there is no terminal to ask on: say --yes, or better --trial 120s")
    return ask("apply this for good (--trial 120s is safer)?", environment)


def ask(question: str, environment: Environment) -> bool:
    """Ask a question whose answer is no unless it is yes."""
    environment.stderr.write(f"{question} [y/N] ")
    environment.stderr.flush()
    return environment.stdin.readline().strip().lower() in {"y", "yes"}


def on_trial(
    options: argparse.Namespace, environment: Environment, state: StateDirectory, begun: Trial
) -> Outcome:
    """Tell that a trial has begun and, unless told not to, wait for its end."""
    length = timedelta(seconds=begun.deadline - begun.began)
    told = f"on trial for {write_duration(length)}; to keep it, from a new connection: portward confirm"
    if options.no_wait:
        return Outcome(text=told, result=trial_object(begun, None), changed=True)
    environment.talk(told)
    try:
        return ended(trial.watch(state, begun), begun)
    except KeyboardInterrupt:
        environment.talk("the trial goes on: portward confirm keeps the policy, portward rollback undoes it")
        raise


def read_trial(text: str) -> timedelta:
    """Read how long a trial lasts.

    Raises:
        UsageError: it is no length of time, or out of range.
    """
    try:
        length = read_duration(text)
    except ValueError as error:
        raise UsageError(f"--trial: {error}") from None
    if not SHORTEST_TRIAL <= length <= LONGEST_TRIAL:
        raise UsageError(
            f"--trial: {text} is outside {write_duration(SHORTEST_TRIAL)}..{write_duration(LONGEST_TRIAL)}"
        )
    return length


def ended(ending: Ending, begun: Trial) -> Outcome:
    """Tell how a trial ended."""
    result = trial_object(begun, ending)
    if ending is Ending.KEPT:
        return Outcome(text="confirmed: the policy stays", result=result, changed=True)
    told = failure(ExitStatus.FINDINGS, "not confirmed: the rules of before are back")
    return Outcome(result=result, status=told.status, diagnostics=told.diagnostics)


def trial_object(begun: Trial, ending: Ending | None) -> dict[str, object]:
    """Tell programs how long a trial lasts, and how it ended if it has."""
    trial_of = {
        "seconds": round(begun.deadline - begun.began, 3),
        "ending": None if ending is None else str(ending),
    }
    return {"changes": True, "trial": trial_of}
