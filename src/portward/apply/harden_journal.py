"""What was before portward mended anything: a journal in the state directory, 0600, one for each run.

Knows which files and units a plan touches, and nothing of how they are changed. A journal goes through these names:
`N.armed.json` while its trial goes on, `N.firing.json` while a rollback has it, `N.json` once it is kept: then
`harden --undo` uses it.
"""

import base64
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from portward.apply import harden_restore
from portward.apply.harden_restore import ARMED, FIRING, State, look, look_below
from portward.apply.state import StateDirectory, write_private
from portward.errors import HostError
from portward.exposure.mends import MendPlan, Put


UNIT_FOLDERS = ("/etc/systemd/system", *(f"/etc/rc{level}.d" for level in "0123456S"))
"""What `systemctl disable` and `mask` change, and update-rc.d for units with an old start script as well."""

READY = ".ready"
"""How the name of the file ends that says that all of a trial was done: without it, it was cut short."""

OURS = "portward-harden"
"""How the names of units of ours begin, which a journal passes over."""


@attrs.frozen
class Journal:
    """What was before, and what became of it.

    Attributes:
        number: of the run, from 1.
        before: by path, what was there.
        after: the same after the mends; empty until they are done.
        folders: folders in which whatever is new was made by us; empty once `after` is known.
        active: units to start again.
        renew: verb and unit of those that read the files.
        hup: pid and name of processes that do.
        systemd: whether systemd runs here.
        gate: the rules that were confirmed before, as stored; None for none.
        gate_after: the rules that were put in their place; None if the gate was not touched.
        deadline: of the trial in seconds since boot; 0 for none.
        began: when, in seconds since boot.
        boot: the boot it belongs to.
        connection: the SSH connection that asked for it.
        new_port: the port by which a confirming session must come; 0 for any.
        told: what was done, a sentence each.
        kept: files that confirming still puts, by path.
        ports: what sshd must name then.
        own: files that are there for the trial alone.
    """

    number: int
    before: Mapping[str, State] = attrs.field(repr=False)
    after: Mapping[str, State] = attrs.field(factory=dict, repr=False)
    folders: tuple[str, ...] = ()
    active: tuple[str, ...] = ()
    renew: tuple[tuple[str, str], ...] = ()
    hup: tuple[tuple[int, str], ...] = ()
    systemd: bool = False
    gate: Any = attrs.field(default=None, repr=False)
    gate_after: Any = attrs.field(default=None, repr=False)
    deadline: float = 0.0
    began: float = 0.0
    boot: str = ""
    connection: str = ""
    new_port: int = 0
    told: tuple[str, ...] = ()
    kept: tuple[tuple[str, str], ...] = attrs.field(default=(), repr=False)
    ports: tuple[int, ...] = ()
    own: tuple[str, ...] = ()

    def stored(self) -> State:
        """The stored form, which `harden_restore` reads too."""
        return {**attrs.asdict(self, recurse=False), "passed_over": OURS}


def journal_from(stored: Any, file: str) -> Journal:
    """Take the stored form back.

    Raises:
        HostError: it is damaged.
    """
    try:
        fields = {each.name: stored[each.name] for each in attrs.fields(Journal)}
        for name in ("renew", "hup", "kept"):
            fields[name] = tuple(tuple(each) for each in fields[name])
        for name in ("folders", "active", "told", "ports", "own"):
            fields[name] = tuple(fields[name])
        return Journal(**fields)
    except (KeyError, TypeError, ValueError):
        raise HostError(f"{file} is damaged; see what it says, then put the files back by hand") from None


def folder_of(state: StateDirectory) -> StateDirectory:
    """The directory of the journals, with a lock of its own."""
    return StateDirectory(state.path / "harden")


def prepared(state: StateDirectory) -> StateDirectory:
    """The same, made if it is missing: the state directory first, so that nobody else can reach into either."""
    state.prepare()
    return folder_of(state)


def name_of(number: int, ending: str = ".json") -> str:
    """The name of a journal's file."""
    return f"{number:04d}{ending}"


def numbers(here: StateDirectory, ending: str = ".json") -> list[int]:
    """The numbers of the journals that are in a state, oldest first."""
    found = (path.name.removesuffix(ending) for path in here.path.glob(f"*{ending}"))
    return sorted(int(each) for each in found if each.isdecimal())


def next_number(here: StateDirectory) -> int:
    """A number that no journal has, whatever its state."""
    return max((0, *numbers(here), *numbers(here, ARMED), *numbers(here, FIRING))) + 1


def read_journal(here: StateDirectory, number: int, ending: str = ".json") -> Journal | None:
    """Read a journal; None if there is none of that name.

    Raises:
        HostError: it is damaged or open to others.
    """
    name = name_of(number, ending)
    stored = here.read(name)
    return None if stored is None else journal_from(stored, str(here.file(name)))


def write_journal(here: StateDirectory, journal: Journal, ending: str = ".json") -> Path:
    """Write a journal; gives its file."""
    path = here.file(name_of(journal.number, ending))
    write_private(path, json.dumps(journal.stored()) + "\n")
    return path


def files_of(plan: MendPlan) -> tuple[Put, ...]:
    """Every file that a plan puts, the policy's included."""
    mends = (put for each in plan.mends for put in (*each.files, *each.kept))
    return (*mends, *plan.policy)


def look_before(paths: Iterable[str], folders: Iterable[str]) -> dict[str, State]:
    """What is at these paths and in these folders, and which folders above the paths are missing."""
    found: dict[str, State] = {}
    for folder in folders:
        found |= look_below(folder, OURS)
    for path in paths:
        found[path] = look(path)
        for above in Path(path).parents:
            if not above.exists():
                found[str(above)] = {"kind": "absent"}
    return found


def finished(journal: Journal) -> Journal:
    """The journal once all is done: of all that was looked at only what changed, with what it is now."""
    states = harden_restore.wanted_states(journal.stored())
    now = {path: look(path) for path in states}
    changed = sorted(path for path, state in states.items() if now[path] != state)
    return attrs.evolve(
        journal,
        own=(),
        before={path: states[path] for path in changed},
        after={path: now[path] for path in changed},
        folders=(),
    )


def changed_since(journal: Journal) -> list[str]:
    """The paths that somebody changed after us, so that putting them back would lose that."""
    if not journal.after:
        return []
    return [
        path
        for path, state in journal.after.items()
        if state["kind"] != "dir" and not harden_restore.same(look(path), state)
    ]


def state_of(put: Put, before: State) -> State:
    """What a path becomes: the text, with the owner and mode of what was there."""
    data = base64.b64encode(put.text.encode("utf-8", "surrogateescape")).decode("ascii")
    if before["kind"] == "file":
        return {"kind": "file", "data": data, **{key: before[key] for key in ("mode", "uid", "gid")}}
    return {"kind": "file", "data": data, "mode": put.mode, "uid": os.geteuid(), "gid": os.getegid()}
