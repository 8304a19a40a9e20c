"""What a router remembers between packets: address lists, buckets, counters, scanners. No rule is known here.

Times are seconds that go in as arguments. Each class changes in place; `Memory.copy` keeps what was.
"""

import copy
import math
from bisect import bisect_right
from collections.abc import Callable, Iterable

import attrs

from portward.simulate.flows import Flow
from portward.sources.routeros_matchers import Address, PortScan
from portward.sources.routeros_rules import (
    Family,
    ListEntry,
)


FOREVER = math.inf


@attrs.define
class Lasting:
    """A range of addresses in a list, until a time."""

    first: Address
    last: Address
    end: float

    def __contains__(self, address: Address) -> bool:
        return int(self.first) <= int(address) <= int(self.last)


@attrs.define
class AddressList:
    """One address list.

    Attributes:
        static: ranges without end, as numbers, apart and in order.
        lasting: ranges with an end, as the script itself added them.
        hosts: single addresses and their ends.
        kept: addresses that rules made static.
    """

    static: tuple[tuple[int, int], ...] = ()
    lasting: list[Lasting] = attrs.field(factory=list)
    hosts: dict[Address, float] = attrs.field(factory=dict)
    kept: set[Address] = attrs.field(factory=set)

    @classmethod
    def of(cls, entries: Iterable[ListEntry]) -> "AddressList":
        """Make the list that a script's entries make; timed ones count from time 0."""
        ranges, made = [], cls()
        for entry in entries:
            if entry.addresses is None or entry.disabled:
                continue
            first, last = entry.addresses.first, entry.addresses.last
            if entry.timeout is None:
                ranges.append((int(first), int(last)))
            elif first == last:
                made.hosts[first] = entry.timeout.total_seconds()
            else:
                made.lasting.append(Lasting(first, last, entry.timeout.total_seconds()))
        made.static = merged(ranges)
        return made

    def is_static(self, address: Address) -> bool:
        """Whether an entry without end covers the address."""
        number = int(address)
        at = bisect_right(self.static, (number, FOREVER)) - 1
        return address in self.kept or (at >= 0 and number <= self.static[at][1])

    def holds(self, address: Address, now: float) -> bool:
        """Whether the address is in the list now."""
        if now < self.hosts.get(address, now) or self.is_static(address):
            return True
        return any(now < each.end and address in each for each in self.lasting)

    def add(self, address: Address, now: float, seconds: float) -> float | None:
        """Do what a rule's add does; the new end is told, None where a static entry stays as it is."""
        if self.is_static(address):
            return None
        if now >= self.hosts.get(address, now):
            for each in self.lasting:
                if now < each.end and address in each:
                    each.end = now + seconds
                    return each.end
        self.hosts[address] = now + seconds
        return now + seconds

    def keep(self, address: Address) -> None:
        """Make a static entry for the address."""
        if not self.is_static(address):
            self.kept.add(address)
            self.hosts.pop(address, None)

    def members(self, now: float) -> dict[Address, float]:
        """The single addresses that rules or the script added and that are there now, with their ends."""
        there = {address: end for address, end in self.hosts.items() if now < end}
        return there | dict.fromkeys(self.kept, FOREVER)


def merged(ranges: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Put ranges in order, those that overlap as one."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return tuple(found)


@attrs.define
class Bucket:
    """Tokens that come back at a rate, up to the burst; it starts full."""

    tokens: float
    then: float

    def take(self, now: float, rate: float, burst: float, cost: float = 1.0) -> bool:
        """Take a token if there is one; `rate` is a second's."""
        self.tokens = min(burst, self.tokens + (now - self.then) * rate)
        self.then = now
        # Sums of fractions may lack a little.
        if self.tokens < cost - 1e-9:
            return False
        self.tokens -= cost
        return True


MOST_SCANNERS = 256
MOST_PORTS = 21
"""What the router's one table of scanners holds (its published kernel module ipt_psd)."""


@attrs.define
class Scanner:
    """A source, the ports it has come to, and their weight."""

    weight: int
    then: float
    ports: set[int] = attrs.field(factory=set)


@attrs.define
class Scanners:
    """The one table of scanners that all `psd` rules share."""

    table: dict[Address, Scanner] = attrs.field(factory=dict)

    def sees(self, source: Address, port: int, now: float, rule: PortScan) -> bool:
        """Note that a source came to a port; whether that makes it a scanner, or it was one already."""
        weight = rule.low_weight if port < 1024 else rule.high_weight
        threshold = rule.threshold
        known = self.table.get(source)
        if known is not None and now - known.then <= rule.delay.total_seconds():
            if port in known.ports:
                return False
            known.then = now
            if known.weight < threshold:
                known.weight += weight
            if known.weight < threshold and len(known.ports) < MOST_PORTS:
                known.ports.add(port)
            return known.weight >= threshold
        self.table.pop(source, None)
        if len(self.table) >= MOST_SCANNERS:
            del self.table[next(iter(self.table))]
        self.table[source] = Scanner(weight, now, {port})
        return False


Key = tuple[object, ...]
"""A rule's place, a matcher's place in it, and what it counts by."""


def nothing_ends(_flow: Flow) -> bool:
    """Connections of which nothing is known last."""
    return True


@attrs.define
class Memory:
    """All that a router remembers.

    Attributes:
        lists: by family and name.
        buckets: of `limit` and `dst-limit`.
        ends: when a bucket of `dst-limit` is forgotten.
        counts: of `nth`.
        scanners: of `psd`.
        connections: of `connection-limit`.
        streams: of `layer7-protocol`: how many packets of a connection were looked at, and their bytes.
        alive: whether a connection is still there.
    """

    lists: dict[tuple[Family, str], AddressList] = attrs.field(factory=dict)
    buckets: dict[Key, Bucket] = attrs.field(factory=dict)
    ends: dict[Key, float] = attrs.field(factory=dict)
    counts: dict[Key, int] = attrs.field(factory=dict)
    scanners: Scanners = attrs.field(factory=Scanners)
    connections: dict[Key, set[Flow]] = attrs.field(factory=dict)
    streams: dict[Flow, tuple[int, bytes]] = attrs.field(factory=dict, repr=False)
    alive: Callable[[Flow], bool] = nothing_ends

    def list(self, family: Family, name: str) -> AddressList:
        """The list of that name; an unknown one is empty."""
        return self.lists.setdefault((family, name), AddressList())

    def copy(self) -> "Memory":
        """Make one that changes by itself."""
        return attrs.evolve(
            self,
            **{
                each.name: copy.deepcopy(getattr(self, each.name))
                for each in attrs.fields(Memory)
                if each.name != "alive"
            },
        )
