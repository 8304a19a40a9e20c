"""`portward harden --router NAME`: a router's own services switched off over push's connection, or back by `--undo`.

The steps are a push's: the router takes everything back by itself unless a new connection has got in and confirmed.
"""

import argparse
import time
from collections.abc import Iterable, Mapping

import attrs

from portward.apply import routeros_push
from portward.apply.ros_link import Link, Row
from portward.apply.routeros_hardened import Run, run_of, runs_of, write_runs
from portward.apply.routeros_items import SERVICES, Setting, is_enabled
from portward.apply.routeros_plan import Plan, Snapshot, named_row, plan_settings
from portward.apply.routeros_push import Push
from portward.apply.routeros_state import refuse_while_on_trial
from portward.cli.apply import ask
from portward.cli.environment import Environment
from portward.cli.exit import ExitStatus
from portward.cli.harden_router import ADMINISTRATION, refuse_wrong
from portward.cli.outcome import Outcome, failure
from portward.cli.push import USUAL, read_fuse
from portward.cli.router import Way, open_way
from portward.errors import PortwardError, TargetError, UsageError
from portward.exposure.mend_routeros import CLEAR_TEXT, PRINTED, spelled


@attrs.frozen
class Job:
    """One run as it was asked for."""

    options: argparse.Namespace
    environment: Environment
    way: Way

    @property
    def name(self) -> str:
        """The router's."""
        return self.way.router.name

    @property
    def own(self) -> str:
        """The service that we come in by."""
        return self.way.router.service(plain=self.options.insecure_plain)


