"""Mends on trial and for good, and confirmed: the order of things that makes it safe.

Journal written → rollback armed → files, units → the gate, on a trial of its own with the same deadline. Killed at any
of these steps, either nothing has changed, or the rollback is armed. Confirming and the rollback both begin by taking
the journal away from its name, which only one of them can.
"""

import enum
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import attrs

from portward.apply import harden_armed, harden_restore, trial, wanted
from portward.apply.gate import plan_or_guess
from portward.apply.harden_deeds import Place, do_all, judge_sshd, moved_to, put_all, systemctl
from portward.apply.harden_journal import (
    READY,
    UNIT_FOLDERS,
    Journal,
    files_of,
    finished,
    folder_of,
    look_before,
    name_of,
    next_number,
    prepared,
    write_journal,
)
from portward.apply.harden_restore import ARMED, FIRING
from portward.apply.harden_undo import settle, undo_armed, undo_gate_trial
from portward.apply.session import Session
from portward.apply.state import StateDirectory, boot_id, since_boot, write_private
from portward.apply.wanted import Wanted
from portward.errors import PortwardError, TargetError, UsageError
from portward.exposure.mends import MendPlan, Put


class Step(enum.StrEnum):
    """Where `begin` is, in order."""

    WRITTEN = "written"
    ARMED = "armed"
    DONE = "done"
    GATED = "gated"


AtStep = Callable[[Step], None]


@attrs.frozen
class Work:
    """What is to be done.

    Attributes:
        place: where.
        plan: the mends.
        rules: what the changed policy wants of the kernel; None where the policy does not change.
        told: what is done, a sentence each.
        active: units that run now and are switched off.
    """

    place: Place
    plan: MendPlan
    rules: Wanted | None
    told: tuple[str, ...]
    active: tuple[str, ...] = ()


def keep(state: StateDirectory, work: Work) -> Journal:
    """Do it for good, without a trial.

    Raises:
        TargetError: systemd, sshd or the kernel refused; everything is as before.
        HostError: a file cannot be written; the same.
        UsageError: something is on trial.
    """
    here = prepared(state)
    with here.lock():
        refuse_pending(state)
        journal = journal_for(state, work)
        file = write_journal(here, journal, FIRING)
        try:
            do_all(work.place, moved_to(work.place, work.plan), final=True)
            if work.rules:
                trial.keep(state, plan_or_guess(work.rules))
        except (PortwardError, OSError, KeyboardInterrupt):
            harden_restore.fire(str(file))
            raise
        done = finished(journal)
        write_journal(here, done)
        file.unlink()
    return done


def begin(
    state: StateDirectory,
    work: Work,
    length: timedelta,
    session: Session | None,
    at_step: AtStep = lambda _: None,
) -> Journal:
    """Do it on trial.

    Raises:
        TargetError, HostError, UsageError: as `keep`.
    """
    here = prepared(state)
    with here.lock():
        refuse_pending(state)
        deadline = since_boot() + length.total_seconds()
        journal = attrs.evolve(
            journal_for(state, work),
            deadline=deadline,
            connection=session.connection if session else "",
            own=harden_armed.own_files(systemd=work.place.systemd),
        )
        file = write_journal(here, journal, ARMED)
        try:
            at_step(Step.WRITTEN)
            harden_armed.arm(here, file, deadline, systemd=work.place.systemd)
            at_step(Step.ARMED)
            do_all(work.place, moved_to(work.place, work.plan), final=False)
            at_step(Step.DONE)
            if work.rules:
                left = timedelta(seconds=max(0.1, deadline - since_boot()))
                trial.begin(state, plan_or_guess(work.rules), left, session)
            at_step(Step.GATED)
            write_private(here.file(name_of(journal.number, READY)), "")
        except (PortwardError, OSError, KeyboardInterrupt):
            undo_armed(state, journal)
            raise
    return journal


