"""Giving privileges up, for good: what the process that reads strangers' datagrams does before it reads the first.

By prctl(2), capset(2) and setresuid(2); nothing can be taken back afterwards, not by a program that is run either.
"""

import ctypes
import os
import resource
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Final

from portward.errors import HostError


PR_SET_DUMPABLE: Final = 4
PR_CAPBSET_DROP: Final = 24
PR_SET_NO_NEW_PRIVS: Final = 38
PR_CAP_AMBIENT: Final = 47
PR_CAP_AMBIENT_CLEAR_ALL: Final = 4
CAPABILITY_VERSION: Final = 0x20080522
"""_LINUX_CAPABILITY_VERSION_3 (capget(2))."""
LAST_CAPABILITY: Final = 63

NOBODY: Final = 65534
"""Whom root becomes; Debian's `nobody` and `nogroup`."""


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


def undumpable() -> None:
    """Keep other processes of the same user from looking into this one's memory (ptrace(2))."""
    _prctl(PR_SET_DUMPABLE, 0)


def drop_all() -> None:
    """Become nobody if this is root, lose every capability, and never gain one again.

    Raises:
        HostError: something could not be given up.
    """
    for capability in range(LAST_CAPABILITY + 1):
        _libc().prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)  # only root may; what follows makes it unneeded
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    header, nothing = _Header(CAPABILITY_VERSION, 0), (ctypes.c_uint32 * 6)()
    if _libc().capset(ctypes.byref(header), nothing) != 0:
        raise HostError(f"cannot give up capabilities: {os.strerror(ctypes.get_errno())}")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    undumpable()
    if held := capabilities():
        raise HostError(f"capabilities were not given up: {held:#x}")


def capabilities() -> int:
    """What this process may do or could come to do, as one mask, read from /proc/self/status."""
    lines = Path("/proc/self/status").read_bytes().splitlines()
    found = dict(line.split(b":", 1) for line in lines if line.startswith(b"Cap"))
    masks = (int(found[each], 16) for each in (b"CapPrm", b"CapEff", b"CapInh", b"CapAmb"))
    return reduce(or_, masks)


def _prctl(option: int, value: int) -> None:
    if _libc().prctl(option, value, 0, 0, 0) != 0:
        raise HostError(f"prctl {option} failed: {os.strerror(ctypes.get_errno())}")


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
