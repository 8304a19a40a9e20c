"""Datagrams for the daemon's ports, made ahead: junk of each kind and good knocks, each with a source of its own.

They are made once in a run, as IP packets, and sent at any gate: only the frame's addresses differ. How fast they go
is chosen: so many a second, or as fast as one core sends.
"""

import contextlib
import os
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Self

from lab.bench_place import FORGERS_V4, V4, Site
from lab.bench_pump import ETHERNET, UDP
from lab.frames import Address, Road, frame, udp
from portward.attack.magazine import Magazine
from portward.spa.fwknop_base64 import ALPHABET
from portward.spa.fwknop_cipher import FIRST
from portward.spa.sealed import KNOCK_BYTES, WORD_BYTES


SOURCES = 16384
"""How many sources junk comes from: at full speed some forty packets a second from each."""

FWKNOP_LENGTH = 204
"""Characters of fwknop's usual packet, with HMAC-SHA256."""

AT_ONCE = 256
"""Most frames of one call, so that a slow sender stays even."""

_NOBODY = Road(bytes(6), bytes(6))
_LETTERS = bytes(ALPHABET[value % 64] for value in range(256))


def random_text(length: int) -> bytes:
    """Random base64."""
    return os.urandom(length).translate(_LETTERS)


def stranger() -> bytes:
    """What has a sealed knock's length and nothing else."""
    return os.urandom(KNOCK_BYTES)


def with_word(word: bytes) -> bytes:
    """What has the length and the word of the day, so that only the daemon can tell it from a knock."""
    return word + os.urandom(KNOCK_BYTES - WORD_BYTES)


def like_fwknop() -> bytes:
    """What begins and looks like fwknop's packet."""
    return FIRST[os.urandom(1)[0] % 4 :][:1] + random_text(FWKNOP_LENGTH - 1)


def packet(source: Address, port: int, payload: bytes) -> bytes:
    """One IP packet to the gate."""
    content = udp(source, V4, (40000, port), payload)
    return frame(_NOBODY, source, V4, UDP, content, 0)[ETHERNET:]


def forged(port: int, payloads: Iterable[bytes]) -> list[bytes]:
    """IP packets with these payloads, each from another of the forgers' addresses."""
    return [packet(FORGERS_V4 + number, port, each) for number, each in enumerate(payloads)]


class Volley:
    """IP packets on the way to one gate, sent round and round.

    Args:
        where: the gate.
        packets: at least one.
    """

    def __init__(self, where: Site, packets: Sequence[bytes]) -> None:
        head = where.road.receiver + where.road.sender + b"\x08\x00"
        self.sent = 0
        self.size = len(packets)
        self._magazine = Magazine(where.wire, [head + each for each in packets])

    def send(self, count: int) -> None:
        """Send that many.

        Raises:
            OSError: the kernel takes no more.
        """
        end = self.sent + count
        while self.sent < end:
            at = self.sent % self.size
            room = min(AT_ONCE, self.size - at, end - self.sent)
            self._magazine.send(range(at, at + room))
            self.sent += room


class Rain(threading.Thread):
    """Sends a volley from one core until it is told to stop, or all that it should is sent.

    Args:
        volley: what to send.
        rate: packets a second; 0 for as many as the core sends.
        most: packets after which it ends; 0 for never.
        core: which; None for the first that this process may use.
    """

    def __init__(self, volley: Volley, rate: float = 0, most: int = 0, core: int | None = None) -> None:
        super().__init__(daemon=True)
        self.volley = volley
        self.seconds = 0.0
        self._rate = rate
        self._most = most
        self._core = min(os.sched_getaffinity(0)) if core is None else core
        self._enough = threading.Event()

    def run(self) -> None:
        """Do it; what could not be sent in time is sent as soon as possible."""
        os.sched_setaffinity(0, {self._core})
        begun = time.monotonic()
        first = self.volley.sent
        while not self._enough.is_set() and not (self._most and self.volley.sent - first >= self._most):
            due = AT_ONCE
            if self._rate:
                due = min(due, int((time.monotonic() - begun) * self._rate) - (self.volley.sent - first))
            if self._most:
                due = min(due, self._most - (self.volley.sent - first))
            if due > 0:
                self.volley.send(due)
            else:
                time.sleep(0.0003)
            self.seconds = time.monotonic() - begun

    @property
    def rate(self) -> float:
        """Packets a second, as it was."""
        return self.volley.sent / self.seconds if self.seconds else 0.0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self.join()


@contextlib.contextmanager
def every_core(volleys: Iterable[Volley]) -> Iterator[list[Rain]]:
    """Let it rain from every core as fast as it can, one volley each."""
    cores = sorted(os.sched_getaffinity(0))
    with contextlib.ExitStack() as held:
        yield [held.enter_context(Rain(each, core=core)) for each, core in zip(volleys, cores, strict=False)]
