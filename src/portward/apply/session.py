"""Which SSH connection a command came in by, so that `confirm` proves that a new one gets in.

Reads `SSH_CONNECTION` (sshd(8): client address, client port, server address, server port), or, since sudo
takes it away, the environments of the processes above us in /proc. Says nothing of connections that are not
SSH.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs


VARIABLE = "SSH_CONNECTION"
PROC = Path("/proc")


@attrs.frozen
class Session:
    """An SSH connection.

    Attributes:
        connection: as sshd spells it.
        began: when, in seconds since boot; None if that is not known.
    """

    connection: str
    began: float | None


def current_session(variables: Mapping[str, str]) -> Session | None:
    """The SSH connection that we were started from; None for a console, cron and the like."""
    above = list(ancestors(os.getpid()))
    connection = variables.get(VARIABLE) or next(filter(None, map(connection_of, above)), "")
    if not connection:
        return None
    inside = [pid for pid in above if connection_of(pid) == connection]
    return Session(connection, began_at(parent_of(inside[-1])) if inside else None)


def ancestors(pid: int) -> Iterator[int]:
    """The processes above one, nearest first."""
    while (pid := parent_of(pid)) > 1:
        yield pid


def connection_of(pid: int) -> str:
    """What `SSH_CONNECTION` is in a process's environment; empty if it is not there or may not be read."""
    try:
        environment = (PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return ""
    prefix = f"{VARIABLE}=".encode()
    found = (each for each in environment.split(b"\0") if each.startswith(prefix))
    return next(found, b"").removeprefix(prefix).decode(errors="replace")


def stat_fields(pid: int) -> list[str]:
    """What /proc/PID/stat says behind the command's name (proc(5): state is field 3); empty if there is none."""
    try:
        text = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def parent_of(pid: int) -> int:
    """The parent of a process; 0 if there is none (proc(5), field 4)."""
    fields = stat_fields(pid)
    return int(fields[1]) if fields else 0


def began_at(pid: int) -> float | None:
    """When a process began, in seconds since boot (proc(5), field 22, in clock ticks); sshd has one a connection."""
    fields = stat_fields(pid)
    return int(fields[19]) / os.sysconf("SC_CLK_TCK") if len(fields) > 19 else None
