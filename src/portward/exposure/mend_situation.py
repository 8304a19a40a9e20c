"""What a plan of mends is made from: the audit put together by services, the units, the session, and the wish.

Pure data and the grouping of listeners; which mend fits is judged by `mend_ways`.
"""

from collections.abc import Callable, Mapping

import attrs

from portward.exposure.facts import Origin
from portward.exposure.good_ports import DEFAULT_RANGE, EPHEMERAL
from portward.exposure.judge import Audit
from portward.exposure.mend_policy import PolicyTexts
from portward.exposure.mends import Way
from portward.exposure.reach import Scope, Shown
from portward.exposure.registry import Kind, Risk
from portward.policy.net import PortRange, Protocol
from portward.policy.notation import write_ports


@attrs.frozen
class Unit:
    """What systemd says of a unit.

    Attributes:
        name: `ssh.service`.
        state: as `systemctl is-enabled` prints it: enabled, disabled, static, generated …; empty if unknown.
        active: whether it runs or listens now.
        others: the units that start it when a visitor comes, and those that it starts.
    """

    name: str
    state: str = ""
    active: bool = False
    others: tuple[str, ...] = ()


@attrs.frozen
class Session:
    """What this command came in by.

    Attributes:
        port: of this host, TCP; 0 for no SSH session.
        units: of the processes above this one.
        welcome: whether its source never needs to knock.
    """

    port: int = 0
    units: frozenset[str] = frozenset()
    welcome: bool = False


@attrs.frozen
class Situation:
    """All that the plan is made from.

    Attributes:
        audit: what was seen and found.
        policy: the policy's files.
        units: by name; empty where systemd does not run and no root was given.
        files: texts of /etc/inetd.conf and of sshd's files, by path.
        session: see `Session`.
        ssh_folder: where sshd's files are.
        ephemeral: the ports of outgoing connections.
    """

    audit: Audit
    policy: PolicyTexts
    units: Mapping[str, Unit] = attrs.field(factory=dict)
    files: Mapping[str, str] = attrs.field(factory=dict)
    session: Session = Session()
    ssh_folder: str = "/etc/ssh"
    ephemeral: tuple[int, int] = EPHEMERAL

    def came_by(self, service: "Exposed") -> bool:
        """Whether this session came in by a service."""
        port = self.session.port
        by_port = any(each.protocol is Protocol.TCP and port in each for each in service.ports)
        return (port > 0 and by_port) or bool(self.session.units & set(service.units))


@attrs.frozen
class Wish:
    """What the user asked for.

    Attributes:
        targets: services, ports, units or codes; empty for all that the audit complains of.
        spared: the same, to be left as they are.
        way: how; None for what fits each.
        span: where other ports are chosen from.
        sequence: which opens what is guarded; empty for the only one.
        choose: randomness: a number from 0 to below its argument.
    """

    targets: tuple[str, ...]
    choose: Callable[[int], int]
    spared: tuple[str, ...] = ()
    way: Way | None = None
    span: tuple[int, int] = DEFAULT_RANGE
    sequence: str = ""


@attrs.frozen
class Exposed:
    """One service: all its listeners together.

    Attributes:
        name: of the service.
        ports: where it listens, each once.
        shown: its listeners; none for a unit that was named and does not listen.
        codes: of the findings about them.
        units: that hold them.
    """

    name: str
    ports: tuple[PortRange, ...]
    shown: tuple[Shown, ...]
    codes: tuple[str, ...] = ()
    units: tuple[str, ...] = ()

    def meant(self, target: str) -> bool:
        """Whether a word of the user means it."""
        names = {self.name, *self.codes, *map(write_ports, self.ports), *self.units}
        return target in names or f"{target}.service" in self.units

    @property
    def _kind(self) -> Kind | None:
        return self.shown[0].kind if self.shown else None

    @property
    def risk(self) -> Risk | None:
        """What is wrong with it when strangers reach it; None for a service that nobody knows."""
        return self._kind.risk if self._kind else None

    @property
    def reason(self) -> str:
        """What comes of it; empty for a service that nobody knows."""
        return self._kind.reason if self._kind else ""

    @property
    def instead(self) -> str:
        """What to do about the service itself; may be empty."""
        return self._kind.instead if self._kind else ""

    @property
    def contained(self) -> bool:
        """Whether a container publishes it."""
        return any(each.listener.origin is Origin.CONTAINER for each in self.shown)

    @property
    def guarded(self) -> bool:
        """Whether a door of ours stands before every listener of it."""
        return all(each.doors for each in self.shown)


def exposed(audit: Audit) -> tuple[Exposed, ...]:
    """Put the listeners together that are one service: one name, one unit; what nobody else reaches is left out."""
    groups: dict[tuple[str, str], list[Shown]] = {}
    for each in audit.shown:
        if each.reach.scope in {Scope.LOOPBACK, Scope.NOBODY} and not each.doors:
            continue
        name = each.name or each.listener.spelled
        if name == "systemd" and each.listener.unit:  # it holds the sockets of its units
            name = each.listener.unit.rpartition(".")[0]
        groups.setdefault((name, each.listener.unit), []).append(each)
    return tuple(_group(audit, name, unit, tuple(shown)) for (name, unit), shown in groups.items())


def _group(audit: Audit, name: str, unit: str, shown: tuple[Shown, ...]) -> Exposed:
    places = dict.fromkeys((each.listener.protocol, each.listener.port) for each in shown)
    codes = dict.fromkeys(
        each.code
        for each in audit.findings
        if each.listener and (each.listener.protocol, each.listener.port) in places
    )
    ports = tuple(PortRange(protocol, port, port) for protocol, port in places)
    return Exposed(name, ports, shown, tuple(codes), (unit,) if unit else ())
