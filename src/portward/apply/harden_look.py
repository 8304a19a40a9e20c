"""What a plan of mends needs to know besides the audit: units, a few files, the session. Reads, and changes nothing."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from portward.apply.run import run
from portward.apply.session import PROC, ancestors
from portward.check.session import read_session
from portward.exposure import mend_inetd
from portward.exposure.good_ports import EPHEMERAL
from portward.exposure.mend_situation import Session, Unit
from portward.exposure.proc_net import unit_of
from portward.policy.policy import Policy


SSH_FOLDER = "/etc/ssh"
RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_PROPERTIES = "--property=Id,LoadState,UnitFileState,ActiveState,TriggeredBy,Triggers"


def read_units(names: Iterable[str]) -> dict[str, Unit]:
    """What systemd says of units, and of those that start them or are started by them."""
    found: dict[str, Unit] = {}
    todo = sorted(set(names))
    while todo:
        told = {
            each.name: each for each in shown_units(run(["systemctl", "show", _PROPERTIES, "--", *todo]).out)
        }
        found |= told
        nearby = {other for each in told.values() for other in each.others}
        todo = sorted(each for each in nearby - set(found) if each.endswith((".service", ".socket")))
    return found


def shown_units(text: str) -> Iterator[Unit]:
    """Read `systemctl show`: a block of `Key=value` for each unit; those that are not there are left out."""
    for block in text.split("\n\n"):
        values = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if values.get("LoadState") in {"loaded", "masked"} and values.get("Id"):
            others = f"{values.get('TriggeredBy', '')} {values.get('Triggers', '')}".split()
            active = values.get("ActiveState") in {"active", "activating", "reloading"}
            yield Unit(values["Id"], values.get("UnitFileState", ""), active, tuple(others))


def read_units_below(root: str, names: Iterable[str]) -> dict[str, Unit]:
    """The same for a system that does not run: a socket and the service of its name belong together."""
    found: dict[str, Unit] = {}
    for name in names:
        stem = name.rpartition(".")[0]
        pair = [each for each in (f"{stem}.socket", f"{stem}.service") if has_unit(root, each)]
        for each in pair:
            state = run(["systemctl", f"--root={root}", "is-enabled", each]).out.strip()
            found[each] = Unit(each, state, others=tuple(other for other in pair if other != each))
    return found


def has_unit(root: str, name: str) -> bool:
    """Whether a unit's file is below a root; of an instance, its template's."""
    stem, at, rest = name.partition("@")
    file = f"{stem}@.{rest.rpartition('.')[2]}" if at else name
    folders = ("etc/systemd/system", "usr/lib/systemd/system", "lib/systemd/system", "etc/init.d")
    names = (file, file, file, name.removesuffix(".service"))
    return any((Path(root) / folder / each).exists() for folder, each in zip(folders, names, strict=True))


def read_files(root: str = "") -> dict[str, str]:
    """The texts that mends change, by their path in the system: inetd's and sshd's."""
    paths = [Path(f"{root}{mend_inetd.PATH}"), Path(f"{root}{SSH_FOLDER}/sshd_config")]
    paths += sorted(Path(f"{root}{SSH_FOLDER}/sshd_config.d").glob("*.conf"))
    found = {}
    for path in paths:
        try:
            text = path.read_bytes().decode("utf-8", "surrogateescape")
        except OSError:
            continue
        found[str(path).removeprefix(root)] = text
    return found


def read_where_from(connection: str, policy: Policy) -> Session:
    """What this command came in by: the SSH connection, and the units of the processes above us."""
    units = frozenset(filter(None, map(_unit, ancestors(os.getpid()))))
    session = read_session(connection)
    if session is None:
        return Session(units=units)
    welcome = any(
        network.version == session.client.version and session.client in network for network in policy.always
    )
    return Session(session.port, units, welcome)


def _unit(pid: int) -> str:
    try:
        return unit_of((PROC / str(pid) / "cgroup").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return ""


def ephemeral_ports() -> tuple[int, int]:
    """The ports that the kernel gives to outgoing connections."""
    try:
        first, last = map(int, RANGE.read_text(encoding="ascii").split())
    except (OSError, ValueError):
        return EPHEMERAL
    return first, last
