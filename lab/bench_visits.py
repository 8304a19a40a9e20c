"""Honest visitors: the article's knocks and then, without a pause, a real connection; do they get in?

A visit is made of ordinary sockets, each visitor with an address of its own. Only the first SYN counts: the patience
of a visit is shorter than the second that Linux waits before it sends a SYN again (RFC 6298, section 2.1).
"""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import attrs

from lab.bench_knockd import knockd
from lab.bench_place import V4, VISITORS, Site, sites, welcome_visitors
from lab.bench_rules import ARTICLE_KNOCKS, DOOR, article_policy, knockd_host, one_rule_per_knock
from lab.bench_table import Figure, Target, quotient, share
from portward.compile.nft import compile_policy


TOPIC = "knocks and the SYN right behind them, one visit after the other"

PORTWARD = "portward"
ARTICLE = "the article's rules"
KNOCKD = "knockd"

PATIENCE = 0.05
"""Seconds to wait for an answer on an idle machine; one that comes takes less than 1 ms."""


def visitor(number: int) -> str:
    """The address of a visitor, 0..65534."""
    return str(VISITORS + number + 1)


def knock(number: int) -> None:
    """Knock in order, from the network namespace of this thread; nobody waits for an answer."""
    for port in ARTICLE_KNOCKS:
        with socket.socket() as each:
            each.bind((visitor(number), 0))
            each.settimeout(0)
            each.connect_ex((str(V4), port))


def visit(number: int, patience: float = PATIENCE) -> bool:
    """Knock in order and connect at once; whether the door answered."""
    knock(number)
    return enter(number, patience)


def enter(number: int, patience: float = PATIENCE) -> bool:
    """Connect to the service without a knock; whether the door answered."""
    with socket.socket() as door:
        door.bind((visitor(number), 0))
        door.settimeout(patience)
        return door.connect_ex((str(V4), DOOR)) == 0


@contextlib.contextmanager
def open_service(where: Site) -> Iterator[socket.socket]:
    """Let a service listen behind the door; the kernel answers, nobody needs to accept."""
    with where.gate.socket(socket.AF_INET, socket.SOCK_STREAM) as service:
        service.bind(("0.0.0.0", DOOR))  # noqa: S104 - in a namespace of our own
        service.listen(65535)
        service.settimeout(0)
        yield service


def hang_up(service: socket.socket) -> None:
    """Take those who got in out of the queue of the listener."""
    with contextlib.suppress(BlockingIOError):
        while True:
            service.accept()[0].close()


def ruleset(who: str) -> str:
    """What each contestant loads."""
    if who == PORTWARD:
        return compile_policy(article_policy()).text
    if who == ARTICLE:
        return one_rule_per_knock(article_policy(), at_input=True)
    return knockd_host()


@contextlib.contextmanager
def guarded(who: str, where: Site) -> Iterator[Path | None]:
    """Put a contestant's guard up in a gate; gives knockd's log."""
    where.gate.nft(ruleset(who))
    if who != KNOCKD:
        yield None
        return
    with knockd(where.gate) as log:
        yield log


@attrs.frozen
class Visits:
    """How visits to a gate went.

    Attributes:
        count: of all.
        at_once: got in with the SYN right behind the last knock.
        later: got in with another SYN, sent when nobody had answered the first within `PATIENCE`.
    """

    count: int
    at_once: int
    later: int


def visits(who: str, count: int) -> Visits:
    """Make that many visits to a contestant's gate, one after the other."""
    at_once = later = 0
    with sites(1) as (where,):
        welcome_visitors(where)
        with open_service(where) as service, guarded(who, where), where.world.entered():
            for number in range(count):
                if visit(number):
                    at_once += 1
                else:
                    later += enter(number)
                hang_up(service)
    return Visits(count, at_once, later)


def measure(peers: list[str], *, quick: bool) -> tuple[list[Figure], list[Target]]:
    """Let everybody visit everybody's gate."""
    count = 200 if quick else 1000
    made = {who: visits(who, count) for who in (PORTWARD, *peers)}
    ours = made[PORTWARD]
    figures = [figure(who, found, ours) for who, found in made.items()]
    promise = f"{count:,} of {count:,} back-to-back visits get in"
    return figures, [Target(promise, f"{ours.at_once:,}", ours.at_once == count)]


def figure(who: str, found: Visits, ours: Visits) -> Figure:
    """Make a contestant's row."""
    note = f"{found.at_once:,} of {found.count:,}"
    if found.later:
        note += f"; {found.later:,} more {PATIENCE * 1000:.0f} ms later"
    ratio = 1.0 if who == PORTWARD else quotient(found.at_once, ours.at_once)
    against = "" if who == PORTWARD else PORTWARD
    return Figure(
        TOPIC, f"{who}, visits that get in", share(found.at_once, found.count), "%", ratio, against, note
    )
