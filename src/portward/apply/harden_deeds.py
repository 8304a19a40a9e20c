"""Carries out a plan of mends on this machine: files, systemd's units, sshd's own test, signals.

Each deed is done whole or raises; undoing is the business of `harden_restore`, which the journal made possible before.
"""

from collections.abc import Iterable
from pathlib import Path

import attrs

from portward.apply.harden_journal import state_of
from portward.apply.harden_restore import hang_up, look, write
from portward.apply.rollback import systemd_can
from portward.apply.run import run
from portward.errors import HostError, TargetError
from portward.exposure.mends import Hup, Mend, MendPlan, Put, Renew


@attrs.frozen
class Place:
    """Where the deeds are done: on this host, or on a system that does not run, below a folder.

    Attributes:
        root: empty for this host.
        systemd: whether systemd runs and can be asked to stop and start.
    """

    root: str = ""
    systemd: bool = False

    def path(self, inside: str) -> str:
        """Where a file of the system is for us."""
        return self.root + inside


def this_host() -> Place:
    """The host that we run on."""
    return Place(systemd=systemd_can())


def moved_to(place: Place, plan: MendPlan) -> MendPlan:
    """The plan with its files below the root; the policy's files are named as they are."""
    if not place.root:
        return plan

    def put(each: Put) -> Put:
        return attrs.evolve(each, path=place.path(each.path))

    mends = (
        attrs.evolve(each, files=tuple(map(put, each.files)), kept=tuple(map(put, each.kept)))
        for each in plan.mends
    )
    return attrs.evolve(plan, mends=tuple(mends))


def do_all(place: Place, plan: MendPlan, *, final: bool) -> None:
    """Do all but the gate.

    Args:
        place: where.
        plan: what; its paths are those of `moved_to`.
        final: whether there is no trial, so that what is to be kept is put at once.

    Raises:
        TargetError: sshd or systemd refused.
        HostError: a file cannot be written.
    """
    put_all([*(put for each in plan.mends for put in files_now(each, final=final)), *plan.policy])
    if not place.root:
        for each in plan.mends:
            if each.test_sshd:
                judge_sshd(each.test_sshd[1 if final else 0])
    if place.systemd:
        systemctl("daemon-reload")
    for each in plan.mends:
        switch_off(place, each)
        renew_all(place, each.renew, each.hup)


def files_now(mend: Mend, *, final: bool) -> tuple[Put, ...]:
    """The files that a mend puts now."""
    return mend.kept if final and mend.kept else mend.files


def put_all(puts: Iterable[Put]) -> None:
    """Write files, folders above them included; owner and mode stay.

    Raises:
        HostError: one cannot be written, or is no plain file.
    """
    for each in puts:
        path = Path(each.path)
        try:
            before = look(str(path.resolve()))
            if before["kind"] not in {"absent", "file"}:
                raise HostError(f"{path} is no plain file")
            path.parent.mkdir(parents=True, exist_ok=True)
            write(str(path.resolve()), state_of(each, before))
        except OSError as error:
            raise HostError(f"cannot write {path}: {error.strerror}") from None


def switch_off(place: Place, mend: Mend) -> None:
    """Switch units off, now and at the next boot; sockets come first in the plan."""
    if not mend.units:
        return
    where = [f"--root={place.root}"] if place.root else []
    now = ["--now"] if place.systemd else []
    systemctl(*where, "disable", *now, *mend.units)
    if mend.mask:
        systemctl(*where, "mask", *now, *mend.mask)


def renew_all(place: Place, renew: Iterable[Renew], hup: Iterable[Hup]) -> None:
    """Let units and processes read their files again."""
    if place.systemd:
        for unit in renew:
            systemctl(unit.verb, unit.unit)
    for each in hup:
        hang_up(each.pid, each.program)


def systemctl(*words: str) -> str:
    """Run systemctl.

    Raises:
        TargetError: it failed; its first line tells why.
    """
    done = run(["systemctl", *words])
    if done.code != 0:
        first = next((line for line in done.err.splitlines() if line.strip()), "no reason given")
        raise TargetError(f"systemctl {' '.join(words)}: {first}")
    return done.out


def judge_sshd(ports: tuple[int, ...]) -> None:
    """Let sshd itself judge its new files before it reads them: `sshd -t`, and the ports that `sshd -T` names.

    Raises:
        TargetError: it refuses them, or would listen elsewhere.
    """
    done = run(["sshd", "-t"])
    if done.code != 0:
        first = next((line for line in done.err.splitlines() if line.strip()), "no reason given")
        raise TargetError(f"sshd refuses its new configuration: {first}")
    told = run(["sshd", "-T"])
    if told.code != 0:
        return  # with Match blocks older versions want to know of whom; -t has judged the syntax
    named = {int(line.split()[1]) for line in told.out.splitlines() if line.startswith("port ")}
    if named != set(ports):
        raise TargetError(
            f"sshd would listen on {sorted(named)}, not on {sorted(ports)}: some file names ports too"
        )
