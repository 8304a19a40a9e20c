"""What a million sources in the sets cost: kernel memory, and time at the next packet.

The sets are filled as an attacker would fill them: with spoofed first knocks, at full speed. What they take is the
growth of SUnreclaim and VmallocUsed in /proc/meminfo (Documentation/filesystems/proc.rst), which hold the elements and
the hash table's buckets; other work on the machine moves these by a few MB only.
"""

import statistics
import time
from functools import partial
from pathlib import Path

from lab.bench_packets import one_core
from lab.bench_place import FORGERS_V4, V4, Site, sites, welcome_visitors
from lab.bench_pump import TCP, Backlog, Batch, Pump, cost
from lab.bench_rules import ARTICLE_KNOCKS, FIRST_STRAY, article_policy, one_rule_per_knock
from lab.bench_table import Figure, interleaved, quotient, ratio_of
from lab.bench_visits import open_service, visit
from portward.compile.nft import compile_policy
from portward.policy.policy import Sizes


TOPIC = "memory of full sets"

NETWORK = 65536
"""Sources in one batch."""

STRANGERS = FORGERS_V4 + 64 * NETWORK
"""A network that knocks nowhere."""


def kernel_memory() -> int:
    """Bytes that the kernel holds for itself."""
    fields = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
    return sum(int(fields[name].split()[0]) * 1024 for name in ("SUnreclaim", "VmallocUsed"))


def settled_memory(patience: float = 5.0) -> int:
    """Wait until the kernel's own memory stands still: hash tables grow in the background."""
    end = time.monotonic() + patience
    last = kernel_memory()
    while time.monotonic() < end:
        time.sleep(0.5)
        now = kernel_memory()
        if abs(now - last) < 1 << 20:
            return now
        last = now
    return last


def fill(where: Site, sources: int) -> int:
    """Send a first knock from each of that many sources; gives how many never reached the rules."""
    before = Backlog.now()
    for number in range(sources // NETWORK):
        batch = Batch(where.road, FORGERS_V4 + number * NETWORK, V4, TCP, NETWORK)
        batch.one_port(ARTICLE_KNOCKS[0])
        batch.every_source()
        Pump(where.wire, batch).send(NETWORK)
    return Backlog.now().since(before)


def strangers(where: Site) -> Pump:
    """Make strays from sources that are in no set."""
    batch = Batch(where.road, STRANGERS, V4, TCP)
    batch.random_ports(FIRST_STRAY)
    batch.random_sources()
    return Pump(where.wire, batch)


def grown(text: str, sources: int) -> tuple[float, int]:
    """Load a ruleset, fill it, and give the megabytes that it grew by, and the packets lost on the way."""
    with sites(1) as (where,):
        before = settled_memory()
        where.gate.nft(text)
        lost = fill(where, sources)
        return (settled_memory() - before) / 1e6, lost


def measure(*, quick: bool) -> list[Figure]:
    """Fill the article's one list, then our sets; and see what a stray costs beside full sets and beside empty ones."""
    sources = 2**17 if quick else 2**20
    article = one_rule_per_knock(article_policy(), at_input=False).replace("size 4096", f"size {sources}")
    portward = compile_policy(article_policy(Sizes(stages=sources))).text
    with one_core():
        base, _ = grown(article, sources)
        with sites(2) as (full, empty):
            welcome_visitors(full)
            empty.gate.nft(portward)
            before = settled_memory()
            full.gate.nft(portward)
            lost = fill(full, sources)
            ours = (settled_memory() - before) / 1e6
            with open_service(full), full.world.entered():
                refused = not visit(0)
            pumps = {"empty": strangers(empty), "full": strangers(full)}
            costs = interleaved({name: partial(cost, pump, 50_000) for name, pump in pumps.items()}, 9)
    return [*memory_rows(sources, base, ours, lost, refused=refused), *cost_rows(costs)]


def memory_rows(sources: int, base: float, ours: float, lost: int, *, refused: bool) -> list[Figure]:
    """Make the rows of memory, in megabytes; they say whether the sets were really full."""
    fullness = "full: one more visitor is refused" if refused else "NOT full: one more visitor got in"
    lost_too = f"; {lost:,} packets lost before any rule" if lost else ""
    note = f"{ours * 1e6 / sources:.0f} bytes each{lost_too}; {fullness}"
    return [
        Figure(
            TOPIC,
            f"one address list, {sources:,} sources",
            base,
            "MB",
            note=f"{base * 1e6 / sources:.0f} bytes each",
        ),
        Figure(TOPIC, f"portward, {sources:,} sources", ours, "MB", quotient(ours, base), "one list", note),
    ]


def cost_rows(costs: dict[str, list[float]]) -> list[Figure]:
    """Make the rows of a stray's cost."""
    empty, full = costs["empty"], costs["full"]
    name = "portward, a stray SYN, sets"
    return [
        Figure(TOPIC, f"{name} empty", statistics.median(empty), "ns"),
        Figure(TOPIC, f"{name} full", statistics.median(full), "ns", ratio_of(full, empty), "sets empty"),
    ]
