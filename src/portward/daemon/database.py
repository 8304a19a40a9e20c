"""Opening the daemon's small SQLite files: private, durable, and refused when they are damaged.

A commit is on the disk when it returns: what must not be forgotten is never only in a cache.
"""

import os
import sqlite3
import stat
from pathlib import Path

from portward.errors import HostError


def open_database(path: Path, schema: str, version: int) -> sqlite3.Connection:
    """Open or make a database of ours.

    Args:
        path: the file; made 0600 in a directory that must be there.
        schema: the SQL that makes it.
        version: of the schema; kept in the file.

    Raises:
        HostError: it is somebody else's, damaged, of another version, or cannot be made.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        kind = os.fstat(descriptor)
        os.close(descriptor)
        if not stat.S_ISREG(kind.st_mode) or kind.st_uid != os.geteuid() or kind.st_mode & 0o077:
            raise HostError(f"{path} must be a plain file of this user's, closed to others")
        connection = sqlite3.connect(path, isolation_level=None)
        connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
        found = connection.execute("PRAGMA user_version").fetchone()[0]
        if found == 0:
            connection.executescript(f"BEGIN; {schema}; PRAGMA user_version = {version}; COMMIT;")
        elif found != version:
            raise HostError(f"{path} was written by another version of portward")
    except OSError as error:
        raise HostError(f"cannot open {path}: {error.strerror}") from error
    except sqlite3.Error as error:
        raise HostError(f"cannot use {path}: {error}") from error
    return connection