def harden_live(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Switch services of a running router off, or undo that.

    Raises:
        UsageError: it cannot be done on a router, there is no such service, or nobody to ask.
        TargetError, PeerError: the router refused, or was lost; the message says in which state it is.
        HostError: a file is missing or open to others.
    """
    refuse_for_hosts(options)
    if options.trial:
        read_fuse(options.trial)
    job = Job(options, environment, open_way(options, environment))
    link = job.way.connect()
    try:
        refuse_while_on_trial(link)
        return undo(job, link) if options.undo else mend(job, link)
    finally:
        link.close()


def refuse_for_hosts(options: argparse.Namespace) -> None:
    """Refuse what is for hosts only.

    Raises:
        UsageError: it was asked for.
    """
    if options.by not in {None, "disable"}:
        raise UsageError(
            "on a router harden only switches services off; portward push guards and publishes them"
        )
    hosts = {"--root": options.root, "--confirm": options.confirm, "--no-wait": options.no_wait}
    hosts |= {"--routeros": options.routeros, "--output": options.output}
    if wrong := [word for word, value in hosts.items() if value]:
        raise UsageError(f"{wrong[0]} does not go with --router")


def mend(job: Job, link: Link) -> Outcome:
    """Plan, show, ask, and carry it out."""
    wanted = tuple(each for each in (job.options.target or PRINTED) if each not in job.options.spare)
    refuse_wrong(wanted)
    rows = link.show(SERVICES)
    chosen = [each for each in wanted if each != job.own]
    refuse_last_way(rows, chosen)
    plan = plan_off(dict.fromkeys(chosen, "yes"), rows)
    left = (
        [f"{job.own}: this very connection came by it, so it is not switched off"]
        if job.own in wanted
        else []
    )
    left += [
        f"{each}: it is on, in clear text; to switch it off: portward harden --router {job.name} {each}"
        for each in CLEAR_TEXT
        if each not in {*wanted, job.own} and on(rows, each)
    ]
    shown = "\n".join([*lines_of(plan), *(f"left: {each}" for each in left)])
    result = {"router": job.name, "lines": list(lines_of(plan)), "undo": list(undo_of(plan)), "left": left}
    if job.options.plan or not plan.changes:
        nothing = [] if plan.changes else ["nothing to do"]
        in_vain = job.own in job.options.target and not job.options.plan
        status = ExitStatus.FINDINGS if in_vain else ExitStatus.OK
        return Outcome("\n".join(filter(None, [*nothing, shown])), result, status)
    job.environment.talk(shown)
    if not agreed(job):
        return failure(ExitStatus.USAGE, "nothing was changed")
    remembered(job, link, plan)
    text = (
        f"done, and confirmed over a new connection; portward harden --router {job.name} --undo takes it back"
    )
    return Outcome(text, result, changed=True)


def remembered(job: Job, link: Link, plan: Plan) -> None:
    """Carry it out, and keep what undoes it: written down before, and forgotten if the router is as it was."""
    directory = job.environment.client_directory()
    earlier = runs_of(directory, job.name)
    write_runs(directory, job.name, (*earlier, run_of(plan.settings)))
    try:
        carry_out(job, link, plan)
    except (PortwardError, KeyboardInterrupt):
        if as_before(job, plan):
            write_runs(directory, job.name, earlier)
        raise


def as_before(job: Job, plan: Plan) -> bool:
    """Whether a new connection shows all services as they were before a plan."""
    try:
        link = job.way.connect()
        try:
            return not plan_off(run_of(plan.settings), link.show(SERVICES)).changes
        finally:
            link.close()
    except PortwardError:
        return False


def undo(job: Job, link: Link) -> Outcome:
    """Undo the last run that the router still shows, or with `--all` every run.

    Raises:
        TargetError: there is none.
    """
    directory = job.environment.client_directory()
    runs = list(runs_of(directory, job.name))
    rows = link.show(SERVICES)
    back: dict[str, str] = {}
    plan = plan_off(back, rows)
    while runs and (job.options.all or not plan.changes):
        back |= runs.pop()
        plan = plan_off(back, rows)
    if not plan.changes:
        raise UsageError(f"there is nothing to undo on {job.name}")
    job.environment.talk("\n".join(lines_of(plan)))
    carry_out(job, link, plan)
    write_runs(directory, job.name, runs)
    result = {"router": job.name, "lines": list(lines_of(plan)), "more": len(runs)}
    return Outcome("undone, and confirmed over a new connection", result, changed=True)


# --- pieces -----------------------------------------------------------------------------------------------------------


def plan_off(wanted: Run, rows: tuple[Row, ...]) -> Plan:
    """What differs from these services being off (`yes`) or on (`no`)."""
    settings = [Setting(name, {"disabled": value}) for name, value in wanted.items()]
    return plan_settings(settings, {SERVICES: rows})


def lines_of(plan: Plan) -> tuple[str, ...]:
    """The commands, spelled as the article spells them."""
    return tuple(
        spelled(each.setting.name, off=each.setting.properties["disabled"] == "yes") for each in plan.settings
    )


def undo_of(plan: Plan) -> tuple[str, ...]:
    """The commands that take them back."""
    return tuple(spelled(each.setting.name, off=each.before["disabled"] == "yes") for each in plan.settings)


def on(rows: Iterable[Row], name: str) -> bool:
    """Whether a service of the router runs."""
    row = named_row(rows, name)
    return row is not None and is_enabled(row)


def refuse_last_way(rows: tuple[Row, ...], chosen: Iterable[str]) -> None:
    """See that a way into the router is left that encrypts.

    Raises:
        UsageError: there would be none.
    """
    now = {each for each in ADMINISTRATION if on(rows, each)}
    if now and now <= set(chosen):
        raise UsageError("that would leave no encrypted way into the router: keep ssh or winbox")


def agreed(job: Job) -> bool:
    """Ask, unless told not to.

    Raises:
        UsageError: there is nobody to ask.
    """
    if job.options.yes:
        return True
    if not job.environment.interactive():
        raise UsageError("there is no terminal to ask on: say --yes, or --plan to look only")
    return ask(f"do this on {job.name}?", job.environment)


def carry_out(job: Job, link: Link, plan: Plan) -> None:
    """Do it as a push does, on the router's own trial."""
    expected: Mapping[str, str] = {each.setting.name: each.before["disabled"] for each in plan.settings}

    def look_again(_link: Link, rules: Snapshot) -> None:
        if any(on(rules[SERVICES], name) is (before == "yes") for name, before in expected.items()):
            raise TargetError("somebody else changed a service of the router meanwhile")

    fuse = read_fuse(job.options.trial) if job.options.trial else USUAL
    push = Push(job.way.connect, time.monotonic, job.environment.talk, fuse, look_again)
    routeros_push.carry_out(push, link, plan)
