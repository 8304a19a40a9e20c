"""RouterOS rules → an nftables table that judges packets as a router does, rule by rule.

Each rule becomes one rule of the kernel, or one for each way in which it can fit (see `exact_matchers`), with the
script's line as its comment. Pure: what cannot be said is collected and named, an error where packets would be judged
otherwise. Such a rule is left out or put weaker; whether that is good enough, the caller decides.
"""

from collections.abc import Iterator, Mapping
from itertools import product

import attrs

from portward.compile import names
from portward.compile.exact_lists import FOREVER, ListKey, ListSets, overlapping, render_sets, survey
from portward.compile.exact_matchers import STATEFUL, Ground, alternatives, unfit
from portward.compile.exact_names import LONGEST_LOG_PREFIX, Identifiers, comment_of, shown
from portward.compile.exact_states import Statement, statement
from portward.compile.exact_weaker import ANSWERS, named_weaker
from portward.compile.nft import time_span
from portward.errors import Diagnostic, Severity, Span
from portward.simulate.routeros_chains import ChainKey, place_of, sort_rules
from portward.simulate.routeros_interfaces import interfaces_of
from portward.sources.routeros_matchers import (
    InterfaceListed,
    Side,
)
from portward.sources.routeros_rules import (
    AddToList,
    Family,
    Forever,
    Jump,
    OtherAction,
    Reject,
    Rule,
    Script,
    Table,
    Verdict,
)


@attrs.frozen
class Exact:
    """A script as the kernel is given it.

    Attributes:
        text: one `table inet portward` block, ending in a newline; it stands in the place of a policy's.
        lines: line of the text, from 1, to the rule in the script that it comes from.
        notes: what is not as on a router, in the order of the script: an `ERROR` where packets are judged otherwise.
        lists: the sets of each address list.
    """

    text: str
    lines: Mapping[int, Span]
    notes: tuple[Diagnostic, ...]
    lists: Mapping[ListKey, ListSets]


HOOKS = {
    (Table.RAW, "prerouting"): ("prerouting", -300),
    (Table.RAW, "output"): ("output", -300),
    (Table.MANGLE, "prerouting"): ("prerouting", -150),
    (Table.MANGLE, "input"): ("input", -150),
    (Table.MANGLE, "forward"): ("forward", -150),
    (Table.MANGLE, "output"): ("output", -150),
    (Table.MANGLE, "postrouting"): ("postrouting", -150),
    (Table.FILTER, "input"): ("input", 0),
    (Table.FILTER, "forward"): ("forward", 0),
    (Table.FILTER, "output"): ("output", 0),
}
"""Where a router's chains stand in the kernel: hook and priority, those of iptables' tables of the same names."""

DEEPEST = 15
"""Chains that one packet may be in at once (NFT_JUMP_STACK_SIZE less the base chain)."""

Line = tuple[str, Span | None]

_VERDICTS = {
    Verdict.ACCEPT: "accept",
    Verdict.DROP: "drop",
    Verdict.TARPIT: "drop",
    Verdict.RETURN: "return",
    Verdict.NOTRACK: "notrack",
}
"""nft's words for what ends or changes a packet's way; all other actions only count."""


def compile_exact(script: Script) -> Exact:
    """Compile a script; nothing is raised, whatever it says."""
    chains = sort_rules(script)
    writer = _Writer(script)
    notes = list(chains.notes)
    kept: dict[ChainKey, list[Rule]] = {}
    for key, rules in chains.rules.items():
        for rule in rules:
            why = [text for each in rule.matchers if (text := unfit(each, rule))]
            if why:
                notes.append(Diagnostic("", Severity.ERROR, "; ".join(why), rule.span))
            else:
                kept.setdefault(key, []).append(rule)
    lists = survey((rule for rules in kept.values() for rule in rules), script.entries)
    notes += named_weaker(kept, lists, writer.interfaces)
    writer.lists = without_overlaps(lists)
    writer.known = set(kept)
    for key, each in kept.items():
        writer.chain(key, each)
    notes += writer.too_deep()
    lines = list(writer.table(kept))
    spans = {number: span for number, (_, span) in enumerate(lines, 1) if span is not None}
    text = "\n".join(text for text, _ in lines) + "\n"
    return Exact(text, spans, tuple(sorted(notes, key=place_of)), writer.lists)


