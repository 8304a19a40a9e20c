"""A scanner that does not know the sequence: what it sends and in what order, and when a door falls to it.

A sweep sends every TCP port, then every UDP port, then an echo request of every size, and begins again, all
from one source and at one rate. The machine judges the packets that can change anything; the others are
jumped over, which changes nothing: a property test holds `run` against the machine judging each single
packet. The order of a random sweep is computed, not drawn, so a sweep is the same in every run.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from ipaddress import ip_address

import attrs

from portward.policy.net import Knock, Protocol
from portward.policy.policy import Policy
from portward.simulate.machine import Machine
from portward.simulate.packet import Packet, datagram, echo_request, syn
from portward.simulate.state import State


RATE = 100_000
"""Packets a second: what one machine sends without effort."""

BOUND = 20_000_000
"""Packets after which a scanner gives up: 200 s at `RATE`, some 150 rounds."""

_SCANNER = ip_address("192.0.2.1")
_GATE = ip_address("198.51.100.1")

_NEUTRAL, _STRAY = 0, 1


@attrs.frozen
class Space:
    """What a scanner tries. A candidate is a number: TCP ports first, then UDP ports, then echo sizes.

    Attributes:
        ports: the highest port; they begin with 1.
        smallest_echo: bytes of the smallest echo request.
        largest_echo: bytes of the largest.
    """

    ports: int = 65535
    smallest_echo: int = 28
    largest_echo: int = 1500

    @property
    def echoes(self) -> int:
        """How many sizes of echo requests there are."""
        return self.largest_echo - self.smallest_echo + 1

    @property
    def size(self) -> int:
        """How many candidates there are."""
        return 2 * self.ports + self.echoes

    def choices(self, protocol: Protocol) -> int:
        """How many of the candidates are of one protocol."""
        return self.echoes if protocol is Protocol.ICMP else self.ports

    def number(self, knock: Knock) -> int | None:
        """The candidate that a knock is; None if no sweep sends it."""
        if knock.word:
            return None
        if knock.protocol is Protocol.ICMP:
            found = knock.number - self.smallest_echo
            return 2 * self.ports + found if 0 <= found < self.echoes else None
        if knock.number > self.ports:
            return None
        return knock.number - 1 + (self.ports if knock.protocol is Protocol.UDP else 0)

    def packet(self, candidate: int) -> Packet:
        """The packet that a candidate is."""
        if candidate < self.ports:
            return syn(_SCANNER, _GATE, candidate + 1)
        if candidate < 2 * self.ports:
            return datagram(_SCANNER, _GATE, candidate - self.ports + 1)
        return echo_request(_SCANNER, _GATE, candidate - 2 * self.ports + self.smallest_echo)


WHOLE = Space()
"""All ports, and all echo requests that fit an Ethernet frame."""


@attrs.frozen
class Order:
    """In which order a scanner sends the candidates of one round after another.

    Attributes:
        name: of the sweep.
        copies: how often each packet is sent, one right after the other.
        candidate: (space, round, place in the round) to candidate.
        place: (space, round, candidate) to place in the round; the other way round.
        shuffles: whether the rounds differ.
    """

    name: str
    copies: int
    candidate: Callable[[Space, int, int], int]
    place: Callable[[Space, int, int], int]
    shuffles: bool = False

    def at(self, space: Space, index: int) -> int:
        """The candidate that the packet of that number, from 0 on, is."""
        turn, place = divmod(index // self.copies, space.size)
        return self.candidate(space, turn, place)

    def next(self, space: Space, candidate: int, index: int) -> int:
        """The number of the first packet from `index` on that is this candidate."""
        turn, place = divmod(index // self.copies, space.size)
        wanted = self.place(space, turn, candidate)
        if wanted == place:
            return index
        if wanted < place:
            turn, wanted = turn + 1, self.place(space, turn + 1, candidate)
        return (turn * space.size + wanted) * self.copies


def _forward(_space: Space, _turn: int, place: int) -> int:
    return place


def _backward(space: Space, _turn: int, place: int) -> int:
    """Each protocol from its end; the protocols in their order. It is its own inverse."""
    if place < space.ports:
        return space.ports - 1 - place
    if place < 2 * space.ports:
        return 3 * space.ports - 1 - place
    return 4 * space.ports + space.echoes - 1 - place


@lru_cache(maxsize=256)
def _shuffle(size: int, turn: int) -> tuple[int, int, int]:
    """Factor, its inverse, and shift of a round: place = factor * candidate + shift, modulo the size."""
    mixed = (turn + 1) * 0x9E3779B97F4A7C15 % 2**64  # the steps of splitmix64
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB % 2**64
    mixed ^= mixed >> 31
    factor = mixed % size or 1
    while math.gcd(factor, size) != 1:
        factor = factor % size + 1
    return factor, pow(factor, -1, size) if size > 1 else 0, (mixed >> 32) % size


def _shuffled(space: Space, turn: int, place: int) -> int:
    _, inverse, shift = _shuffle(space.size, turn)
    return (place - shift) * inverse % space.size


def _shuffled_place(space: Space, turn: int, candidate: int) -> int:
    factor, _, shift = _shuffle(space.size, turn)
    return (candidate * factor + shift) % space.size


ORDERS = (
    Order("ascending", 1, _forward, _forward),
    Order("descending", 1, _backward, _backward),
    Order("random", 1, _shuffled, _shuffled_place, shuffles=True),
    Order("repeated", 4, _forward, _forward),
)
"""The four scanners; `repeated` sends each packet four times in a row, as a SYN without an answer is sent."""


@attrs.frozen
class Result:
    """How a sweep ended.

    Attributes:
        packets: sent up to and with the one that opened a door; None if none did.
        judged: how many of them the machine had to judge.
    """

    packets: int | None
    judged: int


@attrs.frozen
class Field:
    """A gate, and what a scanner's packets are to it.

    Attributes:
        machine: the gate.
        space: what the scanner tries.
        kinds: for each candidate that is no knock, whether it would be a stray.
        knocks: the candidates that are knocks.
    """

    machine: Machine
    space: Space
    kinds: bytes
    knocks: frozenset[int]


def lay_out(policy: Policy, space: Space = WHOLE, *, echo_strays: bool) -> bytes:
    """Find which candidates would be strays where no knock stands: neither guarded nor public."""
    kinds = (
        bytearray([_STRAY]) * (2 * space.ports)
        + bytearray([_STRAY if echo_strays else _NEUTRAL]) * space.echoes
    )
    quiet = list(policy.public)
    for service in policy.services:
        quiet += service.published
        quiet += () if service.hosts else service.ports
    for ports in quiet:
        if ports.protocol in {Protocol.TCP, Protocol.UDP} and ports.first <= space.ports:
            start = ports.first - 1 + (space.ports if ports.protocol is Protocol.UDP else 0)
            count = min(ports.last, space.ports) - ports.first + 1
            kinds[start : start + count] = bytes(count)
        elif ports.protocol is Protocol.ICMP:
            kinds[2 * space.ports :] = bytes(space.echoes)
    return bytes(kinds)


def run(field: Field, order: Order, rate: int = RATE, bound: int = BOUND, most: int | None = None) -> Result:
    """Sweep a gate until a door opens, `bound` packets are sent, or the machine has judged `most` of them."""
    gate = field.machine
    state = gate.start()
    index = judged = 0
    while most is None or judged < most:
        index = next_that_matters(field, order, Clock(state, rate, bound), index)
        if index >= bound:
            break
        judged += 1
        if gate.advance(state, field.space.packet(order.at(field.space, index)), index / rate).granted:
            return Result(index + 1, judged)
        index += 1
    return Result(None, judged)


@attrs.frozen
class Clock:
    """When what the gate remembers of the scanner ends, counted in packets."""

    state: State
    rate: int
    bound: int

    @property
    def midway_ends(self) -> int:
        """The first packet that does not find the scanner in mid-sequence."""
        return self._first_from(self.state.midway[_SCANNER.version].ends.get(_SCANNER))

    @property
    def penalty_ends(self) -> int:
        """The first packet that does not find the scanner under penalty."""
        return self._first_from(self.state.penalties[_SCANNER.version].ends.get(_SCANNER))

    def _first_from(self, end: float | None) -> int:
        """The first packet whose time is not before the end, or the bound; exact in spite of rounding."""
        if end is None:
            return 0
        index = math.ceil(end * self.rate)
        while index / self.rate < end:
            index += 1
        while index > 0 and (index - 1) / self.rate >= end:
            index -= 1
        return min(index, self.bound)


def next_that_matters(field: Field, order: Order, clock: Clock, index: int) -> int:
    """The first packet from `index` on that may change how the sweep ends; the bound if there is none.

    Outside of mid-sequence only knocks change anything. In mid-sequence, and not under penalty, knocks and
    strays do. Under penalty no knock counts; strays prolong the penalty while mid-sequence lasts, so that of
    many only the last matters.
    """
    while index < clock.bound:
        penalty, midway = clock.penalty_ends, clock.midway_ends
        if index < penalty and index >= midway:
            index = penalty
            continue
        knock = min((order.next(field.space, each, index) for each in field.knocks), default=clock.bound)
        if index >= midway:
            return min(knock, clock.bound)
        limit = min(penalty, midway) if index < penalty else midway
        search = last_stray if index < penalty else next_stray
        stray = search(field, order, index, limit)
        found = knock if stray is None or (search is next_stray and knock < stray) else stray
        if found < limit:
            return found
        index = limit
    return clock.bound


def next_stray(field: Field, order: Order, index: int, limit: int) -> int | None:
    """The first packet in `index`..`limit`-1 that is a stray and stands at no knock."""
    kinds = arrange(field.kinds, field.space, order)
    while index < limit and _STRAY in field.kinds:
        turn, place = divmod(index // order.copies, field.space.size)
        if kinds is not None and (found := kinds.find(_STRAY, place)) != place:
            whole = turn * field.space.size + (field.space.size if found < 0 else found)
            index = whole * order.copies
            continue
        candidate = order.at(field.space, index)
        if field.kinds[candidate] == _STRAY and candidate not in field.knocks:
            return index
        index = (index // order.copies + 1) * order.copies
    return None


def last_stray(field: Field, order: Order, index: int, limit: int) -> int | None:
    """The last packet in `index`..`limit`-1 that is a stray and stands at no knock."""
    kinds = arrange(field.kinds, field.space, order)
    last = limit - 1
    while last >= index and _STRAY in field.kinds:
        turn, place = divmod(last // order.copies, field.space.size)
        if kinds is not None and (found := kinds.rfind(_STRAY, 0, place + 1)) != place:
            last = (turn * field.space.size + found + 1) * order.copies - 1
            continue
        candidate = order.at(field.space, last)
        if field.kinds[candidate] == _STRAY and candidate not in field.knocks:
            return last
        last = last // order.copies * order.copies - 1
    return None


@lru_cache(maxsize=16)
def arrange(kinds: bytes, space: Space, order: Order) -> bytes | None:
    """The kinds in the order of a round, where that is the same in every round; else None."""
    if order.shuffles:
        return None
    return bytes(kinds[order.candidate(space, 0, place)] for place in range(space.size))
