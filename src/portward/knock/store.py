"""`client.toml` on disk: who may read it is checked before it is read, and it is written whole or not at all.

The only module of the client that touches that file. It knows nothing of networks.
"""

import contextlib
import os
import stat
from pathlib import Path
from typing import Final

from portward.errors import HostError
from portward.knock.profile import Profile
from portward.knock.profile_text import read_profiles, with_profile


FILE_NAME: Final = "client.toml"
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def load_profiles(directory: Path) -> tuple[Profile, ...]:
    """Read the user's profiles; none when there is no file.

    Raises:
        HostError: the file is not the user's alone.
        PolicyError: it has mistakes.
    """
    path = directory / FILE_NAME
    text = _read_own(path)
    return read_profiles(text, str(path)) if text else ()


def add_profile(directory: Path, profile: Profile, *, replace: bool) -> Path:
    """Put a profile into the user's file, which is made when it is not there (0600, its directory 0700).

    Raises:
        HostError: the file or its directory is not the user's alone, or cannot be written.
        PolicyError: the file has mistakes.
        UsageError: there is a profile of that name, and `replace` is false.
    """
    path = directory / FILE_NAME
    text = with_profile(_read_own(path), profile, replace=replace, file=str(path))
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_directory(directory)
        write_private(path, text, replace=True)
    except OSError as error:
        raise HostError(f"cannot write {path}: {error.strerror}") from error
    return path


def read_secret(path: Path) -> str:
    """Read a file that holds secrets: a regular one must be ours and closed to others; a pipe is as it comes.

    Raises:
        HostError: it is not there, not ours, open to others, or no text.
    """
    try:
        with path.open("rb") as file:
            kind = os.fstat(file.fileno())
            if stat.S_ISREG(kind.st_mode):
                _check_owner(path, kind)
            return file.read().decode()
    except OSError as error:
        raise HostError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise HostError(f"{path} is no UTF-8 text") from None


def write_private(path: Path, text: str, *, replace: bool) -> None:
    """Write a file that its owner alone may read, whole or not at all.

    Raises:
        FileExistsError: it is there, and `replace` is false.
        OSError: the system refuses.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            draft.replace(path)
        else:
            os.link(draft, path)  # unlike a rename, this refuses to replace
    finally:
        with contextlib.suppress(FileNotFoundError):
            draft.unlink()


def _read_own(path: Path) -> str:
    """Read the file if it is there and ours alone; empty when it is not there."""
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
        _check_owner(path, kind)
        _check_directory(path.parent)
        try:
            return file.read().decode()
        except UnicodeDecodeError:
            raise HostError(f"{path} is no UTF-8 text") from None


def _check_owner(path: Path, kind: os.stat_result) -> None:
    """Refuse a file of somebody else's, or one that others may read or write: it holds secrets."""
    if kind.st_uid != os.geteuid():
        raise HostError(f"{path} belongs to user {kind.st_uid}, not to you ({os.geteuid()})")
    if kind.st_mode & _OTHERS:
        raise HostError(f"{path} holds secrets, but others may read or write it; run: chmod 600 {path}")


def _check_directory(directory: Path) -> None:
    """Refuse a directory in which others could replace the file."""
    kind = directory.stat()
    if kind.st_uid not in {os.geteuid(), 0}:
        raise HostError(f"{directory} belongs to user {kind.st_uid}, not to you ({os.geteuid()})")
    if kind.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise HostError(f"others may write to {directory}; run: chmod 700 {directory}")
