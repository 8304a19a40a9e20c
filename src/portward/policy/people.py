"""People and the stronger knocks that are theirs alone: one-time passes, rolling sequences, sealed knocks, fwknop's.

Pure and frozen. What a person may do stands here; the keys that prove who somebody is are not part of a policy (see
`spa.keyring`).
"""

import enum
from datetime import datetime, timedelta

import attrs

from portward.policy.net import Network, PortRange, Protocol


SEALED_BYTES = 232
"""The length of every sealed knock, UDP data only: the kernel drops all others."""


class AddressRule(enum.StrEnum):
    """Which address a sealed knock or an fwknop packet opens the door for.

    A message states an address, or that the address is to be taken as it is seen.
    """

    AS_SEEN = "as-seen"
    """The packet's source; where the message states an address, that must be the source."""
    MUST_MATCH = "must-match"
    """The message must state an address, and it must be the packet's source: who catches the packet on its way and
    sends it on from elsewhere gains nothing."""
    GIVEN = "given"
    """The address that the message states, whoever sent it; the source where it states none."""


@attrs.frozen
class Person:
    """Somebody with keys of their own.

    Attributes:
        name: spelled as a service's.
        opens: names of services, or `("*",)` for all of them.
        open_for: how long a grant lasts; a message may ask for less, never for more.
        networks: where the person may come from; empty for anywhere.
        until: the moment, UTC, from which on nothing of the person's counts; None for no end.
        revoked: nothing of the person's counts.
        address: for sealed knocks and fwknop's.
    """

    name: str
    opens: tuple[str, ...]
    open_for: timedelta
    networks: tuple[Network, ...] = ()
    until: datetime | None = None
    revoked: bool = False
    address: AddressRule = AddressRule.AS_SEEN


@attrs.frozen
class Windows:
    """How time is cut for passes and rolling sequences.

    Attributes:
        length: of a window, 2m..1h, whole seconds. What belongs to a window counts from half a window before it to half
            a window after it, so at any moment two windows count: the current one and its nearer neighbour.
        ahead: how far ahead the daemon loads them into the kernel, 1h..7d.
    """

    length: timedelta = timedelta(minutes=10)
    ahead: timedelta = timedelta(hours=24)


@attrs.frozen
class Passes:
    """One-time passes, checked and used up by the kernel.

    Attributes:
        port: UDP; where a datagram that begins with the pass goes to.
        per_window: how many passes each person has in each window, 1..32.
        echo: whether an echo request may carry the pass too: at the start of its data, or 16 bytes further on, where
            `ping -p` puts it.
    """

    port: int
    per_window: int = 4
    echo: bool = False


@attrs.frozen
class Rolling:
    """Sequences that change with time, a person's own.

    Attributes:
        ports: the range that their ports come from, TCP and UDP alike: `first` to `last`, both included.
        slots: how many people there can be, 1..256; each has a slot, and no two slots share a port.
        knocks: in a sequence, 3..8.
        step_timeout: how long after one knock the next one still counts.
        once: whether a sequence opens only once in its window.
    """

    first: int
    last: int
    slots: int = 32
    knocks: int = 5
    step_timeout: timedelta = timedelta(seconds=10)
    once: bool = False


@attrs.frozen
class Sealed:
    """Sealed knocks: one authenticated, encrypted UDP packet, opened by the daemon.

    Attributes:
        port: UDP.
        max_age: how far the message's time may be from ours, either way, 10s..1h.
        per_second: how many datagrams of one address (IPv6: of one /64) a second reach the daemon, 1..1000.
    """

    port: int
    max_age: timedelta = timedelta(minutes=2)
    per_second: int = 5


@attrs.frozen
class Fwknop:
    """Packets of fwknop's clients.

    Attributes:
        port: UDP.
        max_age: as for sealed knocks.
        per_second: the same.
    """

    port: int = 62201
    max_age: timedelta = timedelta(minutes=2)
    per_second: int = 5


@attrs.frozen
class Ways:
    """Which of the stronger knocks a gate takes; None for those that it does not."""

    windows: Windows = Windows()
    passes: Passes | None = None
    rolling: Rolling | None = None
    sealed: Sealed | None = None
    fwknop: Fwknop | None = None

    @property
    def any(self) -> bool:
        """Whether there is one at all."""
        return any((self.passes, self.rolling, self.sealed, self.fwknop))

    @property
    def ports(self) -> tuple[PortRange, ...]:
        """The UDP ports that are taken up by them, rolling ones aside."""
        taken = (each.port for each in (self.passes, self.sealed, self.fwknop) if each)
        return tuple(PortRange(Protocol.UDP, port, port) for port in taken)

    @property
    def rolling_ports(self) -> tuple[PortRange, ...]:
        """The ports that rolling sequences come from."""
        if not self.rolling:
            return ()
        return tuple(
            PortRange(each, self.rolling.first, self.rolling.last) for each in (Protocol.TCP, Protocol.UDP)
        )
