"""A router with a script's rules, as a pure state machine: (memory, packet, now) to (memory, verdict, what happened).

Written from RouterOS's documentation and from docs/routeros-meaning.md alone; it must not look at how the exact
ruleset does it: the two are compared with each other. The time is an argument: seconds.
"""

import enum
import re
from collections.abc import Iterable, Iterator
from datetime import timedelta

import attrs

from portward.policy.notation import write_duration
from portward.simulate.packet import ConnectionState
from portward.simulate.passage import Passage
from portward.simulate.routeros_chains import ChainKey, Chains, sort_rules
from portward.simulate.routeros_interfaces import interfaces_of
from portward.simulate.routeros_matchers import Dice, Look, fits
from portward.simulate.routeros_memory import FOREVER, AddressList, Memory
from portward.sources.routeros_matchers import (
    InterfaceListed,
    Side,
)
from portward.sources.routeros_rules import (
    AddToList,
    Family,
    Forever,
    Jump,
    ListEntry,
    OtherAction,
    Reject,
    Rule,
    Script,
    Table,
    Verdict,
)


class Ending(enum.StrEnum):
    """What becomes of a packet."""

    ACCEPT = "accept"
    DROP = "drop"
    REJECT = "reject"
    """Dropped, and answered."""
    TARPIT = "tarpit"
    """Answered by the router itself, and held; nobody else gets it."""


@attrs.frozen
class Happening:
    """A rule that fitted the packet.

    Attributes:
        rule: the rule.
        text: what it did, in words.
    """

    rule: Rule
    text: str


@attrs.frozen
class Judgement:
    """What became of one packet.

    Attributes:
        ending: the end of its way.
        happened: the rules that fitted, in order.
    """

    ending: Ending
    happened: tuple[Happening, ...]


def lower_half() -> float:
    """Dice that always fall low: every `random` fits."""
    return 0.0


LOOPBACK = "lo"
"""Packets of the machine to itself; no rule sees them."""


class Router:
    """A router that runs what can be run of a script (see `routeros_chains`); it never changes itself."""

    def __init__(self, script: Script, dice: Dice = lower_half) -> None:
        """Make a router; `dice` decides for `random`."""
        self.chains: Chains = sort_rules(script)
        self._script = script
        self._dice = dice
        places = {id(rule): place for place, rule in enumerate(script.rules)}
        self._rules = {
            key: tuple((places[id(rule)], rule) for rule in rules) for key, rules in self.chains.rules.items()
        }
        self._interfaces = {
            each.list: interfaces_of(script, each.list)
            for rule in script.rules
            for each in rule.matchers
            if isinstance(each, InterfaceListed)
        }
        self._patterns = {each.name: pattern_of(each.regexp) for each in script.layer7}

    def start(self) -> Memory:
        """Make the memory of a router that has just come up."""
        entries: dict[tuple[Family, str], list[ListEntry]] = {}
        for each in self._script.entries:
            entries.setdefault((each.family, each.list), []).append(each)
        return Memory({key: AddressList.of(each) for key, each in entries.items()})

    def run(
        self, passages: Iterable[tuple[float, Passage]], memory: Memory | None = None
    ) -> Iterator[Judgement]:
        """Judge packets one after another, times rising; the memory given changes."""
        memory = self.start() if memory is None else memory
        for now, passage in passages:
            yield self.advance(memory, passage, now)

    def judge(self, memory: Memory, passage: Passage, now: float) -> tuple[Memory, Judgement]:
        """Judge a packet; the memory given is left as it is, and the new one comes back."""
        after = memory.copy()
        return after, self.advance(after, passage, now)

    def advance(self, memory: Memory, passage: Passage, now: float) -> Judgement:
        """Judge a packet and change the memory given."""
        if LOOPBACK in {passage.in_interface, passage.out_interface}:
            return Judgement(Ending.ACCEPT, ())
        walk = _Walk(self, memory, passage, now)
        return Judgement(walk.through(), tuple(walk.happened))

    def rules(self, key: ChainKey) -> tuple[tuple[int, Rule], ...]:
        """The rules of a chain, with their places in the script."""
        return self._rules.get(key, ())

    def look(self, memory: Memory, passage: Passage, now: float, place: int, family: Family) -> Look:
        """Make one look of a rule at a packet."""
        return Look(passage, family, memory, now, self._dice, place, self._interfaces, self._patterns)


