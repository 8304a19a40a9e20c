"""How many good knocks a second are served: from the datagram to the grant in the kernel's set.

Knocks of many people wait in the socket; from the first one on it takes so long until the last door is open. Passes the
kernel serves alone: theirs is the cost of a packet.
"""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path

import attrs

from lab.bench_daemon import (
    FWKNOP_PORT,
    PASS_PORT,
    PEOPLE,
    SEALED_PORT,
    Daemon,
    keys,
    per_second,
    policy,
    ruleset,
    serving,
)
from lab.bench_datagrams import Rain, Volley, packet
from lab.bench_flood import members
from lab.bench_packets import one_core
from lab.bench_place import VISITORS, Site, sites
from lab.bench_pump import cost
from lab.bench_rules import DOOR
from lab.bench_table import Figure, Target, quotient
from portward.daemon.elements import spell_loads, spell_windows
from portward.policy.net import Protocol
from portward.spa.ahead import Past, due
from portward.spa.crypto import new_private
from portward.spa.fwknop_fields import Message
from portward.spa.fwknop_packet import write_packet
from portward.spa.fwknop_request import Kind
from portward.spa.request import Request
from portward.spa.sealed import seal_knock
from portward.spa.windows import window_at


TOPIC = "good knocks served"

SEALED = "sealed knocks of 200 people"
FWKNOP = "fwknop's packets of one person"
PASSES = "passes, by the kernel alone"

ARRIVAL = 20_000.0
"""Packets a second: faster than they are served, so that some always wait."""

PATIENCE = 60.0
"""Seconds until the last door must be open."""

LEAST = 1000
"""Grants a second that are promised."""


@attrs.frozen
class Served:
    """What became of good knocks.

    Attributes:
        sent: knocks.
        opened: doors.
        seconds: from the first knock to the last door.
    """

    sent: int
    opened: int
    seconds: float

    @property
    def rate(self) -> float:
        """Doors a second."""
        return per_second(self.opened, self.seconds)


def sealed_knock(person: int) -> bytes:
    """A person's sealed knock of now."""
    known = keys()
    return seal_knock(
        known.server.public, known.people[person], b"", new_private(), Request(), time.time_ns()
    )


def fwknop_packet(number: int) -> bytes:
    """A packet of fwknop's of now, which opens for a visitor."""
    visitor = IPv4Address(int(VISITORS) + 1 + number)
    message = Message(int(time.time()), "visitor", Kind.ACCESS, visitor, ((Protocol.TCP, DOOR),))
    chance = f"{int.from_bytes(os.urandom(6), 'big'):016}"
    return write_packet(keys().fwknop, message, salt=os.urandom(8), number=chance)


def sealed_knocks(visitors: range) -> list[bytes]:
    """Sealed knocks of all people in turn, each for another visitor."""
    return [packet(VISITORS + 1 + number, SEALED_PORT, sealed_knock(number % PEOPLE)) for number in visitors]


def fwknop_packets(visitors: range) -> list[bytes]:
    """Packets of fwknop's, each for another visitor."""
    return [packet(VISITORS + 1 + number, FWKNOP_PORT, fwknop_packet(number)) for number in visitors]


def served(where: Site, daemon: Daemon, packets: list[bytes]) -> Served:
    """Send good knocks and wait for the doors; the daemon says each, and the kernel is asked at the end."""
    before = doors(where)
    said = daemon.log.stat().st_size
    begun = last = time.monotonic()
    with Rain(Volley(where, packets), ARRIVAL, len(packets)):
        for _ in until_all(daemon.log, said, len(packets)):
            last = time.monotonic()
    return Served(len(packets), doors(where) - before, last - begun)


def doors(where: Site) -> int:
    """For how many visitors the door is open."""
    return len(members(where.gate, "portward", "grant_ssh_v4"))


def until_all(log: Path, at: int, wanted: int) -> Iterator[int]:
    """Wait until the daemon has said behind a place of its log that so many doors are open; gives each new number."""
    end = time.monotonic() + PATIENCE
    opened = 0
    with log.open() as said:
        said.seek(at)
        while opened < wanted and time.monotonic() < end:
            if more := said.read().count(" open for "):
                opened += more
                yield opened
            time.sleep(0.005)


def by_packets(where: Site, daemon: Daemon, count: int) -> dict[str, Served]:
    """Send good knocks of both kinds."""
    return {
        SEALED: served(where, daemon, sealed_knocks(range(count))),
        FWKNOP: served(where, daemon, fwknop_packets(range(count, 2 * count))),
    }


def load_passes(where: Site) -> list[bytes]:
    """Load passes as the daemon does, with no daemon; gives those of the window that counts now."""
    now = datetime.now(UTC)
    length = policy().ways.windows.length
    window = window_at(now, length)
    where.gate.nft(ruleset())
    where.gate.nft("\n".join(spell_windows(range(window - 1, window + 2), length, now)) + "\n")
    loads = [
        each
        for each in due(policy(), keys().tokens, keys().server.public, Past(), now)
        if each.window == window
    ]
    where.gate.nft("\n".join(spell_loads(loads, now)) + "\n")
    return [each for load in loads for each in load.passes]


def passes() -> float:
    """Nanoseconds of CPU time of a pass that opens, sending included."""
    with sites(1) as (where,), one_core():
        good = load_passes(where)
        volley = Volley(where, [packet(VISITORS + 1 + at, PASS_PORT, each) for at, each in enumerate(good)])
        found = cost(volley, len(good))
        opened = doors(where)
    if opened != len(good):
        msg = f"{opened} of {len(good)} passes opened"
        raise RuntimeError(msg)
    return found


def measure(*, quick: bool) -> tuple[list[Figure], list[Target]]:
    """Serve good knocks of each kind."""
    count = 1000 if quick else 4000
    with sites(1) as (where,), serving(where) as daemon:
        found = by_packets(where, daemon, count)
    return [*rows(found), pass_row(passes(), found[SEALED])], targets(found)


def rows(found: dict[str, Served]) -> Iterator[Figure]:
    """Make the daemon's rows."""
    for who, each in found.items():
        base = who == SEALED
        ratio = 1.0 if base else quotient(each.rate, found[SEALED].rate)
        note = f"a second; {each.opened:,} of {each.sent:,} in {each.seconds:.2f} s"
        yield Figure(TOPIC, who, round(each.rate), "doors", ratio, "" if base else SEALED, note)


def pass_row(nanoseconds: float, sealed: Served) -> Figure:
    """Make the kernel's row."""
    rate = per_second(1e9, nanoseconds)
    note = f"a second on one core: {nanoseconds:,.0f} ns each, sending included"
    return Figure(TOPIC, PASSES, round(rate), "doors", quotient(rate, sealed.rate), SEALED, note)


def targets(found: dict[str, Served]) -> list[Target]:
    """Judge what the project promises of grants."""
    return [
        Target(
            f"{LEAST:,} grants a second hold: {who}",
            f"{each.rate:,.0f}, {each.opened:,} of {each.sent:,} opened",
            each.rate >= LEAST and each.opened == each.sent,
        )
        for who, each in found.items()
    ]
