"""Who has which ports: intervals of ports that are asked whether a port, or a range, meets one of them.

Knows protocols and ranges only. Building is n log n, asking is log n, however the ranges overlap.
"""

from bisect import bisect_right
from collections.abc import Iterable
from typing import Generic, TypeVar

from portward.policy.net import Knock, PortRange, Protocol


Owner = TypeVar("Owner")


class Ground(Generic[Owner]):
    """Ranges of ports, each with an owner."""

    def __init__(self, ranges: Iterable[tuple[PortRange, Owner]]) -> None:
        by_protocol: dict[Protocol, list[tuple[int, int, Owner]]] = {}
        for ports, owner in ranges:
            by_protocol.setdefault(ports.protocol, []).append((ports.first, ports.last, owner))
        self._firsts: dict[Protocol, list[int]] = {}
        self._reach: dict[Protocol, list[tuple[int, Owner]]] = {}
        for protocol, entries in by_protocol.items():
            entries.sort(key=lambda entry: entry[:2])
            reach: list[tuple[int, Owner]] = []
            for _, last, owner in entries:
                reach.append(reach[-1] if reach and reach[-1][0] >= last else (last, owner))
            self._firsts[protocol] = [first for first, _, _ in entries]
            self._reach[protocol] = reach

    def meets(self, protocol: Protocol, first: int, last: int) -> Owner | None:
        """The owner of a range that has a port in `first`..`last`, or None."""
        firsts = self._firsts.get(protocol)
        if not firsts:
            return None
        below = bisect_right(firsts, last)
        if not below:
            return None
        furthest, owner = self._reach[protocol][below - 1]
        return owner if furthest >= first else None

    def meets_range(self, ports: PortRange) -> Owner | None:
        """The owner of a range that overlaps this one, or None."""
        return self.meets(ports.protocol, ports.first, ports.last)

    def meets_knock(self, knock: Knock) -> Owner | None:
        """The owner of a range that a knock's packet is to; every echo request is to plain `icmp`."""
        number = knock.number if knock.protocol.has_ports else 0
        return self.meets(knock.protocol, number, number)
