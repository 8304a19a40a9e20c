"""The process that may touch the firewall: it loads windows ahead, and opens doors that the reader asks for.

It never reads a stranger's datagram. The reader is a child that it starts anew when it ends; the sockets are kept here,
so what comes in meanwhile waits in them. Everything that must last is in the kernel and in two files, so this process
may be killed at any moment.
"""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs

from portward.apply.libnft import Libnft
from portward.daemon.grants import spell_openings
from portward.daemon.loader import Loader, is_missing
from portward.daemon.notify import Notifier
from portward.daemon.opening import Opening, permitted
from portward.daemon.reader_process import ReaderProcess, Say
from portward.daemon.setup import Setup
from portward.daemon.sockets import listen
from portward.errors import HostError, PolicyError, TargetError, UsageError


TICK = 1.0
"""Seconds between two looks at what is due."""

LOOK_EVERY = 10.0
"""Seconds between two looks whether the table is still the one that was loaded."""

PATIENCE = timedelta(seconds=30)
"""How long the reader may say nothing, where systemd does not say how long."""

LONGEST_PAUSE = 30.0
"""Seconds between two starts of a reader that ends again and again."""

CALM = 120.0
"""Seconds after which an end of the reader is the first one again."""

REPLAY_FILE = "replay.db"
"""The reader's memory in the state directory."""


@attrs.frozen
class Tools:
    """What the warden works with.

    Attributes:
        nft: the firewall.
        loader: loads windows ahead.
        notifier: speaks to systemd.
        load: reads policy and keys; raises PolicyError, HostError or UsageError.
        trace: something that differs when the keys on the disk have changed.
        say: takes lines for the log.
    """

    nft: Libnft
    loader: Loader
    notifier: Notifier
    load: Callable[[], Setup]
    trace: Callable[[], object]
    say: Say


