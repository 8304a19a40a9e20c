"""Who holds which socket, from /proc (proc(5)); reads, and changes nothing.

A process that ends meanwhile, or that this user may not look into, is passed over; how many there were of the second
kind is told. Command lines may hold passwords: only the options that a rule needs are ever taken out of one.
"""

import os
import pwd
from collections.abc import Iterator
from pathlib import Path

import attrs

from portward.exposure.facts import Program
from portward.exposure.proc_net import unit_of


@attrs.frozen
class Holders:
    """Who holds what.

    Attributes:
        programs: by the inode of a socket.
        hidden: how many processes could not be looked into.
        elsewhere: how many other network namespaces have processes.
    """

    programs: dict[int, tuple[Program, ...]]
    hidden: int
    elsewhere: int


def find_holders(proc: Path) -> Holders:
    """Go through all processes once."""
    found: dict[int, list[Program]] = {}
    hidden = 0
    spaces: set[str] = set()
    for folder in _processes(proc):
        try:
            inodes = set(_sockets(folder))
            spaces.add(str((folder / "ns/net").readlink()))
        except PermissionError:
            hidden += 1
            continue
        except OSError:
            continue
        if inodes:
            program = read_program(folder)
            for inode in inodes:
                found.setdefault(inode, []).append(program)
    ordered = {inode: tuple(sorted(each, key=lambda one: one.pid)) for inode, each in found.items()}
    return Holders(ordered, hidden, len(spaces - {own_space(proc)}))


def own_space(proc: Path) -> str:
    """The network namespace of this thread; empty where there is none."""
    try:
        return str((proc / "thread-self/ns/net").readlink())
    except OSError:
        return ""


def _processes(proc: Path) -> Iterator[Path]:
    try:
        names = sorted((each.name for each in proc.iterdir() if each.name.isdecimal()), key=int)
    except OSError:
        return
    yield from (proc / each for each in names)


def _sockets(folder: Path) -> Iterator[int]:
    """The inodes of the sockets that a process holds."""
    with os.scandir(folder / "fd") as entries:
        for each in entries:
            try:
                target = os.readlink(each.path)  # noqa: PTH115 - thousands of them
            except FileNotFoundError:
                continue
            if target.startswith("socket:["):
                yield int(target[8:-1])


def read_program(folder: Path) -> Program:
    """Read what a process is; what cannot be read stays empty."""
    try:
        user = user_name(folder.stat().st_uid)
    except OSError:
        user = ""
    try:
        path = str((folder / "exe").readlink()).removesuffix(" (deleted)")
    except OSError:
        path = ""
    unit = unit_of(read_text(folder / "cgroup"))
    return Program(int(folder.name), read_text(folder / "comm").strip(), path, user, unit)


def user_name(uid: int) -> str:
    """The name of a user, or the number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def options_of(proc: Path, pid: int, *names: str) -> list[str]:
    """Of a process's command line, these options with their values: `-f`, `/etc/x`; nothing else is kept.

    Follows sshd, which writes its title over its command line: words that do not begin an option are passed over.
    """
    raw = read_text(proc / str(pid) / "cmdline")
    words = [
        each
        for piece in raw.split("\0")
        for each in (piece.split(" ") if piece.startswith("sshd:") else [piece])
    ]
    found: list[str] = []
    for at, word in enumerate(words):
        for name in names:
            if word == name and at + 1 < len(words):
                found += [name, words[at + 1]]
            elif word.startswith(name) and len(word) > len(name) and not name.startswith("--"):
                found += [name, word[len(name) :]]
    return found


def read_text(path: Path) -> str:
    """Read a small file of the kernel or of a program; empty if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
