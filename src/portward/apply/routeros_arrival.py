"""How our own connection comes to the router, as the router sees it: address, port, interface. Read, never guessed.

The address is the user's word, or it stands in the router's connection table with the ports of our very connection, or
in its list of who is logged in. Where the router does not tell, the push asks for it. The interface is the one whose
network holds our address, or the one of the best route to it; unknown where neither is there.
"""

from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address, ip_interface, ip_network

import attrs

from portward.apply.ros_link import Link, Row, show_if_there
from portward.apply.routeros_cover import Packet, lists_of
from portward.apply.routeros_items import is_enabled
from portward.errors import UsageError
from portward.policy.net import Address


@attrs.frozen
class Arrival:
    """Our connection at the router.

    Attributes:
        source: our address, as the router sees it.
        destination: the router's address that we are connected to, as far as we know.
        port: its port.
        interface: by which our packets come in, if known.
        interface_lists: what that interface is a member of; None if it is unknown.
        direct: whether the destination is surely an address of the router's own.
    """

    source: Address
    destination: Address
    port: int
    interface: str | None
    interface_lists: frozenset[str] | None
    direct: bool

    @property
    def menu(self) -> str:
        """The menu of the family: `/ip` or `/ipv6`."""
        return "/ip" if self.source.version == 4 else "/ipv6"

    def packet(self, state: str, lists: Sequence[Row]) -> Packet:
        """One packet of ours: `new` for the first of a connection, `established` for a later one."""
        return Packet(
            source=self.source,
            destination=self.destination,
            protocol=6,
            port=self.port,
            state=state,
            interface=self.interface,
            interface_lists=self.interface_lists,
            lists=lists_of(self.source, lists),
            flags=frozenset({"syn"} if state == "new" else {"ack"}),
            translated=False if self.direct else None,
        )


def find_arrival(link: Link, user: str, told: str) -> Arrival:
    """Find out how we come in; `told` is our address in the user's own words, or empty.

    Raises:
        UsageError: the router does not tell our address, and nobody has.
        PeerError: the connection is lost.
    """
    source = ip_address(told) if told else _seen_source(link, user)
    destination = ip_address(link.ends.theirs)
    menu = "/ip" if source.version == 4 else "/ipv6"
    addresses = show_if_there(link, f"{menu}/address")
    interface = _interface(source, addresses, lambda: show_if_there(link, f"{menu}/route"))
    return Arrival(
        source,
        destination,
        link.ends.their_port,
        interface,
        _lists_of_interface(interface, link) if interface else None,
        any(_own(row) == destination for row in addresses),
    )


def _seen_source(link: Link, user: str) -> Address:
    ends = link.ends
    if "." in ends.theirs:  # to ask for one end keeps a long table from being sent
        end = {"protocol": "tcp", "dst-address": f"{ends.theirs}:{ends.their_port}"}
        for row in show_if_there(link, "/ip/firewall/connection", end):
            source, port = split_port(row.get("src-address", ""))
            if source and port == ends.our_port:
                return source
    logged_in = {
        row.get("address", "") for row in show_if_there(link, "/user/active") if row.get("name") == user
    }
    if ends.ours in logged_in:
        return ip_address(ends.ours)
    addresses = [each for each in map(_address, logged_in) if each]
    if len(addresses) == 1:
        return addresses[0]
    raise UsageError(
        "the router does not tell from which address we come to it; say it: --source ADDRESS, or source in routers.toml"
    )


def split_port(text: str) -> tuple[Address | None, int | None]:
    """Read an end of a connection: `192.0.2.1:443`; nothing where it is none."""
    host, _, digits = text.rpartition(":")
    return _address(host), int(digits) if digits.isdecimal() and len(digits) < 6 else None


def _address(text: str) -> Address | None:
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None


def _own(row: Row) -> Address | None:
    try:
        return ip_interface(row.get("address", "")).ip
    except ValueError:
        return None


def _interface(
    source: Address, addresses: Iterable[Row], routes: Callable[[], tuple[Row, ...]]
) -> str | None:
    """The interface of the narrowest network that holds our address, else that of the narrowest route."""
    found = [
        (
            ip_interface(row["address"]).network.prefixlen,
            row.get("actual-interface") or row.get("interface", ""),
        )
        for row in addresses
        if is_enabled(row) and _own(row) and source in ip_interface(row["address"]).network
    ]
    if not found:
        found = [each for row in routes() if (each := _route(source, row))]
    return max(found)[1] or None if found else None


def _route(source: Address, row: Row) -> tuple[int, str] | None:
    """Prefix length and interface of a route that leads to our address, as 7 and 6 write them."""
    try:
        network = ip_network(row.get("dst-address", ""))
    except ValueError:
        return None
    if row.get("active") != "true" or network.version != source.version or source not in network:
        return None
    gateway = row.get("immediate-gw") or row.get("gateway-status", "")
    for cut in ("%", " via  ", " via "):
        if cut in gateway:
            return network.prefixlen, gateway.rpartition(cut)[2].strip()
    return None


def _lists_of_interface(interface: str, link: Link) -> frozenset[str]:
    members = show_if_there(link, "/interface/list/member", {"interface": interface})
    return frozenset(row.get("list", "") for row in members if is_enabled(row))
