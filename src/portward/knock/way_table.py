"""Reads a table of a profile that belongs to one way to knock, and tells all its mistakes at once. Pure."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from portward.policy.net import MAX_PORT
from portward.policy.notation import read_duration
from portward.spa.spelling import read_text, read_whole


Reader = Callable[[Any], Any]


def as_table(value: object) -> dict[str, object]:
    """Take a value for a table.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, dict):
        msg = "must be a table"
        raise ValueError(msg)  # noqa: TRY004 - every reader of profiles says ValueError
    return value


def read_keys(table: Mapping[str, object], readers: Mapping[str, Reader]) -> tuple[dict[str, Any], list[str]]:
    """Read the keys of a table, each by its reader; gives the values by key, and the mistakes."""
    values: dict[str, Any] = {}
    mistakes = [f"unknown key {key!r}" for key in table.keys() - readers.keys()]
    for key, reader in readers.items():
        if key in table:
            try:
                values[key] = reader(table[key])
            except ValueError as error:
                mistakes.append(f"{key} {error}")
    return values, mistakes


def read_way(
    table: object, readers: Mapping[str, Reader], required: tuple[str, ...], together: Callable[..., Any]
) -> Any:
    """Read one table.

    Args:
        table: what stands in the profile.
        readers: by key; each raises ValueError with a sentence that begins with a verb.
        required: keys without which the table is nothing.
        together: makes the value of the keys by their names; raises ValueError for what does not go together.

    Raises:
        ValueError: with all mistakes in one sentence.
    """
    given = as_table(table)
    values, mistakes = read_keys(given, readers)
    mistakes += [f"{key} is missing" for key in required if key not in given]
    if mistakes:
        raise ValueError("; ".join(sorted(mistakes)))
    return together(**values)


def read_port(value: object) -> int:
    """Take a UDP port.

    Raises:
        ValueError: it is none.
    """
    return read_whole(value, 1, MAX_PORT)


def read_length(value: object) -> timedelta:
    """Read a duration of whole seconds.

    Raises:
        ValueError: it is none.
    """
    text = read_text(value)
    length = read_duration(text)
    if length % timedelta(seconds=1):
        msg = f"{text} is not in whole seconds"
        raise ValueError(msg)
    return length
