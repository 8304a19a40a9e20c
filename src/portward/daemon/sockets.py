"""The UDP sockets of the daemon: handed over by systemd (sd_listen_fds(3)), or made here.

One socket serves both families; `inbox` reads them.
"""

import contextlib
import os
import socket
from collections.abc import Mapping, MutableMapping, Sequence

from portward.errors import HostError


FIRST_DESCRIPTOR = 3
"""Where systemd's sockets begin (sd_listen_fds(3), SD_LISTEN_FDS_START)."""

BUFFER = 4 * 1024 * 1024
"""Bytes that wait in a socket while the reader is replaced: some 10,000 knocks."""

SO_RCVBUFFORCE = 33
"""Like SO_RCVBUF, beyond the system's limit; needs CAP_NET_ADMIN (socket(7))."""


def handed_over(variables: MutableMapping[str, str]) -> dict[int, socket.socket]:
    """Take the sockets that systemd made, by their ports; what is not UDP is closed."""
    count = variables.pop("LISTEN_FDS", "0")
    pid = variables.pop("LISTEN_PID", "")
    if pid != str(os.getpid()) or not count.isdigit():
        return {}
    found: dict[int, socket.socket] = {}
    for descriptor in range(FIRST_DESCRIPTOR, FIRST_DESCRIPTOR + int(count)):
        with contextlib.suppress(OSError):
            each = socket.socket(fileno=descriptor)
            if each.type == socket.SOCK_DGRAM and each.family in {socket.AF_INET, socket.AF_INET6}:
                found[each.getsockname()[1]] = each
            else:
                each.close()
    return found


def listen(ports: Sequence[int], have: Mapping[int, socket.socket]) -> dict[int, socket.socket]:
    """Make the sockets for ports, taking those that are there.

    Raises:
        HostError: somebody else has a port.
    """
    found: dict[int, socket.socket] = {}
    for port in ports:
        each = have.get(port) or _bound(port)
        each.setblocking(False)  # noqa: FBT003 - the library's only way
        _widen(each)
        found[port] = each
    return found


def _bound(port: int) -> socket.socket:
    """A socket for both families, or for IPv4 alone where there is no IPv6."""
    try:
        both = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        both.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        return _at(both, "::", port)
    except OSError:
        return _at(socket.socket(socket.AF_INET, socket.SOCK_DGRAM), "0.0.0.0", port)  # noqa: S104 - every address of the gate


def _at(each: socket.socket, host: str, port: int) -> socket.socket:
    try:
        each.bind((host, port))
    except OSError as error:
        each.close()
        raise HostError(f"cannot listen on udp/{port}: {error.strerror}") from error
    return each


def _widen(each: socket.socket) -> None:
    try:
        each.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
    except OSError:
        each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
