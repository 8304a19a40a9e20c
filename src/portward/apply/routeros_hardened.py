"""What `harden` changed on the user's routers, so that it can be undone: one file of the user's own, newest run last.

A run is written down before the router is touched, since a client may be killed. What a router took back by itself
is passed over when runs are undone: nothing differs.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from portward.apply.routeros_plan import SettingChange
from portward.errors import HostError
from portward.knock.private import read_secret, write_private


FILE_NAME: Final = "hardened.json"
SCHEMA: Final = 1

Run = Mapping[str, str]
"""Services by name, and whether each was `disabled` before: `yes` or `no`."""


def runs_of(directory: Path, router: str) -> tuple[Run, ...]:
    """The runs on a router, oldest first.

    Raises:
        HostError: the file is not the user's alone, or none of ours.
    """
    return _read(directory / FILE_NAME).get(router, ())


def write_runs(directory: Path, router: str, runs: Sequence[Run]) -> None:
    """Put these in place of all runs on a router.

    Raises:
        HostError: it cannot be written, or what is there is none of ours.
    """
    path = directory / FILE_NAME
    routers = {**_read(path), router: tuple(runs)}
    stored = {name: [dict(each) for each in found] for name, found in routers.items() if found}
    try:
        write_private(path, json.dumps({"schema": SCHEMA, "routers": stored}, indent=1) + "\n", replace=True)
    except OSError as error:
        raise HostError(f"cannot write {path}: {error.strerror}") from error


def run_of(changes: Iterable[SettingChange]) -> Run:
    """What a change is undone with."""
    return {each.setting.name: each.before["disabled"] for each in changes}


def _read(path: Path) -> Mapping[str, tuple[Run, ...]]:
    if not path.exists():
        return {}
    try:
        return dict(_routers(json.loads(read_secret(path))))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise HostError(f"{path} is not what portward harden wrote") from None


def _routers(stored: Any) -> Iterator[tuple[str, tuple[Run, ...]]]:
    if stored["schema"] != SCHEMA:
        raise ValueError(stored["schema"])
    for name, runs in stored["routers"].items():
        yield name, tuple({one: _yes(value) for one, value in run.items()} for run in runs)


def _yes(value: str) -> str:
    if value not in {"yes", "no"}:
        raise ValueError(value)
    return value
