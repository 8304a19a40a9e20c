"""What mends exposure, as values: the ways, the files to write, the units to switch off, what is only advised.

Pure data. `mend_plan` makes it of what was seen; `apply/harden_*` carries it out and undoes it. Holds no secrets but
the text of a policy file, which is never shown.
"""

import enum

import attrs

from portward.policy.net import PortRange


class Way(enum.StrEnum):
    """How a service stops showing."""

    DISABLE = "disable"
    """It no longer runs, now and after the next boot."""
    GUARD = "guard"
    """The policy guards it: only who has knocked gets in."""
    PUBLISH = "publish"
    """The policy guards it and publishes it on another port; nothing in the service changes."""
    MOVE = "move"
    """The service itself listens on another port."""


@attrs.frozen
class Put:
    """A file to write.

    Attributes:
        path: absolute.
        text: what shall be in it, whole.
        mode: of a file that is new; one that is there keeps its owner and mode.
    """

    path: str
    text: str = attrs.field(repr=False)
    mode: int = 0o644


@attrs.frozen
class Renew:
    """A unit that reads its files again: `reload-or-restart`, `restart`, or `stop` where its socket starts it anew."""

    unit: str
    verb: str = "reload-or-restart"


@attrs.frozen
class Hup:
    """A process without a unit that reads its files again on SIGHUP: its number and, to be sure, its name."""

    pid: int
    program: str


@attrs.frozen
class Mend:
    """What closes one service.

    Attributes:
        name: of the service.
        ports: where it shows.
        way: see `Way`.
        why: one sentence.
        units: to switch off: `systemctl disable --now`.
        mask: those of them that others start, so that they must be masked as well.
        files: what is put in their place at once.
        kept: what is put once a trial is confirmed, or at once without a trial; instead of `files` of the same path.
        renew: units that read these files.
        hup: processes that do, where systemd does not run.
        service: the policy's name for it, where the policy changes.
        outside: where it is reached from outside then, where that changes.
        clients: what its clients write, such as lines of `~/.ssh/config`.
        test_sshd: the ports that sshd must name (`sshd -T`) once `files` are there, and once `kept` are.
        codes: of the findings that it mends.
    """

    name: str
    ports: tuple[PortRange, ...]
    way: Way
    why: str = ""
    units: tuple[str, ...] = ()
    mask: tuple[str, ...] = ()
    files: tuple[Put, ...] = ()
    kept: tuple[Put, ...] = ()
    renew: tuple[Renew, ...] = ()
    hup: tuple[Hup, ...] = ()
    service: str = ""
    outside: tuple[PortRange, ...] = ()
    clients: tuple[str, ...] = ()
    test_sshd: tuple[tuple[int, ...], ...] = ()
    codes: tuple[str, ...] = ()


@attrs.frozen
class Left:
    """A service that shows and stays as it is: why, and what to do by hand; `advice` may be empty."""

    name: str
    ports: tuple[PortRange, ...]
    reason: str
    advice: str = ""


@attrs.frozen
class MendPlan:
    """All that is to be done, in order, and what is not.

    Attributes:
        mends: see `Mend`.
        left: see `Left`.
        policy: the policy's files that change; they are applied afterwards.
        session: whether the service that this session came by is mended, so that only a trial may do it.
        new_port: the TCP port by which this session's service is reached afterwards; 0 where that does not change.
    """

    mends: tuple[Mend, ...] = ()
    left: tuple[Left, ...] = ()
    policy: tuple[Put, ...] = ()
    session: bool = False
    new_port: int = 0
