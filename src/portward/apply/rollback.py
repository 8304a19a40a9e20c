"""The way back: a snapshot of our table, the text that restores it, and what runs that text when nobody confirms.

What fires needs as little as possible: `nft -f FILE`, from a file that was written and tried before anything
changed. It never runs in the process that applies, nor in its session: a lost SSH connection sends SIGHUP, on
which no `finally` runs. Under systemd a transient timer of PID 1 runs it, elsewhere a process of its own that
waits.
"""

import os
import signal
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs

from portward.apply import transition
from portward.apply.listing import Listing, read_listing, same
from portward.apply.live import Element, read_elements
from portward.apply.run import clean_environment, find_program, nft, run
from portward.apply.scratch import canonical
from portward.apply.state import since_boot
from portward.compile import names
from portward.compile.names import IpFamily
from portward.errors import HostError, TargetError


UNIT = "portward-rollback"
SYSTEMD_RUNS = Path("/run/systemd/system")
"""Exists if PID 1 is systemd (sd_booted(3))."""

LOOK_EVERY = 1.0
"""Seconds between two looks of the waiting process at whether it is still wanted."""

ADOPTED = frozenset(names.adopted(family) for family in IpFamily)


@attrs.frozen
class Snapshot:
    """Our table at one moment.

    Attributes:
        text: its structure for `nft -f`; None if there was no table.
        elements: who had a grant, the adopted connections, and the sequences that were spent, by the set's name. Who
            was in mid-sequence or under penalty is not kept: knockers begin anew.
        taken: when, in seconds since boot.
    """

    text: str | None = attrs.field(repr=False)
    elements: Mapping[str, tuple[Element, ...]]
    taken: float

    @property
    def listing(self) -> Listing | None:
        """The structure."""
        return None if self.text is None else read_listing(self.text)

    def restoring(self, moment: float) -> str:
        """The text that restores it at a moment, in seconds since boot: no grant ends later than it would have."""
        lines = list(transition.DELETE_TABLE)
        if self.text is not None:
            passed = timedelta(seconds=moment - self.taken)
            older = {
                name: [aged(each, passed) for each in elements] for name, elements in self.elements.items()
            }
            lines += [self.text.rstrip("\n"), *transition.additions(older)]
        return "\n".join(lines) + "\n"


def aged(element: Element, passed: timedelta) -> Element:
    """The element with less time left."""
    return element if element.left is None else attrs.evolve(element, left=element.left - passed)


def take_snapshot(live: Listing | None, confirmed_text: str | None) -> Snapshot:
    """Make a snapshot of the table that is there, and try in an empty namespace that it can be restored.

    Args:
        live: the table as it was just read.
        confirmed_text: the text that it was probably made from, in case nft cannot read its own listing back.

    Raises:
        TargetError: neither restores what is there.
    """
    moment = since_boot()
    if live is None:
        return Snapshot(None, {}, moment)
    elements = {block.name: read_elements(block.name) for block in live.dynamic_sets() if kept(block.name)}
    for text in (transition.loadable(live), confirmed_text):
        if text is not None and restores(text, live):
            snapshot = Snapshot(text, elements, moment)
            nft("--check", "-f", "-", stdin=snapshot.restoring(moment))
            return snapshot
    raise TargetError(
        "the rules that are there could not be restored by a rollback, so there can be no trial"
    )


def kept(name: str) -> bool:
    """Whether a snapshot keeps the elements of a set."""
    return bool(names.service_of(name)) or name in ADOPTED or name == names.SPENT


def restores(text: str, live: Listing) -> bool:
    """Whether a text makes exactly this table. Where no namespace can be made, nft's own check has to do."""
    try:
        return same(canonical(text), live)
    except TargetError:
        return False
    except HostError:
        return True


def snapshot_to_json(snapshot: Snapshot) -> dict[str, Any]:
    """Make the stored form."""
    elements = {
        name: [[list(each.key), None if each.left is None else each.left.total_seconds()] for each in found]
        for name, found in snapshot.elements.items()
    }
    return {"text": snapshot.text, "elements": elements, "taken": snapshot.taken}


def snapshot_from_json(stored: Mapping[str, Any]) -> Snapshot:
    """Take the stored form back.

    Raises:
        KeyError, TypeError, ValueError: it is damaged.
    """
    elements = {
        name: tuple(
            Element(tuple(key), None if left is None else timedelta(seconds=left)) for key, left in found
        )
        for name, found in stored["elements"].items()
    }
    return Snapshot(stored["text"], elements, float(stored["taken"]))


def arm(file: Path, deadline: float) -> None:
    """See to it that the file is loaded at the deadline, whatever becomes of us.

    Args:
        file: what to load; if it is gone by then, nothing happens.
        deadline: in seconds since boot.

    Raises:
        HostError: it could not be armed.
    """
    if systemd_can():
        disarm()
        done = run(timer_command(file, deadline - since_boot()))
        if done.code != 0:
            raise HostError(f"systemd did not take the rollback's timer: {done.err.strip()}")
    else:
        start_waiting(file, deadline)


def disarm() -> None:
    """Take a timer back; a waiting process ends by itself when its file is gone."""
    if systemd_can():
        run(["systemctl", "stop", f"{UNIT}.timer"])
        run(["systemctl", "reset-failed", f"{UNIT}.service"])


def systemd_can() -> bool:
    """Whether PID 1 is systemd and has our network namespace, so that what it starts reaches our table."""
    if not SYSTEMD_RUNS.is_dir():
        return False
    try:
        return Path("/proc/1/ns/net").stat().st_ino == Path("/proc/self/ns/net").stat().st_ino
    except OSError:
        return False


def timer_command(file: Path, seconds: float) -> list[str]:
    """The command that has systemd load a file after so many seconds, never earlier."""
    return [
        "systemd-run",
        f"--unit={UNIT}",
        "--description=portward: undo a policy on trial that nobody confirmed",
        f"--on-active={max(0, int(seconds * 1000) + 1)}ms",
        "--timer-property=AccuracySec=100ms",
        "--collect",
        "--quiet",
        "--",
        find_program("nft"),
        "-f",
        str(file),
    ]


def start_waiting(file: Path, deadline: float) -> None:
    """Start a process that belongs to no session of ours and loads the file at the deadline.

    Raises:
        HostError: it did not start.
    """
    program = find_program("nft")
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        detach_and_wait(tell, program, file, deadline)
    os.close(tell)
    os.waitpid(child, 0)
    with os.fdopen(told, "rb") as pipe:
        if pipe.read(1) != b".":
            raise HostError("the process that would undo the trial did not start")


def detach_and_wait(tell: int, program: str, file: Path, deadline: float) -> None:
    """Leave the session, say that we did, wait, and become nft; never comes back."""
    try:
        os.setsid()
        if os.fork() == 0:
            for each in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGPIPE):
                signal.signal(each, signal.SIG_IGN)
            os.chdir("/")
            nowhere = os.open(os.devnull, os.O_RDWR)
            os.dup2(tell, 3)
            for stream in (0, 1, 2):
                os.dup2(nowhere, stream)
            os.closerange(4, os.sysconf("SC_OPEN_MAX"))
            os.write(3, b".")
            os.close(3)
            wait_and_load(program, file, deadline)
    finally:
        os._exit(0)


def wait_and_load(program: str, file: Path, deadline: float) -> None:
    """Wait to the deadline, as long as the file is there, then become nft."""
    while (left := deadline - since_boot()) > 0:
        if not file.exists():
            return
        time.sleep(min(left, LOOK_EVERY))
    os.execve(program, [program, "-f", str(file)], clean_environment())  # noqa: S606 - a full path, no shell
