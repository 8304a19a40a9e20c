"""What a command does to the firewall, in the words of a policy: the values that the readers of commands give.

A reader takes a program's words without the program's name. It raises ValueError, with the reason in one sentence
("… is not understood"), for anything whose effect on packets it does not know for sure.
"""

from datetime import timedelta
from ipaddress import ip_address

import attrs

from portward.policy.net import MAX_PORT, Address, PortRange, Protocol


VISITOR = "%IP%"
"""What knockd replaces by the address of who knocked."""

BOTH_FAMILIES = frozenset((4, 6))

SERVICE_PORTS: dict[str, tuple[int, str]] = {
    "ftp": (21, "tcp"),
    "ssh": (22, "tcp"),
    "telnet": (23, "tcp"),
    "smtp": (25, "tcp"),
    "domain": (53, "tcp udp"),
    "dns": (53, "tcp udp"),
    "tftp": (69, "udp"),
    "http": (80, "tcp"),
    "pop3": (110, "tcp"),
    "ntp": (123, "udp"),
    "imap": (143, "tcp"),
    "imap2": (143, "tcp"),
    "snmp": (161, "udp"),
    "ldap": (389, "tcp"),
    "https": (443, "tcp"),
    "microsoft-ds": (445, "tcp"),
    "smtps": (465, "tcp"),
    "submissions": (465, "tcp"),
    "submission": (587, "tcp"),
    "ldaps": (636, "tcp"),
    "rsync": (873, "tcp"),
    "imaps": (993, "tcp"),
    "pop3s": (995, "tcp"),
    "openvpn": (1194, "udp"),
    "pptp": (1723, "tcp"),
    "nfs": (2049, "tcp"),
    "mysql": (3306, "tcp"),
    "ms-wbt-server": (3389, "tcp"),
    "rdp": (3389, "tcp"),
    "postgresql": (5432, "tcp"),
    "vnc-server": (5900, "tcp"),
    "x11": (6000, "tcp"),
    "http-alt": (8080, "tcp"),
    "wireguard": (51820, "udp"),
}
"""Ports that commands call by name (IANA service names, /etc/services and firewalld's), and the protocols they mean."""

_NUMBERED = {str(each.number): each for each in Protocol}


@attrs.frozen
class Effect:
    """One thing that a command lets through, or no longer.

    Attributes:
        opens: whether it lets through; otherwise it takes that back.
        ports: on the machine that has the service; empty for everything.
        published: one for one with `ports`, where the visitor reaches them instead; or empty.
        host: the machine behind this one that has the service; None for this one.
        families: the address families (4, 6) of the visitors it is for.
        lasts: after this long it ends by itself; None for never.
        to_all: whether it lets everybody through, not the visitor alone.
        prefix: how many leading bits of the visitor's address count; None for all.
        behind: the name of a set of addresses; what its members may reach stands in rules elsewhere.
        remarks: what it says that a policy does not say.

    Raises:
        ValueError: every port of a machine behind this one.
    """

    opens: bool
    ports: tuple[PortRange, ...] = ()
    published: tuple[PortRange, ...] = ()
    host: Address | None = None
    families: frozenset[int] = BOTH_FAMILIES
    lasts: timedelta | None = None
    to_all: bool = False
    prefix: int | None = None
    behind: str = ""
    remarks: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        if self.host and not self.ports:
            raise ValueError(f"every port of {self.host} is no service")

    @property
    def target(self) -> tuple[object, ...]:
        """What it is about: two effects of one target can take back each other."""
        return (self.ports, self.published, self.host, self.behind)

    def undoes(self, other: "Effect") -> bool:
        """Whether this takes back what the other let through."""
        return other.opens and not self.opens and self.target == other.target


BLOCKS = "blocks the visitor; here a visitor without a grant is shut out, and a grant ends by itself"
"""The remark on a rule that is added to shut out."""

NOTHING: tuple[Effect, ...] = ()
"""What a command does that changes nothing for a visitor's new connections."""


def read_visitor(text: str) -> int | None:
    """Read where the visitor's address stands: `%IP%`, or with a prefix; the prefix, or None for the whole address.

    Raises:
        ValueError: it is another address.
    """
    address, slash, prefix = text.partition("/")
    if address != VISITOR:
        raise ValueError(f"it is about {text}, not about the visitor")
    if not slash or prefix == "255.255.255.255":
        return None
    if not prefix.isdecimal() or not 8 <= int(prefix) <= 128:
        raise ValueError(f"{text} has a prefix that is not understood")
    return int(prefix) if int(prefix) not in {32, 128} else None


def read_protocols(text: str) -> tuple[Protocol, ...]:
    """Read a protocol's name or number; `all` and `any` are every one that has no name here, so nothing.

    Raises:
        ValueError: it is not known.
    """
    name = text.lower()
    if name in {"all", "any", "0", "ip"}:
        return ()
    if name in {"icmpv6", "ipv6-icmp", "58"}:
        return (Protocol.ICMP,)
    try:
        return (_NUMBERED.get(name) or Protocol(name),)
    except ValueError:
        raise ValueError(f"the protocol {text!r} is not understood") from None


def read_port_list(text: str, protocols: tuple[Protocol, ...], dash: str) -> tuple[PortRange, ...]:
    """Read ports, separated by commas: numbers, ranges and names.

    Args:
        text: such as `22,http,8000:8010`.
        protocols: of the ports; with none, TCP and UDP, or what the name means.
        dash: what stands between the ends of a range.

    Raises:
        ValueError: it is no such list, or the protocol has no ports.
    """
    found: list[PortRange] = []
    for piece in text.split(","):
        first, colon, last = piece.strip().partition(dash)
        low, meant = _port(first)
        high = _port(last)[0] if colon else low
        for_these = protocols or tuple(Protocol(each) for each in meant.split())
        found += [PortRange(protocol, low, high) for protocol in for_these]
    return tuple(dict.fromkeys(found))


def _port(text: str) -> tuple[int, str]:
    """Read one port, and the protocols it means if nobody says."""
    if text.lower() in SERVICE_PORTS:
        return SERVICE_PORTS[text.lower()]
    if not (text.isdecimal() and text.isascii()) or not 1 <= int(text[:9]) <= MAX_PORT:
        raise ValueError(f"{text!r} is no port")
    return int(text), "tcp udp"


def read_host(text: str) -> Address:
    """Read the address of one machine.

    Raises:
        ValueError: it is a network or a name.
    """
    address, slash, prefix = text.partition("/")
    try:
        host = ip_address(address)
    except ValueError:
        raise ValueError(f"{text!r} is no address of one machine") from None
    if slash and prefix != str(host.max_prefixlen):
        raise ValueError(f"{text} is a network, not one machine")
    if host.is_multicast or host.is_loopback or host.is_unspecified:
        raise ValueError(f"{text} is no address of another machine")
    return host
