"""What a packet costs that the pump sends, and what was lost on the way.

The pump itself is what `portward attack` sends with. A veth pair hands each frame to the receiving stack within the
sender's own system call, so the CPU time of the sender is the whole path of the packet: sending, cable, receiving,
rules.
"""

import functools
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import attrs

from portward.attack.pump import ETHERNET, TCP, UDP, Batch, Pump


__all__ = [
    "ETHERNET",
    "TCP",
    "UDP",
    "Backlog",
    "Batch",
    "Pump",
    "Sender",
    "cost",
    "cpu_time",
    "find_thread",
    "softirq_thread",
]


class Sender(Protocol):
    """What sends frames that are ready."""

    def send(self, count: int) -> None:
        """Send that many."""


def cost(pump: Sender, count: int) -> float:
    """Send that many frames and give the CPU time of each in nanoseconds, wherever the kernel spent it."""
    softirq = softirq_thread(min(os.sched_getaffinity(0)))
    before = time.thread_time_ns() + cpu_time(softirq)
    pump.send(count)
    return (time.thread_time_ns() + cpu_time(softirq) - before) / count


@functools.cache
def softirq_thread(core: int) -> int | None:
    """Find the process number of the kernel's thread that takes over a core's packets when they get too many."""
    return find_thread(f"ksoftirqd/{core}", Path("/proc").glob("[0-9]*/comm"))


def find_thread(name: str, places: Iterable[Path]) -> int | None:
    """Find a process by its name; those that end meanwhile are passed over."""
    for place in places:
        try:
            if place.read_text().strip() == name:
                return int(place.parent.name)
        except OSError:
            continue
    return None


def cpu_time(process: int | None) -> int:
    """Nanoseconds that a process has run (Documentation/scheduler/sched-stats.rst); 0 where nobody counts them."""
    try:
        return int(Path(f"/proc/{process}/schedstat").read_text().split()[0])
    except (OSError, IndexError):
        return 0


@attrs.frozen
class Backlog:
    """Packets that the kernel threw away between cable and stack, before any rule (softnet_stat, column 2)."""

    dropped: int

    @staticmethod
    def now() -> "Backlog":
        """Read the sum over all cores."""
        lines = Path("/proc/net/softnet_stat").read_text().splitlines()
        return Backlog(sum(int(line.split()[1], 16) for line in lines))

    def since(self, earlier: "Backlog") -> int:
        """How many since then."""
        return self.dropped - earlier.dropped
