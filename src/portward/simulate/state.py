"""What the gate remembers: sets with a size, whose elements end by themselves.

An element is alive while the time is before its end. Nothing here knows a policy's meaning; `machine` does.
"""

from typing import Generic, TypeVar

import attrs

from portward.policy.net import Address, Knock
from portward.policy.policy import Sizes


Key = TypeVar("Key")

StageKey = tuple[Address, str, int]
"""A source, a sequence's name, and a stage 1..n-1 of it."""

RollingKey = tuple[Address, int, int]
"""A source, a rolling sequence's number, and a stage 1..n-1 of it."""

GrantKey = tuple[str, int]
"""A service's name (or `*`) and an address family, 4 or 6."""

SpentKey = tuple[str, tuple[Knock, ...]]
"""A sequence's name and knocks: with others it is a new one."""

SPENT = 65536
"""How many sequences that have opened once are remembered."""

RATES = 65536
"""How many sources' rates are remembered for each of the daemon's ports and each family."""

FORGOTTEN = 60.0
"""Seconds of silence after which a source's rate is forgotten; its bucket is full again long before."""

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


@attrs.define
class Rates:
    """How often each source sends: a bucket each, which is full at first and holds what two seconds bring."""

    seen: Table[int] = attrs.field(factory=lambda: Table(RATES))
    buckets: dict[int, tuple[float, float]] = attrs.field(factory=dict)

    def take(self, key: int, now: float, per_second: int) -> bool:
        """Take one out of the bucket; False if there is not a whole one left. Without room none is limited."""
        known = self.seen.alive(key, now)
        if not self.seen.update(key, now, now + FORGOTTEN):
            return True
        most = 2.0 * per_second
        left, then = self.buckets[key] if known else (most, now)
        left = min(most, left + (now - then) * per_second)
        enough = left >= 1
        self.buckets[key] = (left - 1 if enough else left, now)
        return enough

    def copy(self) -> "Rates":
        """Make a copy that changes by itself."""
        return Rates(self.seen.copy(), dict(self.buckets))


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
        rolling_stages: who has reached which stage of which rolling sequence.
        people: who of the people came from where, by the leading bits of the address that a grant covers.
        used_passes: passes that are used up.
        used_sequences: the numbers of rolling sequences that have opened, where they open once.
        rates: how often sources send to the daemon's ports, by the port's name and the family; made at first need.
        spent: the policy's sequences that open once and have opened, for both families; they never end.
    """

    sizes: Sizes
    stages: dict[int, Table[StageKey]]
    midway: dict[int, Table[Address]]
    penalties: dict[int, Table[Address]]
    grants: dict[GrantKey, Table[int]] = attrs.field(factory=dict)
    adopted: frozenset[Connection] = frozenset()
    rolling_stages: dict[int, Table[RollingKey]] = attrs.field(factory=dict)
    people: dict[int, Table[tuple[int, str]]] = attrs.field(factory=dict)
    used_passes: set[bytes] = attrs.field(factory=set, repr=False)
    used_sequences: set[int] = attrs.field(factory=set)
    rates: dict[tuple[str, int], Rates] = attrs.field(factory=dict)
    spent: Table[SpentKey] = attrs.field(factory=lambda: Table(SPENT))

    def grant(self, service: str, version: int) -> Table[int]:
        """The grants of a service in one address family."""
        key = (service, version)
        if key not in self.grants:
            self.grants[key] = Table(self.sizes.grants)
        return self.grants[key]

    def rate(self, port: str, version: int) -> Rates:
        """How often the sources of one family send to one of the daemon's ports."""
        return self.rates.setdefault((port, version), Rates())

    def copy(self) -> "State":
        """Make a copy that changes by itself."""
        return State(
            self.sizes,
            {version: table.copy() for version, table in self.stages.items()},
            {version: table.copy() for version, table in self.midway.items()},
            {version: table.copy() for version, table in self.penalties.items()},
            {key: table.copy() for key, table in self.grants.items()},
            self.adopted,
            {version: table.copy() for version, table in self.rolling_stages.items()},
            {version: table.copy() for version, table in self.people.items()},
            set(self.used_passes),
            set(self.used_sequences),
            {key: rates.copy() for key, rates in self.rates.items()},
            self.spent.copy(),
        )


def empty(sizes: Sizes) -> State:
    """Make the memory of a gate that has just been put up."""
    return State(
        sizes,
        {4: Table(sizes.stages), 6: Table(sizes.stages)},
        {4: Table(sizes.stages), 6: Table(sizes.stages)},
        {4: Table(sizes.penalties), 6: Table(sizes.penalties)},
        rolling_stages={4: Table(sizes.stages), 6: Table(sizes.stages)},
        people={4: Table(sizes.grants), 6: Table(sizes.grants)},
    )
