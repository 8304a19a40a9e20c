"""The real nmap against the gate, from an address of its own; it shuffles the ports by itself."""

import subprocess
import time

from portward.attack.namespaces import missing
from portward.attack.place import Place
from portward.attack.sweeps import Bound, Fallen


NAME = "shuffled by nmap"
RATE = 20_000
"""Packets a second that nmap is asked for at least; it sends no packet more than twice."""


def scan(place: Place, bound: Bound) -> Fallen | None:
    """Let nmap scan every TCP and UDP port, again and again until the bound; None where nmap is not installed."""
    if missing("nmap"):
        return None
    place.load()
    before, start, rounds = place.arrived(), time.monotonic(), 0
    opened = 0
    while (left := start + bound.seconds - time.monotonic()) > 0 and not opened:
        rounds += scanned(place, left)
        opened = place.opened()
        if place.arrived() - before >= bound.packets:
            break
    seconds = time.monotonic() - start
    note = f"nmap -sS -sU of all ports, {rounds} whole scan{'' if rounds == 1 else 's'}"
    return Fallen(NAME, place.arrived() - before, seconds, opened, note=note)


def scanned(place: Place, seconds: float) -> bool:
    """Scan once; false if time was up before the end."""
    family = ["-6"] if place.goal.version == 6 else []
    ports = ["-sS", "-sU", "-p", "T:1-65535,U:1-65535"]
    pace = ["-T5", "--min-rate", str(RATE), "--max-retries", "1"]
    try:
        place.world.run("nmap", "-n", "-Pn", *family, *ports, *pace, str(place.goal), timeout=seconds)
    except subprocess.TimeoutExpired:
        return False
    return True
