"""From a router's typed filter rules to a `Ruleset`, so that the same walk answers for hosts and routers. Pure.

A stranger comes in by an interface of the list `WAN`; where the script has no such list, which interface leads outside
is not known, and rules that ask for one are not understood. Lists that rules fill are empty for a stranger.
"""

from collections.abc import Iterable, Iterator
from ipaddress import ip_address

from portward.exposure.passage import Answer, Packet, walk
from portward.exposure.ruleset import (
    Between,
    Chain,
    Compare,
    Constant,
    Element,
    Field,
    Jump,
    RateLimit,
    Ruleset,
    Statement,
    Table,
    Unknown,
)
from portward.exposure.ruleset import Rule as WalkedRule
from portward.exposure.ruleset import Verdict as End
from portward.policy.net import Protocol
from portward.sources import routeros_matchers as match
from portward.sources import routeros_rules as ros
from portward.sources.routeros_matchers import Side


OUTSIDE = "WAN"
"""The interface list of the default configuration for what leads outside."""

_HOOKS = {(ros.Table.RAW, "prerouting"): ("prerouting", -300), (ros.Table.FILTER, "input"): ("input", 0)}
_ENDS = {
    ros.Verdict.ACCEPT: End.ACCEPT,
    ros.Verdict.DROP: End.DROP,
    ros.Verdict.TARPIT: End.DROP,
    ros.Verdict.RETURN: End.RETURN,
}


def as_ruleset(script: ros.Script) -> Ruleset:
    """Make the tables raw and filter of both families walkable."""
    tables = tuple(
        Table(str(family).replace("ipv6", "ip6"), str(table), _chains(script, family, table))
        for family in ros.Family
        for table in (ros.Table.RAW, ros.Table.FILTER)
    )
    return Ruleset(tables)


def reached(rules: Ruleset, protocol: Protocol, port: int, version: int = 4) -> Answer:
    """Whether a stranger's first packet gets to a port of the router."""
    visitor, own = ("203.0.113.77", "198.51.100.1") if version == 4 else ("2001:db8:7777::77", "2001:db8::1")
    return walk(rules, Packet(ip_address(visitor), ip_address(own), protocol, port, OUTSIDE)).answer


def _chains(script: ros.Script, family: ros.Family, table: ros.Table) -> dict[str, Chain]:
    found: dict[str, list[WalkedRule]] = {}
    for rule in script.rules:
        if (rule.family, rule.table) == (family, table) and not rule.disabled:
            found.setdefault(rule.chain, []).append(_rule(script, rule))
            if isinstance(rule.action, ros.Jump):
                found.setdefault(rule.action.chain, [])
    chains = {}
    for name, rules in found.items():
        hook, priority = _HOOKS.get((table, name), ("", 0))
        chains[name] = Chain(tuple(rules), hook, "filter", priority)
    return chains


def _rule(script: ros.Script, rule: ros.Rule) -> WalkedRule:
    statements = [_condition(script, rule.family, each) for each in rule.matchers]
    return WalkedRule((*statements, *_action(rule)), rule.comment)


def _action(rule: ros.Rule) -> Iterator[Statement]:
    action = rule.action
    if isinstance(action, ros.Verdict) and action in _ENDS:
        yield _ENDS[action]
    elif isinstance(action, ros.Reject):
        yield End.DROP
    elif isinstance(action, ros.Jump):
        yield Jump(action.chain)
    elif isinstance(action, ros.OtherAction) and not action.passthrough:
        yield Unknown(action.name)


def _condition(  # noqa: PLR0911, PLR0912 - one line a kind of matcher
    script: ros.Script, family: ros.Family, matcher: match.Matcher
) -> Statement:
    """One matcher, as it is for the first packet of somebody who has never been here."""
    match matcher:
        case match.ProtocolIs(number, negated):
            return Compare((Field.PROTOCOL,), ((number,),), negated)
        case match.PortIs(side, ranges, negated):
            field = Field.SOURCE_PORT if side is Side.SOURCE else Field.PORT
            return Compare((field,), tuple((Between(each.first, each.last),) for each in ranges), negated)
        case match.StateIs(states, negated):
            return Compare((Field.STATE,), tuple((str(each),) for each in states), negated)
        case match.AddressIs(side, addresses, negated):
            return Compare((_address(family, side),), ((Between(addresses.first, addresses.last),),), negated)
        case match.AddressListed(side, name, negated):
            return Compare((_address(family, side),), _listed(script, family, name), negated)
        case match.AddressTypeIs(side, types, negated) if side is Side.DESTINATION:
            return Compare((Field.DESTINATION_KIND,), tuple((each,) for each in types), negated)
        case match.InterfaceIs(side, name, negated) if side is Side.SOURCE:
            return _interface(script, [name], negated=negated)
        case match.InterfaceListed(side, name, negated) if side is Side.SOURCE:
            return _interface_list(script, name, negated=negated)
        case match.TcpFlags(wanted, clear, negated):
            return Constant((wanted <= {"syn"} and "syn" not in clear) != negated)
        case match.Limit(negated=negated) | match.DstLimit(negated=negated):
            return RateLimit(negated)
        case match.Content() | match.Layer7() | match.ConnectionLimit() | match.PortScan() | match.IcmpIs():
            return Constant(bool(getattr(matcher, "negated", False)))
        case match.NatStateIs(negated=negated):
            return Constant(negated)
        case _:
            return Unknown(type(matcher).__name__)


def _address(family: ros.Family, side: Side) -> Field:
    if family is ros.Family.V4:
        return Field.DESTINATION_V4 if side is Side.DESTINATION else Field.SOURCE_V4
    return Field.DESTINATION_V6 if side is Side.DESTINATION else Field.SOURCE_V6


def _listed(script: ros.Script, family: ros.Family, name: str) -> tuple[Element, ...] | None:
    """The lasting entries of a list; None where one is a name that only the router resolves."""
    entries = [
        each
        for each in script.entries
        if (each.family, each.list) == (family, name) and not each.disabled and not each.timeout
    ]
    if any(each.addresses is None for each in entries):
        return None
    return tuple((Between(each.addresses.first, each.addresses.last),) for each in entries if each.addresses)


def _interface(script: ros.Script, names: Iterable[str], *, negated: bool) -> Statement:
    outside = next((each.members for each in script.interface_lists if each.name == OUTSIDE), ())
    fits = [each in outside if outside else _leads_outside(each) for each in names]
    if not any(fits) and None in fits:
        return Unknown("which interface leads outside")
    return Constant(any(fits) != negated)


def _leads_outside(name: str) -> bool | None:
    """What an interface's usual name tells, where no list does; None if nothing."""
    if name.startswith(("bridge", "br-", "vlan", "wlan", "lo")):
        return False
    return True if name.startswith(("pppoe", "lte", "wan", "WAN")) else None


def _interface_list(script: ros.Script, name: str, *, negated: bool) -> Statement:
    if name in {OUTSIDE, "all"}:
        return Constant(not negated)
    if name in {"LAN", "none"}:
        return Constant(negated)
    found = next((each for each in script.interface_lists if each.name == name), None)
    if found is None or found.include or found.exclude:
        return Unknown(f"the interface list {name}")
    return _interface(script, found.members, negated=negated)
