"""A trial: new rules that go away by themselves unless somebody confirms them over a new connection in time.

The order is what makes it safe: snapshot → the way back written and tried → trial recorded → rollback armed →
new rules loaded. Killed at any of these steps, either nothing has changed, or the rollback is armed.

Confirming and firing cannot both win. The rollback fires at the deadline or later, never earlier, and loads a
file by its name. `confirm` renames that file, and only if the clock still says that the deadline has not come
*after* the rename does it claim that the rules are kept.
"""

import enum
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import attrs

from portward.apply import rollback, wanted
from portward.apply.gate import Plan, load
from portward.apply.listing import same
from portward.apply.live import read_table
from portward.apply.rollback import Snapshot
from portward.apply.run import nft
from portward.apply.session import Session
from portward.apply.state import CONFIRMED, TRIAL, StateDirectory, boot_id, since_boot, write_private
from portward.apply.wanted import Wanted
from portward.errors import HostError, TargetError, UsageError


class Step(enum.StrEnum):
    """Where `begin` is, in order."""

    LOCKED = "locked"
    SNAPSHOT = "snapshot"
    WRITTEN = "written"
    RECORDED = "recorded"
    ARMED = "armed"
    LOADED = "loaded"
    UNLOCKED = "unlocked"


AtStep = Callable[[Step], None]


class Ending(enum.StrEnum):
    """How a trial ended."""

    KEPT = "kept"
    UNDONE = "undone"


@attrs.frozen
class Trial:
    """Rules on trial.

    Attributes:
        id: tells it from every other; part of its file's name.
        boot: the boot it belongs to.
        began: when it was armed, in seconds since boot.
        deadline: when it is undone, in seconds since boot.
        connection: the SSH connection that applied it; empty for none.
        wanted: the rules on trial.
        snapshot: the rules before them.
    """

    id: str
    boot: str
    began: float
    deadline: float
    connection: str
    wanted: Wanted
    snapshot: Snapshot

    @property
    def rollback_file(self) -> str:
        """What the rollback loads."""
        return f"rollback-{self.id}.nft"

    @property
    def kept_file(self) -> str:
        """What that file is called once the rules are confirmed."""
        return f"rollback-{self.id}.kept"

    def left(self, now: float) -> timedelta:
        """The time in which it can be confirmed."""
        return timedelta(seconds=max(0.0, self.deadline - now))


def begin(
    state: StateDirectory,
    change: Plan,
    length: timedelta,
    session: Session | None,
    at_step: AtStep = lambda _: None,
) -> Trial:
    """Put new rules on trial.

    Args:
        state: where the trial is kept.
        change: what to do.
        length: how long it can be confirmed.
        session: the SSH connection that asks for it.
        at_step: told of every step when it is done.

    Raises:
        UsageError: another trial is pending.
        TargetError: the kernel refused the rules, or the rules of before could not be restored; nothing was
            changed.
        HostError: the rollback could not be armed; nothing was changed.
    """
    with state.lock():
        at_step(Step.LOCKED)
        refuse_pending(state)
        refuse_moved(change)
        before = confirmed(state)
        snapshot = rollback.take_snapshot(change.live, before.text if before else None)
        at_step(Step.SNAPSHOT)
        now = since_boot()
        connection = session.connection if session else ""
        trial = Trial(
            secrets.token_hex(8),
            boot_id(),
            now,
            now + length.total_seconds(),
            connection,
            change.wanted,
            snapshot,
        )
        try:
            arm_and_load(state, trial, change, at_step)
        except TargetError:
            clear(state, trial)
            raise
    at_step(Step.UNLOCKED)
    return trial


def arm_and_load(state: StateDirectory, trial: Trial, change: Plan, at_step: AtStep) -> None:
    """Write the way back, arm it, and load the new rules."""
    file = state.file(trial.rollback_file)
    write_private(file, trial.snapshot.restoring(trial.deadline))
    at_step(Step.WRITTEN)
    state.write(TRIAL, trial_to_json(trial))
    at_step(Step.RECORDED)
    try:
        rollback.arm(file, trial.deadline)
    except HostError:
        clear(state, trial)
        raise
    at_step(Step.ARMED)
    load(change, limit=trial.left(since_boot()))
    if since_boot() >= trial.deadline:
        undo(state, trial)
        raise HostError("loading the rules took longer than the trial; the old ones are back")
    at_step(Step.LOADED)


def confirm(state: StateDirectory, session: Session | None, *, same_connection: bool = False) -> Trial:
    """Keep the rules that are on trial.

    Raises:
        UsageError: there is no trial, or this is not a new connection.
        TargetError: it came too late; the old rules are back.
    """
    with state.lock():
        trial = settle(state)
        if trial is None:
            raise UsageError(
                "no policy is on trial; the last one was kept, was undone, or never came into force"
            )
        if not same_connection:
            refuse_old_connection(trial, session)
        file, kept = state.file(trial.rollback_file), state.file(trial.kept_file)
        file.rename(kept)
        if since_boot() >= trial.deadline:
            undo(state, trial)
            raise TargetError("too late: the old rules are back")
        finish(state, trial)
    return trial


def refuse_old_connection(trial: Trial, session: Session | None) -> None:
    """Refuse a connection that was there before the rules: that it works does not prove that new ones get in."""
    advice = "connect anew and confirm there, or say --same-connection"
    if session is None or not trial.connection:
        return
    if session.connection == trial.connection:
        raise UsageError(
            f"this is the SSH connection that applied the policy, which proves nothing: {advice}"
        )
    if session.began is not None and session.began < trial.began:
        raise UsageError(f"this SSH connection is older than the trial, which proves nothing: {advice}")


