"""The figures, all taken in one run: portward against a bare drop, the article's rules, knockd and fwknopd.

    python -m lab.bench [--quick] [--keys] [--json]

Needs root and nft; without knockd or fwknopd its rows are left out, and a fact says so. Everything happens in network
namespaces of its own, which are gone at the end, also when it is interrupted or takes longer than it may. docs/speed.md
says what is measured and how.
"""

import argparse
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from lab import (
    bench_flood,
    bench_grants,
    bench_honour,
    bench_junk,
    bench_load,
    bench_memory,
    bench_packets,
    bench_visits,
)
from lab.bench_table import Figure, Report, Target, as_object, lay_out
from lab.namespaces import missing
from portward import __version__


LONGEST = 600
"""Seconds after which the bench gives up."""

FWKNOPD = ("fwknopd", "iptables")
"""What the peer with one packet needs."""

Found = tuple[list[Figure], list[Target]]
Topics = dict[str, Callable[[], Found]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bench; 0 if all was measured, whatever was found; 2 if this machine cannot, 1 if it took too long."""
    parser = argparse.ArgumentParser(prog="python -m lab.bench", description="Print one table of figures.")
    parser.add_argument(
        "--quick", action="store_true", help="fewer rounds and packets: much shorter, less exact"
    )
    parser.add_argument("--keys", action="store_true", help="only what concerns people's keys")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    options = parser.parse_args(arguments)
    if lacking := obstacle():
        print(f"lab.bench: {lacking}", file=sys.stderr)
        return 2
    end_in_order()
    try:
        report = measure(quick=options.quick, keys=options.keys)
    except TimeoutError:
        print(f"lab.bench: not done after {LONGEST} s", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(json.dumps(as_object(report), indent=2) if options.json else lay_out(report))
    return 0


def obstacle() -> str:
    """Say why the bench cannot run here; empty if it can."""
    if lacking := missing("ip", "nft", "sysctl"):
        return f"needs {', '.join(lacking)}"
    return "" if os.geteuid() == 0 else "needs root, for network namespaces"


def end_in_order() -> None:
    """Turn signals and the end of our time into exceptions, once, so that every namespace is removed."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, interrupt)
    signal.alarm(LONGEST)


def interrupt(number: int, _: FrameType | None) -> None:
    """Stop whatever is going on; a second signal does not disturb the tidying up."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(each, signal.SIG_IGN)
    if number == signal.SIGALRM:
        raise TimeoutError
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit(128 + number)


def measure(*, quick: bool, keys: bool = False) -> Report:
    """Take all figures, or those of keys alone, topic by topic, and tell the person on stderr where we are."""
    topics = topics_of_keys(quick=quick) if keys else all_topics(quick=quick)
    known = facts(quick=quick)
    figures: list[Figure] = []
    targets: list[Target] = []
    begun = time.monotonic()
    for topic, work in topics.items():
        print(f"{time.monotonic() - begun:4.0f} s  {topic} …", file=sys.stderr, flush=True)
        more, judged = work()
        figures += more
        targets += judged
    known["time taken"] = f"{time.monotonic() - begun:.0f} s"
    return Report(known, figures, targets)


def all_topics(*, quick: bool) -> Topics:
    """What is measured, in the order of the table."""
    peers = [bench_visits.ARTICLE]
    if not missing("knockd"):
        peers.append(bench_visits.KNOCKD)
    return {
        bench_packets.TOPIC: lambda: bench_packets.measure(quick=quick),
        bench_visits.TOPIC: lambda: bench_visits.measure(peers, quick=quick),
        bench_flood.TOPIC: lambda: bench_flood.measure(peers, quick=quick),
        **topics_of_keys(quick=quick),
        bench_load.TOPIC: lambda: bench_load.measure(quick=quick),
        bench_memory.TOPIC: lambda: (bench_memory.measure(quick=quick), []),
        bench_load.TOPIC_START: lambda: bench_load.measure_commands(quick=quick),
    }


def topics_of_keys(*, quick: bool) -> Topics:
    """What is measured of people's keys."""
    peer = not missing(*FWKNOPD)
    return {
        bench_junk.TOPIC: lambda: (bench_junk.measure(peer=peer, quick=quick), []),
        bench_grants.TOPIC: lambda: bench_grants.measure(quick=quick),
        bench_honour.TOPIC: lambda: bench_honour.measure(peer=peer, quick=quick),
    }


def facts(*, quick: bool) -> dict[str, str]:
    """What the reader must know to compare these figures with others."""
    return {
        "taken": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC") + (", --quick" if quick else ""),
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processor": f"{os.cpu_count()} cores, {processor()}",
        "load before": "{:.2f} {:.2f} {:.2f}".format(*os.getloadavg()),
        "Python": platform.python_version(),
        "nft": said_by("nft", "--version"),
        "knockd": "missing: its rows are left out" if missing("knockd") else said_by("knockd", "-V"),
        "fwknopd": "missing: its rows are left out" if missing(*FWKNOPD) else said_by("fwknopd", "-V"),
        "portward": __version__,
    }


def processor() -> str:
    """The processor's name, from /proc/cpuinfo."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown"
    )


def said_by(program: str, option: str) -> str:
    """The first line of what a program says about its version."""
    path = shutil.which(program) or f"/usr/sbin/{program}"
    said = subprocess.run([path, option], check=False, capture_output=True, text=True)
    return (said.stdout + said.stderr).strip().splitlines()[0]


if __name__ == "__main__":
    sys.exit(main())
