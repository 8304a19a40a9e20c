"""The rules of a knock, in the order that is their meaning."""

from datetime import timedelta

import attrs
import pytest

from portward.compile import knocks, names
from portward.compile.ir import InSet, OfFamily, Selector, SetMark, Update
from portward.compile.names import IpFamily, StageNumbers
from portward.policy.notation import read_knock
from portward.policy.policy import Policy, Sequence


def policy(*knocked: str, strict: bool = True) -> Policy:
    """One sequence of these knocks."""
    steps = tuple(timedelta(seconds=10 + place) for place in range(len(knocked) - 1))
    sequence = Sequence("s", tuple(map(read_knock, knocked)), steps, ("ssh", "web"), timedelta(hours=1))
    return Policy(sequences=(sequence,), strict=strict)


def once(given: Policy) -> Policy:
    """The same, where each sequence opens once."""
    return attrs.evolve(given, sequences=tuple(attrs.evolve(each, once=True) for each in given.sequences))


def numbers(given: Policy) -> StageNumbers:
    """The numbers of its stages."""
    made = StageNumbers()
    for each in given.sequences:
        made.add(each)
    return made


def test_the_last_place_comes_first() -> None:
    """Where a port stands twice in a sequence, one packet must not take two steps."""
    given = policy("tcp/1", "tcp/2", "tcp/1", "tcp/3")
    places = [step.place for step in knocks.steps_by_chain(given, numbers(given))["knock_tcp_1"]]
    assert places == [3, 1]


def test_mid_sequence_is_noted_before_the_stage() -> None:
    """A rule breaks off at a full set: without a place in mid-sequence, whose strays are punished, no stage."""
    given = policy("tcp/1", "tcp/2")
    (first,) = knocks.steps_by_chain(given, numbers(given))["knock_tcp_1"]
    for family in IpFamily:
        updates = [
            each.name
            for each in knocks.effects(given, first, family, timedelta(seconds=9))
            if isinstance(each, Update)
        ]
        assert updates == [names.midway(family), names.stages(family)]


def test_the_last_knock_opens_all_that_it_should() -> None:
    """One update for each service."""
    given = policy("tcp/1", "tcp/2")
    (last,) = knocks.steps_by_chain(given, numbers(given))["knock_tcp_2"]
    updates = [
        (each.name, each.timeout)
        for each in knocks.effects(given, last, IpFamily.V6, timedelta(seconds=9))
        if isinstance(each, Update)
    ]
    assert updates == [("grant_ssh_v6", timedelta(hours=1)), ("grant_web_v6", timedelta(hours=1))]


@pytest.mark.parametrize("knocked", [("tcp/1", "tcp/2"), ("tcp/1",)])
@pytest.mark.parametrize("strict", [True, False])
def test_what_opens_once_is_spent_before_it_opens(knocked: tuple[str, ...], *, strict: bool) -> None:
    """A full set breaks the rule off before anything opens; and a packet of the other family spends nothing."""
    given = once(policy(*knocked, strict=strict))
    gathered = knocks.steps_by_chain(given, numbers(given))
    (last,) = gathered[names.knock_chain(given.sequences[0].knocks[-1])]
    for family, rule in zip(IpFamily, knocks.advance(given, last, timedelta(seconds=9)), strict=True):
        spending = next(
            place
            for place, each in enumerate(rule.expressions)
            if isinstance(each, Update) and not each.timeout
        )
        before, after = rule.expressions[:spending], rule.expressions[spending + 1 :]
        assert rule.expressions[spending] == Update((Selector.MARK,), names.SPENT, None)
        assert before[-3:] == (
            OfFamily(family),
            SetMark(numbers(given)["s", len(knocked)]),
            InSet((Selector.MARK,), names.SPENT, negated=True),
        )
        opened = [each.name for each in after if isinstance(each, Update)]
        assert opened == [names.grants("ssh", family), names.grants("web", family)]


def test_the_set_of_what_is_spent_is_there_only_where_something_opens_once() -> None:
    """It never forgets."""
    (found,) = knocks.sets(once(policy("tcp/1")))
    assert (found.name, found.types, found.ends) == (names.SPENT, ("mark",), False)
    assert not list(knocks.sets(policy("tcp/1")))


def test_without_strict_nothing_is_said_of_penalties() -> None:
    """Neither sets nor chains of strictness are there."""
    given = policy("tcp/1", "tcp/2", "tcp/3", strict=False)
    for chain in knocks.chains(given, numbers(given)):
        for rule in chain.rules:
            for each in rule.expressions:
                if isinstance(each, InSet | Update):
                    assert "penalty" not in each.name
                    assert "midway" not in each.name
        assert chain.name != names.WAS_REACHED


def test_mid_sequence_lasts_the_longest_step() -> None:
    """Of the whole policy, whatever the sequence."""
    assert knocks.longest_step(policy("tcp/1", "tcp/2", "tcp/3")) == timedelta(seconds=11)
    assert knocks.longest_step(Policy()) == timedelta(seconds=1)
