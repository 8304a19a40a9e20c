"""From a host's name to the addresses to knock at. A name is looked up once for a whole visit.

Asks the resolver and the routing table; sends no packet to the host.
"""

import contextlib
import socket
from collections.abc import Iterator
from ipaddress import ip_address

from portward.errors import HostError, PeerError
from portward.knock.profile import Family
from portward.policy.net import Address


_VERSIONS = {Family.ANY: (4, 6), Family.V4: (4,), Family.V6: (6,), Family.BOTH: (4, 6)}


def resolve(host: str, family: Family, source: Address | None = None) -> tuple[Address, ...]:
    """Find the address to knock at, or with `Family.BOTH` the first of each family that has a route.

    Raises:
        HostError: `source` is no address of this machine.
        PeerError: the name is unknown, or nothing of it can be reached from here.
    """
    if source:
        _check_source(source)
    wanted = [each for each in look_up(host) if each.version in _VERSIONS[family]]
    if source:
        wanted = [each for each in wanted if each.version == source.version]
    if not wanted:
        kind = f"IPv{source.version}" if source else f"IPv{family}"
        raise PeerError(f"{host} has no {kind} address")
    routed = list(_first_of_each_family(each for each in wanted if has_route(each, source)))
    if not routed:
        raise PeerError(f"this machine has no route to {host} ({', '.join(map(str, wanted))})")
    return tuple(routed if family is Family.BOTH else routed[:1])


def look_up(host: str) -> tuple[Address, ...]:
    """Ask the resolver for all addresses of a host, in the system's order (RFC 6724).

    Raises:
        PeerError: there is no such name, or the resolver does not answer.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        reason = error.strerror if isinstance(error, socket.gaierror) else "it is no name"
        raise PeerError(f"cannot find the address of {host}: {reason}") from None
    addresses = (socket.getnameinfo(sockaddr, socket.NI_NUMERICHOST)[0] for *_, sockaddr in found)
    return tuple(dict.fromkeys(ip_address(each) for each in addresses))


def has_route(address: Address, source: Address | None = None) -> bool:
    """Whether this machine knows a way to an address; a UDP socket is connected, which sends nothing."""
    with socket.socket(socket_family(address), socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        if source:
            probe.bind((str(source), 0))
        probe.connect((str(address), 9))
        return True
    return False


def socket_family(address: Address) -> socket.AddressFamily:
    """The kernel's word for an address's family."""
    return socket.AF_INET if address.version == 4 else socket.AF_INET6


def _first_of_each_family(addresses: Iterator[Address]) -> Iterator[Address]:
    seen = set()
    for address in addresses:
        if address.version not in seen:
            seen.add(address.version)
            yield address


def _check_source(source: Address) -> None:
    with socket.socket(socket_family(source), socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((str(source), 0))
        except OSError:
            raise HostError(f"{source} is no address of this machine; `ip address` lists them") from None
