"""The reader as its parent sees it: a child with a channel, started anew when it ends or hangs."""

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from portward.daemon.opening import LONGEST_MESSAGE, Opening, from_json, read_message
from portward.daemon.setup import Setup, for_reader
from portward.spa.memory import Way  # noqa: TC001 - the annotation of a local name


MOST_MESSAGES = 64
"""Messages that are taken at once, and carried out in one transaction."""

START_WITHIN = 10.0
"""Seconds that the reader has to start."""

STOP_WITHIN = 5.0
"""Seconds that the reader has to stop."""

Say = Callable[[str], None]
"""Takes one line for the log."""


class ReaderProcess:
    """One reader after the other.

    Attributes:
        opens: takes the openings that the reader asks for.
        say: takes lines for the log.
    """

    def __init__(self, replay: Path, opens: Callable[[list[Opening]], None], say: Say) -> None:
        self._replay = replay
        self.opens = opens
        self.say = say
        self._channel: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._heard = self._asked = 0.0
        self._ready = asyncio.Event()

    def start(self, setup: Setup, sockets: Mapping[int, socket.socket]) -> None:
        """Start it, if there is any port to read."""
        if not setup.ports:
            return
        here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        here.setblocking(False)  # noqa: FBT003 - the library's only way
        ways: dict[int, Way] = {sockets[port].fileno(): way for port, way in setup.ports.items()}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "portward.daemon.reader"],
            stdin=subprocess.PIPE,
            pass_fds=(there.fileno(), *ways),
        )
        told = for_reader(setup, self._replay, ways, there.fileno())
        there.close()
        if self._process.stdin:
            self._process.stdin.write(told)
            self._process.stdin.close()
        self._channel = here
        self._ready.clear()
        loop = asyncio.get_running_loop()
        self._heard = loop.time()
        loop.add_reader(here.fileno(), self._hear)

    async def ready(self) -> None:
        """Wait until it reads, but not for ever: what is sent meanwhile waits in the sockets."""
        if self._process:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ready.wait(), START_WITHIN)

    def stop(self) -> None:
        """End it after the batch that it is at, and carry out what it has asked for."""
        if self._channel:
            asyncio.get_running_loop().remove_reader(self._channel.fileno())
            self.tell({"stop": True})
        if self._process:
            try:
                self._process.wait(STOP_WITHIN)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        while self._hear():
            pass
        if self._channel:
            self._channel.close()
        self._process = self._channel = None

    def lives(self, now: float, patience: float) -> bool:
        """Whether it runs and has been heard lately; asks it to say something."""
        if not self._process or self._process.poll() is not None or now - self._heard >= patience:
            return False
        if now - self._asked >= patience / 3:
            self._asked = now
            self.tell({"ping": 1})
        return True

    def kill(self) -> None:
        """End it at once."""
        if self._process:
            self._process.kill()

    def tell(self, message: dict[str, object]) -> None:
        """Say something to it, if it has ears just now; what it does not hear it asks for again."""
        if self._channel:
            try:
                self._channel.send(json.dumps(message).encode())
            except OSError:
                return

    def _hear(self) -> bool:
        """Take what it says; whether it said anything."""
        openings: list[Opening] = []
        count = 0
        for _ in range(MOST_MESSAGES):
            try:
                data = self._channel.recv(LONGEST_MESSAGE) if self._channel else b""
            except (BlockingIOError, ConnectionResetError):
                break
            if not data:
                if self._channel:
                    asyncio.get_running_loop().remove_reader(self._channel.fileno())
                break
            count += 1
            openings += self._read(data)
        if openings:
            self.opens(openings)
        return count > 0

    def _read(self, data: bytes) -> tuple[Opening, ...]:
        self._heard = asyncio.get_running_loop().time()
        try:
            message = read_message(data)
            openings = from_json(message) if "openings" in message else ()
        except ValueError:
            self.say("the reader said something that no reader says")
            return ()
        if "ready" in message:
            self._ready.set()
        if refused := message.get("refused"):
            self.say("refused: " + ", ".join(f"{count} {why}" for why, count in sorted(refused.items())))
        return openings
