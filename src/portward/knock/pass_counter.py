"""Which passes were handed out already: a file of the client's, so that none is used twice.

Passes are told apart by what they are made of, not by the profile's name: a profile that is renamed, or stands there
twice, draws on the same passes.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from hashlib import blake2s
from pathlib import Path
from typing import Final

import attrs

from portward.errors import HostError, PeerError
from portward.knock.private import locked, read_private, write_private
from portward.knock.token_profile import TokenProfile
from portward.spa.passes import pass_of
from portward.spa.windows import counting, counts


FILE_NAME: Final = "passes.json"

Counts = dict[str, dict[str, int]]
"""By token and number of the window: how many passes were handed out."""


@attrs.frozen
class Pass:
    """One pass.

    Attributes:
        secret: its 16 bytes.
        window: the number of its window.
        counter: which of the window's passes.
        first: from when on it counts.
        last: until before when it counts.
    """

    secret: bytes = attrs.field(repr=False)
    window: int
    counter: int
    first: datetime
    last: datetime


def hand_out(profile: TokenProfile, count: int, directory: Path, now: datetime) -> tuple[Pass, ...]:
    """Take passes that count now and were not handed out before, those of the current window first.

    Raises:
        PeerError: there are not as many left.
        HostError: the file is not the user's alone, damaged, or cannot be written.
    """
    windows = counting(now, profile.window)
    token = fingerprint(profile)
    path = directory / FILE_NAME
    with locked(directory):
        used = _read(path)
        mine = used.get(token, {})
        free = _free(profile, windows, mine)
        chosen = [each for each, _ in zip(free, range(count), strict=False)]
        if len(chosen) < count:
            raise PeerError(_too_few(profile, len(chosen), now))
        for window, counter in chosen:
            mine[str(window)] = max(mine.get(str(window), 0), counter + 1)
        used[token] = {key: value for key, value in mine.items() if int(key) >= min(windows)}
        _write(path, used)
    return tuple(_make(profile, window, counter) for window, counter in chosen)


def fingerprint(profile: TokenProfile) -> str:
    """What the file calls a token: a hash that tells nothing of the secret."""
    return blake2s(profile.server + profile.secret, digest_size=8, person=b"passes").hexdigest()


def _free(profile: TokenProfile, windows: tuple[int, ...], used: dict[str, int]) -> Iterator[tuple[int, int]]:
    for window in windows:
        yield from ((window, counter) for counter in range(used.get(str(window), 0), profile.per_window))


def _make(profile: TokenProfile, window: int, counter: int) -> Pass:
    first, last = counts(window, profile.window)
    return Pass(pass_of(profile.secret, profile.server, window, counter), window, counter, first, last)


def _too_few(profile: TokenProfile, left: int, now: datetime) -> str:
    current, neighbour = counting(now, profile.window)
    more = counts(max(current, neighbour) + 1, profile.window)[0]
    many = f"only {left} passes are" if left > 1 else "only one pass is" if left else "no pass is"
    return f"{many} left; the next ones count from {more:%H:%M:%S} UTC on"


def _read(path: Path) -> Counts:
    text = read_private(path)
    try:
        used = json.loads(text) if text else {}
        if all(
            int(window) is not None and type(number) is int
            for windows in used.values()
            for window, number in windows.items()
        ):
            return dict(used)
    except (ValueError, AttributeError):
        pass
    raise HostError(f"{path} is damaged; remove it, and wait for an hour, so that no pass is used twice")


def _write(path: Path, used: Counts) -> None:
    try:
        write_private(path, json.dumps(used) + "\n", replace=True)
    except OSError as error:
        raise HostError(f"cannot write {path}: {error.strerror}") from error
