"""Echo requests of an exact length: by a ping socket, a raw socket, or the system's `ping`, as allowed.

The way is chosen before the first knock is sent, so that no sequence breaks off in its middle. A ping socket
needs no privilege where `net.ipv4.ping_group_range` holds one of our groups (icmp(7)); a raw socket needs
CAP_NET_RAW.
"""

import os
import shutil
import socket
import struct
import subprocess
from collections.abc import Callable

from portward.errors import HostError
from portward.policy.net import SMALLEST_ECHO, SMALLEST_ECHO_V6, Address, Knock


EchoSender = Callable[[Address, Knock], None]
"""Sends one echo request."""

_IP_MTU_DISCOVER = 10  # linux/in.h; the socket module has it from Python 3.13 on
_IPV6_MTU_DISCOVER = 23  # linux/in6.h
_PMTUDISC_DONT = 0  # the same in both: let a packet that is larger than the path's MTU be cut into fragments
_ECHO_V4 = 8  # RFC 792
_ECHO_V6 = 128  # RFC 4443
_PING_SECONDS = 0.15  # how long `ping` may take to send its one packet; it goes on waiting for an answer

HOW_TO_ALLOW = (
    "run as root, or let your group send echo requests: "
    "sysctl -w net.ipv4.ping_group_range='0 2147483647' (it covers IPv6 too)"
)


def payload_length(knock: Knock, address: Address) -> int:
    """How many bytes follow the echo header in a packet of the knock's length."""
    return knock.number - (SMALLEST_ECHO if address.version == 4 else SMALLEST_ECHO_V6)


def echo_request(knock: Knock, address: Address, identifier: int) -> bytes:
    """Make the ICMP message: header, word, zeros. A ping socket sets the identifier and checksum itself."""
    kind = _ECHO_V4 if address.version == 4 else _ECHO_V6
    payload = knock.word.ljust(payload_length(knock, address), b"\0")
    unsummed = struct.pack("!BBHHH", kind, 0, 0, identifier, 1) + payload
    return unsummed[:2] + struct.pack("!H", internet_checksum(unsummed)) + unsummed[4:]


def internet_checksum(message: bytes) -> int:
    """The ones' complement of the ones' complement sum of 16-bit words (RFC 1071)."""
    padded = message + b"\0" * (len(message) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def find_way(version: int, source: Address | None, *, words: bool) -> EchoSender:
    """Find a way to send echo requests of one IP version; `words` tells whether any of them carries one.

    Raises:
        HostError: this machine allows none.
    """
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            _open_socket(version, kind, source).close()
        except OSError:
            continue
        return _socket_sender(kind, source)
    ping = shutil.which("ping")
    if ping is None or words:
        why = "and `ping` cannot carry a secret word" if ping else "and there is no `ping`"
        raise HostError(f"you may not send echo requests here, {why}; {HOW_TO_ALLOW}")
    return _ping_sender(ping, source)


def _open_socket(version: int, kind: socket.SocketKind, source: Address | None) -> socket.socket:
    """Open a ping socket (SOCK_DGRAM) or a raw one; an OSError tells that it is not allowed."""
    if version == 4:
        opened = socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP)
        opened.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _PMTUDISC_DONT)
    else:
        opened = socket.socket(socket.AF_INET6, kind, socket.IPPROTO_ICMPV6)
        opened.setsockopt(socket.IPPROTO_IPV6, _IPV6_MTU_DISCOVER, _PMTUDISC_DONT)
    if source and source.version == version:
        opened.bind((str(source), 0))
    return opened


def _socket_sender(kind: socket.SocketKind, source: Address | None) -> EchoSender:
    """Send each echo request with an identifier of its own.

    To connection tracking, a second one with the same identifier belongs to the first, if that was answered, and a
    gate does not look at packets of something known.
    """

    def send(address: Address, knock: Knock) -> None:
        with _open_socket(address.version, kind, source) as opened:
            identifier = int.from_bytes(os.urandom(2))
            opened.sendto(echo_request(knock, address, identifier), (str(address), 0))

    return send


def _ping_sender(ping: str, source: Address | None) -> EchoSender:
    def send(address: Address, knock: Knock) -> None:
        command = [ping, f"-{address.version}", "-n", "-c", "1", "-s", str(payload_length(knock, address))]
        command += ["-I", str(source)] if source else []
        with subprocess.Popen(
            [*command, str(address)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as running:
            try:
                _, complaint = running.communicate(timeout=_PING_SECONDS)
            except subprocess.TimeoutExpired:
                running.kill()
                return
        if running.returncode == 2:  # ping(8): an error other than a missing answer
            raise HostError(f"ping failed: {complaint.strip()}; {HOW_TO_ALLOW}")

    return send
