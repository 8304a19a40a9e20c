"""The rules of a RouterOS script, sorted into chains, with what cannot be part of a run taken out and named.

Shared by the simulator and by the exact compiler, so that both leave out the same. Pure; no packet is judged here.
"""

from collections.abc import Iterator, Mapping

import attrs

from portward.errors import Diagnostic, Severity
from portward.sources.routeros_matchers import (
    InterfaceListed,
    OtherMatcher,
)
from portward.sources.routeros_read_matchers import contradiction
from portward.sources.routeros_rules import (
    Family,
    Fate,
    Jump,
    ListEntry,
    OtherAction,
    Reject,
    Rule,
    Script,
    Table,
    Translate,
)


@attrs.frozen
class ChainKey:
    """Which chain: names of chains are each table's and family's own."""

    family: Family
    table: Table
    name: str


@attrs.frozen
class Chains:
    """What of a script can be run.

    Attributes:
        rules: by chain, in order; chains that no rule names are missing.
        notes: what is not part of the run and why: an `ERROR` where packets depend on it.
    """

    rules: Mapping[ChainKey, tuple[Rule, ...]]
    notes: tuple[Diagnostic, ...]


def sort_rules(script: Script) -> Chains:
    """Sort the enabled rules into chains, and name those that cannot be run."""
    found: dict[ChainKey, list[Rule]] = {}
    notes = list(_told(script))
    for rule in script.rules:
        if rule.disabled:
            continue
        why = _refusal(rule)
        if why:
            notes.append(why)
        else:
            found.setdefault(ChainKey(rule.family, rule.table, rule.chain), []).append(rule)
    for rule in _closing_a_loop(found):
        notes.append(
            _note(rule, f"jump-target={_target(rule)} leads back to its own chain: a router refuses it")
        )
        found[ChainKey(rule.family, rule.table, rule.chain)].remove(rule)
    notes += [_nameless(entry) for entry in script.entries if not entry.disabled and entry.addresses is None]
    return Chains({key: tuple(rules) for key, rules in found.items()}, tuple(_one_a_place(notes)))


def _one_a_place(notes: list[Diagnostic]) -> Iterator[Diagnostic]:
    """Leave out what is said twice about one statement; of two the later is the more specific."""
    last = {each.span: each for each in notes}
    for each in sorted(notes, key=place_of):
        if last[each.span] is each:
            yield each


def place_of(note: Diagnostic) -> tuple[int, int]:
    """Where a diagnostic stands, to put them in order; those without a place come first."""
    return (note.span.line, note.span.column) if note.span else (0, 0)


_ASIDE = ("/ip firewall service-port", "/ip firewall connection tracking")
"""Menus about connection tracking itself: the kernel's own stays as it is."""


def _told(script: Script) -> Iterator[Diagnostic]:
    """Name the statements that are not in the script: nothing of theirs is run."""
    for told in script.told:
        if told.decides and told.fate is not Fate.TAKEN:
            refused = "a router refuses this line, so it is not run: " if told.fate is Fate.REFUSED else ""
            severity = Severity.ADVICE if told.menu in _ASIDE else Severity.ERROR
            yield Diagnostic("", severity, refused + told.reason, told.span, told.hint)


def _nameless(entry: ListEntry) -> Diagnostic:
    message = f"{entry.name} is a name, which only the router resolves"
    return Diagnostic("", Severity.ERROR, message, entry.span, "write its addresses")


def _note(rule: Rule, message: str) -> Diagnostic:
    return Diagnostic("", Severity.ERROR, message, rule.span)


def _refusal(rule: Rule) -> Diagnostic | None:
    """Say why a rule cannot be run; None for one that can."""
    if rule.table is Table.NAT:
        what = "it translates addresses" if isinstance(rule.action, Translate) else "it is in the nat table"
        return _note(rule, f"{what}, which is not run: only filter, raw and mangle are")
    wrong = contradiction(rule.matchers, rule.family, rule.table)
    if wrong:
        return _note(rule, f"a router refuses this rule, so it is not run: {wrong[1]}")
    others = [each.property for each in rule.matchers if isinstance(each, OtherMatcher)]
    if others:
        return _note(rule, f"nobody here knows what {', '.join(others)} means for a packet")
    if rule.action == Reject("tcp-reset") and not _only_tcp(rule):
        text = "a router refuses this rule, so it is not run: tcp-reset needs protocol=tcp"
        return _note(rule, text)
    if isinstance(rule.action, OtherAction) and not rule.action.name.startswith("mark-"):
        return _note(rule, f"action={rule.action.name} changes packets, which is not run")
    return _strange_lists(rule)


def _only_tcp(rule: Rule) -> bool:
    return any(getattr(each, "number", None) == 6 and not each.negated for each in rule.matchers)


def _strange_lists(rule: Rule) -> Diagnostic | None:
    for each in rule.matchers:
        if isinstance(each, InterfaceListed) and each.list in {"dynamic", "static"}:
            return _note(rule, f"which interfaces are {each.list} only the router knows")
    return None


def _target(rule: Rule) -> str:
    return rule.action.chain if isinstance(rule.action, Jump) else ""


def _closing_a_loop(chains: Mapping[ChainKey, list[Rule]]) -> Iterator[Rule]:
    """Find jumps that lead back to where they came from, the last of each loop."""
    finished: set[ChainKey] = set()

    def walk(key: ChainKey, above: tuple[ChainKey, ...]) -> Iterator[Rule]:
        for rule in tuple(chains.get(key, ())):
            if not isinstance(rule.action, Jump):
                continue
            below = attrs.evolve(key, name=rule.action.chain)
            if below in (*above, key):
                yield rule
            elif below not in finished:
                yield from walk(below, (*above, key))
        finished.add(key)

    for key in tuple(chains):
        if key not in finished:
            yield from walk(key, ())
