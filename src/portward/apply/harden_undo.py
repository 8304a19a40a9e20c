"""The way back from mends: what is on trial is undone, or what was kept; what was cut short is brought to its end.

A journal is taken away from its name first, so that confirming, undoing and the armed rollback cannot both win.
"""

import contextlib

from portward.apply import harden_armed, harden_restore, trial, wanted
from portward.apply.gate import plan_or_guess, take_down
from portward.apply.harden_journal import (
    READY,
    Journal,
    changed_since,
    folder_of,
    name_of,
    numbers,
    prepared,
    read_journal,
)
from portward.apply.harden_restore import ARMED, FIRING
from portward.apply.rollback import systemd_can
from portward.apply.state import CONFIRMED, StateDirectory, boot_id, since_boot
from portward.errors import HostError, UsageError


def pending(state: StateDirectory) -> Journal | None:
    """The mends that are on trial, as they stand."""
    here = folder_of(state)
    armed = numbers(here, ARMED)
    return read_journal(here, armed[-1], ARMED) if armed else None


def settle(state: StateDirectory) -> Journal | None:
    """The mends that are on trial; those whose time is up, or that were cut short, are undone first. Needs the lock."""
    here = folder_of(state)
    for number in numbers(here, FIRING):
        told = harden_restore.fire(str(here.file(name_of(number, FIRING))))
        if harden_restore.restore_failed(told):
            raise HostError(f"an earlier run could not be undone: {'; '.join(told)}")
        harden_armed.disarm((), systemd=systemd_can())
    journal = pending(state)
    for number in numbers(here, READY):
        if journal is None or number != journal.number:
            here.remove(name_of(number, READY))
    if journal is None:
        return None
    ready = here.file(name_of(journal.number, READY)).exists()
    if not ready or journal.boot != boot_id() or since_boot() >= journal.deadline + 1:
        undo_armed(state, journal)
        return None
    return journal


def undo_armed(state: StateDirectory, journal: Journal) -> None:
    """Undo what is on trial, now.

    Raises:
        HostError: something could not be put back; the journal is kept.
    """
    here = folder_of(state)
    taken = harden_restore.take(str(here.file(name_of(journal.number, ARMED))))
    undo_gate_trial(state)
    failed = harden_restore.fire(taken) if taken else []
    harden_armed.disarm(journal.own, systemd=journal.systemd)
    if failed:
        raise HostError(f"not everything could be put back: {'; '.join(failed)}")


def undo_gate_trial(state: StateDirectory) -> None:
    """Undo the policy's own trial, if it has not been undone."""
    with contextlib.suppress(UsageError):
        trial.undo_now(state)


def undo(state: StateDirectory, *, force: bool = False) -> Journal:
    """Undo what is on trial, or else the last run that was kept.

    Raises:
        UsageError: there is nothing to undo, or files were changed since and it is not forced.
        HostError: something could not be put back.
    """
    here = prepared(state)
    with here.lock():
        if journal := settle(state):
            undo_armed(state, journal)
            return journal
        kept = numbers(here)
        journal = read_journal(here, kept[-1]) if kept else None
        if journal is None:
            raise UsageError("there is nothing to undo")
        changed = changed_since(journal)
        if changed and not force:
            raise UsageError(f"changed since, and would be lost (say --force): {', '.join(changed)}")
        undo_kept(state, journal)
    return journal


def undo_kept(state: StateDirectory, journal: Journal) -> None:
    """Put back what a run that was kept has changed, then the gate."""
    here = folder_of(state)
    taken = here.file(name_of(journal.number, FIRING))
    here.file(name_of(journal.number)).rename(taken)
    failed = harden_restore.fire(str(taken))
    if failed:
        raise HostError(f"not everything could be put back: {'; '.join(failed)}")
    now = trial.confirmed(state)
    if journal.gate_after is None or now != wanted.from_json(journal.gate_after, str(taken)):
        return  # it was not touched, or another policy has been applied since
    if journal.gate is not None:
        trial.keep(state, plan_or_guess(wanted.from_json(journal.gate, str(taken))))
    else:
        with state.lock():
            take_down()
            state.remove(CONFIRMED)


def undoable(state: StateDirectory) -> int:
    """How many runs could be undone."""
    here = folder_of(state)
    return len(numbers(here)) + len(numbers(here, ARMED))
