"""How much junk is refused, by the kernel and by each daemon, when it comes as fast as a core sends.

The daemon that reads has one core and the sender another, so every figure is for one core: packets that the daemon took
and refused, by the CPU seconds that it used.
"""

import os
import statistics
import time
from collections.abc import Iterator
from functools import partial

import attrs

from lab.bench_daemon import FWKNOP_PORT, SEALED_PORT, Daemon, keys, per_second, ruleset, serving
from lab.bench_datagrams import SOURCES, Rain, Volley, forged, like_fwknop, stranger, with_word
from lab.bench_fwknopd import fwknopd, refused
from lab.bench_packets import one_core, packets_for
from lab.bench_place import Site, sites
from lab.bench_pump import cost
from lab.bench_rules import BEFORE_TRACKING, base_chain
from lab.bench_table import Figure, interleaved, quotient, ratio_of


TOPIC = "junk refused"

BARE = "bare drop before conntrack, UDP"
SEALED = "portward's reader, right length and word, wrong tag"
FWKNOP = "portward's reader, like fwknop's packets"
BY_SOCKET = "fwknopd as a UDP server, the same"
BY_PCAP = "fwknopd with libpcap, the same"


@attrs.frozen
class Refused:
    """What a daemon did with junk.

    Attributes:
        sent: packets.
        rate: of them, a second.
        count: that the daemon took and refused.
        cpu: seconds that it used.
    """

    sent: int
    rate: float
    count: int
    cpu: float

    @property
    def by_cpu(self) -> float:
        """Refused per second of one core."""
        return per_second(self.count, self.cpu)


def bare_drop() -> str:
    """The least that could drop a datagram where portward first looks at it."""
    return base_chain("bare", BEFORE_TRACKING, ["meta l4proto udp drop"])


def strangers() -> list[bytes]:
    """Junk that the kernel tells from knocks."""
    return forged(SEALED_PORT, (stranger() for _ in range(SOURCES)))


def past_kernel() -> list[bytes]:
    """Junk that only the reader tells from knocks."""
    word = keys().word
    return forged(SEALED_PORT, (with_word(word) for _ in range(SOURCES)))


def fwknop_junk() -> list[bytes]:
    """Junk for fwknop's port."""
    return forged(FWKNOP_PORT, (like_fwknop() for _ in range(SOURCES)))


def in_kernel(*, quick: bool) -> list[Figure]:
    """What a stranger's datagram costs until the kernel drops it, beside a bare drop."""
    name = "a stranger's datagram of the right length"
    with sites(2) as places, one_core():
        pumps = {}
        for place, who, text in zip(places, (BARE, name), (bare_drop(), ruleset()), strict=True):
            place.gate.nft(text)
            pumps[who] = Volley(place, strangers())
        span = 0.03 if quick else 0.12
        measures = {who: partial(cost, each, packets_for(each, span)) for who, each in pumps.items()}
        values = interleaved(measures, 7 if quick else 15)
    base, mine = values[BARE], values[name]
    cores = f"{1e9 / statistics.median(mine):,.0f} a second, sending included"
    return [
        Figure(TOPIC, BARE, statistics.median(base), "ns"),
        Figure(TOPIC, name, statistics.median(mine), "ns", ratio_of(mine, base), BARE, cores),
    ]


def saturated(where: Site, daemon: Daemon, packets: list[bytes], seconds: float) -> Refused:
    """Send junk to a daemon as fast as one core does, while the daemon has another one."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(daemon.process, {cores[-1]})
    before, used = daemon.consumed(), daemon.cpu()
    with Rain(Volley(where, packets), core=cores[0]) as rain:
        time.sleep(seconds)
    daemon.settle()
    return Refused(rain.volley.sent, rain.rate, daemon.consumed() - before, daemon.cpu() - used)


def sniffed(where: Site, daemon: Daemon, packets: list[bytes], seconds: float) -> Refused:
    """The same for fwknopd with libpcap: nobody counts what it takes but its own log."""
    found = saturated(where, daemon, packets, seconds)
    return attrs.evolve(found, count=refused(daemon.log))


def by_reader(seconds: float) -> dict[str, Refused]:
    """Send junk of both kinds to our reader."""
    with sites(1) as (where,), serving(where) as daemon:
        kinds = {SEALED: (SEALED_PORT, past_kernel()), FWKNOP: (FWKNOP_PORT, fwknop_junk())}
        return {
            who: saturated(where, daemon.at(port), packets, seconds) for who, (port, packets) in kinds.items()
        }


def by_fwknopd(seconds: float, *, by_socket: bool) -> Refused:
    """Send junk to fwknopd."""
    with sites(1) as (where,), fwknopd(where, by_socket=by_socket) as daemon:
        return (saturated if by_socket else sniffed)(where, daemon, fwknop_junk(), seconds)


def measure(*, peer: bool, quick: bool) -> list[Figure]:
    """Send junk to everybody."""
    seconds = 1.0 if quick else 3.0
    found = by_reader(seconds)
    if peer:
        found[BY_SOCKET] = by_fwknopd(seconds, by_socket=True)
        found[BY_PCAP] = by_fwknopd(seconds, by_socket=False)
    return [*in_kernel(quick=quick), *rows(found)]


def rows(found: dict[str, Refused]) -> Iterator[Figure]:
    """Make the daemons' rows; ours for fwknop's packets is what fwknopd is compared with."""
    for who, each in found.items():
        base = who in {SEALED, FWKNOP}
        ratio = 1.0 if base else quotient(each.by_cpu, found[FWKNOP].by_cpu)
        note = f"a CPU second; took {each.count:,} of {each.sent:,}, sent at {each.rate:,.0f} a second"
        yield Figure(TOPIC, who, round(each.by_cpu), "refused", ratio, "" if base else FWKNOP, note)
