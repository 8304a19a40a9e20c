"""Whose good knocks are honoured while junk pours onto the same port? Ours and fwknopd's, the same way.

Good knocks come evenly, each from a visitor of its own, who then tries the door: honoured is whose door is open within
a second. Junk comes from thousands of sources at a steady rate, or as fast as the machine sends.
"""

import random
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager

import attrs

from lab.bench_daemon import FWKNOP_PORT, PASS_PORT, PEOPLE, SEALED_PORT, serving
from lab.bench_datagrams import SOURCES, Rain, Volley, every_core, forged, packet
from lab.bench_fwknopd import fwknopd
from lab.bench_grants import doors, fwknop_packet, load_passes, sealed_knock
from lab.bench_junk import fwknop_junk, past_kernel, strangers
from lab.bench_place import V4, VISITORS, Site, sites, welcome_visitors
from lab.bench_pump import Backlog
from lab.bench_table import Figure, Target, quotient, share
from lab.bench_visits import enter, open_service, visitor


TOPIC = "good knocks honoured while junk comes to the same port"

SECOND = 1.0
"""How long a visitor waits for the door."""

GLANCE = 0.1
"""Seconds that a visitor waits for one SYN to be answered."""

RATES = (20_000, 100_000)
"""Packets of junk a second."""

SEALED = "portward, sealed knocks"
STRANGERS = "portward, sealed knocks, strangers' junk"
FWKNOP = "portward, fwknop's packets"
BY_PCAP = "fwknopd with libpcap"
BY_SOCKET = "fwknopd as a UDP server"
PASSES = "portward, passes"

PROMISED = 99.0
"""Percent that must be honoured at the highest of the rates."""


@attrs.frozen
class Contestant:
    """Who is visited.

    Attributes:
        port: of knocks.
        guarded: puts the guard up.
        knock: makes a good knock, for a visitor's number.
        junk: makes the worst that there is.
    """

    port: int
    guarded: Callable[[Site], AbstractContextManager[object]]
    knock: Callable[[int], bytes]
    junk: Callable[[], list[bytes]]


@attrs.frozen
class Honour:
    """How it went.

    Attributes:
        knocks: good ones.
        honoured: of them.
        rate: packets of junk a second, as it was.
        lost: packets that never reached any rule, because the kernel's queue in front of it was full.
    """

    knocks: int
    honoured: int
    rate: float
    lost: int = 0


def contestants(*, peer: bool) -> dict[str, Contestant]:
    """List who takes part."""

    def sealed(number: int) -> bytes:
        return sealed_knock(number % PEOPLE)

    def like_fwknop(number: int) -> bytes:
        return fwknop_packet(number)

    found = {
        SEALED: Contestant(SEALED_PORT, serving, sealed, past_kernel),
        STRANGERS: Contestant(SEALED_PORT, serving, sealed, strangers),
        FWKNOP: Contestant(FWKNOP_PORT, serving, like_fwknop, fwknop_junk),
    }
    if peer:
        for who, by_socket in ((BY_PCAP, False), (BY_SOCKET, True)):
            guarded = _guarded_by_peer(by_socket=by_socket)
            found[who] = Contestant(FWKNOP_PORT, guarded, like_fwknop, fwknop_junk)
    return found


def _guarded_by_peer(*, by_socket: bool) -> Callable[[Site], AbstractContextManager[object]]:
    return lambda where: fwknopd(where, by_socket=by_socket)


def under_junk(who: Contestant, rates: tuple[int, ...], knocks: int, seconds: float) -> dict[int, Honour]:
    """Visit a contestant's gate under each rate of junk."""
    with sites(1) as (where,):
        welcome_visitors(where)
        with open_service(where), who.guarded(where):
            volley = Volley(where, who.junk())
            found = {}
            for turn, rate in enumerate(rates):
                volley.sent = 0
                before = Backlog.now()
                numbers = range(turn * knocks, (turn + 1) * knocks)
                with Rain(volley, rate) as rain:
                    honoured = visits(where, who, numbers, seconds)
                found[rate] = Honour(knocks, honoured, rain.rate, Backlog.now().since(before))
            return found


