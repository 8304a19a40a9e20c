"""Puts a planned sequence on the wire, at its times. No answer is waited for.

TCP: a connection is begun, so the kernel sends a SYN, and given up at once, so the kernel does not repeat it.
UDP: one datagram, the word or nothing. ICMP: see `echo`.
"""

import contextlib
import errno
import os
import socket
from collections.abc import Iterator, Sequence

from portward.errors import HostError, PeerError
from portward.knock.clock import REAL, Clock
from portward.knock.echo import EchoSender, find_way
from portward.knock.plan import Send
from portward.knock.resolve import socket_family
from portward.policy.net import Address, Knock, Protocol


_NO_MATTER = {0, errno.EINPROGRESS, errno.ECONNREFUSED}
"""What connecting says when the SYN is out; on the loopback interface the refusal is there at once."""

_UNREACHABLE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL}


def send_sequence(sends: Sequence[Send], source: Address | None = None, clock: Clock = REAL) -> None:
    """Send each packet at its time, in order; the ways to send are found before that.

    Raises:
        HostError: this machine does not let us send one of the packets.
        PeerError: there is no way to the host.
    """
    echoes = dict(_ways_to_ping(sends, source))
    start = clock.now()
    for send in sends:
        clock.sleep_until(start + send.at.total_seconds())
        with _explained(send.address, send.knock):
            _send_one(send, source, echoes)


def _ways_to_ping(sends: Sequence[Send], source: Address | None) -> Iterator[tuple[int, EchoSender]]:
    """Find a way for echo requests of each IP version that the sequence needs."""
    pings = [each for each in sends if each.knock.protocol is Protocol.ICMP]
    for version in sorted({each.address.version for each in pings}):
        yield version, find_way(version, source, words=any(each.knock.word for each in pings))


def _send_one(send: Send, source: Address | None, echoes: dict[int, EchoSender]) -> None:
    match send.knock.protocol:
        case Protocol.TCP:
            _send_syn(send.address, send.knock.number, source)
        case Protocol.UDP:
            _send_datagram(send.address, send.knock.number, send.knock.word, source)
        case _:
            echoes[send.address.version](send.address, send.knock)


def _send_syn(address: Address, port: int, source: Address | None) -> None:
    """Begin a connection and give it up at once: the SYN is out, and no repeat follows."""
    with socket.socket(socket_family(address), socket.SOCK_STREAM) as opened:
        opened.settimeout(0)
        if source:
            opened.bind((str(source), 0))
        number = opened.connect_ex((str(address), port))
    if number not in _NO_MATTER:
        raise OSError(number, os.strerror(number))


def send_datagram(address: Address, port: int, payload: bytes, source: Address | None = None) -> None:
    """Send one datagram, from a port of its own.

    Raises:
        HostError: this machine does not let us send it.
        PeerError: there is no way to the host.
    """
    with _explained(address, Knock(Protocol.UDP, port)):
        _send_datagram(address, port, payload, source)


def _send_datagram(address: Address, port: int, payload: bytes, source: Address | None) -> None:
    with socket.socket(socket_family(address), socket.SOCK_DGRAM) as opened:
        if source:
            opened.bind((str(source), 0))
        opened.sendto(payload, (str(address), port))


@contextlib.contextmanager
def _explained(address: Address, knock: Knock) -> Iterator[None]:
    """Turn the system's refusal to send into one of our errors."""
    try:
        yield
    except OSError as error:
        what = f"{knock.protocol}/{knock.number} to {address}"
        if error.errno in _UNREACHABLE:
            raise PeerError(f"cannot send {what}: {error.strerror}") from error
        if error.errno == errno.EMSGSIZE:
            raise HostError(f"cannot send {what}: this machine sends no packet of that size") from error
        if error.errno in {errno.EPERM, errno.EACCES}:
            raise HostError(f"cannot send {what}: a firewall on this machine forbids it") from error
        raise HostError(f"cannot send {what}: {error.strerror}") from error
