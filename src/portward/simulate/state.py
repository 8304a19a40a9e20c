"""What the gate remembers: sets with a size, whose elements end by themselves.

An element is alive while the time is before its end. Nothing here knows a policy's meaning; `machine` does.
"""

from typing import Generic, TypeVar

import attrs

from portward.policy.net import Address
from portward.policy.policy import Sizes


Key = TypeVar("Key")

StageKey = tuple[Address, str, int]
"""A source, a sequence's name, and a stage 1..n-1 of it."""

GrantKey = tuple[str, int]
"""A service's name (or `*`) and an address family, 4 or 6."""

Connection = tuple[Address, int, Address, int]
"""Source and its port, destination and its port."""


@attrs.define
class Table(Generic[Key]):
    """One of the kernel's sets: at most `size` elements alive, each with its end in seconds."""

    size: int
    ends: dict[Key, float] = attrs.field(factory=dict)

    def alive(self, key: Key, now: float) -> bool:
        """Whether the element is there and has not ended."""
        end = self.ends.get(key)
        return end is not None and now < end

    def update(self, key: Key, now: float, end: float) -> bool:
        """Add the element, or give it a new end; False if it is new and the set is full."""
        if not self.alive(key, now) and len(self.ends) >= self.size:
            self.ends = self.living(now)
            if len(self.ends) >= self.size:
                return False
        self.ends[key] = end
        return True

    def living(self, now: float) -> dict[Key, float]:
        """The elements that have not ended."""
        return {key: end for key, end in self.ends.items() if now < end}

    def copy(self) -> "Table[Key]":
        """Make a copy that changes by itself."""
        return Table(self.size, dict(self.ends))


@attrs.frozen
class State:
    """All that a gate remembers of its visitors, one table for each address family (4 and 6).

    Attributes:
        sizes: of the tables.
        stages: who has reached which stage.
        midway: sources in mid-sequence.
        penalties: sources under penalty.
        grants: who may reach a service, by the leading bits of the address as a number; made at first need.
        adopted: TCP connections that were open when the gate was put up.
    """

    sizes: Sizes
    stages: dict[int, Table[StageKey]]
    midway: dict[int, Table[Address]]
    penalties: dict[int, Table[Address]]
    grants: dict[GrantKey, Table[int]] = attrs.field(factory=dict)
    adopted: frozenset[Connection] = frozenset()

    def grant(self, service: str, version: int) -> Table[int]:
        """The grants of a service in one address family."""
        key = (service, version)
        if key not in self.grants:
            self.grants[key] = Table(self.sizes.grants)
        return self.grants[key]

    def copy(self) -> "State":
        """Make a copy that changes by itself."""
        return State(
            self.sizes,
            {version: table.copy() for version, table in self.stages.items()},
            {version: table.copy() for version, table in self.midway.items()},
            {version: table.copy() for version, table in self.penalties.items()},
            {key: table.copy() for key, table in self.grants.items()},
            self.adopted,
        )


def empty(sizes: Sizes) -> State:
    """Make the memory of a gate that has just been put up."""
    return State(
        sizes,
        {4: Table(sizes.stages), 6: Table(sizes.stages)},
        {4: Table(sizes.stages), 6: Table(sizes.stages)},
        {4: Table(sizes.penalties), 6: Table(sizes.penalties)},
    )
