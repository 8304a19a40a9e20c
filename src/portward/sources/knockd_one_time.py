"""A door of knockd with a file of one-time sequences becomes a sequence that opens once for each that is left there."""

import attrs

from portward.policy.net import Knock
from portward.sources.knockd_doors import Door, DoorKnock
from portward.sources.knockd_lift import Fate, LiftedDoor, Opened, lift, with_effects, with_knocks
from portward.sources.knockd_text import Word


OneTimeSequences = tuple[tuple[DoorKnock, ...], ...]
"""What is left in a file of one-time sequences."""


_InFile = tuple[int, tuple[Knock, ...]]
"""The line of a door and the knocks of one of its sequences."""


def lift_all(door: Door, given: Opened, left: OneTimeSequences | None) -> list[LiftedDoor]:
    """Judge a door, each of its sequences by itself.

    Args:
        door: as knockd has it.
        given: what the user says that doors open.
        left: the sequences that are left in its file; None if the file could not be read.
    """
    if door.one_time is None:
        return [lift(door, given)]
    whole = _with_file(with_effects(door, given), door.one_time, left)
    if whole.fate is not Fate.SEQUENCE or not left:
        return [attrs.evolve(whole, one_time=left or ())]
    return [
        with_knocks(attrs.evolve(whole, door=attrs.evolve(door, knocks=knocks), number=number))
        for number, knocks in enumerate(left, 1)
    ]


def _with_file(lifted: LiftedDoor, file: Word, left: OneTimeSequences | None) -> LiftedDoor:
    """Judge the file of one-time sequences as a whole."""
    if lifted.fate in {Fate.IDLE, Fate.CLOSES}:
        return lifted
    beside = lifted.door.knocks[0].word.span if lifted.door.knocks else None
    if left is None:
        return lifted.refused("its file of one-time sequences could not be read", file.span)
    if not left:
        return lifted.refused("no sequence is left in its file, and so knockd does not start", file.span)
    if beside and beside.line > file.span.line:
        reason = "its sequence stands behind its file and takes the place of the first one-time sequence"
        return lifted.refused(reason, beside)
    told = [
        "accepts of its one-time sequences only the first that is not used; here each of them opens once, in any order",
        "marks in its file what is used; here the file is not read any more, and the gate remembers",
        *(["has a sequence as well, which knockd passes over for those in the file"] if beside else []),
    ]
    return attrs.evolve(lifted, remarks=(*lifted.remarks, *told))


def without_twins(doors: list[LiftedDoor]) -> list[LiftedDoor]:
    """Refuse one-time sequences whose knocks count always, or stand in their file before."""
    always = {each.knocks: each for each in doors if each.fate is Fate.SEQUENCE and not each.once}
    seen: dict[_InFile, LiftedDoor] = {}
    judged = []
    for door in doors:
        if door.fate is not Fate.SEQUENCE or not door.once:
            judged.append(door)
            continue
        first = seen.setdefault((door.door.name.span.line, door.knocks), door)
        if other := always.get(door.knocks):
            reason = f"it has the same knocks as {other.title}, which count always"
            judged.append(door.refused(reason, door.door.knocks[0].word.span))
        elif first is not door:
            reason = f"it has the same knocks as {first.title}, and they open once"
            judged.append(door.refused(reason, door.door.knocks[0].word.span))
        else:
            judged.append(door)
    return judged
