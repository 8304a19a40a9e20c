"""`portward harden`: mend what audit finds; as a plan first, on trial if wished, and back again with `--undo`."""

import argparse
import secrets
import time
from pathlib import Path

import attrs

from portward.apply import harden_trial, harden_undo
from portward.apply.harden_deeds import Place, this_host
from portward.apply.harden_journal import Journal
from portward.apply.harden_look import (
    ephemeral_ports,
    read_files,
    read_units,
    read_units_below,
    read_where_from,
)
from portward.apply.harden_trial import Work
from portward.apply.session import current_session
from portward.apply.state import StateDirectory
from portward.apply.wanted import Wanted, want
from portward.check.rules import check
from portward.check.session import read_session
from portward.cli import harden_words
from portward.cli.apply import ask, read_trial
from portward.cli.audit import read_by
from portward.cli.environment import Environment
from portward.cli.exit import ExitStatus
from portward.cli.harden_live import harden_live
from portward.cli.harden_router import harden_router
from portward.cli.outcome import Outcome, failure
from portward.cli.plan import SHUT_OUT
from portward.cli.policy import ssh_connection
from portward.compile.nft import compile_policy
from portward.errors import Diagnostic, HostError, PolicyError, Severity, UsageError
from portward.exposure.ask import ask_all
from portward.exposure.gather import gather, gather_offline
from portward.exposure.good_ports import DEFAULT_RANGE, read_range
from portward.exposure.judge import audit
from portward.exposure.mend_plan import plan
from portward.exposure.mend_policy import PolicyTexts
from portward.exposure.mend_situation import Situation, Wish, exposed
from portward.exposure.mends import MendPlan, Way
from portward.policy.notation import write_duration
from portward.policy.policy import Policy
from portward.sources.policy_file import load_policy, parts_of, without_words
from portward.sources.policy_reader import read_what_can_be_read


