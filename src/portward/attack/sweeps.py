"""Sweeps: whoever does not know the sequence and sends everything, in every order, from one source or from many.

A sweep ends when a door opens, when enough packets are sent, or when its time is up. Which packets, in which order, is
what `portward check` computes with (`simulate.sweep`); here they are sent for real.
"""

import time
from collections.abc import Callable, Iterator
from itertools import count, islice

import attrs

from portward.attack import frames
from portward.attack.magazine import Magazine
from portward.attack.place import Place
from portward.attack.pump import TCP, UDP, Batch, Pump
from portward.policy.net import Address
from portward.simulate.packet import Packet
from portward.simulate.sweep import ORDERS, WHOLE, Order, Space


Fire = Callable[[int], None]
"""Sends so many packets more."""

CHUNK = 16384
"""Packets between two looks at the gate's counter of openings."""

SOURCES = 256
"""How many sources the distributed sweep comes from."""

SLOW = 50
"""Packets a second of the slow sweep."""


@attrs.frozen
class Bound:
    """When a sweep gives up: after so many packets, or so many seconds, whichever comes first."""

    packets: int
    seconds: float


@attrs.frozen
class Fallen:
    """How an attack went.

    Attributes:
        name: of the attack.
        packets: sent.
        seconds: from the first packet to the last.
        opened: how many times a door was opened.
        by_design: whether an opening is what knocking without passes cannot prevent.
        note: what else is to say; may be empty.
    """

    name: str
    packets: int
    seconds: float
    opened: int
    by_design: bool = False
    note: str = ""


@attrs.frozen
class Sweep:
    """One way to try everything.

    Attributes:
        name: short.
        about: what it does, in a few words.
        arm: makes what sends.
        chunk: how many packets it sends between two looks.
    """

    name: str
    about: str
    arm: Callable[[Place], Fire]
    chunk: int = CHUNK


def run(place: Place, sweep: Sweep, bound: Bound) -> Fallen:
    """Run a sweep against the gate, which remembers nothing of the one before."""
    place.load()
    fire = sweep.arm(place)
    sent = opened = 0
    start = time.monotonic()
    while sent < bound.packets and time.monotonic() - start < bound.seconds and not opened:
        size = min(sweep.chunk, bound.packets - sent)
        fire(size)
        sent += size
        opened = place.opened()
    return Fallen(sweep.name, sent, time.monotonic() - start, opened, note=sweep.about)


def in_order(order: Order, space: Space = WHOLE) -> Callable[[Place], Fire]:
    """Send every TCP port, every UDP port and every echo size in an order, over and over, from one source."""

    def arm(place: Place) -> Fire:
        magazine = Magazine(place.wire, everything(place, place.attackers + 9, space))
        wanted = candidates(order, space)
        return lambda size: magazine.send(list(islice(wanted, size)))

    return arm


def candidates(order: Order, space: Space) -> Iterator[int]:
    """Give the candidates of a sweep in its order, for ever; a round that is always the same is computed once."""
    kept: list[int] = []
    for turn in count():
        if order.shuffles or not kept:
            kept = [
                order.candidate(space, turn, place)
                for place in range(space.size)
                for _ in range(order.copies)
            ]
        yield from kept


def everything(place: Place, source: Address, space: Space) -> list[bytes]:
    """Make a frame of every candidate."""
    return [
        frame_of(place, source, space.packet(candidate), candidate & 0xFFFF)
        for candidate in range(space.size)
    ]


def frame_of(place: Place, source: Address, packet: Packet, number: int = 0) -> bytes:
    """Make the frame of a new TCP packet, a datagram or an echo request, from a source to the gate."""
    goal, ports = place.goal, (40000, packet.destination_port)
    if packet.protocol == TCP:
        content = frames.tcp(source, goal, ports, frames.SYN)
    elif packet.protocol == UDP:
        content = frames.udp(source, goal, ports, packet.payload)
    else:
        # The space's echo requests are IPv4 ones; the same size is wanted of the whole packet on IPv6.
        room = packet.length - (28 if goal.version == 4 else 48)
        content = frames.echo(source, goal, packet.payload[: max(0, room)], number)
    protocol = packet.protocol if packet.protocol in {TCP, UDP} else 1 if goal.version == 4 else 58
    return frames.frame(place.road, source, goal, protocol, content, number)


def distributed(place: Place) -> Fire:
    """Send random ports from random ones of `SOURCES` sources, TCP and UDP in turn."""
    pumps = pumps_of(place, CHUNK)

    def fire(size: int) -> None:
        pump = next(pumps)
        pump.batch.random_ports()
        pump.batch.spread_sources(SOURCES)
        pump.send(size)

    return fire


def slow_and_distributed(place: Place) -> Fire:
    """Let each of 65,536 sources send all ports in order, each from a start of its own, one packet in turn."""
    pumps = pumps_of(place, 65536)
    turns = count()

    def fire(size: int) -> None:
        turn = next(turns) // 2
        pump = next(pumps)
        pump.batch.every_source()
        pump.batch.ports(
            bytes((number + turn) >> 8 & 255 for number in range(65536)),
            bytes((number + turn) & 255 for number in range(65536)),
        )
        pump.send(size)

    return fire


def pumps_of(place: Place, size: int) -> Iterator[Pump]:
    """A pump of SYNs and one of datagrams, in turn, for ever."""
    pumps = [
        Pump(place.wire, Batch(place.road, place.attackers, place.goal, protocol, size))
        for protocol in (TCP, UDP)
    ]
    while True:
        yield from pumps


def slow(place: Place) -> Fire:
    """Send everything in random order, `SLOW` packets a second."""
    fire = in_order(ORDERS[2])(place)

    def patiently(size: int) -> None:
        for _ in range(size):
            fire(1)
            time.sleep(1 / SLOW)

    return patiently


SWEEPS = (
    *(
        Sweep(order.name, about, in_order(order))
        for order, about in zip(
            ORDERS,
            (
                "every port and echo size, upwards",
                "the same, downwards",
                "the same, in random order",
                "the same upwards, each four times",
            ),
            strict=True,
        )
    ),
    Sweep("slow", f"random order, {SLOW} packets a second", slow, chunk=SLOW // 5),
    Sweep("distributed", f"random ports from {SOURCES} sources", distributed),
    Sweep(
        "slow and distributed",
        "65,536 sources, a few packets a second each",
        slow_and_distributed,
        chunk=65536,
    ),
)
