"""What a stray packet costs: ours against a bare drop at the same hook and against one rule per knock.

Each ruleset stands in a gate of its own, loaded once. One pump after the other sends, in rounds; what counts is CPU
time, so other work on the machine disturbs little. A stray here comes from a source that has knocked nowhere, unless
its row says otherwise.
"""

import contextlib
import os
import statistics
from collections.abc import Iterator
from functools import partial

import attrs

from lab.bench_place import FORGERS_V4, FORGERS_V6, V4, V6, Site, sites
from lab.bench_pump import TCP, UDP, Batch, Pump, Sender, cost
from lab.bench_rules import (
    FIRST_STRAY,
    bare_drop,
    bare_drop_behind_tracking,
    drop_on_arrival,
    made_up_policy,
    one_rule_per_knock,
)
from lab.bench_table import Figure, Target, interleaved, ratio_of
from portward.compile.nft import compile_policy


TOPIC = "a stray packet, from the sender's call to the drop"

SCANNER = 7
"""The last 16 bits of the one source that is in mid-sequence."""


@attrs.frozen
class Contestant:
    """A ruleset and the packets that are sent into it.

    Attributes:
        name: unique; what the table calls it.
        text: for nft; loaded once.
        against: the name of its baseline; empty for a baseline.
        protocol: 6 or 17.
        version: 4 or 6.
        scanner: whether all packets come from one source, which is in mid-sequence.
        note: for the table.
    """

    name: str
    text: str
    against: str = ""
    protocol: int = TCP
    version: int = 4
    scanner: bool = False
    note: str = ""


BARE = "bare drop, new TCP"
BARE_V6 = "bare drop, new TCP, IPv6"
BARE_UDP = "bare drop behind conntrack, UDP"


def ours(sequences: int) -> str:
    """Name our row."""
    return f"portward, {sequences:,} sequence{'s' if sequences > 1 else ''}"


def contestants(*, quick: bool) -> Iterator[Contestant]:
    """List who takes part, baselines first."""
    texts = {
        count: compile_policy(made_up_policy(count)).text
        for count in ((1, 1000) if quick else (1, 100, 1000, 10000))
    }
    yield Contestant(
        "dropped on arrival, before the stack", drop_on_arrival(), BARE, note="what sending alone costs"
    )
    yield Contestant(BARE, bare_drop())
    for count, text in texts.items():
        yield Contestant(ours(count), text, BARE)
    scanner = f"add element inet portward midway_v4 {{ {FORGERS_V4 + SCANNER} timeout 1h }}\n"
    yield Contestant(
        f"{ours(1000)}, a scanner",
        texts[1000] + scanner,
        BARE,
        scanner=True,
        note="its first stray earns it a penalty",
    )
    for at_input in (False, True):
        for count in (1, 100) if quick else (1, 100, 1000):
            name = f"one rule per knock, {count:,} seq., {'at input' if at_input else 'same hook'}"
            note = "as the article has it: behind conntrack" if at_input else ""
            yield Contestant(
                name, one_rule_per_knock(made_up_policy(count), at_input=at_input), BARE, note=note
            )
    if not quick:
        yield Contestant(BARE_V6, bare_drop(), version=6)
        yield Contestant(f"{ours(1000)}, IPv6", texts[1000], BARE_V6, version=6)
    yield Contestant(BARE_UDP, bare_drop_behind_tracking(), protocol=UDP)
    for count in (1, 1000):
        yield Contestant(f"{ours(count)}, UDP", texts[count], BARE_UDP, protocol=UDP)


def strays(where: Site, who: Contestant) -> Pump:
    """Make the packets that nobody has asked for."""
    network, goal = (FORGERS_V4, V4) if who.version == 4 else (FORGERS_V6, V6)
    batch = Batch(where.road, network, goal, who.protocol)
    batch.random_ports(FIRST_STRAY)
    if who.scanner:
        batch.one_source(SCANNER)
    else:
        batch.random_sources()
    return Pump(where.wire, batch)


def measure(*, quick: bool) -> tuple[list[Figure], list[Target]]:
    """Load everything, send in rounds, take medians."""
    found = list(contestants(quick=quick))
    with sites(len(found)) as places, one_core():
        pumps = {}
        for place, who in zip(places, found, strict=True):
            place.gate.nft(who.text)
            pumps[who.name] = strays(place, who)
        span = 0.03 if quick else 0.12
        measures = {name: partial(cost, pump, packets_for(pump, span)) for name, pump in pumps.items()}
        values = interleaved(measures, 7 if quick else 15)
    return [figure(who, values) for who in found], targets(values)


@contextlib.contextmanager
def one_core() -> Iterator[None]:
    """Keep to the last core for a while."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def packets_for(pump: Sender, seconds: float) -> int:
    """How many packets take about that long, judged by a first thousand that also warms up."""
    pump.send(1000)
    return max(500, int(seconds * 1e9 / cost(pump, 500)))


def figure(who: Contestant, values: dict[str, list[float]]) -> Figure:
    """Make a contestant's row."""
    mine = values[who.name]
    ratio = ratio_of(mine, values[who.against]) if who.against else 1.0
    return Figure(TOPIC, who.name, statistics.median(mine), "ns", ratio, who.against, who.note)


def targets(values: dict[str, list[float]]) -> list[Target]:
    """Judge what the project promises of a stray's cost."""
    many = ratio_of(values[ours(1000)], values[ours(1)]) or 0.0
    bare = ratio_of(values[ours(1000)], values[BARE]) or 0.0
    return [
        Target("1,000 sequences cost a stray at most 1.1 x one sequence", f"x{many:.2f}", many <= 1.1),
        Target("a stray SYN's whole path costs at most 1.5 x a bare drop", f"x{bare:.2f}", bare <= 1.5),
    ]
