"""A flood of SYNs to random ports while honest visitors come: who still gets in, and whose door falls open?

Every core pumps as fast as it can, and the visitors and the daemons have to get on beside that. The flood's ports are
random anew for every batch; so are its sources, or it has only one.
"""

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import attrs

from lab.bench_knockd import openings, text_of
from lab.bench_place import FORGERS_V4, V4, VISITORS, Site, sites, welcome_visitors
from lab.bench_pump import TCP, Backlog, Batch, Pump
from lab.bench_rules import DOOR
from lab.bench_table import Figure, Target, quotient, share
from lab.bench_visits import ARTICLE, KNOCKD, PORTWARD, guarded, hang_up, knock, open_service, visitor
from lab.namespaces import Namespace


TOPIC = "under a flood of random TCP ports"

ONE_SOURCE = 9
"""The last 16 bits of the flood's address when it has only one."""

LONGEST = 40.0
"""Seconds after which a flood ends early; the table says how many packets it had."""

PATIENCE = 0.5
"""Seconds that a visitor waits while the machine is busy; still less than the second before a SYN is sent again."""

SETTLE = 1.0
"""Seconds that daemons get to work off what they have seen before openings are counted."""


@attrs.frozen
class Flood:
    """How a flood went.

    Attributes:
        packets: of the flood.
        rate: packets a second.
        visits: of honest visitors.
        entered: of them, how many got in with the SYN right behind the last knock.
        opened: of them, for how many the gate opened at all.
        accidents: how often the gate opened for the flood.
        lost: packets that never reached any rule, because the kernel's queue in front of it was full.
    """

    packets: int
    rate: float
    visits: int
    entered: int
    opened: int
    accidents: int
    lost: int


class Pumping(threading.Thread):
    """Pumps a batch from one core, rewritten each time, until enough is sent, time is up, or it is told to stop."""

    def __init__(self, pump: Pump, core: int, packets: int, *, one_source: bool) -> None:
        super().__init__(daemon=True)
        self.pump = pump
        self.seconds = 0.0
        self._core = core
        self._packets = packets
        self._one_source = one_source
        self._enough = threading.Event()

    def run(self) -> None:
        """Do it."""
        os.sched_setaffinity(0, {self._core})
        batch = self.pump.batch
        if self._one_source:
            batch.one_source(ONE_SOURCE)
        begun = time.monotonic()
        while self.pump.sent < self._packets and self.seconds < LONGEST and not self._enough.is_set():
            batch.random_ports()
            if not self._one_source:
                batch.random_sources()
            self.pump.send(batch.size)
            self.seconds = time.monotonic() - begun

    def stop(self) -> None:
        """End early."""
        self._enough.set()
        self.join()


@attrs.frozen
class Torrent:
    """All pumps of one flood."""

    pumpings: tuple[Pumping, ...]

    @property
    def sent(self) -> int:
        """Packets so far."""
        return sum(each.pump.sent for each in self.pumpings)

    @property
    def running(self) -> bool:
        """Whether any pump still goes on."""
        return any(each.is_alive() for each in self.pumpings)

    @property
    def rate(self) -> float:
        """Packets a second, over all pumps."""
        return sum(each.pump.sent / each.seconds for each in self.pumpings if each.seconds)


@contextlib.contextmanager
def torrent(where: Site, packets: int, *, one_source: bool) -> Iterator[Torrent]:
    """Let a flood run beside what happens in here."""
    cores = sorted(os.sched_getaffinity(0))
    pumps = [Pump(where.wire, Batch(where.road, FORGERS_V4, V4, TCP)) for _ in cores]
    each = packets // len(cores)
    made = Torrent(
        tuple(
            Pumping(pump, core, each, one_source=one_source) for pump, core in zip(pumps, cores, strict=True)
        )
    )
    try:
        for thread in made.pumpings:
            thread.start()
        yield made
    finally:
        for thread in made.pumpings:
            thread.stop()


def flood(who: str, packets: int, visits: int, *, one_source: bool) -> Flood:
    """Flood a contestant's gate, with honest visits spread evenly over the flood."""
    with sites(1) as (where,), contextlib.ExitStack() as held:
        welcome_visitors(where)
        service = held.enter_context(open_service(where))
        log = held.enter_context(guarded(who, where))
        before = Backlog.now()
        with torrent(where, packets, one_source=one_source) as rage, where.world.entered():
            entered = visit_during(rage, packets, visits, service)
            for each in rage.pumpings:
                each.join()
        lost = Backlog.now().since(before)
        time.sleep(SETTLE if log else 0)
        opened, accidents = count_openings(who, where, log)
    return Flood(rage.sent, rage.rate, visits, entered, opened, accidents, lost)


