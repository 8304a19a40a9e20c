"""Files that their owner alone may read: that is checked before one is read, and one is written whole or not at all.

Knows files, modes and owners; not what is in the files.
"""

import contextlib
import fcntl
import os
import stat
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from portward.errors import HostError


_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def read_secret(path: Path) -> str:
    """Read a file that holds secrets: a regular one must be ours and closed to others; a pipe is as it comes.

    Raises:
        HostError: it is not there, not ours, open to others, or no text.
    """
    try:
        with path.open("rb") as file:
            kind = os.fstat(file.fileno())
            if stat.S_ISREG(kind.st_mode):
                _check_owner(path, kind, ())
            return file.read().decode()
    except OSError as error:
        raise HostError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise HostError(f"{path} is no UTF-8 text") from None


def read_private(path: Path, owners: Collection[int] = ()) -> str:
    """Read a file if it is there and ours alone; empty when it is not there.

    Args:
        path: of a regular file, no link, in a directory in which nobody else could replace it.
        owners: user ids whose file it may be besides ours.

    Raises:
        HostError: it is somebody else's, open to others, or no text.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return ""
    except OSError as error:
        reason = "it is a symbolic link" if path.is_symlink() else error.strerror
        raise HostError(f"cannot read {path}: {reason}") from error
    with os.fdopen(descriptor, "rb") as file:
        kind = os.fstat(descriptor)
        if not stat.S_ISREG(kind.st_mode):
            raise HostError(f"{path} is no regular file")
        _check_owner(path, kind, owners)
        check_directory(path.parent, owners)
        try:
            return file.read().decode()
        except UnicodeDecodeError:
            raise HostError(f"{path} is no UTF-8 text") from None


def write_private(
    path: Path, content: str | bytes, *, replace: bool, owner: tuple[int, int] | None = None
) -> None:
    """Write a file that its owner alone may read, whole or not at all.

    Args:
        path: of the file.
        content: text is written as UTF-8.
        replace: whether it may be there.
        owner: user and group to give it to; None for ours.

    Raises:
        FileExistsError: it is there, and `replace` is false.
        OSError: the system refuses.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if owner:
                os.fchown(descriptor, *owner)
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            draft.replace(path)
        else:
            os.link(draft, path)  # unlike a rename, this refuses to replace
    finally:
        with contextlib.suppress(FileNotFoundError):
            draft.unlink()


@contextlib.contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Keep other portward commands from changing the files of a directory meanwhile; it is made if it is missing, 0700.

    Raises:
        HostError: it cannot be made.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise HostError(f"cannot use {directory}: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def check_directory(directory: Path, owners: Collection[int] = ()) -> None:
    """Refuse a directory in which others could replace a file.

    Raises:
        HostError: it is such a one.
    """
    kind = directory.stat()
    if kind.st_uid not in {os.geteuid(), 0, *owners}:
        raise HostError(f"{directory} belongs to user {kind.st_uid}, not to you ({os.geteuid()})")
    if kind.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise HostError(f"others may write to {directory}; run: chmod 700 {directory}")


def _check_owner(path: Path, kind: os.stat_result, owners: Collection[int]) -> None:
    """Refuse a file of somebody else's, or one that others may read or write: it holds secrets."""
    if kind.st_uid not in {os.geteuid(), *owners}:
        raise HostError(f"{path} belongs to user {kind.st_uid}, not to you ({os.geteuid()})")
    if kind.st_mode & _OTHERS:
        raise HostError(f"{path} holds secrets, but others may read or write it; run: chmod 600 {path}")
