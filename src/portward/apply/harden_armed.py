"""Arms the way back of a harden trial outside of our process: what fires is a copied script and a journal.

Under systemd a transient timer of PID 1 runs it, and a unit for the next boot, since files outlive a boot and timers
do not; elsewhere a process of its own that waits.
"""

import os
import shutil
import sys
from pathlib import Path

from portward.apply import harden_restore
from portward.apply.harden_journal import OURS
from portward.apply.run import clean_environment, run
from portward.apply.state import StateDirectory, since_boot, write_private
from portward.errors import HostError


TIMER = f"{OURS}-rollback"
BOOT_UNIT = f"{OURS}-boot.service"
UNIT_FOLDER = Path("/etc/systemd/system")
WANTS = UNIT_FOLDER / "sysinit.target.wants"
SCRIPT = "restore.py"

_BOOT = """[Unit]
Description=portward: undo a harden trial that a boot cut short
DefaultDependencies=no
RequiresMountsFor={folder}
After=local-fs.target
Before=basic.target

[Service]
Type=oneshot
ExecStart={command} --boot
"""


def copy_script(here: StateDirectory) -> Path:
    """Copy what restores beside the journals."""
    path = here.file(SCRIPT)
    write_private(path, Path(harden_restore.__file__).read_text(encoding="utf-8"))
    return path


def command(script: Path, journal: Path) -> list[str]:
    """What restores a journal, as an argument list."""
    return [sys.executable, "-I", "-S", str(script), str(journal)]


def arm(here: StateDirectory, journal: Path, deadline: float, *, systemd: bool) -> None:
    """See to it that the journal is restored at the deadline, whatever becomes of us.

    Raises:
        HostError: it could not be armed.
    """
    words = command(copy_script(here), journal)
    if systemd:
        arm_boot(here, words)
        arm_timer(words, deadline - since_boot())
    else:
        start_waiting(words, deadline)


def arm_timer(words: list[str], seconds: float) -> None:
    """Have systemd restore after so many seconds."""
    done = run(
        [
            "systemd-run",
            f"--unit={TIMER}",
            "--description=portward: undo mends on trial that nobody confirmed",
            f"--on-active={max(0, int(seconds * 1000) + 1)}ms",
            "--timer-property=AccuracySec=100ms",
            "--collect",
            "--quiet",
            "--",
            *words,
        ]
    )
    if done.code != 0:
        raise HostError(f"systemd did not take the rollback's timer: {done.err.strip()}")


def arm_boot(here: StateDirectory, words: list[str]) -> None:
    """Have the next boot restore, should it come before the deadline."""
    try:
        text = _BOOT.format(folder=here.path, command=" ".join(words))
        (UNIT_FOLDER / BOOT_UNIT).write_text(text, encoding="utf-8")
        WANTS.mkdir(exist_ok=True)
        (WANTS / BOOT_UNIT).unlink(missing_ok=True)
        (WANTS / BOOT_UNIT).symlink_to(UNIT_FOLDER / BOOT_UNIT)
    except OSError as error:
        raise HostError(f"cannot write {error.filename}: {error.strerror}") from None


def own_files(*, systemd: bool) -> tuple[str, ...]:
    """What arming adds to the system's files: to be removed in this order when the trial ends."""
    if not systemd:
        return ()
    made = () if WANTS.exists() else (str(WANTS),)
    return (str(WANTS / BOOT_UNIT), str(UNIT_FOLDER / BOOT_UNIT), *made)


def disarm(own: tuple[str, ...], *, systemd: bool) -> None:
    """Take the timer and the boot's unit back; a waiting process ends by itself when its journal is gone."""
    if systemd:
        run(["systemctl", "stop", f"{TIMER}.timer"])
        run(["systemctl", "reset-failed", f"{TIMER}.service"])
    harden_restore.clear(list(own))
    if own:
        run(["systemctl", "daemon-reload"])


def start_waiting(words: list[str], deadline: float) -> None:
    """Start a process in a session of its own that restores at the deadline.

    Raises:
        HostError: it did not start.
    """
    told, tell = os.pipe()
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_DUP2, tell, 1),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
    ]
    program = shutil.which(words[0]) or words[0]
    try:
        os.posix_spawn(
            program, [*words, "--at", repr(deadline)], clean_environment(), file_actions=actions, setsid=True
        )
    except OSError as error:
        raise HostError(f"the process that would undo the trial did not start: {error.strerror}") from None
    finally:
        os.close(tell)
    with os.fdopen(told, "rb") as pipe:
        if pipe.read(1) != b".":
            raise HostError("the process that would undo the trial did not start")
