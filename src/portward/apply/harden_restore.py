"""Puts files and units back as a journal says; runs by itself, with the standard library alone.

This very file is copied beside the journal before anything changes, and is what a trial's rollback runs:

    python3 -I -S restore.py JOURNAL [--at SECONDS | --boot]

It imports nothing of portward, so that a rollback works though portward is being upgraded, and it takes a journal by
renaming it, so that confirming and undoing cannot both win.
"""

import base64
import contextlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any


State = dict[str, Any]
"""What is at a path: `kind` is absent, file, link, dir or other; with mode, uid, gid, mtime, data or target."""

ARMED = ".armed.json"
"""How the name of a journal ends whose trial goes on."""
FIRING = ".firing.json"
"""The same once the rollback has taken it."""

LOOK_EVERY = 1.0
PROGRAMS = "/usr/sbin:/usr/bin:/sbin:/bin"
LIMIT = 90
"""Seconds that one unit may take to start."""


def look(path: str) -> State:
    """What is at a path, whole."""
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return {"kind": "absent"}
    owner: State = {"uid": found.st_uid, "gid": found.st_gid}
    if stat.S_ISLNK(found.st_mode):
        return {"kind": "link", "target": str(Path(path).readlink()), "mtime": found.st_mtime_ns, **owner}
    owner["mode"] = stat.S_IMODE(found.st_mode)
    if stat.S_ISDIR(found.st_mode):
        return {"kind": "dir", **owner}
    if not stat.S_ISREG(found.st_mode):
        return {"kind": "other", **owner}
    data = base64.b64encode(Path(path).read_bytes()).decode("ascii")
    return {"kind": "file", "data": data, "mtime": found.st_mtime_ns, **owner}


def same(one: State, other: State) -> bool:
    """Whether two states are alike, but for the time of change."""
    return {**one, "mtime": 0} == {**other, "mtime": 0}


def look_below(folder: str, passed_over: str = "") -> dict[str, State]:
    """What is below a folder, the folder itself included; names that begin with `passed_over` are left out."""
    found = {folder: look(folder)}
    for where, folders, files in os.walk(folder):
        for name in (*folders, *files):
            if not passed_over or not name.startswith(passed_over):
                path = f"{where}/{name}"
                found[path] = look(path)
    return found


def put_back(path: str, state: State) -> None:
    """Make a path what it was.

    Raises:
        OSError: it cannot be.
    """
    now = look(path)
    if now == state:
        return
    kind = state["kind"]
    if kind == "other" or now["kind"] == "other":
        raise OSError(0, "it is no plain file", path)
    if kind == "dir":
        if now["kind"] != "dir":
            remove(path, now)
            Path(path).mkdir()
        Path(path).chmod(state["mode"])
        os.chown(path, state["uid"], state["gid"])
    elif kind == "absent":
        remove(path, now)
    else:
        if now["kind"] == "dir":
            remove(path, now)
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        write(path, state)


def write(path: str, state: State) -> None:
    """Write a file or a link, so that either the old or the new one is there whole."""
    folder = Path(path).parent
    if state["kind"] == "link":
        temporary = tempfile.mktemp(prefix=".portward-", dir=folder)  # noqa: S306 - symlink() refuses one that is there
        Path(temporary).symlink_to(state["target"])
        os.chown(temporary, state["uid"], state["gid"], follow_symlinks=False)
    else:
        descriptor, temporary = tempfile.mkstemp(prefix=".portward-", dir=folder)
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64decode(state["data"]))
            file.flush()
            os.fsync(descriptor)
        os.chown(temporary, state["uid"], state["gid"])
        Path(temporary).chmod(state["mode"])
    if "mtime" in state:
        os.utime(temporary, ns=(state["mtime"], state["mtime"]), follow_symlinks=False)
    Path(temporary).replace(path)


def remove(path: str, now: State) -> None:
    """Remove what is at a path; of folders, empty ones only."""
    if now["kind"] == "dir":
        Path(path).rmdir()
    elif now["kind"] != "absent":
        Path(path).unlink()