class Warden:
    """Keeps the kernel loaded ahead, and opens what the reader asks for.

    When keys on the disk change it reads them, and the policy, again: somebody who was revoked is out within a second.
    """

    def __init__(self, tools: Tools, state: Path) -> None:
        self._tools = tools
        self._trace = tools.trace()
        self._setup = tools.load()
        self._sockets: dict[int, socket.socket] = {}
        self._reader = ReaderProcess(state / REPLAY_FILE, self._carry_out, tools.say)
        self._waiting: dict[int, Opening] = {}
        self._opened = 0
        self._complaint = ""
        self._falls = 0
        self._again = 0.0
        self._stopped = asyncio.Event()

    async def run(self, handed_over: dict[int, socket.socket]) -> None:
        """Serve until SIGTERM or SIGINT.

        Args:
            handed_over: sockets that are there already, by port.

        Raises:
            HostError: a port is taken, or the firewall may not be touched.
        """
        loop = asyncio.get_running_loop()
        self._sockets = listen(tuple(self._setup.ports), handed_over)
        self._ahead()
        self._reader.start(self._setup, self._sockets)
        await self._reader.ready()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopped.set)
        loop.add_signal_handler(signal.SIGHUP, self._reload)
        self._tools.notifier.ready(self.status)
        self._tools.say(self.status)
        looked = beat = loop.time()
        try:
            while not self._stopped.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stopped.wait(), TICK)
                now = loop.time()
                if now - looked >= LOOK_EVERY:
                    looked = now
                    self._ahead()
                if self._tools.trace() != self._trace:
                    self._reload()
                if self._waiting:
                    self._carry_out([])
                self._mind_reader(now)
                if self._beats(now - beat):
                    beat = now
        finally:
            self._tools.notifier.say("STOPPING=1")
            self._reader.stop()

    @property
    def status(self) -> str:
        """One line for people."""
        ports = ", ".join(f"{way} on udp/{port}" for port, way in self._setup.ports.items())
        people = len(self._setup.policy.people)
        said = (
            f"{people} {'person' if people == 1 else 'people'}; {ports or 'no port to listen on'}; "
            f"{self._opened} doors opened"
        )
        return f"{said}; {self._complaint}" if self._complaint else said

    def _beats(self, passed: float) -> bool:
        """Tell systemd that we live, three times as often as it wants."""
        watchdog = self._tools.notifier.watchdog
        if not watchdog or passed < watchdog.total_seconds() / 3:
            return False
        self._tools.notifier.alive(self.status)
        return True

    def _ahead(self) -> None:
        """Load what is due; the gate not being up is told once."""
        now, loader = datetime.now(UTC), self._tools.loader
        if not loader.needed(now):
            return
        try:
            loaded = loader.round(self._setup.policy, self._setup.keyring, self._setup.server, now)
        except TargetError as error:
            loader.anew()
            missing = "the gate is not up, or not by this policy: run portward apply"
            self._complain(missing if is_missing(error) else str(error))
            return
        self._complain("")
        if loaded.windows:
            self._tools.say(
                f"loaded {loaded.windows} windows of keys, up to {loaded.until:%Y-%m-%d %H:%M} UTC"
            )

    def _complain(self, sentence: str) -> None:
        if sentence and sentence != self._complaint:
            self._tools.say(sentence)
        self._complaint = sentence

    def _mind_reader(self, now: float) -> None:
        """Start the reader anew when it has ended, or says nothing any more."""
        patience = (self._tools.notifier.watchdog or PATIENCE).total_seconds()
        if not self._setup.ports or self._reader.lives(now, patience) or now < self._again:
            return
        self._falls = 1 if now - self._again > CALM else self._falls + 1
        self._again = now + min(2.0**self._falls, LONGEST_PAUSE)
        self._tools.say("the reader has ended or hangs; starting it anew")
        self._reader.kill()
        self._reader.stop()
        self._reader.start(self._setup, self._sockets)

    def _carry_out(self, openings: list[Opening]) -> None:
        """Open doors in one transaction; where that fails, one by one, and what fails then waits for better times."""
        now = datetime.now(UTC)
        allowed: list[Opening] = []
        done: list[int] = []
        for each in [*self._waiting.values(), *openings]:
            if each.left(now) > timedelta() and permitted(self._setup.policy, each, now):
                allowed.append(each)
            else:
                self._tools.say(f"not opened: {each.person} for {each.address}: over, or not allowed")
                done.append(each.number)
        self._waiting = {}
        done += self._open(allowed, now) if allowed else []
        if done:
            self._reader.tell({"done": done})

    def _open(self, openings: list[Opening], now: datetime) -> list[int]:
        """Open doors; gives the numbers of those that are open."""
        try:
            self._tools.nft.run("\n".join(spell_openings(self._setup.policy, openings, now)) + "\n")
        except TargetError as error:
            if len(openings) > 1:
                return [number for each in openings for number in self._open([each], now)]
            self._complain(f"cannot open: {error}")
            self._waiting[openings[0].number] = openings[0]
            return []
        self._opened += len(openings)
        for each in openings:
            until = now + each.left(now)
            services = ", ".join(each.services)
            self._tools.say(
                f"{each.person}: {services} open for {each.address} until {until:%Y-%m-%d %H:%M:%S} UTC"
            )
        return [each.number for each in openings]

    def _reload(self) -> None:
        """Read policy and keys again; with mistakes in them the old ones stay."""
        self._tools.notifier.say("RELOADING=1")
        self._trace = self._tools.trace()
        try:
            setup = self._tools.load()
            sockets = listen(tuple(setup.ports), self._sockets)
        except (PolicyError, HostError, UsageError) as error:
            self._tools.say(f"not reloaded, the old policy and keys stay: {error}")
            self._tools.notifier.ready(self.status)
            return
        self._reader.stop()
        for port, each in self._sockets.items():
            if port not in sockets:
                each.close()
        self._setup, self._sockets = setup, sockets
        self._tools.loader.anew()
        self._ahead()
        self._reader.start(self._setup, self._sockets)
        self._tools.say(f"reloaded: {self.status}")
        self._tools.notifier.ready(self.status)
