"""The network between a visitor and the gate: it loses packets, holds some back, and sends some twice.

Pure: what becomes of a packet is a tuple of delays in seconds, one for each time it arrives; empty when it is lost. The
dice are seeded, so that a run can be repeated.
"""

import random

import attrs


HELD_BACK = 0.25
"""Seconds that a packet is late: longer than the 200 ms between two knocks, so that the next one overtakes it."""

TWICE_AFTER = 0.01
"""Seconds between a packet and its duplicate."""


@attrs.frozen
class Weather:
    """How bad it is, each as a share of packets, 0 to 1.

    Attributes:
        name: for the table.
        lost: do not arrive, in either direction.
        held: arrive behind the packet after them.
        doubled: arrive twice.
        forged: strays a second that somebody else sends with the visitor's address.
    """

    name: str
    lost: float = 0.0
    held: float = 0.0
    doubled: float = 0.0
    forged: float = 0.0

    def fate(self, dice: random.Random) -> tuple[float, ...]:
        """Say when a packet arrives, in seconds from now; once, twice, or not at all."""
        if dice.random() < self.lost:
            return ()
        late = HELD_BACK if dice.random() < self.held else 0.0
        return (late, late + TWICE_AFTER) if dice.random() < self.doubled else (late,)


WEATHERS = (
    Weather("no loss"),
    Weather("1 % lost", lost=0.01),
    Weather("5 % lost", lost=0.05),
    Weather("20 % lost", lost=0.20),
    Weather("5 % reordered", held=0.05),
    Weather("5 % duplicated", doubled=0.05),
    Weather("a forged stray a second", forged=1.0),
)
"""What `portward attack` measures."""
