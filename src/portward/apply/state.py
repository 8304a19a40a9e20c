"""The state directory: what must outlive a process, readable by its owner alone, written whole or not at all.

Knows files, the lock and the clock that ticks since boot; not what is in the files.
"""

import contextlib
import fcntl
import json
import os
import stat
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs

from portward.errors import HostError


CONFIRMED = "confirmed.json"
"""The last confirmed rules: what comes up at boot and what a trial goes back to."""
TRIAL = "trial.json"
"""The trial that is pending."""
ROLLBACK = "rollback.nft"
"""What the armed rollback loads; without this file it does nothing."""
KEPT = "rollback.kept"
"""The same after `confirm` has won; its presence says so until the trial is cleared away."""
GRANTS = "grants.json"
LOCK = "lock"

LOCK_WAIT = timedelta(seconds=30)
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@attrs.frozen
class StateDirectory:
    """A directory of ours, 0700, with files 0600."""

    path: Path

    def prepare(self) -> None:
        """Make it if it is missing, and check that nobody else can reach into it.

        Raises:
            HostError: it cannot be made, is a symbolic link, belongs to another user, or is open to others.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.check(self.path, stat.S_ISDIR, "directory", 0o700)
        except OSError as error:
            raise HostError(f"cannot use the state directory {self.path}: {error.strerror}") from None

    def check(self, path: Path, is_kind: Any, kind: str, mode: int) -> None:
        """Refuse what is not ours alone."""
        found = path.lstat()
        if not is_kind(found.st_mode):
            raise HostError(f"{path} is no plain {kind}")
        if found.st_uid != os.geteuid():
            raise HostError(f"{path} belongs to another user (uid {found.st_uid})")
        if found.st_mode & 0o077:
            raise HostError(f"{path} is open to others; run: chmod {mode:o} {path}")

    def file(self, name: str) -> Path:
        """The path of one of the files."""
        return self.path / name

    def read(self, name: str) -> Any | None:
        """Read a JSON file; None if there is none.

        Raises:
            HostError: it is open to others, or damaged.
        """
        return read_private(self.file(name))

    def write(self, name: str, value: Any) -> None:
        """Write a JSON file."""
        write_private(self.file(name), json.dumps(value, indent=1) + "\n")

    def remove(self, *names: str) -> None:
        """Remove files; those that are not there do not matter."""
        for name in names:
            self.file(name).unlink(missing_ok=True)

    @contextlib.contextmanager
    def lock(self, wait: timedelta = LOCK_WAIT) -> Iterator[None]:
        """Keep other portward commands from changing the firewall meanwhile; it ends with this process at the latest.

        Raises:
            HostError: another one keeps it for longer than `wait`.
        """
        self.prepare()
        descriptor = os.open(self.file(LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            take_lock(descriptor, since_boot() + wait.total_seconds())
            yield
        finally:
            os.close(descriptor)


def take_lock(descriptor: int, until: float) -> None:
    """Lock, waiting no longer than to a moment of `since_boot`."""
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if since_boot() >= until:
                raise HostError("another portward command is changing the firewall; try again") from None
            time.sleep(0.05)
        else:
            return


def read_private(path: Path) -> Any | None:
    """Read a JSON file that its owner alone can reach; None if there is none.

    Raises:
        HostError: it is open to others, or damaged.
    """
    try:
        StateDirectory(path.parent).check(path, stat.S_ISREG, "file", 0o600)
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise HostError(f"cannot read {path}: {error.strerror}") from None
    except ValueError:
        raise HostError(f"{path} is damaged: it is no JSON") from None


def write_private(path: Path, text: str) -> None:
    """Write a file, 0600, so that after a crash either the old one or the new one is there whole.

    Raises:
        HostError: it cannot be written.
    """
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        sync_directory(path.parent)
    except OSError as error:
        raise HostError(f"cannot write {path}: {error.strerror}") from None


def sync_directory(path: Path) -> None:
    """Make a rename in a directory last."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def since_boot() -> float:
    """Seconds on the clock that nobody sets; it stands still while the machine sleeps, as nft's timeouts do."""
    return time.clock_gettime(time.CLOCK_MONOTONIC)


def boot_id() -> str:
    """What tells this boot from every other."""
    return BOOT_ID.read_text(encoding="ascii").strip()
