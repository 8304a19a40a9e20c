"""How a source comes on in its sequences, and what strays cost it: two chapters of docs/meaning.md.

Lines 5.3 and 5.5 of "The order of judgement" lead here. Nothing here gives a verdict.
"""

import math
from datetime import timedelta

import attrs

from portward.policy.policy import EVERYTHING, Policy, Sequence
from portward.simulate.judgement import Grant, Reason, Stage
from portward.simulate.ports import Place
from portward.simulate.visit import Visit, network_of


def longest_step(policy: Policy) -> timedelta:
    """How long mid-sequence lasts: the longest step timeout of the whole policy, that of rolling ones included."""
    every = [timeout for sequence in policy.sequences for timeout in sequence.step_timeouts]
    if policy.people and policy.ways.rolling:
        every.append(policy.ways.rolling.step_timeout)
    return max(every, default=timedelta())


def knock(visit: Visit, places: tuple[Place, ...], mid_sequence: float) -> None:
    """Walk the places where the knock stands, then see whether it was a stray; `mid_sequence`: seconds."""
    if visit.policy.strict and visit.under_penalty:
        visit.note("5.3", "it is a knock, but its source is under penalty")
    else:
        for sequence, place in places:
            if place == 1 or visit.has_stage(sequence.name, place - 1):
                count(visit, sequence, place, mid_sequence)
    if not any(is_expected(visit, sequence, place) for sequence, place in places):
        stray(visit, "5.3", "it is a knock out of turn")


def count(visit: Visit, sequence: Sequence, place: int, mid_sequence: float) -> None:
    """Let the knock count at one place of one sequence."""
    if place == len(sequence.knocks):
        open_doors(visit, sequence)
    else:
        reach(visit, sequence, place, mid_sequence)


def reach(visit: Visit, sequence: Sequence, place: int, mid_sequence: float) -> None:
    """Let a stage be alive from now, and the source be in mid-sequence; nothing counts in a full set."""
    source, version, now = visit.source, visit.version, visit.now
    until = now + sequence.step_timeouts[place - 1].total_seconds()
    room = not visit.policy.strict or visit.state.midway[version].update(source, now, now + mid_sequence)
    if room and visit.state.stages[version].update((source, sequence.name, place), now, until):
        visit.reached.append(Stage(sequence.name, place, source, until))
        text = f"knock {place} of {len(sequence.knocks)} of {sequence.name} counts"
    else:
        text = f"knock {place} of {sequence.name} does not count: the set of sources is full"
    visit.reasons.append(reason(visit, text, sequence, place))


def open_doors(visit: Visit, sequence: Sequence) -> None:
    """Grant all that the sequence opens, unless it opens once and is spent; the newer end replaces the older."""
    if sequence.once and not spend(visit, sequence):
        return
    until = visit.now + sequence.open_for.total_seconds()
    for service in sequence.opens:
        name = "everything" if service == EVERYTHING else service
        if visit.state.grant(service, visit.version).update(visit.granted_bits, visit.now, until):
            network = network_of(visit.source, visit.prefix)
            visit.granted.append(Grant(service, sequence.name, network, until))
            text = f"the last knock of {sequence.name} opens {name}"
        else:
            text = f"the last knock of {sequence.name} opens neither {name} nor what follows: its set is full"
        why = reason(visit, text, sequence, len(sequence.knocks))
        visit.reasons.append(attrs.evolve(why, service=service))
        if not visit.has_grant(service):
            return


def spend(visit: Visit, sequence: Sequence) -> bool:
    """Spend a sequence that opens once; False if it has opened before, or if that could not be remembered."""
    spent, key = visit.state.spent, (sequence.name, sequence.knocks)
    before = spent.alive(key, visit.now)
    if not before and spent.update(key, visit.now, math.inf):
        return True
    why = "it opens once, and has opened before" if before else "no more that open once can be remembered"
    text = f"the last knock of {sequence.name} opens nothing: {why}"
    visit.reasons.append(reason(visit, text, sequence, len(sequence.knocks)))
    return False


def is_expected(visit: Visit, sequence: Sequence, place: int) -> bool:
    """Whether a knock, standing at this place, is no stray, as things are after the walk."""
    if place == 1:
        return True
    if place < len(sequence.knocks):
        return visit.has_stage(sequence.name, place)
    return visit.has_stage(sequence.name, place - 1) or visit.has_grant(sequence.opens[0])


def stray(visit: Visit, line: str, why: str) -> None:
    """Put the source under penalty if it is in mid-sequence; only with `strict`."""
    if not visit.policy.strict or visit.has_grant(EVERYTHING):
        return
    visit.stray = True
    if not visit.in_mid_sequence:
        visit.note(line, f"{why}; its source is not in mid-sequence, so nothing follows")
        return
    if visit.under_penalty:
        visit.note(line, f"a stray: {why}; its source is under penalty already, which is not prolonged")
        return
    until = visit.now + visit.policy.penalty.total_seconds()
    visit.penalised = visit.state.penalties[visit.version].update(visit.source, visit.now, until)
    if visit.penalised and visit.policy.penalty >= longest_step(visit.policy):
        visit.state.midway[visit.version].update(visit.source, visit.now, visit.now)
    after = "its source is under penalty now" if visit.penalised else "it goes unpunished, the set is full"
    visit.note(line, f"a stray: {why}; {after}", visit.policy.places.nearest("defaults", "penalty"))


def reason(visit: Visit, text: str, sequence: Sequence, place: int) -> Reason:
    """Make a reason that is about a knock of a sequence."""
    span = visit.policy.places.nearest("sequences", sequence.name, "knocks", place - 1)
    return Reason("5.3", text, sequence=sequence.name, place=place, span=span)
