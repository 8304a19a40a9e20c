"""Knocks: one chain for each port or echo size, whose rules say which stage a packet reaches there.

The order of the rules is the meaning (docs/meaning.md, "The sequence"): a sequence's last place first, so that one
packet never advances it by two stages; the mid-sequence set before the stage, so that a full set stops the knock; and
what is spent before what it opens, for the same reason.
"""

from collections.abc import Iterator
from datetime import timedelta

import attrs

from portward.compile import names
from portward.compile.exempt import has_grant, shortened
from portward.compile.ir import (
    Accept,
    Chain,
    Count,
    DynamicSet,
    Expression,
    Goto,
    InSet,
    Jump,
    OfFamily,
    PayloadBegins,
    Rule,
    Selector,
    SetMark,
    Update,
)
from portward.compile.names import IpFamily, StageNumbers
from portward.errors import Span
from portward.policy.net import Knock
from portward.policy.policy import Mode, Policy, Sequence


MOST_SPENT = 65536
"""How many sequences that have opened once are remembered; after that none of them opens."""


@attrs.frozen
class Step:
    """One place of one sequence.

    Attributes:
        sequence: whose.
        place: 1 for the first knock.
        needs: the number of the stage before; None for the first knock.
        gives: the number of the stage that it reaches; None for the last knock.
        spends: for the last knock of a sequence that opens once: the number by which it is known to be spent.
    """

    sequence: Sequence
    place: int
    needs: int | None
    gives: int | None
    spends: int | None = None

    @property
    def knock(self) -> Knock:
        """The knock at this place."""
        return self.sequence.knocks[self.place - 1]

    @property
    def word(self) -> tuple[PayloadBegins, ...]:
        """The condition of the knock's word, if it has one."""
        return (PayloadBegins(self.knock.word),) if self.knock.word else ()

    @property
    def title(self) -> str:
        """What the rule's comment says."""
        return f"{self.sequence.name}: knock {self.place} of {len(self.sequence.knocks)}"


def steps_by_chain(policy: Policy, numbers: StageNumbers) -> dict[str, list[Step]]:
    """Gather the steps of each knock chain: sequences in the policy's order, each from its last place to its first."""
    gathered: dict[str, list[Step]] = {}
    for sequence in policy.sequences:
        for place in range(len(sequence.knocks), 0, -1):
            last = place == len(sequence.knocks)
            step = Step(
                sequence,
                place,
                needs=numbers[sequence.name, place - 1] if place > 1 else None,
                gives=None if last else numbers[sequence.name, place],
                spends=numbers[sequence.name, place] if last and sequence.once else None,
            )
            gathered.setdefault(names.knock_chain(step.knock), []).append(step)
    return gathered


def sets(policy: Policy) -> Iterator[DynamicSet]:
    """Make the set of sequences that are spent, where any opens once."""
    if any(sequence.once for sequence in policy.sequences):
        yield DynamicSet(
            names.SPENT, ("mark",), MOST_SPENT, "sequences that open once, and have opened", ends=False
        )


def dispatch(policy: Policy) -> tuple[Knock, ...]:
    """Name each port and echo size once that any sequence knocks on."""
    found = {
        (knock.protocol, knock.number): Knock(knock.protocol, knock.number)
        for sequence in policy.sequences
        for knock in sequence.knocks
    }
    return tuple(found.values())


def longest_step(policy: Policy) -> timedelta:
    """How long a source counts as in mid-sequence: the longest step timeout of the policy; 1 s where there is none."""
    steps = [each for sequence in policy.sequences for each in sequence.step_timeouts]
    if policy.ways.rolling and policy.people:
        steps.append(policy.ways.rolling.step_timeout)
    return max(steps, default=timedelta(seconds=1))


def chains(policy: Policy, numbers: StageNumbers) -> Iterator[Chain]:
    """Make the chains of all knocks and the two that they share."""
    mid_sequence = longest_step(policy)
    gathered = steps_by_chain(policy, numbers)
    for name, steps in gathered.items():
        rules = [rule for step in steps for rule in advance(policy, step, mid_sequence)]
        yield Chain(name, (*rules, *judge_repeat(policy, steps)))
    if not gathered:
        return
    if policy.strict:
        yield Chain(
            names.WAS_REACHED,
            tuple(
                Rule(
                    (
                        InSet((Selector.source(family), Selector.MARK), names.stages(family)),
                        Goto(names.AFTER_KNOCK),
                    )
                )
                for family in IpFamily
            ),
            comment="the packet was a knock that counts, or its repeat",
        )
    end = (Accept(),) if policy.mode is Mode.GUARD else (Goto(names.CLOSED),)
    yield Chain(names.AFTER_KNOCK, (Rule((Count(names.KNOCKS), SetMark(0), *end)),))


def advance(policy: Policy, step: Step, mid_sequence: timedelta) -> Iterator[Rule]:
    """Make the rules by which one step counts, one for each family."""
    span = place_of(policy, step)
    for family in IpFamily:
        source = Selector.source(family)
        conditions: list[Expression] = [*step.word]
        if step.needs is not None:
            conditions += [SetMark(step.needs), InSet((source, Selector.MARK), names.stages(family))]
        if policy.strict:
            conditions.append(InSet((source,), names.penalty(family), negated=True))
        if step.spends is not None:
            conditions += spend(step.spends, family)
        yield Rule((*conditions, *effects(policy, step, family, mid_sequence)), step.title, span)


def spend(number: int, family: IpFamily) -> tuple[Expression, ...]:
    """Go on only if the sequence has not opened yet, and note that it has.

    The family is asked for first, since nothing before may have: a packet of the other one must spend nothing here.
    """
    return (
        OfFamily(family),
        SetMark(number),
        InSet((Selector.MARK,), names.SPENT, negated=True),
        Update((Selector.MARK,), names.SPENT, timeout=None),
    )


def effects(policy: Policy, step: Step, family: IpFamily, mid_sequence: timedelta) -> Iterator[Expression]:
    """Say what a step that counts does: it reaches a stage, or it opens."""
    source = Selector.source(family)
    if step.gives is None:
        for service in step.sequence.opens:
            yield Update(
                (source,), names.grants(service, family), step.sequence.open_for, shortened(policy, family)
            )
        yield Count(names.OPENED)
        return
    if policy.strict:
        yield Update((source,), names.midway(family), mid_sequence)
    yield SetMark(step.gives)
    yield Update((source, Selector.MARK), names.stages(family), step.sequence.step_timeouts[step.place - 1])


def judge_repeat(policy: Policy, steps: list[Step]) -> Iterator[Rule]:
    """Decide, when all steps are taken, whether the packet was a stray."""
    done = Rule((Goto(names.AFTER_KNOCK),))
    if not policy.strict or any(step.needs is None and not step.word for step in steps):
        yield done
        return
    for step in steps:
        span = place_of(policy, step)
        if step.needs is None:
            yield Rule((*step.word, Goto(names.AFTER_KNOCK)), "", span)
            continue
        reached = step.needs if step.gives is None else step.gives
        yield Rule((*step.word, SetMark(reached), Jump(names.WAS_REACHED)), "", span)
        if step.gives is None:
            yield from (
                Rule(
                    (*step.word, has_grant(policy, step.sequence.opens[0], family), Goto(names.AFTER_KNOCK)),
                    "",
                    span,
                )
                for family in IpFamily
            )
    yield Rule((SetMark(0), Goto(names.STRAY)))


def place_of(policy: Policy, step: Step) -> Span | None:
    """Where in the policy the step stands."""
    return policy.places.nearest("sequences", step.sequence.name, "knocks", step.place - 1)
