"""`portward attack`: what sweeps, scans and replays get out of a policy, and what honest visitors lose by bad weather.

All of it happens in network namespaces of this run's own; no packet leaves the machine.
"""

import argparse
import contextlib
import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from portward.cli.environment import Environment
from portward.cli.exit import ExitStatus
from portward.cli.outcome import Outcome
from portward.cli.policy import read_checked
from portward.errors import UsageError
from portward.policy.policy import Policy, Sequence


if TYPE_CHECKING:
    from portward.attack.place import Place
    from portward.attack.sweeps import Bound, Fallen
    from portward.attack.visitors import Welcome

MOST_VISITS = 5000
"""In each weather: their threads and addresses have to suffice for seven weathers."""


def run(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Attack a policy; a door that a sweep opens is a finding.

    Raises:
        PolicyError: the policy has mistakes.
        UsageError: nothing to attack, or a number that makes no sense.
        HostError: not root, or a program is missing.
    """
    packets = whole(options.packets, "--packets", 1, 10**9)
    seconds = whole(options.seconds, "--seconds", 1, 86400)
    visits = whole(options.visits, "--visits", 0, MOST_VISITS)
    loaded = read_checked(options.policy, environment)
    sequence = chosen(loaded.policy, options.sequence)
    from portward.attack.place import place  # noqa: PLC0415 - ctypes and sockets, which nothing else needs
    from portward.attack.sweeps import Bound  # noqa: PLC0415 - the same

    with ended_cleanly(), place(loaded.policy, 6 if options.v6 else 4) as here:
        fallen = list(attacks(here, sequence, Bound(packets, seconds), environment))
        welcomes = visited(here, sequence, visits, environment) if visits else []
    opened = any(each.opened and not each.by_design for each in fallen)
    return Outcome(
        text="\n\n".join(filter(None, [attack_table(fallen), welcome_table(welcomes), verdict(fallen)])),
        result=as_result(sequence, fallen, welcomes),
        status=ExitStatus.FINDINGS if opened else ExitStatus.OK,
    )


def whole(text: str, option: str, low: int, high: int) -> int:
    """Read a whole number, thousands apart by commas or not.

    Raises:
        UsageError: anything else.
    """
    digits = text.replace(",", "").replace("_", "")
    if not (digits.isascii() and digits.isdigit() and low <= int(digits) <= high):
        raise UsageError(f"{option} is a whole number from {low:,} to {high:,}, not {text!r}")
    return int(digits)


def chosen(policy: Policy, name: str | None) -> Sequence:
    """The sequence that replays and honest visitors use: the one named, or the first.

    Raises:
        UsageError: there is none.
    """
    if not policy.sequences:
        raise UsageError("the policy has no sequence, so there is nothing to attack")
    if name is None:
        return policy.sequences[0]
    for each in policy.sequences:
        if each.name == name:
            return each
    raise UsageError(
        f"there is no sequence {name!r}; there are {', '.join(one.name for one in policy.sequences)}"
    )


@contextlib.contextmanager
def ended_cleanly() -> Iterator[None]:
    """Let a request to end do what Ctrl-C does, so that nothing is left behind."""
    earlier = {
        each: signal.signal(each, signal.default_int_handler) for each in (signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for each, handler in earlier.items():
            signal.signal(each, handler)


def attacks(
    here: "Place", sequence: Sequence, bound: "Bound", environment: Environment
) -> "Iterator[Fallen]":
    """Run every attack, one after the other, and say so."""
    from portward.attack import replays, scanner, sweeps  # noqa: PLC0415 - as above

    for sweep in sweeps.SWEEPS:
        environment.talk(f"{sweep.name}: {sweep.about}")
        yield sweeps.run(here, sweep, bound)
    environment.talk(f"{scanner.NAME} …")
    if scanned := scanner.scan(here, bound):
        yield scanned
    else:
        environment.talk("nmap is not installed; its scan is left out")
    environment.talk(f"replays of {sequence.name} …")
    yield from replays.replays(here, sequence, bound)


def visited(here: "Place", sequence: Sequence, visits: int, environment: Environment) -> "list[Welcome]":
    """Let honest visitors come."""
    from portward.attack import visitors, weather  # noqa: PLC0415 - as above

    longest = visitors.how_long(here.policy, sequence).timeout.total_seconds() + visitors.ARRIVALS
    environment.talk(f"honest visitors: {visits} in each weather, {longest:.0f} seconds at most …")
    return visitors.welcome(here, sequence, visits, weather.WEATHERS)


def attack_table(fallen: "list[Fallen]") -> str:
    """Lay out the attacks."""
    rows: list[tuple[str, ...]] = [("attack", "packets", "seconds", "a door opened", "")]
    for each in fallen:
        answer = "no" if not each.opened else "yes, by design" if each.by_design else "YES"
        rows.append((each.name, f"{each.packets:,}", f"{each.seconds:.1f}", answer, each.note))
    return laid_out(rows, "<>><<")


def welcome_table(welcomes: "list[Welcome]") -> str:
    """Lay out what became of the honest visitors."""
    if not welcomes:
        return ""
    rows: list[tuple[str, ...]] = [
        ("honest visitors", "visits", "in at the first try", "with a second", "the slowest took")
    ]
    for each in welcomes:
        shares = (f"{100 * part / each.visits:.1f} %" for part in (each.at_once, each.entered))
        rows.append((each.name, f"{each.visits:,}", *shares, f"{each.seconds:.1f} s"))
    return laid_out(rows, "<>>>>")


def laid_out(rows: list[tuple[str, ...]], sides: str) -> str:
    """Align the columns: `<` to the left, `>` to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(f"{cell:{side}{width}}" for cell, side, width in zip(row, sides, widths, strict=True))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def verdict(fallen: "list[Fallen]") -> str:
    """Say in one line what to think of it."""
    broken = [each.name for each in fallen if each.opened and not each.by_design]
    if broken:
        return f"a door was opened by: {', '.join(broken)}; portward check says what to change"
    packets = sum(each.packets for each in fallen)
    return f"no door opened to anybody who does not know the sequence, in {packets:,} packets"


def as_result(sequence: Sequence, fallen: "list[Fallen]", welcomes: "list[Welcome]") -> dict[str, Any]:
    """Make the object for `--json`."""
    return {
        "sequence": sequence.name,
        "attacks": [
            {
                "name": each.name,
                "packets": each.packets,
                "seconds": round(each.seconds, 3),
                "opened": bool(each.opened),
                "by_design": each.by_design,
                "note": each.note,
            }
            for each in fallen
        ],
        "visitors": [
            {
                "weather": each.name,
                "visits": each.visits,
                "at_once": each.at_once,
                "entered": each.entered,
                "slowest_seconds": round(each.seconds, 3),
            }
            for each in welcomes
        ],
    }
