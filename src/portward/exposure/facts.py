"""What was seen on a host, before anybody judges it: sockets, programs, addresses, the firewall, a few settings.

Pure data. `gather` fills it on a live system; tests fill it by hand. Never holds a secret: no command line, no
community string, no password.
"""

import enum
from collections.abc import Mapping

import attrs

from portward.exposure.ruleset import Ruleset
from portward.policy.net import Address, Network, Protocol
from portward.policy.policy import Policy


@attrs.frozen
class Program:
    """A process that holds a socket.

    Attributes:
        pid: its number.
        name: as the kernel knows it (`comm`, 15 characters).
        path: the executable; empty where it could not be read.
        user: the name, or the number where it has none.
        unit: the systemd unit by its control group; empty outside of one.
    """

    pid: int
    name: str
    path: str = ""
    user: str = ""
    unit: str = ""


class Origin(enum.StrEnum):
    """How a listener is known."""

    SOCKET = "socket"
    """The kernel shows the socket."""
    CONTAINER = "container"
    """A port that the firewall translates to another machine, such as a container."""
    UNIT = "unit"
    """An enabled systemd socket unit, where systemd does not run now: it listens from the next boot on."""


@attrs.frozen
class Listener:
    """A port that waits for visitors.

    Attributes:
        protocol: TCP or UDP.
        address: what it is bound to; 0.0.0.0 or :: for every address.
        port: 1..65535.
        both: a socket on `::` that takes IPv4 as well.
        user: who owns the socket.
        programs: who holds it; empty where that cannot be seen.
        unit: the socket unit that made it, or the programs' unit; empty for none.
        origin: how it is known.
    """

    protocol: Protocol
    address: Address
    port: int
    both: bool = False
    user: str = ""
    programs: tuple[Program, ...] = ()
    unit: str = ""
    origin: Origin = Origin.SOCKET

    @property
    def families(self) -> tuple[int, ...]:
        """The IP versions by which it can be reached."""
        return (4, 6) if self.both else (self.address.version,)

    @property
    def spelled(self) -> str:
        """`tcp/22`."""
        return f"{self.protocol}/{self.port}"


@attrs.frozen
class Interface:
    """A network interface.

    Attributes:
        name: as the kernel calls it.
        addresses: its own, with the networks behind them.
        outside: whether strangers may come in by it: it leads to a default route, or nothing does.
    """

    name: str
    addresses: tuple[tuple[Address, Network], ...] = ()
    outside: bool = True


@attrs.frozen
class Answered:
    """What a service said when it was asked on this host itself; `text` is at most a few lines."""

    protocol: Protocol
    port: int
    text: str


@attrs.frozen
class Facts:
    """All that was seen.

    Attributes:
        host: its name.
        listeners: by protocol, port and address.
        interfaces: loopback left out.
        rules: the firewall.
        forwards: the IP versions that this host routes.
        policy: the policy that is meant to guard it, if there is one.
        sshd: by TCP port, what `sshd -T` says of the server there: names and values in lower case.
        snmp_communities: whether the SNMP server takes community strings; None where it could not be seen.
        answers: what services said.
        well_known: names from /etc/services, by protocol and port.
        unseen: what could not be looked at, a sentence each.
    """

    host: str = ""
    listeners: tuple[Listener, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    rules: Ruleset = attrs.field(factory=Ruleset)
    forwards: frozenset[int] = frozenset()
    policy: Policy | None = None
    sshd: Mapping[int, Mapping[str, str]] = attrs.field(factory=dict)
    snmp_communities: bool | None = None
    answers: tuple[Answered, ...] = ()
    well_known: Mapping[tuple[Protocol, int], str] = attrs.field(factory=dict)
    unseen: tuple[str, ...] = ()

    def answer(self, listener: Listener) -> str:
        """What the service of a listener said; empty if nothing."""
        for each in self.answers:
            if (each.protocol, each.port) == (listener.protocol, listener.port):
                return each.text
        return ""