def without_overlaps(lists: dict[ListKey, ListSets]) -> dict[ListKey, ListSets]:
    """Leave out the networks with an end that the kernel would not take beside others."""
    found = {}
    for key, each in lists.items():
        gone = set(map(id, overlapping(each.entries)))
        left = tuple(entry for entry in each.entries if id(entry) not in gone)
        found[key] = attrs.evolve(each, entries=left)
    return found


@attrs.define
class _Chain:
    """A chain of the kernel in the making."""

    name: str
    comment: str
    lines: list[Line] = attrs.field(factory=list)
    leads_to: set[str] = attrs.field(factory=set)

    def add(self, parts: Iterator[str] | list[str], rule: Rule) -> None:
        text = " ".join(part for part in parts if part)
        self.lines.append((f"{text} {comment_of(rule)}".strip(), rule.span))


class _Writer:
    """Collects the chains and sets of one table."""

    def __init__(self, script: Script) -> None:
        self.names = Identifiers()
        self.lists: dict[ListKey, ListSets] = {}
        self.chains: list[_Chain] = []
        self.meters: list[tuple[str, list[str]]] = []
        self.known: set[ChainKey] = set()
        asked = {
            each.list for rule in script.rules for each in rule.matchers if isinstance(each, InterfaceListed)
        }
        self.interfaces = {name: interfaces_of(script, name) for name in asked}
        self.helpers = 0

    def name(self, key: ChainKey) -> str:
        return self.names.of(f"{key.family}_{key.table}", key.name)

    # --- chains ---

    def chain(self, key: ChainKey, rules: list[Rule]) -> None:
        """Write a chain of the script."""
        kind = f"{key.family} {key.table} {key.name}"
        chain = self.open(self.name(key), f"chain {kind}")
        for rule in rules:
            chain = self.rule(chain, rule)

    def open(self, name: str, comment: str) -> _Chain:
        chain = _Chain(name, comment)
        self.chains.append(chain)
        return chain

    def rule(self, chain: _Chain, rule: Rule) -> _Chain:
        """Write a rule; the chain in which the next one goes comes back."""
        ground = Ground(rule.family, self.lists, self.interfaces)
        pure = [each for each in rule.matchers if not isinstance(each, STATEFUL)]
        rows = [
            [condition for row in rows for condition in row]
            for rows in product(*(alternatives(each, ground) for each in pure))
        ]
        tail = [self.spell(statement(each, ground)) for each in rule.matchers if isinstance(each, STATEFUL)]
        if len(rows) == 1 or not any(tail):
            for row in rows:
                self.act(chain, rule, [*row, *tail])
            return chain
        if rule.action is Verdict.RETURN:
            return self.return_from_either(chain, rule, rows, tail)
        helper = self.helper(chain)
        self.act(helper, rule, tail)
        for row in rows:
            chain.add([*row, f"jump {helper.name}"], rule)
        return chain

    def return_from_either(self, chain: _Chain, rule: Rule, rows: list[list[str]], tail: list[str]) -> _Chain:
        """Write a rule that leaves the chain it stands in, though its state is kept in one place behind it.

        A chain that was gone to returns to where its caller was called from, so all that follows is gone to, too.
        """
        helper, rest = self.helper(chain), self.helper(chain)
        self.act(helper, rule, tail)
        for row in rows:
            chain.add([*row, f"goto {helper.name}"], rule)
        for each in (chain, helper):
            each.lines.append((f"goto {rest.name}", None))
        helper.leads_to.add(rest.name)
        chain.leads_to.add(rest.name)
        return rest

    def helper(self, chain: _Chain) -> _Chain:
        self.helpers += 1
        helper = self.open(self.names.of("more", str(self.helpers)), f"part of {chain.comment}")
        chain.leads_to.add(helper.name)
        return helper

    def spell(self, each: Statement) -> str:
        """Give a statement that counts in a set its set."""
        if not each.set:
            return each.text
        name = self.names.of("meter", str(len(self.meters) + 1))
        self.meters.append((name, list(each.set)))
        return each.text.format(set=name)

    # --- actions ---

    def act(self, chain: _Chain, rule: Rule, conditions: list[str]) -> None:
        """Write one rule of the kernel: conditions, the log, and what it does."""
        chain.add([*conditions, log_of(rule), *self.action(chain, rule)], rule)

    def action(self, chain: _Chain, rule: Rule) -> list[str]:
        """Spell what a rule does."""
        action = rule.action
        if isinstance(action, AddToList):
            return self.add_to_list(rule, action)
        if isinstance(action, Jump):
            return self.jump(chain, ChainKey(rule.family, rule.table, action.chain))
        if isinstance(action, Reject):
            return [f"reject with {ANSWERS[rule.family][action.answer][0]}"]
        if isinstance(action, OtherAction):
            return ["counter" if action.passthrough else "accept"]
        return [_VERDICTS.get(action, "counter") if isinstance(action, Verdict) else "counter"]

    def jump(self, chain: _Chain, goal: ChainKey) -> list[str]:
        """Spell a jump; a chain without rules is nowhere to jump to."""
        if goal not in self.known:
            return ["counter"]
        chain.leads_to.add(self.name(goal))
        return [f"jump {self.name(goal)}"]

    def add_to_list(self, rule: Rule, action: AddToList) -> list[str]:
        there = self.lists[rule.family, action.list]
        key = f"{'ip' if rule.family is Family.V4 else 'ip6'} {'saddr' if action.side is Side.SOURCE else 'daddr'}"
        uncovered = [f"{key} != @{each}" for each in there.covering]
        if action.timeout is Forever.SAVED:
            return [*uncovered, f"update @{there.kept} {{ {key} }}"]
        length = FOREVER if isinstance(action.timeout, Forever) else action.timeout
        return [*uncovered, f"update @{there.hosts} {{ {key} timeout {time_span(length)} }}"]

    # --- the table ---

    def too_deep(self) -> Iterator[Diagnostic]:
        """Say so where jumps go deeper than the kernel follows."""
        by_name = {each.name: each for each in self.chains}
        depth: dict[str, int] = {}

        def measure(name: str) -> int:
            if name not in depth:
                below = by_name[name].leads_to if name in by_name else set()
                depth[name] = 1 + max(map(measure, below), default=0)
            return depth[name]

        if any(measure(name) > DEEPEST for name in by_name):
            message = f"jumps go deeper than {DEEPEST} chains, which the kernel does not follow"
            yield Diagnostic("", Severity.ERROR, message)

    def table(self, kept: Mapping[ChainKey, list[Rule]]) -> Iterator[Line]:
        """Lay the table out."""
        yield f"table {names.FAMILY} {names.TABLE} {{", None
        yield '\tcomment "RouterOS rules, run as they are"', None
        for name, lines in (*render_sets(self.lists), *self.meters):
            yield from block(f"set {name}", [(line, None) for line in lines])
        for (table, name), (hook, priority) in HOOKS.items():
            families = [family for family in Family if ChainKey(family, table, name) in kept]
            if families:
                yield from block(f"chain {table}_{name}", self.base(table, name, hook, priority, families))
        for chain in self.chains:
            yield from block(f"chain {chain.name}", [(f"comment {shown(chain.comment)}", None), *chain.lines])
        yield "}", None

    def base(
        self, table: Table, name: str, hook: str, priority: int, families: list[Family]
    ) -> Iterator[Line]:
        """Write what stands at a hook: one chain for both families, which have nothing to do with each other."""
        yield f"type filter hook {hook} priority {priority}; policy accept;", None
        yield f'{"oifname" if hook in {"output", "postrouting"} else "iifname"} "lo" accept', None
        for family in families:
            goal = self.name(ChainKey(family, table, name))
            yield f"meta nfproto {'ipv4' if family is Family.V4 else 'ipv6'} jump {goal}", None


def block(head: str, body: Iterator[Line] | list[Line]) -> Iterator[Line]:
    """Set a block off by an empty line and indent what is in it."""
    yield "", None
    yield f"\t{head} {{", None
    for line, span in body:
        yield f"\t\t{line}", span
    yield "\t}", None


def log_of(rule: Rule) -> str:
    """The log statement of a rule; empty if it does not log."""
    if not rule.log and rule.action is not Verdict.LOG:
        return ""
    prefix = f"{rule.log_prefix}: " if rule.log_prefix else ""
    return f"log prefix {shown(prefix, LONGEST_LOG_PREFIX)}" if prefix else "log"
