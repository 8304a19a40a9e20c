"""What became of each rule of a script when a policy was made of it: carried over, or left, and why.

A rule is its object: two rules that are spelled alike are two. The lift tells what it took; what it says nothing of
is judged here by its kind.
"""

import attrs

from portward.policy.policy import Mode
from portward.sources.routeros_knocks import Step, Uses, drops
from portward.sources.routeros_matchers import Side
from portward.sources.routeros_paths import Meeting
from portward.sources.routeros_rules import (
    AddToList,
    Family,
    Jump,
    OtherAction,
    Rule,
    Script,
    Table,
    Translate,
    Verdict,
)


@attrs.frozen
class RuleFate:
    """What became of one rule.

    Attributes:
        carried: whether its meaning is in the policy.
        what: what it became there, or why it is not there.
        decides: whether packets depend on what is not there.
        hint: what to do about it; may be empty.
    """

    carried: bool
    what: str
    decides: bool = False
    hint: str = ""


class Fates:
    """The fate of every rule of one script."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self._said: dict[int, RuleFate] = {}
        self._met: dict[int, Meeting] = {}
        self._steps: dict[int, Step] = {}

    def survey(self, family: Family, found: tuple[Meeting, ...], uses: Uses) -> None:
        """Learn which rules packets of a family come by."""
        del family  # the rules of the families are different objects
        for each in found:
            self._met.setdefault(id(each.rule), each)
        for step in uses.steps:
            self._steps.setdefault(id(step.rule), step)

    def carry(self, rule: Rule, what: str) -> None:
        """The rule is in the policy."""
        if not self.is_carried(rule):
            self._said[id(rule)] = RuleFate(carried=True, what=what)

    def leave(self, rule: Rule, why: str, *, decides: bool = True, hint: str = "") -> None:
        """The rule is not in the policy."""
        self._said.setdefault(id(rule), RuleFate(carried=False, what=why, decides=decides, hint=hint))

    def is_carried(self, rule: Rule) -> bool:
        """Whether it has been said that the rule is in the policy."""
        said = self._said.get(id(rule))
        return said is not None and said.carried

    def of(self, rule: Rule) -> RuleFate:
        """What became of a rule (after `settle`)."""
        return self._said[id(rule)]

    def settle(self, mode: Mode) -> None:
        """Judge the rules that nothing was said of."""
        for rule in self.script.rules:
            if id(rule) not in self._said:
                self._said[id(rule)] = self._judge(rule, mode)
        for meeting in self._met.values():
            if self.is_carried(meeting.rule):
                for jump in meeting.via:
                    if not self.is_carried(jump):
                        self._said[id(jump)] = RuleFate(
                            carried=True, what="the way to the rules of its chain"
                        )

    def _judge(self, rule: Rule, mode: Mode) -> RuleFate:
        if rule.disabled:
            return RuleFate(carried=False, what="disabled: it does nothing")
        meeting = self._met.get(id(rule))
        if meeting is None:
            return _never_met(rule)
        if meeting.asked.impossible:
            return RuleFate(carried=False, what=f"no packet comes to it: {meeting.asked.impossible}")
        return _by_kind(rule, meeting, self._steps.get(id(rule)), mode)


def _never_met(rule: Rule) -> RuleFate:
    if (
        rule.chain == "output"
        or (rule.table is Table.NAT and rule.chain == "srcnat")
        or rule.chain == "postrouting"
    ):
        decides = drops(rule)
        what = "it is about packets that leave, which a policy leaves alone"
        return RuleFate(carried=False, what=what, decides=decides)
    return RuleFate(carried=False, what=f"no packet from outside comes to the chain {rule.chain!r}")


def _by_kind(rule: Rule, meeting: Meeting, step: Step | None, mode: Mode) -> RuleFate:  # noqa: PLR0911 - one line a kind
    match rule.action:
        case Verdict.LOG | Verdict.PASSTHROUGH:
            return RuleFate(carried=False, what="it only counts or logs")
        case Verdict.FASTTRACK:
            return RuleFate(carried=False, what="it only makes known connections faster")
        case OtherAction(name):
            return RuleFate(carried=False, what=f"{name} does not decide which packets get through")
        case Verdict.RETURN:
            plain = not rule.matchers
            what = "the end of its chain" if plain else "it spares some packets the rules below it"
            return RuleFate(carried=plain, what=what, decides=not plain)
        case Jump():
            return RuleFate(carried=False, what="the rules of its chain are not in the policy", decides=False)
        case AddToList(side, name):
            return _list(side, name, step)
        case Translate(kind):
            return RuleFate(
                carried=False, what=f"{kind} stays what the host does, for everybody", decides=True
            )
        case Verdict.NOTRACK:
            return RuleFate(carried=False, what="a policy leaves connection tracking alone", decides=True)
    if meeting.hook == "forward":
        return RuleFate(carried=False, what="a policy leaves packets through the host alone", decides=True)
    if drops(rule):
        return _drop(meeting, mode)
    if meeting.table is Table.RAW and rule.action is Verdict.ACCEPT:
        return RuleFate(carried=False, what="it spares some packets the rules of raw below it", decides=True)
    return RuleFate(carried=False, what="it accepts what a policy cannot name", decides=True)


def _list(side: Side, name: str, step: Step | None) -> RuleFate:
    if side is Side.DESTINATION or step is None:
        return RuleFate(carried=False, what="a policy has no lists of destinations", decides=True)
    if name in step.meeting.asked.inside:
        what = f"it renews the time of whoever is on {name!r}; in a policy only the last knock does"
        return RuleFate(carried=False, what=what, decides=True)
    why = step.why_not or "the list is no knock's: it counts packets or opens nothing that a policy can name"
    return RuleFate(carried=False, what=f"it puts its source on {name!r}; {why}", decides=True)


def _drop(meeting: Meeting, mode: Mode) -> RuleFate:
    asked = meeting.asked
    if asked.states is not None and not asked.takes_new:
        return RuleFate(
            carried=mode is Mode.LOCKDOWN, what="lockdown drops it", decides=mode is not Mode.LOCKDOWN
        )
    if mode is Mode.LOCKDOWN and not asked.inside and not asked.sources:
        return RuleFate(carried=True, what="lockdown drops it, unless its source has a grant")
    if asked.inside or asked.sources:
        return RuleFate(carried=False, what="a policy cannot shut out single sources", decides=True)
    return RuleFate(
        carried=False,
        what="guard mode drops only what a service guards",
        decides=True,
        hint="make it a service that no sequence opens, or use lockdown",
    )