def restore(journal: State, *, boot: bool = False) -> list[str]:
    """Put everything back, files first, then what runs; what failed is told, a sentence each.

    Args:
        journal: see `harden_journal`.
        boot: whether the system is just starting, so that nothing can be waited for.
    """
    failed = restore_files(journal)
    if not failed:
        clear(journal["own"])
    if journal["systemd"]:
        failed += restore_units(journal, boot=boot)
    for pid, program in journal["hup"]:
        hang_up(pid, program)
    return failed


def restore_files(journal: State) -> list[str]:
    """Put files back. Folders are made before what is in them, and removed after it."""
    failed = []
    states = wanted_states(journal)
    gone = [path for path, state in states.items() if state["kind"] == "absent"]
    for path in (*sorted(set(states) - set(gone)), *sorted(gone, reverse=True)):
        try:
            put_back(path, states[path])
        except OSError as error:
            if not (path in gone and look(path)["kind"] == "dir"):
                failed.append(f"{path}: {error.strerror}")
    return failed


def wanted_states(journal: State) -> dict[str, State]:
    """What every path shall be: what the journal holds of it, and of its folders, what was not there then is gone."""
    states: dict[str, State] = dict(journal["before"])
    for folder in journal["folders"]:
        now = look_below(folder, journal["passed_over"])
        states = {path: {"kind": "absent"} for path in now if path not in states} | states
    return states


def restore_units(journal: State, *, boot: bool) -> list[str]:
    """Let systemd read its files, start what ran, and renew what reads the files that are back."""
    failed = []
    wait = ["--no-block"] if boot else []
    commands = [["daemon-reload"], *([*wait, verb, unit] for verb, unit in journal["renew"])]
    commands += [[*wait, "start", unit] for unit in journal["active"]]
    for words in commands:
        code = systemctl(*words)
        if code:
            failed.append(f"systemctl {' '.join(words)} failed")
    return failed


def systemctl(*words: str) -> int:
    """Run systemctl; its exit code."""
    program = shutil.which("systemctl", path=PROGRAMS)
    if program is None:
        return 127
    try:
        done = subprocess.run(
            [program, *words], check=False, timeout=LIMIT, stdin=subprocess.DEVNULL, capture_output=True
        )
    except subprocess.TimeoutExpired:
        return 124
    return done.returncode


def hang_up(pid: int, program: str) -> None:
    """Let a process read its files again, if it is still the one."""
    with contextlib.suppress(OSError):
        if Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip() == program:
            os.kill(pid, signal.SIGHUP)


def take(journal: str) -> str:
    """Take a journal that is armed; empty if it was confirmed or undone meanwhile."""
    taken = journal.removesuffix(ARMED) + FIRING
    try:
        Path(journal).rename(taken)
    except FileNotFoundError:
        return ""
    return taken


def fire(taken: str, *, boot: bool = False) -> list[str]:
    """Restore what a taken journal says, and remove it; it is kept only if a file could not be put back."""
    journal = json.loads(Path(taken).read_text(encoding="utf-8"))
    failed = restore(journal, boot=boot)
    if not restore_failed(failed):
        Path(taken).unlink()
    return failed


def restore_failed(failed: list[str]) -> bool:
    """Whether a file is among what failed: then it is worth trying again."""
    return any(each.startswith("/") for each in failed)


def clear(own: list[str]) -> None:
    """Remove what was there for the trial alone: files, then folders that were made for them and are empty again."""
    for each in own:
        with contextlib.suppress(OSError):
            remove(each, look(each))


def now() -> float:
    """Seconds on the clock that nobody sets."""
    return time.clock_gettime(time.CLOCK_MONOTONIC)


def main(words: list[str]) -> int:
    """Wait if told to, take the journal, restore."""
    for each in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGPIPE):
        signal.signal(each, signal.SIG_IGN)
    journal, *rest = words
    if rest[:1] == ["--at"]:
        os.write(1, b".")
        os.close(1)
        while (left := float(rest[1]) - now()) > 0:
            if not Path(journal).exists():
                return 0
            time.sleep(min(left, LOOK_EVERY))
    taken = take(journal)
    if not taken and rest == ["--boot"] and Path(journal.removesuffix(ARMED) + FIRING).exists():
        taken = journal.removesuffix(ARMED) + FIRING
    return 1 if taken and fire(taken, boot=rest == ["--boot"]) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
