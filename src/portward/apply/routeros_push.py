"""A push, step by step: arm the switch on the router, add disabled, look again, enable, probe, confirm, clean up.

At every moment the router is in the old state or the new one, or its own switch brings the old one back. What
confirms is one command: the switch's removal. Before it, whatever fails is undone at once if the router can still be
reached, and by the router itself if not; after it, what is left over does nothing and the next push clears it away.
"""

import enum
from collections.abc import Callable, Iterable
from datetime import timedelta

import attrs

from portward.apply.ros_link import Link, Row
from portward.apply.routeros_alike import canonical
from portward.apply.routeros_deadman import AT_START, SCHEDULER, TIMER, start_job, timer_job
from portward.apply.routeros_items import (
    MENUS,
    SERVICES,
    Mark,
    chain_of,
    family_of,
    is_enabled,
    lists_of_rule,
    mark_of,
    marked,
)
from portward.apply.routeros_plan import BUILT_IN, Plan, Snapshot, switched
from portward.apply.routeros_state import read_rules
from portward.compile.routeros_names import LISTS, MIDWAY, STAGES
from portward.errors import PeerError, PortwardError, TargetError


MARGIN = timedelta(seconds=25)
"""So long before the router's switch acts nothing is done any more: longer than one answer takes (`ros_tls.LIMIT`)."""


@attrs.frozen
class Push:
    """What a push needs of the world.

    Attributes:
        connect: makes a new connection to the router, logged in.
        clock: seconds that only grow.
        tell: says one line to the person.
        fuse: how long the router waits for the confirmation.
        judge: looks at the router's rules as they will be, and raises if they would lock us out.
    """

    connect: Callable[[], Link]
    clock: Callable[[], float]
    tell: Callable[[str], None]
    fuse: timedelta
    judge: Callable[[Link, Snapshot], None]


@attrs.define
class Trial:
    """A push under way: when the switch was armed, and whether the confirmation has been sent."""

    push: Push
    plan: Plan
    began: float
    confirming: bool = False

    def in_time(self) -> None:
        """See that the switch is not about to act.

        Raises:
            TargetError: it is.
        """
        if self.push.clock() - self.began > (self.push.fuse - MARGIN).total_seconds():
            raise TargetError(f"it took too long for a trial of {self.push.fuse.total_seconds():g}s")


def carry_out(push: Push, link: Link, plan: Plan) -> None:
    """Carry out a plan that has changes.

    Raises:
        TargetError: the router refused something, or the trial failed.
        PeerError: the router was lost. Both say in which state it is.
    """
    trial = Trial(push, plan, push.clock())
    try:
        arm(link, plan, push.fuse)
    except PortwardError as error:
        raise type(error)(f"{error}; nothing was changed") from error
    push.tell(
        f"armed: the router takes everything back in {push.fuse.total_seconds():g}s unless it is confirmed"
    )
    try:
        attempt(trial, link)
    except (PortwardError, KeyboardInterrupt) as error:
        give_up(trial, link, error)
        raise
    clean_up(push, plan)


def attempt(trial: Trial, link: Link) -> None:
    """Do all that stands between arming and the confirmation, and confirm."""
    push, plan = trial.push, trial.plan
    arm_start(link, plan)
    stage(trial, link)
    push.judge(link, {menu: switched(rows) for menu, rows in read_rules(link).items()})
    push.tell("prepared, and no packet has seen a difference yet; switching over")
    switch(trial, link)
    probe = push.connect()
    try:
        look(probe, plan)
        trial.in_time()
        push.tell("a new connection gets in; confirming")
        trial.confirming = True
        confirm(probe)
    finally:
        probe.close()


# --- the steps --------------------------------------------------------------------------------------------------------


def arm(link: Link, plan: Plan, fuse: timedelta) -> None:
    """Set the router's own switch; its name is there but once, so two pushes never meet.

    Raises:
        TargetError: the router did not take it; nothing was changed.
    """
    link.add(SCHEDULER, timer_job(plan, fuse))
    jobs = link.show(SCHEDULER, {"name": TIMER})
    if not jobs or not is_enabled(jobs[0]):
        raise TargetError(
            "the router did not keep the job that would undo the push (its scheduler may be locked)"
        )


def arm_start(link: Link, plan: Plan) -> None:
    """Set the switch for a start of the router."""
    remove_jobs(link, AT_START)
    link.add(SCHEDULER, start_job(plan))


