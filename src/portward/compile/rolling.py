"""Rolling sequences in the kernel: the ports are elements that the daemon loads ahead, the rules are the same for all.

`rolling_knocks` leads from window, protocol and port to a number: which sequence (28 bits) and which place in it, from
0 (4 bits). A source at place k of a sequence is in `rolling_stages` under that sequence's number with k, so a knock at
place k needs just the element that its own number names, and the next place is that number plus one.
"""

from collections.abc import Iterator
from datetime import timedelta

from portward.compile import names
from portward.compile.ir import (
    Chain,
    Dispatch,
    DynamicSet,
    Expression,
    Goto,
    HasProtocol,
    InSet,
    Jump,
    MarkFrom,
    MarkMap,
    Rule,
    Selector,
    SetMark,
    SetStep,
    Update,
    VerdictMap,
)
from portward.compile.names import IpFamily
from portward.compile.passes import by_windows, room
from portward.compile.people import with_tokens
from portward.policy.net import Protocol
from portward.policy.people import Rolling
from portward.policy.policy import Policy


def of(policy: Policy) -> Rolling | None:
    """What the policy says of rolling sequences, if anybody has them."""
    return policy.ways.rolling if with_tokens(policy) else None


def sets(policy: Policy) -> Iterator[DynamicSet]:
    """Make the sets of stages, and of sequences that have opened."""
    rolling = of(policy)
    if not rolling:
        return
    for family in IpFamily:
        yield DynamicSet(
            names.rolling_stages(family),
            (family.address_type, "mark"),
            policy.sizes.stages,
            "how far each source is in rolling sequences",
        )
    if rolling.once:
        yield DynamicSet(
            names.ROLLING_USED,
            ("mark",),
            room(policy, 1),
            by_windows(policy, "rolling sequences that have opened"),
        )


def maps(policy: Policy) -> Iterator[MarkMap | VerdictMap]:
    """Make the maps from packets to places, and from places to chains."""
    rolling = of(policy)
    if not rolling:
        return
    yield MarkMap(
        names.ROLLING_KNOCKS,
        (Selector.MARK, Selector.PROTOCOL, Selector.DESTINATION_PORT),
        room(policy, rolling.knocks),
        by_windows(policy, "which place of which sequence a port is"),
    )
    yield MarkMap(
        names.ROLLING_OWNERS,
        (Selector.MARK,),
        room(policy, 1),
        by_windows(policy, "whose each rolling sequence is"),
    )
    yield VerdictMap(
        names.ROLLING_STEPS,
        (Selector.MARK_STEP,),
        tuple(((place,), Goto(names.rolling_chain(place))) for place in range(rolling.knocks)),
        ranges=False,
        comment="what happens at each place",
    )


def entries(policy: Policy) -> Iterator[Rule]:
    """Look whether a packet to an otherwise unused port of ours is a rolling knock."""
    if of(policy):
        yield Rule((HasProtocol((Protocol.TCP, Protocol.UDP)), Jump(names.ROLLING)))


def chains(policy: Policy, mid_sequence: timedelta) -> Iterator[Chain]:
    """Make the chain that finds the place, one for each place, and the one for knocks that count."""
    rolling = of(policy)
    if not rolling:
        return
    where = (Selector.MARK, Selector.PROTOCOL, Selector.DESTINATION_PORT)
    find = (
        Rule(
            (
                MarkFrom((Selector.TIME,), windows),
                MarkFrom(where, names.ROLLING_KNOCKS),
                Dispatch((Selector.MARK_STEP,), names.ROLLING_STEPS),
            )
        )
        for windows in names.WINDOWS
    )
    yield Chain(
        names.ROLLING, (*find, Rule((SetMark(0),))), comment="the mark is window, then sequence and place"
    )
    for place in range(rolling.knocks):
        last = place == rolling.knocks - 1
        rules = (
            [_open(policy, rolling, family) for family in IpFamily]
            if last
            else [_advance(policy, rolling, place, family, mid_sequence) for family in IpFamily]
        )
        title = f"knock {place + 1} of {rolling.knocks}"
        yield Chain(names.rolling_chain(place), (*rules, *_repeat(policy, place, last=last)), comment=title)
    reached = (
        Rule(
            (
                InSet((Selector.source(family), Selector.MARK), names.rolling_stages(family)),
                Goto(names.AFTER_KEY),
            )
        )
        for family in IpFamily
    )
    yield Chain(names.ROLLED, tuple(reached), comment="the packet was a knock that counts, or its repeat")


def _reached(family: IpFamily) -> InSet:
    return InSet((Selector.source(family), Selector.MARK), names.rolling_stages(family))


def _allowed(policy: Policy, family: IpFamily) -> tuple[Expression, ...]:
    """The source is under no penalty."""
    if not policy.strict:
        return ()
    return (InSet((Selector.source(family),), names.penalty(family), negated=True),)


def _advance(policy: Policy, rolling: Rolling, place: int, family: IpFamily, mid_sequence: timedelta) -> Rule:
    """One step: the source was at this place, and now is at the next."""
    source = Selector.source(family)
    midway = (Update((source,), names.midway(family), mid_sequence),) if policy.strict else ()
    return Rule(
        (
            *((_reached(family),) if place else ()),
            *_allowed(policy, family),
            *midway,
            SetStep(place + 1),
            Update((source, Selector.MARK), names.rolling_stages(family), rolling.step_timeout),
        )
    )


def _open(policy: Policy, rolling: Rolling, family: IpFamily) -> Rule:
    """The last step: on to the person's chain."""
    once: tuple[Expression, ...] = ()
    if rolling.once:
        base = (Selector.MARK_BASE,)
        once = (
            InSet(base, names.ROLLING_USED, negated=True),
            Update(base, names.ROLLING_USED, 3 * policy.ways.windows.length),
        )
    return Rule(
        (
            _reached(family),
            *_allowed(policy, family),
            *once,
            MarkFrom((Selector.MARK_BASE,), names.ROLLING_OWNERS),
            Dispatch((Selector.MARK,), names.PEOPLE),
        )
    )


def _repeat(policy: Policy, place: int, *, last: bool) -> Iterator[Rule]:
    """Decide, when the step is taken or not, whether the packet was a stray."""
    if not policy.strict or place == 0:
        yield Rule((Goto(names.AFTER_KEY),))
        return
    yield Rule((*(() if last else (SetStep(place + 1),)), Jump(names.ROLLED)))
    yield Rule((SetMark(0), Goto(names.STRAY)))
