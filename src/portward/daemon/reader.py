"""The process that reads strangers' datagrams. It has no capability, and cannot touch the firewall.

What it accepts is on the disk before it says so (`replay_store`); what is to be opened, it asks of the process that
started it, by a channel. A batch of datagrams that waited together is one commit and one message. It answers nobody.
"""

import json
import selectors
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from portward.daemon.inbox import Inbox
from portward.daemon.opening import LONGEST_MESSAGE, MOST_OPENINGS, Opening, read_message, to_json
from portward.daemon.privileges import drop_all
from portward.daemon.replay_store import ReplayStore
from portward.daemon.setup import ReaderSetup, read_reader_setup
from portward.policy.net import Address
from portward.spa.crypto import NotAuthenticError, warm_up
from portward.spa.effects import Effects, Open, Refusal, Refuse
from portward.spa.fwknop_packet import open_packet
from portward.spa.fwknop_receiver import receive_fwknop
from portward.spa.fwknop_request import Packet
from portward.spa.memory import Memory, Remember, Way
from portward.spa.receiver import Gate, gate_of, receive_sealed
from portward.spa.sealed import plausible


REPORT_EVERY = 10.0
"""Seconds between two reports of what was refused."""

FORGET_EVERY = 600.0
"""Seconds between two clearings of old digests."""

SIFTED: Final = {Way.SEALED: Refusal.JUNK, Way.FWKNOP: Refusal.NOT_GENUINE}
"""Why what the sieve keeps back is refused."""


class Reader:
    """Reads, judges, remembers, and asks for doors to be opened."""

    def __init__(self, setup: ReaderSetup, store: ReplayStore, channel: socket.socket) -> None:
        self._policy = setup.policy
        self._gate: Gate = gate_of(setup.policy, setup.server, setup.keyring)
        self._fwknop = setup.keyring.fwknop
        self._store = store
        self._memory: Memory = store.memory()
        self._channel = channel
        self._refused: Counter[str] = Counter()
        self._forgot = time.monotonic()
        self._reported = self._forgot - REPORT_EVERY
        self._serving = True

    def run(self, sockets: Iterable[tuple[socket.socket, Way]]) -> None:
        """Serve until the channel says stop or ends."""
        self._ask(self._store.undone(datetime.now(UTC)))
        with selectors.DefaultSelector() as selector:
            selector.register(self._channel, selectors.EVENT_READ, None)
            for each, way in sockets:
                selector.register(each, selectors.EVENT_READ, (Inbox(each, MOST_OPENINGS), way))
            self._say({"ready": True})
            while self._serving:
                events = selector.select(timeout=0.5)
                for key, _ in events:
                    if key.data is None:
                        self._listen()
                    else:
                        self._drain(*key.data)
                self._now_and_then(idle=not events)

    def _drain(self, inbox: Inbox, way: Way) -> None:
        """Take what waits in a socket, up to a batch; of junk, neither the source is worked out nor the time."""
        remembered: list[Remember] = []
        openings: list[Opening] = []
        sifted = 0
        for number, datagram in enumerate(inbox.take()):
            letter = self._sift(way, datagram)
            if letter is None:
                sifted += 1
                continue
            now = datetime.now(UTC)
            for effect in self._judge(letter, inbox.source(number), now):
                match effect:
                    case Remember():
                        remembered.append(effect)
                    case Open():
                        openings.append(_opening(effect, now))
                    case Refuse():
                        self._refused[effect.reason] += 1
        if sifted:
            self._refused[SIFTED[way]] += sifted
        if remembered:
            self._ask(self._store.accept(remembered, openings))

    def _sift(self, way: Way, datagram: bytes) -> bytes | Packet | None:
        """What is worth being judged: a knock that may be genuine, or a packet that is; None for junk."""
        if way is Way.SEALED:
            return datagram if plausible(self._gate.sieve, datagram) else None
        try:
            return open_packet(datagram, self._fwknop)
        except NotAuthenticError:
            return None

    def _judge(self, letter: bytes | Packet, source: Address, now: datetime) -> Effects:
        if isinstance(letter, bytes):
            return receive_sealed(self._gate, self._memory, letter, source, now)
        return receive_fwknop(self._gate, self._memory, letter, source, now)

    def _ask(self, openings: tuple[Opening, ...]) -> None:
        """Ask for doors to be opened; waits while the other side is busy, so nothing is lost."""
        for start in range(0, len(openings), MOST_OPENINGS):
            self._channel.send(to_json(openings[start : start + MOST_OPENINGS]))

    def _listen(self) -> None:
        """Hear what the other side says: openings that are done, whether we live, and when to stop."""
        data = self._channel.recv(LONGEST_MESSAGE)
        message: Mapping[str, Any] = read_message(data) if data else {"stop": True}
        if "done" in message:
            self._store.done([int(each) for each in message["done"]])
        if "ping" in message:
            self._say({"pong": message["ping"]})
        if message.get("stop"):
            self._serving = False

    def _now_and_then(self, *, idle: bool) -> None:
        """Report what was refused, in a quiet moment if there is one, and clear old digests."""
        now = time.monotonic()
        silent = now - self._reported
        if self._refused and silent >= REPORT_EVERY * (1 if idle else 2):
            self._say({"refused": dict(self._refused)})
            self._refused.clear()
            self._reported = now
        fwknop = self._policy.ways.fwknop
        if fwknop and now - self._forgot >= FORGET_EVERY:
            self._forgot = now
            if forget := self._memory.forget(time.time_ns(), fwknop.max_age):
                self._store.forget(forget)

    def _say(self, message: dict[str, object]) -> None:
        self._channel.send(json.dumps(message).encode())


def _opening(effect: Open, now: datetime) -> Opening:
    return Opening(0, effect.person, effect.services, effect.address, now + effect.length, effect.length)


def main() -> int:
    """Start as a child of `portward serve`: what to do comes on stdin."""
    setup = read_reader_setup(sys.stdin.buffer.read())
    store = ReplayStore(setup.replay)
    channel = socket.socket(fileno=setup.channel)
    sockets = [(socket.socket(fileno=descriptor), way) for descriptor, way in setup.sockets.items()]
    warm_up()
    drop_all()
    try:
        Reader(setup, store, channel).run(sockets)
    except (BrokenPipeError, ConnectionResetError):
        return 0  # the other side is gone, and starts anew
    finally:
        store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
