"""`portward push`: a policy into a MikroTik router, on trial until a new connection has got in."""

import argparse
import time
from collections.abc import Sequence
from datetime import timedelta

import attrs

from portward.apply import routeros_push
from portward.apply.ros_link import Link
from portward.apply.routeros_arrival import Arrival, find_arrival
from portward.apply.routeros_inventory import Router
from portward.apply.routeros_items import MENUS, Wanted, mark_of
from portward.apply.routeros_plan import Plan, Snapshot, after, in_place, make_plan
from portward.apply.routeros_push import Push, settle
from portward.apply.routeros_refusals import Refusal, Scene, refusals
from portward.apply.routeros_state import (
    for_this_router,
    lists_that_matter,
    read_entries,
    read_rules,
    refuse_while_on_trial,
)
from portward.apply.routeros_wanted import wanted_of
from portward.cli.apply import ask
from portward.cli.environment import Environment
from portward.cli.exit import ExitStatus
from portward.cli.grant import read_source
from portward.cli.outcome import Outcome, failure
from portward.cli.policy import read_checked
from portward.cli.router import Way, open_way
from portward.compile.routeros_limits import Kind, differences
from portward.errors import Diagnostic, PolicyError, Severity, TargetError, UsageError
from portward.policy.notation import read_duration, write_duration


SHORTEST = timedelta(seconds=60)
"""Less leaves no time between adding and the margin before the router's switch acts."""
USUAL = timedelta(seconds=120)
LONGEST = timedelta(hours=1)
NO_V6 = "the router has no IPv6 firewall, so nothing was said about IPv6; push again when it gets one"
_PER_STEP = timedelta(milliseconds=300)
"""What one command may take on a slow router; the trial grows with their number unless its length was given."""


@attrs.frozen
class Job:
    """One push as it was asked for."""

    options: argparse.Namespace
    environment: Environment
    way: Way
    wanted: Wanted
    arrival: Arrival

    @property
    def before(self) -> str:
        """The comment of the rule that ours go before."""
        return self.options.before or self.way.router.before


