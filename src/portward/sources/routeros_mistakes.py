"""What the author of a knock script did not mean: order that is not enforced, lists that nobody fills, and the like.

One function for each kind of mistake, all with the same arguments; each yields advice with the place of the rule.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol as Contract

import attrs

from portward.errors import Diagnostic, Severity, Span
from portward.policy.net import Knock, Protocol
from portward.policy.notation import write_knock
from portward.sources import routeros_doors as doors
from portward.sources.routeros_knocks import Path, Step, Uses, ancestors, drops
from portward.sources.routeros_paths import Covering, Meeting, covers
from portward.sources.routeros_rules import AddToList, Rule, Verdict
from portward.sources.rsc_menu import nearest


@attrs.frozen
class Case:
    """What the mistakes are looked for in: one family's rules.

    Attributes:
        found: every rule that a packet can come by.
        uses: what the rules do with each list.
        sequences: the list that each opens, and the steps to it.
        disabled: rules that are switched off.
    """

    found: tuple[Meeting, ...]
    uses: Uses
    sequences: tuple[tuple[str, Path], ...]
    disabled: tuple[Rule, ...]


class Mistake(Contract):
    """One kind of mistake."""

    def __call__(self, case: Case, /) -> Iterable[Diagnostic]:
        """Find it."""


def _advice(code: str, message: str, span: Span | None, hint: str = "") -> Diagnostic:
    return Diagnostic(code, Severity.ADVICE, message, span, hint)


def order_not_enforced(case: Case) -> Iterator[Diagnostic]:
    """Steps that do not ask for the one before, so that any order will do."""
    told: set[int] = set()
    for _, path in case.sequences:
        for before, step in itertools.pairwise(path):
            if (
                before.list in step.needs
                or step.needs & ancestors_and(case.uses, before.list)
                or id(step) in told
            ):
                continue
            told.add(id(step))
            message = (
                f"the order is not enforced: this step does not ask for {before.list!r} of the step before"
            )
            yield _advice("PW520", message, step.rule.span, f"add src-address-list={before.list}")


def ancestors_and(uses: Uses, name: str) -> frozenset[str]:
    """A list and those before it."""
    return ancestors(uses, name) | {name}


def refreshed_by_accident(case: Case) -> Iterator[Diagnostic]:
    """A list that its own members renew, or that more than the knock renews."""
    for step in case.uses.steps:
        if step.list in step.meeting.asked.inside:
            message = (
                f"whoever is on {step.list!r} renews his time on it with every packet that fits this rule"
            )
            hint = f"add src-address-list=!{step.list}, or take the rule out"
            yield _advice("PW521", message, step.rule.span, hint)
    stages = {each for _, path in case.sequences for step in path for each in step.needs}
    for name in sorted(stages):
        for step in case.uses.fills.get(name, ()):
            if step.knocks or step.list in step.meeting.asked.inside:
                continue
            message = (
                f"the stage {name!r} is also reached and renewed by packets that are no knock: {step.why_not}"
            )
            yield _advice("PW521", message, step.rule.span)


MOST_NAMES = 300
"""Lists that are looked at for a misspelt name; a file with more is no person's."""


def mismatched_names(case: Case) -> Iterator[Diagnostic]:
    """A list that is asked for and that nothing fills."""
    told: set[tuple[int, str]] = set()
    filled = set(case.uses.fills)
    unused = sorted(filled - case.uses.asked_for)[:MOST_NAMES]
    for meeting in case.found:
        for name in sorted(meeting.asked.inside - filled - set(case.uses.static)):
            if (id(meeting.rule), name) in told:
                continue
            told.add((id(meeting.rule), name))
            if len(told) > MOST_NAMES:
                return
            near = nearest(name, unused) or nearest(name.lower(), [each.lower() for each in unused])
            message = f"nothing in this text puts anybody on the list {name!r}, so this rule never matches"
            hint = f"did you mean {near}? It is filled, but nothing asks for it" if near else ""
            yield _advice("PW522", message, meeting.rule.span, hint)


def no_drop(case: Case) -> Iterator[Diagnostic]:
    """Knocks that open what is open anyway: RouterOS accepts what no rule decides about."""
    if not case.sequences:
        return
    opened = [each for name, _ in case.sequences for each in case.uses.lets_in.get(name, ())]
    if any(drops(each.rule) for each in opened) or any(
        doors.drops_everything(each) or doors.dropped_ports(each) for each in case.found
    ):
        return
    where = opened[0].rule.span if opened else case.sequences[0][1][-1].rule.span
    off = next((each for each in case.disabled if drops(each) and each.chain == "input"), None)
    extra = f"; the drop rule in line {off.span.line} is disabled" if off else ""
    message = f"no rule drops what the knock opens, and RouterOS accepts what no rule decides: nothing is closed{extra}"
    yield _advice("PW523", message, where, "add action=drop chain=input as the last rule of the chain")


