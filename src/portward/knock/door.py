"""Tries the doors of a host: does a TCP connection come about, at any of the addresses?

A packet to a guarded port is no stray, so trying early costs nothing.
"""

import enum
import selectors
import socket
import time
from collections.abc import Sequence

from portward.knock.clock import REAL, Clock
from portward.knock.resolve import socket_family
from portward.policy.net import Address


AGAIN = 0.25
"""Seconds until a connection is begun anew beside those that wait: the system itself sends a SYN again only after one
second (RFC 6298 §2), and a door that a daemon opens is open some milliseconds after the knock."""


class Answer(enum.StrEnum):
    """What a shut door said."""

    SILENT = "silent"
    """No answer: the gate is shut, or the host is away."""
    REFUSED = "refused"
    """A reset or an ICMP error: the packet got through, and nothing listens; or a gate that rejects."""


def dial(
    addresses: Sequence[Address], port: int, source: Address | None, patience: float, clock: Clock = REAL
) -> socket.socket | Answer:
    """Connect to a port at all addresses at once; the first connection wins, blocking again.

    Args:
        addresses: of one host.
        port: TCP.
        source: the address of ours to use, or None.
        patience: seconds after which to give up.
        clock: tells when that is.
    """
    answer = Answer.SILENT
    deadline = clock.now() + patience
    with selectors.DefaultSelector() as waiting:
        try:
            while (left := deadline - clock.now()) > 0:
                begun = [each for address in addresses if (each := _begin(address, port, source))]
                for each in begun:
                    waiting.register(each, selectors.EVENT_WRITE)
                if len(begun) < len(addresses):
                    answer = Answer.REFUSED
                found = _first(waiting, min(left, AGAIN))
                if isinstance(found, socket.socket):
                    return found
                answer = found or answer
                if not waiting.get_map():
                    break
        finally:
            for key in tuple(waiting.get_map().values()):
                key.fileobj.close()  # type: ignore[union-attr]
    return answer


def _first(waiting: selectors.BaseSelector, seconds: float) -> socket.socket | Answer | None:
    """Wait for the first connection that comes about; REFUSED if one was refused meanwhile, None if all are silent."""
    answer = None
    end = time.monotonic() + seconds
    while waiting.get_map() and (left := end - time.monotonic()) > 0:
        for key, _ in waiting.select(left):
            ended = key.fileobj
            assert isinstance(ended, socket.socket)  # noqa: S101 - we registered nothing else
            waiting.unregister(ended)
            if ended.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                ended.settimeout(None)
                return ended
            ended.close()
            answer = Answer.REFUSED
    return answer


def _begin(address: Address, port: int, source: Address | None) -> socket.socket | None:
    """Begin a connection; None when the system refuses at once."""
    begun = socket.socket(socket_family(address), socket.SOCK_STREAM)
    try:
        begun.settimeout(0)
        if source:
            begun.bind((str(source), 0))
        begun.connect((str(address), port))
    except BlockingIOError:
        return begun
    except OSError:
        begun.close()
        return None
    return begun


class Doors:
    """The ports of one host that are to open, and what they last said.

    Attributes:
        shut: the ports that did not open yet.
        answer: what the last shut one said.
        connection: the last connection, kept open when `keep` was asked for; the caller closes it.
    """

    def __init__(
        self,
        addresses: Sequence[Address],
        ports: Sequence[int],
        source: Address | None,
        *,
        keep: bool = False,
    ) -> None:
        self.shut = list(dict.fromkeys(ports))
        self.answer = Answer.SILENT
        self.connection: socket.socket | None = None
        self._addresses = addresses
        self._source = source
        self._keep = keep

    def try_all(self, patience: float) -> bool:
        """Try every port that is still shut, `patience` seconds each; true when none is left."""
        for port in tuple(self.shut):
            result = dial(self._addresses, port, self._source, patience)
            if isinstance(result, Answer):
                self.answer = result
                return False
            self.shut.remove(port)
            if self._keep:
                self.connection = result
            else:
                result.close()
        return True