def stage(trial: Trial, link: Link) -> None:
    """Add what is new, disabled; mark what is to go. No packet sees a difference."""
    for each in trial.plan.additions:
        trial.in_time()
        properties = {**each.item.properties, "comment": marked(each.item.properties["comment"], Mark.NEW)}
        place = {"place-before": each.before} if each.before else {}
        link.add(each.item.menu, {**properties, "disabled": "yes", **place})
    for menu, rows in trial.plan.retired.items():
        for row in rows:
            trial.in_time()
            mark = Mark.OLD if is_enabled(row) else Mark.OFF
            link.set(menu, row[".id"], {"comment": marked(row["comment"], mark)})


def switch(trial: Trial, link: Link) -> None:
    """Enable the new rules, chains before the jumps to them; then set services; then disable the old from below."""
    plan = trial.plan
    for menu in plan.menus:
        new = [row for row in link.show(menu) if mark_of(row) is Mark.NEW]
        for row in sorted(new, key=lambda each: chain_of(each) in BUILT_IN):
            trial.in_time()
            link.set(menu, row[".id"], {"disabled": "no"})
    for change in plan.settings:
        trial.in_time()
        link.set(SERVICES, change.ident, change.setting.properties)
    for menu in reversed(MENUS):
        for row in reversed(plan.retired.get(menu, ())):
            if is_enabled(row):
                trial.in_time()
                link.set(menu, row[".id"], {"disabled": "yes"})


def look(link: Link, plan: Plan) -> None:
    """See, over the new connection, that every new rule is in force and no old one is."""
    rules = {menu: link.show(menu) for menu in plan.menus}
    new = [row for menu in plan.menus for row in rules.get(menu, ()) if mark_of(row) is Mark.NEW]
    if len(new) != len(plan.additions) or not all(is_enabled(row) for row in new):
        raise TargetError("not all new rules are in force")
    if bad := [row for row in new if row.get("invalid") == "true"]:
        raise TargetError(
            f"the router calls {len(bad)} of the new rules invalid, the first: {bad[0].get('comment')}"
        )
    if any(
        is_enabled(row) for menu in plan.menus for row in rules[menu] if mark_of(row) in {Mark.OLD, Mark.OFF}
    ):
        raise TargetError("not all old rules are out of force")
    if not link.show(SCHEDULER, {"name": TIMER}):
        raise TargetError("the router's switch is gone: it has acted already, or somebody removed it")


def confirm(link: Link) -> None:
    """Remove the switch: the one command that decides."""
    jobs = link.show(SCHEDULER, {"name": TIMER})
    if len(jobs) != 1:
        raise TargetError("the router's switch is gone: it has acted already, or somebody removed it")
    link.remove(SCHEDULER, jobs[0][".id"])


def clean_up(push: Push, plan: Plan) -> None:
    """Take away what is out of force, and give the new rules their lasting comments.

    Raises:
        PeerError: the new rules are in force; only clearing away failed.
        TargetError: the same, or they were taken back after all.
    """
    try:
        link = push.connect()
        try:
            if ending(link, plan) is Ending.OLD:
                undo(link, plan)
                raise TargetError("the router's switch acted at the last moment; the router is as before")
            settle(link, read_rules(link))
            forget_stages(link, plan)
        finally:
            link.close()
    except PeerError as error:
        raise PeerError(
            f"the new rules are in force and confirmed; the next push clears up: {error}"
        ) from error


# --- when it does not go well -----------------------------------------------------------------------------------------


class Ending(enum.Enum):
    """In which state a router is."""

    TRIAL = enum.auto()
    NEW = enum.auto()
    OLD = enum.auto()


def ending(link: Link, plan: Plan) -> Ending:
    """Find out what became of a push: still on trial, confirmed, or taken back."""
    if link.show(SCHEDULER, {"name": TIMER}):
        return Ending.TRIAL
    rows = [row for menu in plan.menus for row in link.show(menu)]
    if plan.additions:
        confirmed = any(mark_of(row) is Mark.NEW and is_enabled(row) for row in rows)
    elif plan.menus:
        confirmed = not any(mark_of(row) is Mark.OLD and is_enabled(row) for row in rows)
    else:
        settings = {row[".id"]: row for row in link.show(SERVICES)}
        confirmed = all(
            canonical(name, settings[each.ident].get(name, "")) == canonical(name, value)
            for each in plan.settings
            for name, value in each.setting.properties.items()
        )
    return Ending.NEW if confirmed else Ending.OLD