def visit_during(rage: Torrent, packets: int, visits: int, service: socket.socket) -> int:
    """Make honest visits, evenly over the flood; gives how many got in at once."""
    doorstep: list[tuple[float, socket.socket]] = []
    entered = 0
    for number in range(visits):
        while rage.sent < packets * number // visits and rage.running:
            time.sleep(0.001)
            entered += answered(doorstep, time.monotonic())
        knock(number)
        doorstep.append((time.monotonic() + PATIENCE, ring(number)))
        hang_up(service)
    while doorstep:
        time.sleep(0.001)
        entered += answered(doorstep, time.monotonic())
    return entered


def ring(number: int) -> socket.socket:
    """Begin to connect to the service and do not wait."""
    door = socket.socket()
    door.bind((visitor(number), 0))
    door.settimeout(0)
    door.connect_ex((str(V4), DOOR))
    return door


def answered(doorstep: list[tuple[float, socket.socket]], now: float) -> int:
    """Send away all whose patience is at its end, and count those of them for whom the door opened."""
    entered = 0
    while doorstep and doorstep[0][0] <= now:
        _, door = doorstep.pop(0)
        with door, contextlib.suppress(OSError):
            door.getpeername()  # fails while there is no connection
            entered += 1
    return entered


def count_openings(who: str, where: Site, log: Path | None) -> tuple[int, int]:
    """Count the honest visitors whom the gate opened for, and the openings for anybody else."""
    name = {PORTWARD: "grant_ssh_v4", ARTICLE: "trusted", KNOCKD: "open"}[who]
    table = {PORTWARD: "portward", ARTICLE: "article", KNOCKD: "knockd"}[who]
    honest = str(VISITORS).removesuffix("0.0")
    opened = sum(1 for each in members(where.gate, table, name) if each.startswith(honest))
    if log:
        return opened, openings(text_of(log), str(FORGERS_V4).removesuffix("0.0"))
    return opened, times_opened(where.gate, who) - opened


def members(gate: Namespace, table: str, name: str) -> list[str]:
    """The addresses in a small set."""
    listed = json.loads(gate.run("nft", "-j", "list", "set", "inet", table, name).stdout)["nftables"]
    elements = next(each["set"] for each in listed if "set" in each).get("elem", [])
    return [each["elem"]["val"] if isinstance(each, dict) else each for each in elements]


def times_opened(gate: Namespace, who: str) -> int:
    """How often last knocks have opened, by the ruleset's own counter."""
    if who == PORTWARD:
        listed = json.loads(gate.run("nft", "-j", "list", "counter", "inet", "portward", "opened").stdout)[
            "nftables"
        ]
        return int(next(each["counter"]["packets"] for each in listed if "counter" in each))
    listed = json.loads(gate.run("nft", "-j", "list", "chain", "inet", "article", "first").stdout)["nftables"]
    rules = [each["rule"]["expr"] for each in listed if "rule" in each]
    return sum(int(part["counter"]["packets"]) for rule in rules for part in rule if "counter" in part)


def measure(peers: list[str], *, quick: bool) -> tuple[list[Figure], list[Target]]:
    """Flood everybody's gate, first from many sources, then from one."""
    packets, visits = (400_000, 40) if quick else (5_000_000, 100)
    figures: list[Figure] = []
    ours: list[Flood] = []
    for one_source in (False, True):
        found = {who: flood(who, packets, visits, one_source=one_source) for who in (PORTWARD, *peers)}
        ours.append(found[PORTWARD])
        sources = "one source" if one_source else "many sources"
        for who, each in found.items():
            figures += rows(who, sources, each, found[PORTWARD])
    return figures, targets(ours)


def rows(who: str, sources: str, found: Flood, ours: Flood) -> list[Figure]:
    """Make a contestant's rows under one kind of flood."""
    against = "" if who == PORTWARD else PORTWARD
    good = share(found.opened, found.visits)
    ratio = quotient(good, share(ours.opened, ours.visits)) if against else 1.0
    at_once = f"{found.entered} of {found.visits} got in at once"
    speed = f"in {found.packets:,} packets, {found.rate:,.0f} a second"
    lost = f"; {found.lost:,} packets lost before any rule" if found.lost else ""
    lost += "; once open, it stays open" if who == ARTICLE and found.accidents else ""
    accidents = quotient(found.accidents, ours.accidents) if against else 1.0
    return [
        Figure(TOPIC, f"{who}, {sources}: good knocks that open", good, "%", ratio, against, at_once),
        Figure(
            TOPIC,
            f"{who}, {sources}: opened by accident",
            found.accidents,
            "times",
            accidents,
            against,
            speed + lost,
        ),
    ]


def targets(ours: list[Flood]) -> list[Target]:
    """Judge what the project promises under floods."""
    opened = sum(each.opened for each in ours)
    visits = sum(each.visits for each in ours)
    accidents = sum(each.accidents for each in ours)
    least = min(each.packets for each in ours)
    return [
        Target("100 % of good knocks open under flood", f"{opened} of {visits}", opened == visits),
        Target(f"no door opens by accident in {least:,} packets", f"{accidents}", accidents == 0),
    ]