def run(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Compare, refuse what would lock us out, ask, carry out."""
    if options.policy == options.password_file == "-":
        raise UsageError("the policy and the password cannot both come from stdin")
    fuse = read_fuse(options.within) if options.within else None
    told_source = str(read_source(options.source)) if options.source else ""
    way = open_way(options, environment)
    wanted, notes = (Wanted(), ()) if options.remove else read_wanted(options, environment, way.router)
    link = way.connect()
    try:
        refuse_while_on_trial(link)
        arrival = find_arrival(link, way.router.user, told_source or way.router.source)
        outcome = go(Job(options, environment, way, wanted, arrival), link, fuse)
        return attrs.evolve(outcome, diagnostics=(*notes, *outcome.diagnostics))
    finally:
        link.close()


def read_fuse(text: str) -> timedelta:
    """Read how long the router waits for the confirmation.

    Raises:
        UsageError: no length of time, or outside 1m..1h.
    """
    try:
        length = read_duration(text)
    except ValueError as error:
        raise UsageError(f"--within: {error}") from None
    if not SHORTEST <= length <= LONGEST:
        raise UsageError(f"--within: {text} is outside {write_duration(SHORTEST)}..{write_duration(LONGEST)}")
    return length


def read_wanted(
    options: argparse.Namespace, environment: Environment, router: Router
) -> tuple[Wanted, tuple[Diagnostic, ...]]:
    """Read the policy, and make what the router is to hold; also gives what RouterOS does in another way.

    Raises:
        PolicyError: it has mistakes, or RouterOS cannot do what it says.
    """
    loaded = read_checked(options.policy, environment)
    found = tuple(
        each.diagnostic(allow_weaker=options.allow_weaker)
        for each in differences(loaded.policy, router.version)
        if each.kind is not Kind.DIFFERENT
    )
    if any(each.severity is Severity.ERROR for each in found):
        raise PolicyError(found, loaded.sources)
    return wanted_of(loaded.policy, router.version), found


def go(job: Job, link: Link, fuse: timedelta | None) -> Outcome:
    """Plan and, unless only the plan is asked for, carry it out."""
    rules = read_rules(link)
    kept, without_v6 = for_this_router(job.wanted, rules)
    job = attrs.evolve(job, wanted=kept)
    notes: tuple[Diagnostic, ...] = (Diagnostic("", Severity.ADVICE, NO_V6),) if without_v6 else ()
    left_over = any(mark_of(row) for menu in MENUS for row in rules.get(menu, ()))
    if left_over and not job.options.plan:
        job.environment.talk("an earlier push broke off; clearing up after it")
        settle(link, rules)
        rules = read_rules(link)
    plan = make_plan(job.wanted, rules, job.before)
    result = as_result(plan)
    if not plan.changes:
        text = "no changes: the router holds what the policy wants"
        return Outcome(text, result, changed=left_over, diagnostics=notes)
    reasons = judge(job, link, {menu: after(menu, rows, plan) for menu, rows in rules.items()}, plan)
    notes += tuple(Diagnostic("", Severity.ADVICE, told(each)) for each in reasons)
    if job.options.plan:
        return Outcome("\n".join(plan.lines), result, detailed(job.options), diagnostics=notes)
    refuse(job, reasons)
    if not agreed(job, plan):
        return failure(ExitStatus.USAGE, "not pushed")
    routeros_push.carry_out(make_push(job, plan, fuse), link, plan)
    return attrs.evolve(pushed(job, result), diagnostics=(*notes, *pushed_notes(job)))


def detailed(options: argparse.Namespace) -> ExitStatus:
    """The exit code of a plan with changes."""
    return ExitStatus.USAGE if options.detailed_exitcode else ExitStatus.OK


def judge(job: Job, link: Link, rows: Snapshot, plan: Plan) -> tuple[Refusal, ...]:
    """All reasons not to let a router's rules become these."""
    lists = {family: lists_that_matter(job.wanted, rows, family) for family in ("/ip", "/ipv6")}
    entries = {family: tuple(read_entries(link, each)) for family, each in lists.items()}
    scene = Scene(rows, entries, job.arrival, job.way.router.service(plain=job.options.insecure_plain))
    return refusals(scene, job.wanted, plan)


def told(refusal: Refusal) -> str:
    """One reason, with the word that sets it aside."""
    return f"{refusal.message} [{refusal.reason}]"


def refuse(job: Job, reasons: Sequence[Refusal]) -> None:
    """Stop where there are reasons that the user has not set aside.

    Raises:
        TargetError: there are.
    """
    left = [each for each in reasons if each.reason not in job.options.despite]
    if left:
        words = " ".join(f"--despite {each}" for each in dict.fromkeys(each.reason for each in left))
        lines = "\n".join(f"  {told(each)}" for each in left)
        raise TargetError(f"nothing was changed, since\n{lines}\n  to push all the same: {words}")


def agreed(job: Job, plan: Plan) -> bool:
    """Show the plan to a person and ask, unless told not to.

    Raises:
        UsageError: there is nobody to ask.
    """
    environment = job.environment
    environment.talk("\n".join(plan.lines) if environment.interactive() else summary(plan))
    if job.options.yes:
        return True
    if not environment.interactive():
        raise UsageError("there is no terminal to ask on: say --yes, or --plan to look only")
    return ask(f"push this to {job.way.router.name}?", environment)


def summary(plan: Plan) -> str:
    """The plan in numbers, for where the rules must not reach a log."""
    gone = sum(map(len, plan.retired.values()))
    return f"{len(plan.additions)} rules to add, {gone} to remove, {len(plan.settings)} services to set"


def as_result(plan: Plan) -> dict[str, object]:
    """Tell programs."""
    return {"changes": plan.changes, "summary": summary(plan) if plan.changes else ""}


def make_push(job: Job, plan: Plan, fuse: timedelta | None) -> Push:
    """Put together what the steps need."""

    def look_again(link: Link, rules: Snapshot) -> None:
        if not in_place(job.wanted, rules, job.before):
            raise TargetError(
                "the rules do not stand where they should; somebody else changed the router meanwhile"
            )
        refuse(job, judge(job, link, rules, plan))

    return Push(job.way.connect, time.monotonic, job.environment.talk, fuse or usual_fuse(plan), look_again)


def usual_fuse(plan: Plan) -> timedelta:
    """How long a router waits if nobody says: longer where there is much to do."""
    steps = 2 * len(plan.additions) + 2 * sum(map(len, plan.retired.values()))
    return timedelta(seconds=round(min(max(USUAL, SHORTEST + steps * _PER_STEP), LONGEST).total_seconds()))


def pushed(job: Job, result: dict[str, object]) -> Outcome:
    """Say what was done."""
    what = "took portward's rules off" if job.options.remove else "pushed to"
    return Outcome(f"{what} {job.way.router.name}; confirmed over a new connection", result, changed=True)


def pushed_notes(job: Job) -> tuple[Diagnostic, ...]:
    """What the router spells in a way that we do not know: the next push would see a change that is none."""
    link = job.way.connect()
    try:
        again = make_plan(job.wanted, read_rules(link), job.before)
    finally:
        link.close()
    if not again.changes:
        return ()
    message = f"the router spells a rule in its own way, so the next push sees a change: {again.lines[0]}"
    return (Diagnostic("", Severity.ADVICE, message),)