def visits(where: Site, who: Contestant, numbers: range, seconds: float) -> int:
    """Make visits, spread evenly; gives how many were honoured."""
    begun = time.monotonic()

    def one(place: int) -> bool:
        with where.world.entered():
            time.sleep(max(0.0, begun + seconds * place / len(numbers) - time.monotonic()))
            return visit(who, numbers[place])

    with ThreadPoolExecutor(len(numbers)) as crowd:
        return sum(crowd.map(one, range(len(numbers))))


def visit(who: Contestant, number: int, patience: float = SECOND) -> bool:
    """Knock, and try the door until it opens or patience is at its end."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.bind((visitor(number), 0))
        out.sendto(who.knock(number), (str(V4), who.port))
    end = time.monotonic() + patience
    while (left := end - time.monotonic()) > 0:
        if enter(number, min(GLANCE, left)):
            return True
        time.sleep(0.01)
    return False


def passes_under_junk(*, quick: bool) -> Honour:
    """Use passes up among junk that every core sends as fast as it can; no daemon runs."""
    with sites(1) as (where,):
        good = load_passes(where)
        mixed = [packet(VISITORS + 1 + number, PASS_PORT, each) for number, each in enumerate(good)]
        chance = random.Random(1)  # noqa: S311 - a seed makes two runs alike
        junk = forged(PASS_PORT, (chance.randbytes(16) for _ in range(SOURCES * (1 if quick else 4))))
        whole = [*mixed, *junk]
        chance.shuffle(whole)
        before = Backlog.now()
        first, *others = Volley(where, whole), Volley(where, junk)
        with every_core([first, *others]) as rains:
            while first.sent < first.size:
                time.sleep(0.001)
        honoured = doors(where)
        return Honour(len(good), honoured, sum(each.rate for each in rains), Backlog.now().since(before))


def measure(*, peer: bool, quick: bool) -> tuple[list[Figure], list[Target]]:
    """Visit everybody's gate."""
    knocks, seconds = (10, 1.0) if quick else (50, 6.0)
    figures: list[Figure] = []
    ours: list[Honour] = []
    baseline: dict[int, Honour] = {}
    for who, each in contestants(peer=peer).items():
        rates = RATES[-1:] if who == STRANGERS else RATES
        found = under_junk(each, rates, knocks, seconds)
        baseline = baseline or found
        figures += rows(who, found, baseline)
        if who in {SEALED, STRANGERS}:
            ours.append(found[RATES[-1]])
    passes = passes_under_junk(quick=quick)
    return [*figures, pass_row(passes)], targets(ours, passes)


def rows(who: str, found: dict[int, Honour], baseline: dict[int, Honour]) -> Iterator[Figure]:
    """Make a contestant's rows, one for each rate."""
    for rate, each in found.items():
        good = share(each.honoured, each.knocks)
        base = baseline[rate]
        against = "" if each is base else SEALED
        ratio = quotient(good, share(base.honoured, base.knocks)) if against else 1.0
        yield Figure(TOPIC, f"{who}, {rate:,} a second", good, "%", ratio, against, note_of(each))


def note_of(found: Honour) -> str:
    """Tell what the share is of."""
    lost = f"; {found.lost:,} packets lost before any rule" if found.lost else ""
    return f"{found.honoured:,} of {found.knocks:,}, junk at {found.rate:,.0f} a second{lost}"


def pass_row(found: Honour) -> Figure:
    """Make the row of passes."""
    good = share(found.honoured, found.knocks)
    return Figure(TOPIC, f"{PASSES}, as fast as all cores send", good, "%", note=note_of(found))


def targets(ours: list[Honour], passes: Honour) -> list[Target]:
    """Judge what the project promises."""
    least = min(share(each.honoured, each.knocks) for each in ours)
    rate = min(each.rate for each in ours)
    used = f"{passes.honoured:,} of {passes.knocks:,} at {passes.rate:,.0f}"
    return [
        Target(
            f"at least 99 % of sealed knocks honoured at {RATES[-1]:,} packets of junk a second",
            f"{least:.0f} % at {rate:,.0f}",
            least >= PROMISED and rate >= 0.95 * RATES[-1],
        ),
        Target("100 % of passes honoured at the highest rate", used, passes.honoured == passes.knocks),
    ]