def run(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Plan, show, ask, and carry it out; or end a trial, or undo.

    Raises:
        UsageError, TargetError, HostError, PolicyError: as said where they are raised.
    """
    if options.router:
        return harden_live(options, environment)
    if options.routeros:
        return harden_router(options, environment)
    state = StateDirectory(environment.state_directory())
    if options.undo:
        return undo(options, state)
    if options.confirm:
        return confirm(options, environment, state)
    return mend(options, environment, state)


def mend(options: argparse.Namespace, environment: Environment, state: StateDirectory) -> Outcome:
    """Plan, show, ask, and carry it out.

    Raises:
        UsageError: it may be done on trial only, there is nobody to ask, or something is on trial.
        TargetError, HostError, PolicyError: nothing was changed.
    """
    if options.root and options.trial:
        raise UsageError("a system that does not run needs no trial")
    length = read_trial(options.trial) if options.trial else None
    if not options.plan:
        harden_trial.refuse_second(state)
    situation = look(options, environment)
    made = plan(situation, wish_of(options))
    rules, warnings = judged(made, situation, environment, offline=bool(options.root))
    shown = harden_words.describe(made, situation.policy)
    result = harden_words.as_result(made, situation.policy)
    if options.plan or not made.mends:
        in_vain = bool(options.target and made.left) and not options.plan
        return Outcome(text=shown, result=result, status=ExitStatus.FINDINGS if in_vain else ExitStatus.OK)
    environment.talk("\n".join([shown, *map(str, warnings)]))
    work = work_of(options, made, situation, rules)
    if length is not None:
        begun = harden_trial.begin(state, work, length, current_session(environment.variables))
        return on_trial(options, environment, state, begun, work, result)
    if made.session and not options.root:
        raise UsageError(
            "this changes how you yourself come in: say --trial 120s, and confirm over a new connection"
        )
    if not agreed(options, environment):
        return failure(ExitStatus.USAGE, "nothing was changed")
    harden_trial.keep(state, work)
    text = "\n".join(["done; portward harden --undo takes it back", *harden_words.clients(made)])
    return Outcome(text=text, result=result, changed=True)


def work_of(options: argparse.Namespace, made: MendPlan, situation: Situation, rules: Wanted | None) -> Work:
    """What is to be done, where, and which units must run again when it is undone."""
    place = Place(options.root.rstrip("/")) if options.root else this_host()
    units = dict.fromkeys(unit for each in made.mends for unit in each.units)
    active = tuple(each for each in units if situation.units[each].active)
    return Work(place, made, rules, harden_words.told(made), active)


def look(options: argparse.Namespace, environment: Environment) -> Situation:
    """See all that the plan is made from."""
    root = options.root.rstrip("/") if options.root else ""
    main = f"{root}{options.policy}"
    texts = read_texts(main)
    policy = texts.policy if texts.texts else None
    if root:
        done = audit(gather_offline(Path(root)))
    else:
        facts = gather(read_by, policy)
        done = audit(facts if options.no_ask else ask_all(facts))
    names = {unit for each in exposed(done) for unit in each.units}
    names |= {each for each in options.target if each.endswith((".service", ".socket"))}
    if root:
        units = read_units_below(root, sorted(names))
    else:
        units = read_units(names) if names and this_host().systemd else {}
    session = read_where_from(ssh_connection(environment), texts.policy)
    return Situation(done, texts, units, read_files(root), session, ephemeral=ephemeral_ports())


def read_texts(main: str) -> PolicyTexts:
    """Read the policy's files as they are; no files where there is no policy yet.

    Raises:
        PolicyError: there are mistakes in it.
        HostError: it cannot be read.
    """
    if not Path(main).exists():
        return PolicyTexts(main)
    load_policy(main)
    try:
        texts = {str(each): each.read_bytes().decode() for each in (Path(main), *parts_of(Path(main)))}
    except OSError as error:
        raise HostError(f"cannot read {error.filename}: {error.strerror}") from None
    return PolicyTexts.of(main, texts)


def wish_of(options: argparse.Namespace) -> Wish:
    """What the command line asks for."""
    return Wish(
        tuple(options.target),
        secrets.randbelow,
        tuple(options.spare),
        Way(options.by) if options.by else None,
        read_range(options.ports) if options.ports else DEFAULT_RANGE,
        options.opened_by or "",
    )


def judged(
    made: MendPlan, situation: Situation, environment: Environment, *, offline: bool
) -> tuple[Wanted | None, tuple[Diagnostic, ...]]:
    """Check the policy as it will be and compile it, before anything changes; with warnings of being shut out.

    Raises:
        PolicyError: it would have mistakes.
    """
    if not made.policy:
        return (None, ())
    texts = {**situation.policy.texts, **{put.path: put.text for put in made.policy}}
    (main, text), *parts = texts.items()
    reading = read_what_can_be_read(text, main, parts)
    found = (*reading.diagnostics, *check(reading.policy, read_session(ssh_connection(environment))))
    mistakes = [each for each in found if each.severity is Severity.ERROR]
    if mistakes:
        raise PolicyError(mistakes, {path: without_words(each) for path, each in texts.items()})
    if offline:
        return (None, ())
    warnings = tuple(each for each in found if each.code in SHUT_OUT)
    return rules_of(reading.policy, main), warnings


def rules_of(policy: Policy, main: str) -> Wanted:
    """What a policy wants of the kernel."""
    return want(policy, compile_policy(policy), main)


def agreed(options: argparse.Namespace, environment: Environment) -> bool:
    """Ask, unless told not to.

    Raises:
        UsageError: there is nobody to ask.
    """
    if options.yes:
        return True
    if not environment.interactive():
        raise UsageError("there is no terminal to ask on: say --yes, or better --trial 120s")
    return ask("do this for good (--trial 120s is safer)?", environment)


def on_trial(  # noqa: PLR0913, PLR0917 - what a trial is told with
    options: argparse.Namespace,
    environment: Environment,
    state: StateDirectory,
    begun: Journal,
    work: Work,
    result: dict[str, object],
) -> Outcome:
    """Tell that a trial has begun and, unless told not to, wait for its end."""
    made, length = work.plan, write_duration(read_trial(options.trial))
    by = f", by port {made.new_port}" if made.new_port else ""
    told = f"on trial for {length}; to keep it, from a new connection{by}: portward harden --confirm"
    result = {**result, "trial": {"seconds": round(begun.deadline - begun.began, 3)}}
    if options.no_wait:
        return Outcome(text="\n".join([told, *harden_words.clients(made)]), result=result, changed=True)
    environment.talk("\n".join([told, *harden_words.clients(made)]))
    try:
        kept = harden_trial.watch(state, begun, time.sleep)
    except KeyboardInterrupt:
        environment.talk(
            "the trial goes on: portward harden --confirm keeps it, portward harden --undo ends it"
        )
        raise
    if kept:
        return Outcome(text="confirmed: the mends stay", result=result, changed=True)
    return attrs.evolve(failure(ExitStatus.FINDINGS, "not confirmed: everything is as before"), result=result)


def confirm(options: argparse.Namespace, environment: Environment, state: StateDirectory) -> Outcome:
    """Keep what is on trial."""
    session = current_session(environment.variables)
    done = harden_trial.confirm(state, session, same_connection=options.same_connection)
    return Outcome(text="confirmed: the mends stay", result={"kept": list(done.told)}, changed=True)


def undo(options: argparse.Namespace, state: StateDirectory) -> Outcome:
    """Undo what is on trial, or the last run; with `--all` every run, newest first."""
    undone = [harden_undo.undo(state, force=options.force)]
    while options.all and harden_undo.undoable(state):
        undone.append(harden_undo.undo(state, force=options.force))
    told = [line for each in undone for line in each.told]
    more = harden_undo.undoable(state)
    rest = f"\n{more} earlier run{'' if more == 1 else 's'} can be undone too: --undo --all" if more else ""
    return Outcome(
        text="undone:\n" + "\n".join(f"  {line}" for line in told) + rest,
        result={"undone": told, "more": more},
        changed=True,
    )
