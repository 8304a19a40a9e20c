"""The kernel's tables of sockets and routes under /proc/net, as values (proc(5), proc_net_tcp).

Pure: text in, values out.
"""

import sys
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address

import attrs

from portward.policy.net import Address, Protocol


LISTENING = "0A"
"""TCP_LISTEN in include/net/tcp_states.h."""

UNCONNECTED = "07"
"""TCP_CLOSE: a UDP socket that takes packets from everybody."""


@attrs.frozen
class Socket:
    """One line: a socket that waits; `inode` says whose it is."""

    protocol: Protocol
    address: Address
    port: int
    uid: int
    inode: int


def read_sockets(text: str, protocol: Protocol) -> Iterator[Socket]:
    """Read tcp, tcp6, udp or udp6: what listens, or for UDP what is not connected to one peer.

    Lines that have another form are passed over: the kernel adds columns, never takes one away.
    """
    wanted = LISTENING if protocol is Protocol.TCP else UNCONNECTED
    for line in text.splitlines()[1:]:
        words = line.split()
        if len(words) < 10 or words[3] != wanted:
            continue
        try:
            address, port = read_endpoint(words[1])
            socket = Socket(protocol, address, port, int(words[7]), int(words[9]))
        except ValueError:
            continue
        if port:
            yield socket


def read_endpoint(text: str) -> tuple[Address, int]:
    """Read `0100007F:0016`: an address as 32-bit words in the machine's byte order, and a port.

    Raises:
        ValueError: another form.
    """
    address, _, port = text.partition(":")
    data = bytes.fromhex(address)
    if sys.byteorder == "little":
        data = b"".join(data[at : at + 4][::-1] for at in range(0, len(data), 4))
    if len(data) == 4:
        return IPv4Address(data), int(port, 16)
    if len(data) != 16:
        msg = f"{address} is no address"
        raise ValueError(msg)
    plain = IPv6Address(data)
    return plain.ipv4_mapped or plain, int(port, 16)


def default_interfaces(route: str, ipv6_route: str) -> dict[int, frozenset[str]]:
    """By IP version, the interfaces that default routes lead to, from /proc/net/route and /proc/net/ipv6_route."""
    v4 = (line.split() for line in route.splitlines()[1:])
    v6 = (line.split() for line in ipv6_route.splitlines())
    return {
        4: frozenset(each[0] for each in v4 if len(each) > 7 and each[1] == each[7] == "00000000"),
        6: frozenset(each[9] for each in v6 if len(each) > 9 and _is_default(each)),
    }


def _is_default(words: list[str]) -> bool:
    """The kernel keeps an unreachable default on lo where there is none."""
    return words[0] == "0" * 32 and words[1] == "00" and words[9] != "lo"


def read_services(text: str) -> dict[tuple[Protocol, int], str]:
    """Read /etc/services (services(5)): the first name of each port."""
    found: dict[tuple[Protocol, int], str] = {}
    for words in _columns(text):
        number, _, protocol = words[1].partition("/")
        if protocol in {"tcp", "udp"} and number.isdecimal():
            found.setdefault((Protocol(protocol), int(number)), words[0])
    return found


def _columns(text: str) -> Iterable[list[str]]:
    lines = (line.partition("#")[0].split() for line in text.splitlines())
    return (words for words in lines if len(words) >= 2)


def unit_of(cgroup: str) -> str:
    """The systemd unit in /proc/PID/cgroup: the innermost `.service`, `.socket` or `.scope`; empty for none."""
    for line in cgroup.splitlines():
        path = line.rpartition(":")[2]
        units = [each for each in path.split("/") if each.endswith((".service", ".socket", ".scope"))]
        if units:
            return units[-1].replace("\\x2d", "-")
    return ""
