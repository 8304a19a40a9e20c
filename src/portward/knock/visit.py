"""A visit: knock, see whether the door opens, and when it does not, knock again at a time that makes sense.

Only the loop and its times; what knocks and what looks at the door are arguments, and so is the clock.
"""

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import attrs

from portward.knock.clock import REAL, Clock
from portward.knock.plan import pause_after_try
from portward.policy.notation import write_duration


PATIENCE: Final = 2.0
"""Seconds that one try of the door takes at most: the SYN, and the kernel's repeat of it after one."""

BETWEEN_LOOKS: Final = 0.5
"""Seconds between two tries of a door that answers at once that it is shut."""


@attrs.frozen
class Patience:
    """How long a visitor waits.

    Attributes:
        timeout: for the whole visit.
        penalty: how long the gate ignores a source whose knock got lost; None when it does not, or unknown.
    """

    timeout: timedelta
    penalty: timedelta | None = None


@attrs.frozen
class Visit:
    """How it ended.

    Attributes:
        opened: whether the door is open.
        tries: how many times the sequence was sent.
        seconds: from the first knock on.
    """

    opened: bool
    tries: int
    seconds: float


def visit(
    knock: Callable[[int], None],
    look: Callable[[float], bool],
    patience: Patience,
    talk: Callable[[str], None],
    clock: Clock = REAL,
) -> Visit:
    """Knock until the door is open or the time is up.

    Args:
        knock: sends the sequence; takes the number of the try, from 1.
        look: tries the door for so many seconds at most; true when it is open.
        patience: how long.
        talk: told in one line what happens, where it takes long.
        clock: the time.
    """
    start = clock.now()
    end = start + patience.timeout.total_seconds()
    for number in itertools.count(1):
        knock(number)
        again = clock.now() + pause_after_try(number, patience.penalty).total_seconds()
        last = again + BETWEEN_LOOKS >= end
        if _look_until(end if last else again, look, _told_once(talk, number, patience, last=last), clock):
            return Visit(opened=True, tries=number, seconds=clock.now() - start)
        if last:
            return Visit(opened=False, tries=number, seconds=clock.now() - start)
    raise AssertionError  # the count has no end


def _look_until(
    moment: float, look: Callable[[float], bool], still_shut: Callable[[], None], clock: Clock
) -> bool:
    """Look at the door again and again until it is open or the moment has come, but at least once.

    The first look is a short one: a daemon may need some milliseconds to open what a kernel opens at once.
    """
    patience = BETWEEN_LOOKS
    while True:
        began = clock.now()
        if look(max(BETWEEN_LOOKS, min(patience, moment - began))):
            return True
        patience = PATIENCE
        if clock.now() >= moment:
            return False
        still_shut()
        clock.sleep_until(min(moment, began + BETWEEN_LOOKS))


def _told_once(
    talk: Callable[[str], None], number: int, patience: Patience, *, last: bool
) -> Callable[[], None]:
    """Make what tells, at the first call only, why it takes so long."""
    told = False

    def tell() -> None:
        nonlocal told
        if not told:
            talk(explain_pause(number, patience, last=last))
        told = True

    return tell


def explain_pause(number: int, patience: Patience, *, last: bool) -> str:
    """Say what happens after try `number` failed."""
    if last and patience.penalty is not None:
        return (
            f"still shut after try {number}; only looking from now on: if a knock got lost, the gate ignores "
            f"us for {write_duration(patience.penalty)}, longer than what is left of the time"
        )
    if last:
        return f"still shut after try {number}; only looking for what is left of the time"
    pause = write_duration(pause_after_try(number, patience.penalty))
    if patience.penalty is not None:
        return (
            f"still shut after try {number}; a knock may be lost, so the gate ignores us: next try in {pause}"
        )
    return f"still shut after try {number}; next try in {pause}"
