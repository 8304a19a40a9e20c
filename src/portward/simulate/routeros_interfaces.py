"""Interfaces by the names that a RouterOS script gives them: who is in a list, and what they are called here. Pure."""

from collections.abc import Iterable, Mapping

import attrs

from portward.sources.routeros_matchers import InterfaceIs, InterfaceListed, Matcher
from portward.sources.routeros_rules import InterfaceList, Rule, Script


@attrs.frozen
class Interfaces:
    """A set of interfaces: these names, or with `others` all but these."""

    names: frozenset[str]
    others: bool = False

    def __contains__(self, name: str) -> bool:
        return (name in self.names) != self.others


EVERY, NONE = Interfaces(frozenset(), others=True), Interfaces(frozenset())


def interfaces_of(script: Script, name: str) -> Interfaces:
    """Who is in an interface list, its included and excluded lists followed; an unknown list is empty."""
    return _interfaces({each.name: each for each in script.interface_lists}, name, frozenset())


def _interfaces(lists: Mapping[str, InterfaceList], name: str, above: frozenset[str]) -> Interfaces:
    if name in {"all", "none"}:
        return EVERY if name == "all" else NONE
    found = lists.get(name)
    if found is None or name in above:
        return NONE
    deeper = above | {name}
    result = Interfaces(frozenset(found.members))
    for other in found.include:
        result = _union(result, _interfaces(lists, other, deeper))
    for other in found.exclude:
        result = _without(result, _interfaces(lists, other, deeper))
    return result


def _union(one: Interfaces, other: Interfaces) -> Interfaces:
    if one.others and other.others:
        return Interfaces(one.names & other.names, others=True)
    if one.others or other.others:
        wide, narrow = (one, other) if one.others else (other, one)
        return Interfaces(wide.names - narrow.names, others=True)
    return Interfaces(one.names | other.names)


def _without(one: Interfaces, other: Interfaces) -> Interfaces:
    """One, less the other: the complement of (the complement of one, and the other)."""
    turned = _union(Interfaces(one.names, not one.others), other)
    return Interfaces(turned.names, not turned.others)


def named(script: Script) -> frozenset[str]:
    """The interfaces and interface lists that rules ask for, and the members of lists."""
    asked = {
        each.name if isinstance(each, InterfaceIs) else each.list
        for rule in script.rules
        for each in rule.matchers
        if isinstance(each, InterfaceIs | InterfaceListed)
    }
    return frozenset(asked.union(*(each.members for each in script.interface_lists)))


def renamed(script: Script, names: Mapping[str, tuple[str, ...]]) -> Script:
    """Call interfaces, and the members of interface lists, by what they are called here.

    A name that stands for a list gives the list these members; a name that stands for an interface becomes these.
    """
    asked = {
        each.list for rule in script.rules for each in rule.matchers if isinstance(each, InterfaceListed)
    }
    known = {each.name for each in script.interface_lists}
    lists = [_members_renamed(each, names) for each in script.interface_lists]
    lists += [InterfaceList(name, names[name]) for name in sorted(asked & set(names) - known)]
    several = {name for name, ours in names.items() if len(ours) > 1 and name not in asked}
    lists += [InterfaceList(_made_up(name), names[name]) for name in sorted(several)]
    rules = tuple(_rule_renamed(rule, names) for rule in script.rules)
    return attrs.evolve(script, rules=rules, interface_lists=tuple(lists))


def _made_up(name: str) -> str:
    """The name of a list for an interface that is several here; no script can spell it."""
    return f"{name}\n"


def _members_renamed(each: InterfaceList, names: Mapping[str, tuple[str, ...]]) -> InterfaceList:
    if each.name in names:
        return InterfaceList(each.name, names[each.name])
    members = [ours for name in each.members for ours in names.get(name, (name,))]
    return attrs.evolve(each, members=tuple(members))


def _rule_renamed(rule: Rule, names: Mapping[str, tuple[str, ...]]) -> Rule:
    if not any(isinstance(each, InterfaceIs) and each.name in names for each in rule.matchers):
        return rule
    return attrs.evolve(rule, matchers=tuple(_matchers_renamed(rule.matchers, names)))


def _matchers_renamed(found: Iterable[Matcher], names: Mapping[str, tuple[str, ...]]) -> Iterable[Matcher]:
    for each in found:
        ours = names.get(each.name, ()) if isinstance(each, InterfaceIs) else ()
        if not isinstance(each, InterfaceIs) or not ours:
            yield each
        elif len(ours) == 1:
            yield attrs.evolve(each, name=ours[0])
        else:
            yield InterfaceListed(each.side, _made_up(each.name), each.negated)
