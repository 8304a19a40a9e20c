"""What an fwknop packet says, once it is known to be genuine: pure data between its decoder and the receiver.

Nothing here is secret but the key inside, which keeps its secrets out of its own repr.
"""

import enum
from ipaddress import IPv4Address

import attrs

from portward.policy.net import Protocol
from portward.spa.keyring import FwknopKey


class Kind(enum.Enum):
    """What a packet asks for; its values are fwknop's message types, the one with a timeout first."""

    COMMAND = (0,)
    """A command to run: never done here."""
    ACCESS = (3, 1)
    """Ports of this host."""
    NAT = (4, 2)
    """A port here that leads to a machine behind."""
    LOCAL_NAT = (6, 5)
    """A port here that leads to another port of this host."""

    @classmethod
    def of(cls, message_type: int) -> "Kind":
        """The kind of a message type.

        Raises:
            ValueError: fwknop has no such type.
        """
        for each in cls:
            if message_type in each.value:
                return each
        msg = "fwknop has no such message type"
        raise ValueError(msg)


@attrs.frozen
class Packet:
    """One genuine packet.

    Attributes:
        key: that it was made with.
        sent: its time, whole Unix seconds, 0 or more.
        username: that it names.
        kind: what it asks for.
        address: to open the door for; None for the packet's source, which it writes as 0.0.0.0.
        wanted: what it asks to have opened, TCP and UDP, at least one but for commands.
        nat: the machine behind and its port, for the two NAT kinds; the host is text as it was sent, maybe a name.
        timeout: how many seconds it asks for, 0..65536; 0 and None for what the policy says.
        digest: SHA-256 of the packet's decoded bytes in their one canonical form, 32 bytes: for the replay memory.
    """

    key: FwknopKey
    sent: int
    username: str
    kind: Kind
    address: IPv4Address | None
    wanted: tuple[tuple[Protocol, int], ...]
    nat: tuple[str, int] | None
    timeout: int | None
    digest: bytes
