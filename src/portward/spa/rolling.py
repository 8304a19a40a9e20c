"""Rolling sequences: knocks that a person's secret and the time make, the same at the gate and at the client. Pure.

The range of ports is dealt out so that no two people, and no two windows that count at the same moment, share a port: a
port belongs to one slot and to the even or the odd windows by its residue. The knocks of a sequence are drawn one after
the other; what scanners meet by themselves is drawn again.
"""

from collections.abc import Iterator, Sequence
from itertools import count, pairwise
from typing import Final

import attrs

from portward.policy.net import MAX_PORT, Knock, Protocol
from portward.spa.derive import derive


FEWEST_KNOCKS: Final = 3
MOST_KNOCKS: Final = 8
MOST_SLOTS: Final = 256

NEAR: Final = 100
"""Knocks that follow each other are farther apart than that, where the range allows it: one short scan crosses both."""

_LABEL: Final = "portward rolling 1"

_PATIENCE: Final = 64
"""Draws for one knock, before the sequence is begun anew: in a tiny range a beginning may have no continuation."""


@attrs.frozen
class Shape:
    """What all rolling sequences of a gate have in common; gate and client must have the same.

    Attributes:
        first: port of the range, 1..65535.
        last: port of the range, itself included.
        slots: how many people there can be, 1..256.
        knocks: in a sequence, 3..8.

    Raises:
        ValueError: a number out of its range, or a range of ports that is too small.
    """

    first: int
    last: int
    slots: int
    knocks: int

    def __attrs_post_init__(self) -> None:
        if not 1 <= self.first <= self.last <= MAX_PORT:
            msg = f"{self.first}-{self.last} is no range of ports within 1..{MAX_PORT}"
            raise ValueError(msg)
        if not 1 <= self.slots <= MOST_SLOTS:
            msg = f"there can be 1..{MOST_SLOTS} slots, not {self.slots}"
            raise ValueError(msg)
        if not FEWEST_KNOCKS <= self.knocks <= MOST_KNOCKS:
            msg = f"a rolling sequence has {FEWEST_KNOCKS}..{MOST_KNOCKS} knocks, not {self.knocks}"
            raise ValueError(msg)
        if self.width // self.stride < self.knocks:
            msg = (
                f"{self.first}-{self.last} has {self.width} ports and needs {self.stride * self.knocks}: each of the "
                f"{self.slots} slots must have {2 * self.knocks} choices of a protocol and a port in even windows, "
                f"and as many in odd ones"
            )
            raise ValueError(msg)

    @property
    def width(self) -> int:
        """How many ports the range has."""
        return self.last - self.first + 1

    @property
    def stride(self) -> int:
        """How far apart two ports of the same slot and parity are."""
        return 2 * self.slots

    @property
    def apart(self) -> int:
        """Knocks that follow each other are farther apart: never the same port or the slot's next one."""
        return max(self.stride, min(NEAR, self.width // 4))

    def ports(self, slot: int, window: int) -> range:
        """The ports of a slot in a window: those p with (p - first) mod 2·slots = 2·slot + window mod 2.

        Raises:
            ValueError: there is no such slot.
        """
        if not 0 <= slot < self.slots:
            msg = f"slot {slot} is not in 0..{self.slots - 1}"
            raise ValueError(msg)
        return range(self.first + 2 * slot + window % 2, self.last + 1, self.stride)


def rolling_knocks(
    secret: bytes, server_id: bytes, window: int, slot: int, shape: Shape
) -> tuple[Knock, ...]:
    """The sequence of a person for one window: TCP and UDP mixed, all different, never only rising or falling.

    Each choice is the dynamic truncation of an HMAC (RFC 4226 §5.3, with SHA-256 as in RFC 6238), 31 bits, modulo the
    number of choices; there are at most 65,536, so no choice is likelier than fair by more than 65,536/2^31, 0.003 %.

    Args:
        secret: the person's, 32 bytes.
        server_id: the gate's public key.
        window: its number, see `windows`.
        slot: the person's, 0..slots-1.
        shape: of all the gate's rolling sequences.

    Raises:
        ValueError: there is no such slot.
    """
    ports = shape.ports(slot, window)
    choices = 2 * len(ports)
    numbers = (_draw(secret, server_id, window, slot, place) % choices for place in count())
    knocks = (_knock(ports, number) for number in numbers)
    while True:
        drawn = _draw_sequence(knocks, shape)
        if len(drawn) == shape.knocks and _is_good(drawn):
            return drawn


def _draw(secret: bytes, server_id: bytes, window: int, slot: int, place: int) -> int:
    """The draw number `place` of this sequence: 31 bits."""
    code = derive(secret, _LABEL, server_id, window, slot, place)
    offset = code[-1] & 0x0F
    return int.from_bytes(code[offset : offset + 4], "big") & 0x7FFF_FFFF


def _knock(ports: range, number: int) -> Knock:
    """A choice by its number: the even ones are TCP."""
    return Knock((Protocol.TCP, Protocol.UDP)[number % 2], ports[number // 2])


def _draw_sequence(knocks: Iterator[Knock], shape: Shape) -> tuple[Knock, ...]:
    """Draw knock after knock, each again until it may follow; too short where that took too long."""
    drawn: list[Knock] = []
    rejected = 0
    while len(drawn) < shape.knocks and rejected < _PATIENCE:
        knock = next(knocks)
        if knock in drawn or (drawn and abs(knock.number - drawn[-1].number) <= shape.apart):
            rejected += 1
        else:
            drawn.append(knock)
            rejected = 0
    return tuple(drawn)


def _is_good(knocks: Sequence[Knock]) -> bool:
    """Whether protocols are mixed and ports go up and down: no one scan meets them all (checks PW203, PW205)."""
    steps = [after.number - before.number for before, after in pairwise(knocks)]
    return len({knock.protocol for knock in knocks}) > 1 and min(steps) < 0 < max(steps)
