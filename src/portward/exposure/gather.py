"""Gathers the facts of this host: the only way from the live system to `Facts`. Reads, and changes nothing."""

import json
import os
import socket
from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_interface
from pathlib import Path

import attrs

from portward.errors import HostError
from portward.exposure.facts import Facts, Interface, Listener, Program
from portward.exposure.firewall import Run, read_firewall
from portward.exposure.proc_net import Socket, default_interfaces, read_services, read_sockets
from portward.exposure.processes import Holders, find_holders, read_text, user_name
from portward.exposure.settings import ask_sshd, takes_communities
from portward.exposure.socket_units import read_list_sockets, read_socket_unit
from portward.policy.net import Address, Network, Protocol
from portward.policy.policy import Policy


ROOT = Path("/")
_TABLES = (("tcp", Protocol.TCP), ("tcp6", Protocol.TCP), ("udp", Protocol.UDP), ("udp6", Protocol.UDP))


def gather(run: Run, policy: Policy | None = None, root: Path = ROOT) -> Facts:
    """Look at this host, in the network namespace of this thread.

    Args:
        run: runs a program.
        policy: what is meant to guard the host.
        root: below which `proc` and `etc` are.

    Raises:
        HostError: /proc cannot be read.
    """
    proc = root / "proc"
    net = proc / "thread-self/net"
    if not (net / "tcp").exists():
        raise HostError(f"{net}/tcp cannot be read: is {proc} mounted?")
    holders = find_holders(proc)
    sockets = [each for name, protocol in _TABLES for each in read_sockets(read_text(net / name), protocol)]
    units = _socket_units(run, root)
    listeners = tuple(_listeners(sockets, holders, units))
    rules = read_firewall(run, proc / "thread-self")
    sshd, failed = ask_sshd(run, proc, listeners)
    interfaces, no_addresses = _interfaces(run, net)
    return Facts(
        socket.gethostname(),
        listeners,
        interfaces,
        rules,
        _forwards(proc),
        policy,
        sshd,
        takes_communities(proc, root, listeners),
        (),
        read_services(read_text(root / "etc/services")),
        (*rules.unread, *failed, *no_addresses, *_unseen(holders)),
    )


def gather_offline(root: Path) -> Facts:
    """Look at the file system of a host that does not run: the socket units that its next boot starts.

    It is taken as having one interface, and no firewall.

    Raises:
        HostError: there is no such directory.
    """
    if not (root / "etc").is_dir():
        raise HostError(f"{root} holds no etc: is it the root of a system?")
    interface = Interface("any", tuple(_with_network(each) for each in ("192.0.2.1/24", "2001:db8::1/64")))
    return Facts(
        read_text(root / "etc/hostname").strip() or root.name,
        tuple(_enabled_units(root)),
        (interface,),
        well_known=read_services(read_text(root / "etc/services")),
        unseen=("the system does not run: only its enabled socket units were looked at, and no firewall",),
    )


def _enabled_units(root: Path) -> Iterator[Listener]:
    """The socket units that are linked below some target's `.wants`; the file of that name is looked up below root."""
    linked = sorted({each.name for each in (root / "etc/systemd/system").glob("*.wants/*.socket")})
    for name in linked:
        places = (
            root / folder / name
            for folder in ("etc/systemd/system", "usr/lib/systemd/system", "lib/systemd/system")
        )
        text = next((found for each in places if (found := read_text(each))), "")
        yield from read_socket_unit(text, name)


def _socket_units(run: Run, root: Path) -> dict[tuple[Address, int], str]:
    if not (root / "run/systemd/system").is_dir():
        return {}
    try:
        return read_list_sockets(run("systemctl", "list-sockets", "--all", "--output=json"))
    except HostError:
        return {}


def _listeners(
    sockets: list[Socket], holders: Holders, units: dict[tuple[Address, int], str]
) -> Iterator[Listener]:
    """One listener for each place: several sockets on one place (SO_REUSEPORT) are one."""
    found: dict[tuple[Protocol, Address, int], Listener] = {}
    for each in sockets:
        key = (each.protocol, each.address, each.port)
        programs = holders.programs.get(each.inode, ())
        old = found.get(key)
        if old:
            found[key] = attrs.evolve(old, programs=_union(old.programs, programs))
            continue
        unit = units.get((each.address, each.port)) or next((one.unit for one in programs if one.unit), "")
        both = each.address == ip_address("::") and not _has_v4(sockets, each)
        found[key] = Listener(
            each.protocol, each.address, each.port, both, user_name(each.uid), programs, unit
        )
    yield from found.values()


def _union(one: tuple[Program, ...], other: tuple[Program, ...]) -> tuple[Program, ...]:
    return (*one, *(each for each in other if each not in one))


def _has_v4(sockets: Iterable[Socket], six: Socket) -> bool:
    """Whether IPv4 has a socket of its own at that port: then the one on `::` takes IPv6 alone (ipv6(7), IPV6_V6ONLY).

    The kernel does not tell in /proc; a socket that takes IPv6 alone without a brother is taken as one for both.
    """
    return any(
        each.protocol is six.protocol and each.port == six.port and each.address == ip_address("0.0.0.0")  # noqa: S104
        for each in sockets
    )


def _interfaces(run: Run, net: Path) -> tuple[tuple[Interface, ...], list[str]]:
    try:
        text = run("ip", "-json", "address")
    except HostError as error:
        return (), [f"addresses were not read, so nothing seems to be reachable: {error}"]
    defaults = default_interfaces(read_text(net / "route"), read_text(net / "ipv6_route"))
    return read_interfaces(text, defaults[4] | defaults[6]), []


def read_interfaces(text: str, leading_out: frozenset[str]) -> tuple[Interface, ...]:
    """Read `ip -json address`; interfaces that are down or without an address are left out.

    Where no default route leads anywhere, strangers may come in by every interface; an interface with an address of the
    public Internet is outside too.
    """
    found = []
    for each in json.loads(text):
        addresses = tuple(
            _with_network(f"{one['local']}/{one['prefixlen']}")
            for one in each.get("addr_info", ())
            if "local" in one
        )
        if not addresses or "UP" not in each.get("flags", ()) or "LOOPBACK" in each.get("flags", ()):
            continue
        outside = (
            not leading_out or each["ifname"] in leading_out or any(one.is_global for one, _ in addresses)
        )
        found.append(Interface(each["ifname"], addresses, outside))
    return tuple(found)


def _with_network(text: str) -> tuple[Address, Network]:
    interface = ip_interface(text)
    return interface.ip, interface.network


def _forwards(proc: Path) -> frozenset[int]:
    files = {4: proc / "sys/net/ipv4/ip_forward", 6: proc / "sys/net/ipv6/conf/all/forwarding"}
    return frozenset(version for version, path in files.items() if read_text(path).strip() not in {"", "0"})


def _unseen(holders: Holders) -> Iterator[str]:
    if holders.hidden and os.geteuid() != 0:
        yield f"{holders.hidden} processes could not be looked into: run as root to see which program holds which port"
    if holders.elsewhere:
        yield (
            f"{holders.elsewhere} other network namespaces have processes: what listens in there was not looked at,"
            " only the ports that are published from here"
        )