def undo_now(state: StateDirectory) -> Trial:
    """Put the rules of before the trial back.

    Raises:
        UsageError: there is no trial.
    """
    with state.lock():
        trial = settle(state)
        if trial is None:
            raise UsageError("no policy is on trial")
        undo(state, trial)
    return trial


def undo(state: StateDirectory, trial: Trial) -> None:
    """Load the rules of before, with the grants' time that is left now, and end the trial."""
    nft("-f", "-", stdin=trial.snapshot.restoring(since_boot()))
    clear(state, trial)


def finish(state: StateDirectory, trial: Trial) -> None:
    """Record that the rules on trial are the confirmed ones, and end the trial."""
    record_confirmed(state, trial.wanted, trial.id)
    clear(state, trial)


def clear(state: StateDirectory, trial: Trial) -> None:
    """Disarm, and forget the trial; the record goes last, so that an interruption is found and mended by `settle`."""
    state.remove(trial.rollback_file)
    rollback.disarm()
    state.remove(TRIAL, trial.kept_file)


def settle(state: StateDirectory) -> Trial | None:
    """Find the trial that is pending, and bring to its end one that was cut short. Needs the lock.

    A trial of an earlier boot is forgotten, since its rules went with the kernel. One that was confirmed
    stays so. One whose time is up is undone, unless that has happened. One that never came to load its rules
    is void.
    """
    trial = pending(state)
    sweep(state, trial)
    if trial is None:
        return None
    if trial.boot != boot_id():
        clear(state, trial)
    elif state.file(trial.kept_file).exists():
        finish(state, trial)
    elif not state.file(trial.rollback_file).exists() or same(read_table(), trial.snapshot.listing):
        clear(state, trial)
    elif since_boot() >= trial.deadline:
        undo(state, trial)
    else:
        return trial
    return None


def sweep(state: StateDirectory, trial: Trial | None) -> None:
    """Remove what a trial that was cut short before it was recorded has left: no rollback is armed with it."""
    ours = {trial.rollback_file, trial.kept_file} if trial else set()
    for path in state.path.glob("rollback-*"):
        if path.name not in ours:
            path.unlink(missing_ok=True)


def pending(state: StateDirectory) -> Trial | None:
    """Read the record of a trial, as it stands."""
    stored = state.read(TRIAL)
    return None if stored is None else trial_from_json(stored, str(state.file(TRIAL)))


def refuse_pending(state: StateDirectory) -> None:
    """Refuse a second trial: the way back is always to the last confirmed rules."""
    if trial := settle(state):
        seconds = int(trial.left(since_boot()).total_seconds())
        raise UsageError(
            f"a policy is on trial for another {seconds}s: run portward confirm or portward rollback first"
        )


def refuse_moved(change: Plan) -> None:
    """Refuse to go on from a table that is no longer what the plan was made from."""
    if not same(read_table(), change.live):
        raise TargetError("the live table changed since the plan was made; run the command again")


def watch(state: StateDirectory, trial: Trial, every: float = 0.2) -> Ending:
    """Wait until the trial is confirmed or undone, looking every so many seconds."""
    while (stored := state.read(TRIAL)) is not None and stored.get("id") == trial.id:
        if since_boot() >= trial.deadline + 1:
            with state.lock():
                settle(state)
        else:
            time.sleep(every)
    record = state.read(CONFIRMED)
    return Ending.KEPT if record is not None and record.get("trial") == trial.id else Ending.UNDONE


def keep(state: StateDirectory, change: Plan) -> None:
    """Put rules into the kernel for good, without a trial, and record them as the confirmed ones."""
    with state.lock():
        refuse_pending(state)
        refuse_moved(change)
        if change.changes:
            load(change)
        if confirmed(state) != change.wanted:
            record_confirmed(state, change.wanted, "")


def record_confirmed(state: StateDirectory, rules: Wanted, trial_id: str) -> None:
    """Record what comes up at boot, and which trial it was on; empty for none."""
    state.write(CONFIRMED, {"trial": trial_id, "wanted": wanted.to_json(rules)})


def confirmed(state: StateDirectory) -> Wanted | None:
    """The last confirmed rules; None if there never were any."""
    stored = state.read(CONFIRMED)
    if stored is None:
        return None
    rules = stored.get("wanted", {}) if isinstance(stored, dict) else {}
    return wanted.from_json(rules, str(state.file(CONFIRMED)))


def trial_to_json(trial: Trial) -> dict[str, Any]:
    """Make the stored form."""
    return {
        "id": trial.id,
        "boot": trial.boot,
        "began": trial.began,
        "deadline": trial.deadline,
        "connection": trial.connection,
        "wanted": wanted.to_json(trial.wanted),
        "snapshot": rollback.snapshot_to_json(trial.snapshot),
    }


def trial_from_json(stored: Mapping[str, Any], file: str) -> Trial:
    """Take the stored form back.

    Raises:
        HostError: it is damaged.
    """
    try:
        return Trial(
            str(stored["id"]),
            str(stored["boot"]),
            float(stored["began"]),
            float(stored["deadline"]),
            str(stored["connection"]),
            wanted.from_json(stored["wanted"], file),
            rollback.snapshot_from_json(stored["snapshot"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise HostError(
            f"{file} is damaged; see whether the rules are the right ones, then remove it"
        ) from None