def journal_for(state: StateDirectory, work: Work) -> Journal:
    """Look at all that the work touches."""
    plan = moved_to(work.place, work.plan)
    paths = [str(Path(put.path).resolve()) for put in files_of(plan)]
    folders = (
        [work.place.path(each) for each in UNIT_FOLDERS] if any(each.units for each in plan.mends) else []
    )
    folders = [each for each in folders if Path(each).is_dir()]
    before = trial.confirmed(state)
    renew = [(unit.verb, unit.unit) for each in plan.mends for unit in each.renew]
    return Journal(
        number=next_number(folder_of(state)),
        before=look_before(paths, folders),
        folders=tuple(folders),
        active=work.active,
        renew=tuple(renew) if work.place.systemd else (),
        hup=tuple((one.pid, one.program) for each in plan.mends for one in each.hup),
        systemd=work.place.systemd,
        gate=wanted.to_json(before) if before else None,
        gate_after=wanted.to_json(work.rules) if work.rules else None,
        began=since_boot(),
        boot=boot_id(),
        new_port=plan.new_port,
        told=work.told,
        kept=tuple((put.path, put.text) for each in plan.mends for put in each.kept),
        ports=next((each.test_sshd[1] for each in plan.mends if each.test_sshd), ()),
    )


def refuse_second(state: StateDirectory) -> None:
    """Refuse, before a plan is made, while something else is on trial; what was cut short is brought to its end."""
    with prepared(state).lock():
        refuse_pending(state)


def refuse_pending(state: StateDirectory) -> None:
    """Refuse while something else is on trial."""
    if settle(state):
        raise UsageError("mends are on trial: run portward harden --confirm or portward harden --undo first")
    if trial.pending(state):
        with state.lock():
            if trial.settle(state):
                raise UsageError("a policy is on trial: run portward confirm or portward rollback first")


def confirm(state: StateDirectory, session: Session | None, *, same_connection: bool = False) -> Journal:
    """Keep what is on trial, the policy's part of it included.

    Raises:
        UsageError: nothing is on trial, or this connection proves nothing.
        TargetError: it came too late, or what was to be put now was refused: everything is as before.
    """
    here = prepared(state)
    with here.lock():
        journal = settle(state)
        if journal is None:
            raise UsageError("no mends are on trial")
        refuse_connection(journal, session, same_connection=same_connection)
        taken = harden_restore.take(str(here.file(name_of(journal.number, ARMED))))
        if not taken:
            raise TargetError("too late: everything is as before")
        try:
            put_kept(journal)
            if journal.gate_after is not None:
                trial.confirm(state, session, same_connection=same_connection)
        except (PortwardError, OSError, KeyboardInterrupt):
            undo_gate_trial(state)
            harden_restore.fire(taken)
            harden_armed.disarm(journal.own, systemd=journal.systemd)
            raise
        harden_armed.disarm(journal.own, systemd=journal.systemd)
        done = finished(journal)
        write_journal(here, done)
        Path(taken).unlink()
    return done


def refuse_connection(journal: Journal, session: Session | None, *, same_connection: bool) -> None:
    """Refuse a session that does not prove that a new one gets in: by the new port, where there is one."""
    if session is None:
        return
    port = session.connection.split()[-1]
    if journal.new_port and port != str(journal.new_port):
        raise UsageError(
            f"you came by port {port}, which will close: come by port {journal.new_port} and confirm there"
        )
    if same_connection:
        return
    old = session.began is not None and session.began < journal.began
    if journal.connection and (session.connection == journal.connection or old):
        raise UsageError(
            "this connection is older than the trial, which proves nothing: connect anew and confirm there, "
            "or say --same-connection"
        )


def put_kept(journal: Journal) -> None:
    """Put what a trial held back: sshd then leaves its old port."""
    if not journal.kept:
        return
    put_all(Put(path, text) for path, text in journal.kept)
    if journal.ports:
        judge_sshd(journal.ports)
    if journal.systemd:
        systemctl("daemon-reload")
        for verb, unit in journal.renew:
            systemctl(verb, unit)
    for pid, program in journal.hup:
        harden_restore.hang_up(pid, program)


def watch(state: StateDirectory, journal: Journal, wait: Callable[[float], None], every: float = 0.2) -> bool:
    """Wait until a trial ends; whether it was kept."""
    here = folder_of(state)
    while (
        here.file(name_of(journal.number, ARMED)).exists()
        or here.file(name_of(journal.number, FIRING)).exists()
    ):
        if since_boot() >= journal.deadline + 2:
            with here.lock():
                settle(state)
        else:
            wait(every)
    return here.file(name_of(journal.number)).exists()
