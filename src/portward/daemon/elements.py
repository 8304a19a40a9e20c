"""What is loaded ahead, as nft's commands. Pure.

Everything has an end of its own, so that nothing of an old window stays if nobody clears up. A marker stays a day
longer than what it marks: while the clock could be set back to its window, nothing may forget that it was loaded.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from portward.apply.transition import OURS, time_span
from portward.compile import names
from portward.spa.ahead import LONGEST_STEP_BACK, Load
from portward.spa.windows import counts


WINDOW_MARK = 1
"""Stands for a key where a window of the maps from time to windows is marked as loaded."""

EPOCH_MARK = 0
"""Stands for a key where the table's own number is marked: another table has another."""


def spell_loads(loads: Iterable[Load], now: datetime) -> list[str]:
    """Spell the passes and rolling sequences of some keys and windows, and their markers."""
    gathered: dict[str, list[str]] = {}

    def add(name: str, key: str, end: datetime, data: int | None = None) -> None:
        value = "" if data is None else f" : {data}"
        gathered.setdefault(name, []).append(f"{key} timeout {_left(end, now)}{value}")

    for load in loads:
        person = names.person_number(load.person)
        add(names.LOADED, f"{load.key} . {load.window}", load.ends + LONGEST_STEP_BACK)
        for each in load.passes:
            add(names.PASSES, f"0x{each.hex()}", load.ends)
            add(names.PASS_OWNERS, f"{load.window} . 0x{each.hex()}", load.ends, person)
        for place, knock in enumerate(load.knocks):
            key = f"{load.window} . {knock.protocol} . {knock.number}"
            add(names.ROLLING_KNOCKS, key, load.ends, load.sequence | place)
        if load.knocks:
            add(names.ROLLING_OWNERS, str(load.sequence), load.ends, person)
    return _commands(gathered)


def spell_windows(windows: Iterable[int], length: timedelta, now: datetime) -> list[str]:
    """Spell windows for the maps from time to windows.

    nft takes whole seconds, so the last second of a window is its last whole one; in the rest of that second the window
    of the other parity counts alone, which then is in its middle.
    """
    gathered: dict[str, list[str]] = {}
    for window in windows:
        begins, ends = counts(window, length)
        end = ends + LONGEST_STEP_BACK
        span = f"{int(begins.timestamp())}-{int(ends.timestamp()) - 1}"
        name = names.WINDOWS[window % 2]
        gathered.setdefault(name, []).append(f"{span} timeout {_left(end, now)} : {window}")
        gathered.setdefault(names.LOADED, []).append(f"{WINDOW_MARK} . {window} timeout {_left(end, now)}")
    return _commands(gathered)


def spell_words(words: Iterable[tuple[bytes, datetime]], now: datetime) -> list[str]:
    """Spell the words of sealed knocks and their ends, each renewed where it is there already."""
    lines = []
    for word, end in words:
        key = f"0x{word.hex()}"
        lines += [
            f"add element {OURS} {names.WORDS} {{ {key} }}",
            f"delete element {OURS} {names.WORDS} {{ {key} }}",
            f"add element {OURS} {names.WORDS} {{ {key} timeout {_left(end, now)} }}",
        ]
    return lines


def spell_epoch(number: int) -> str:
    """Spell the table's own number, which stays as long as the table."""
    return f"add element {OURS} {names.LOADED} {{ {EPOCH_MARK} . {number} }}"


def _left(end: datetime, now: datetime) -> str:
    """The time until an end, in whole seconds, at least one."""
    return time_span(timedelta(seconds=max(1, int((end - now).total_seconds()))))


def _commands(gathered: Mapping[str, list[str]]) -> list[str]:
    return [f"add element {OURS} {name} {{ {', '.join(each)} }}" for name, each in gathered.items()]
