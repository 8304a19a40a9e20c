"""What is loaded ahead, as the reference machine takes it. Pure: from moments to seconds of the packets' clock."""

from collections.abc import Iterable
from datetime import datetime

from portward.simulate.loaded import KeyWindow, Loaded, Word
from portward.spa.ahead import Load


def loaded(loads: Iterable[Load], zero: datetime, words: Iterable[tuple[bytes, datetime]] = ()) -> Loaded:
    """Turn loads, and words of sealed knocks with their ends, into what the machine knows.

    Args:
        loads: see `spa.ahead.due`.
        zero: the moment of the packets' second 0, UTC.
        words: see `spa.sealed.word`.
    """
    windows = tuple(
        KeyWindow(
            (each.begins - zero).total_seconds(),
            (each.ends - zero).total_seconds(),
            each.person,
            each.passes,
            each.knocks,
            each.sequence,
        )
        for each in loads
    )
    return Loaded(windows, tuple(Word(word, (end - zero).total_seconds()) for word, end in words))