def give_up(trial: Trial, link: Link, error: BaseException) -> None:
    """Undo a push over the open connection or a new one; where there is none, the router's own switch does it.

    Returns if nothing is to be said but the error itself.

    Raises:
        PortwardError: what failed, and what becomes of the router.
    """
    told = f"the router takes it back by itself within {trial.push.fuse.total_seconds():g}s"
    if trial.confirming:
        told = f"it keeps the new rules if the confirmation reached it; if not, {told}"
    for again in (None, trial.push.connect):
        try:
            told = take_back(again() if again else link, trial.plan)
            break
        except PortwardError:
            continue
    if isinstance(error, PortwardError):
        raise type(error)(f"{error}; {told}") from error
    trial.push.tell(told)


def take_back(link: Link, plan: Plan) -> str:
    """Undo a push unless it was confirmed; say in which state the router is."""
    if ending(link, plan) is Ending.NEW:
        return "the new rules are in force and confirmed; the next push clears up"
    undo(link, plan)
    link.close()
    return "the router is as before"


def undo(link: Link, plan: Plan) -> None:
    """Do what the router's switch would do; the switch itself goes last."""
    for menu in MENUS:
        if plan.retired.get(menu):
            for row in link.show(menu):
                if mark_of(row) is Mark.OLD and not is_enabled(row):
                    link.set(menu, row[".id"], {"disabled": "no"})
    for menu in reversed(plan.menus):
        _remove_marked(link, menu, link.show(menu), {Mark.NEW})
    for change in plan.settings:
        link.set(SERVICES, change.ident, change.before)
    for menu in plan.menus:
        _rename(link, menu, link.show(menu))
    remove_jobs(link, AT_START)
    remove_jobs(link, TIMER)


def settle(link: Link, rules: Snapshot) -> bool:
    """Finish a push that broke off after its confirmation, or after the switch acted; whether there was any.

    New rules are in force only when they were confirmed, since the switch removes them.
    """
    mine = {menu: rules[menu] for menu in MENUS if menu in rules}
    left = [(menu, row) for menu, rows in mine.items() for row in rows if mark_of(row)]
    confirmed = any(mark_of(row) is Mark.NEW and is_enabled(row) for _, row in left)
    for menu, rows in mine.items():
        if confirmed or not any(mark_of(row) is Mark.NEW for _, row in left):
            gone = {Mark.OLD, Mark.OFF} if _out_of_force(left) else set()
        else:
            gone = {Mark.NEW}
        _remove_marked(link, menu, rows, gone)
        _rename(link, menu, [row for row in rows if mark_of(row) not in gone])
    remove_jobs(link, AT_START)
    return bool(left)


def _out_of_force(left: list[tuple[str, Row]]) -> bool:
    """Whether the old rules are those that a confirmed push left behind: not one of them is enabled."""
    return not any(mark_of(row) is Mark.OLD and is_enabled(row) for _, row in left)


def _remove_marked(link: Link, menu: str, rows: Iterable[Row], marks: set[Mark]) -> None:
    for row in reversed(tuple(rows)):
        if mark_of(row) in marks:
            link.remove(menu, row[".id"])


def _rename(link: Link, menu: str, rows: Iterable[Row]) -> None:
    for row in rows:
        if mark_of(row):
            link.set(menu, row[".id"], {"comment": marked(row["comment"], None)})


def remove_jobs(link: Link, name: str) -> None:
    """Remove a job of ours, if it is there."""
    for row in link.show(SCHEDULER, {"name": name}):
        link.remove(SCHEDULER, row[".id"])


def forget_stages(link: Link, plan: Plan) -> None:
    """Empty the lists of stages and mid-sequence: what they say belongs to the knocks of before.

    Grants stay, unless all our rules go.
    """
    before = {
        (family_of(menu), name)
        for menu, rows in plan.retired.items()
        for row in rows
        for name in lists_of_rule(row)
        if name.startswith(STAGES if plan.additions else LISTS) or name == MIDWAY
    }
    for family, name in sorted(before):
        menu = f"{family}/firewall/address-list"
        for row in link.show(menu, {"list": name}):
            link.remove(menu, row[".id"])
