"""What things are called in a router: the one place that spells the names of our chains, lists and menus.

Every name begins with `portward`, so that nobody takes them for his own; the names of services and sequences fit as
they are (see `policy`).
"""

from portward.compile.names import IpFamily
from portward.policy.net import Knock, PortRange, Protocol
from portward.policy.policy import EVERYTHING


# Chains, in the order in which a packet meets them.
TO_US = "portward"
"""Packets to the router itself."""
JUDGE = "portward-judge"
KNOCKS = "portward-knocks"
STRAY = "portward-stray"
STALE = "portward-stale"
THROUGH = "portward-forward"
"""Packets to other machines."""
BEHIND = "portward-behind"
STALE_BEHIND = "portward-stale-behind"
REST = "portward-rest"

# Lists.
LISTS = "portward-"
STAGES = "portward-stage-"
TRUSTED = "portward-trusted"
MIDWAY = "portward-midway"
PENALTY = "portward-penalty"


def menu(family: IpFamily) -> str:
    """The menu of a family's firewall."""
    return "/ip firewall" if family is IpFamily.V4 else "/ipv6 firewall"


def stage(sequence: str, place: int) -> str:
    """Sources that have come so far in a sequence; unambiguous, since the number is what follows the last `-`."""
    return f"{STAGES}{sequence}-{place}"


def grants(service: str) -> str:
    """Sources that may reach a service, or with `*` everything."""
    return TRUSTED if service == EVERYTHING else f"portward-grant-{service}"


def door(service: str) -> str:
    """The chain that lets those with a grant through."""
    return f"portward-door-{service}"


def knock_chain(knock: Knock) -> str:
    """The chain for a port or echo size that some sequence knocks on."""
    return f"portward-{knock.protocol}-{knock.number}"


def protocol(which: Protocol, family: IpFamily) -> str:
    """A protocol as RouterOS calls it (manual, command reference)."""
    if which is Protocol.ICMP and family is IpFamily.V6:
        return "icmpv6"
    return {Protocol.ESP: "ipsec-esp", Protocol.AH: "ipsec-ah"}.get(which, str(which))


def ports(which: PortRange, family: IpFamily) -> tuple[tuple[str, str], ...]:
    """Ask for a protocol and its destination ports."""
    name = ("protocol", protocol(which.protocol, family))
    if not which.protocol.has_ports:
        return (name,)
    text = str(which.first) if which.first == which.last else f"{which.first}-{which.last}"
    return (name, ("dst-port", text))


NEW_TCP = (("protocol", "tcp"), ("tcp-flags", "syn,!fin,!rst,!ack"))
"""A packet that asks for a TCP connection."""

KNOWN = (("connection-state", "established,related"),)

OWN_SERVICES = {
    21: "ftp",
    22: "ssh",
    23: "telnet",
    80: "www",
    443: "www-ssl",
    8291: "winbox",
    8728: "api",
    8729: "api-ssl",
}
"""The TCP ports of the router's own services (RouterOS manual, services)."""