def pattern_of(regexp: str) -> re.Pattern[bytes] | None:
    """Read a layer-7 pattern, upper and lower case alike; None for one that Python does not take."""
    try:
        return re.compile(regexp.encode(errors="surrogateescape"), re.IGNORECASE)
    except re.error:
        return None


def way_of(passage: Passage) -> tuple[tuple[Table, str], ...]:
    """The built-in chains that a packet meets, in order (RouterOS manual, packet flow)."""
    if passage.outgoing:
        return (
            (Table.RAW, "output"),
            (Table.MANGLE, "output"),
            (Table.FILTER, "output"),
            (Table.MANGLE, "postrouting"),
        )
    first = ((Table.RAW, "prerouting"), (Table.MANGLE, "prerouting"))
    if passage.forwarded:
        return *first, (Table.MANGLE, "forward"), (Table.FILTER, "forward"), (Table.MANGLE, "postrouting")
    return *first, (Table.MANGLE, "input"), (Table.FILTER, "input")


class _Walk:
    """One packet's way through the tables."""

    def __init__(self, router: Router, memory: Memory, passage: Passage, now: float) -> None:
        self.router, self.memory, self.passage, self.now = router, memory, passage, now
        self.family = Family.V4 if passage.packet.source.version == 4 else Family.V6
        self.happened: list[Happening] = []

    def through(self) -> Ending:
        for table, chain in way_of(self.passage):
            if (table, chain) == (Table.MANGLE, "forward"):  # the router has counted itself (RFC 1812 §5.3.1)
                self.passage = attrs.evolve(self.passage, ttl=self.passage.ttl - 1)
            ending = self.chain(ChainKey(self.family, table, chain))
            if ending not in {None, Ending.ACCEPT}:
                return ending or Ending.DROP
        return Ending.ACCEPT

    def chain(self, key: ChainKey) -> Ending | None:
        """Take the rules of a chain from the top; None where it ends without a decision."""
        for place, rule in self.router.rules(key):
            look = self.router.look(self.memory, self.passage, self.now, place, self.family)
            if not all(fits(matcher, look) for matcher in rule.matchers):
                continue
            if rule.action is Verdict.RETURN:
                self.note(rule, "return")
                return None
            ending = self.act(rule, key)
            if ending is not None:
                return ending
        return None

    def act(self, rule: Rule, key: ChainKey) -> Ending | None:
        """Do what a rule does; None to go on behind it."""
        match rule.action:
            case AddToList():
                self.add(rule, rule.action)
            case Jump(chain=name):
                self.note(rule, f"jump to {name}")
                return self.chain(attrs.evolve(key, name=name))
            case Reject(answer=answer):
                self.note(rule, f"reject with {answer}")
                return Ending.REJECT
            case Verdict.ACCEPT | Verdict.DROP | Verdict.TARPIT as verdict:
                self.note(rule, str(verdict))
                return Ending(str(verdict))
            case OtherAction(name=name, passthrough=passthrough):
                self.note(rule, name)
                return None if passthrough else Ending.ACCEPT
            case Verdict.NOTRACK:
                self.note(rule, "notrack")
                packet = attrs.evolve(self.passage.packet, state=ConnectionState.UNTRACKED)
                self.passage = attrs.evolve(self.passage, packet=packet)
            case other:
                self.note(rule, str(other))
        return None

    def add(self, rule: Rule, action: AddToList) -> None:
        packet = self.passage.packet
        address = packet.source if action.side is Side.SOURCE else packet.destination
        there = self.memory.list(self.family, action.list)
        if action.timeout is Forever.SAVED:
            there.keep(address)
            self.note(rule, f"{address} is in {action.list} for good")
            return
        seconds = FOREVER if isinstance(action.timeout, Forever) else action.timeout.total_seconds()
        end = there.add(address, self.now, seconds)
        if end is None:
            self.note(rule, f"{address} is in {action.list} for good already")
        else:
            self.note(rule, f"{address} is in {action.list} {how_long(action.timeout)}")

    def note(self, rule: Rule, text: str) -> None:
        self.happened.append(Happening(rule, text))


def how_long(timeout: timedelta | Forever) -> str:
    """Say for how long a rule puts an address into a list."""
    return "until reboot" if isinstance(timeout, Forever) else f"for {write_duration(timeout)}"