def below_drop(case: Case) -> Iterator[Diagnostic]:
    """Rules of a knock that stand below the drop that ends the chain."""
    wanted = {id(step.rule): step.meeting for _, path in case.sequences for step in path}
    for name, _ in case.sequences:
        wanted |= {id(each.rule): each for each in case.uses.lets_in.get(name, ()) if not drops(each.rule)}
    walls = [each for each in case.found if doors.drops_everything(each)]
    for meeting in sorted(wanted.values(), key=lambda each: each.order):
        for wall in walls:
            same = wall.hook == meeting.hook and wall.table is meeting.table
            if same and wall.order < meeting.order and covers(wall.asked, meeting.asked):
                what = "accepts" if meeting.rule.action is Verdict.ACCEPT else "waits for a knock"
                message = (
                    f"this rule {what} below the drop in line {wall.rule.lines}: no packet ever gets here"
                )
                yield _advice("PW524", message, meeting.rule.span, "move it above the drop")
                break


def accepted_above(case: Case) -> Iterator[Diagnostic]:
    """Knocks that a rule above lets through before they can count, or that no jump lets through at all."""
    ends = Covering(each for each in case.found if each.rule.action is Verdict.ACCEPT and _is_open(each))
    told: set[int] = set()
    for step in case.uses.steps:
        if id(step.rule) in told or not step.knocks:
            continue
        end = next(
            (each for each in ends.above(step.meeting) if covers(each.asked, step.meeting.asked)), None
        )
        if end is not None:
            told.add(id(step.rule))
            message = f"line {end.rule.lines} accepts this packet first, so it never counts"
            yield _advice("PW528", message, step.rule.span, "move this rule above it")
    for meeting in case.found:
        if meeting.asked.impossible and id(meeting.rule) not in told:
            told.add(id(meeting.rule))
            message = f"no packet comes to this rule: {meeting.asked.impossible}"
            yield _advice("PW528", message, meeting.rule.span)


def _is_open(meeting: Meeting) -> bool:
    asked = meeting.asked
    return not (asked.inside or asked.sources or asked.targets or asked.rest)


def never_used(case: Case) -> Iterator[Diagnostic]:
    """A list that is filled, and that no rule asks for."""
    for name, steps in case.uses.fills.items():
        if name not in case.uses.asked_for:
            message = f"no rule uses the list {name!r}: on the router, being on it opens and shuts nothing"
            yield _advice("PW525", message, steps[-1].rule.span)


def sweepable(case: Case) -> Iterator[Diagnostic]:
    """Sequences that one scan of the ports in order opens."""
    told: set[tuple[Knock, ...]] = set()
    for _, path in case.sequences:
        knocks = tuple(step.knocks[0] for step in path)
        if len(knocks) < 2 or knocks in told or len({each.protocol for each in knocks}) > 1:
            continue
        told.add(knocks)
        numbers = [each.number for each in knocks]
        order = _scan_order(numbers)
        if order:
            what = "sizes" if knocks[0].protocol is Protocol.ICMP else "ports"
            spelled = ", ".join(write_knock(each, secret=False) for each in knocks)
            message = f"one scan of the {what} in {order} order opens this sequence ({spelled})"
            yield _advice("PW526", message, path[0].rule.span, "choose knocks that go up and down")


def _scan_order(numbers: list[int]) -> str:
    if all(one < other for one, other in itertools.pairwise(numbers)):
        return "ascending"
    if all(one > other for one, other in itertools.pairwise(numbers)):
        return "descending"
    return ""


def several_stages(case: Case) -> Iterator[Diagnostic]:
    """One packet that goes through several stages, since lists are filled at once and rules stand in forward order."""
    told: set[int] = set()
    for _, path in case.sequences:
        for before, step in itertools.pairwise(path):
            forward = before.meeting.order < step.meeting.order
            if forward and set(before.knocks) & set(step.knocks) and id(step.rule) not in told:
                told.add(id(step.rule))
                message = (
                    f"one packet passes this stage and the one of line {before.rule.lines} before it at once"
                )
                yield _advice("PW527", message, step.rule.span, "write the last stage first")


def switched_off(case: Case) -> Iterator[Diagnostic]:
    """Steps of a knock that are disabled."""
    asked = case.uses.asked_for | {each for step in case.uses.steps for each in step.needs}
    for rule in case.disabled:
        if isinstance(rule.action, AddToList) and rule.action.list in asked | {"trusted"}:
            message = f"this rule would fill the list {rule.action.list!r}, but it is disabled"
            yield _advice("PW529", message, rule.span, "take disabled=yes away to import it")


MISTAKES: tuple[Callable[[Case], Iterable[Diagnostic]], ...] = (
    order_not_enforced,
    refreshed_by_accident,
    mismatched_names,
    no_drop,
    below_drop,
    accepted_above,
    never_used,
    sweepable,
    several_stages,
    switched_off,
)


def find_mistakes(case: Case) -> list[Diagnostic]:
    """Look for all of them; in the order of the text."""
    found = [each for mistake in MISTAKES for each in mistake(case)]
    return sorted(found, key=lambda each: (each.span.line, each.span.column) if each.span else (0, 0))


__all__ = ["MISTAKES", "Case", "Mistake", "Step", "find_mistakes"]
