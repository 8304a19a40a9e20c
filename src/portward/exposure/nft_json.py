"""From nft's JSON to a `Ruleset` (libnftables-json(5)).

Pure: text in, values out. Sets that packets fill are empty for a stranger: whoever is in them has knocked, or was
caught. What iptables wrote shows here only in part (`"xt"` says a name and nothing more): `iptables_save` reads it.
"""

import json
from collections.abc import Iterable, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

import attrs

from portward.exposure.ruleset import (
    Action,
    Atom,
    Between,
    Chain,
    Compare,
    Constant,
    Dispatch,
    Element,
    Field,
    Jump,
    Part,
    RateLimit,
    Rule,
    Ruleset,
    SetMark,
    Statement,
    Table,
    Translate,
    Unknown,
    Verdict,
)


Place = tuple[str, str, str]
"""Family, table and name of an object."""

_META = {
    "iifname": Field.INTERFACE,
    "iif": Field.INTERFACE,
    "oifname": Field.OUT_INTERFACE,
    "oif": Field.OUT_INTERFACE,
    "l4proto": Field.PROTOCOL,
    "nfproto": Field.FAMILY,
    "mark": Field.MARK,
    "pkttype": Field.PACKET_KIND,
}
_PAYLOAD = {
    ("ip", "saddr"): Field.SOURCE_V4,
    ("ip6", "saddr"): Field.SOURCE_V6,
    ("ip", "daddr"): Field.DESTINATION_V4,
    ("ip6", "daddr"): Field.DESTINATION_V6,
    ("ip", "protocol"): Field.PROTOCOL,
    ("ip6", "nexthdr"): Field.PROTOCOL,
    ("tcp", "dport"): Field.TCP_PORT,
    ("udp", "dport"): Field.UDP_PORT,
    ("th", "dport"): Field.PORT,
    ("tcp", "sport"): Field.SOURCE_PORT,
    ("udp", "sport"): Field.SOURCE_PORT,
    ("th", "sport"): Field.SOURCE_PORT,
}
_PASSED_OVER = frozenset(
    {"counter", "log", "set", "map", "notrack", "ct helper", "flow", "meter", "comment", "quota"}
)
_SYN_ONLY = frozenset({"syn"})


@attrs.define
class _Reader:
    """The named sets and maps, while rules are read."""

    elements: dict[Place, Any]


def sets_to_list(text: str) -> tuple[tuple[str, str, str, str], ...]:
    """Which sets and maps have elements that a terse listing leaves out: kind, family, table, name.

    Those with a timeout or of dynamic elements are not among them: they can be huge, and a stranger is in none.
    """
    found = []
    for each in json.loads(text)["nftables"]:
        for kind in ("set", "map"):
            if kind in each and not _filled_by_packets(each[kind]):
                body = each[kind]
                found.append((kind, body["family"], body["table"], body["name"]))
    return tuple(found)


def _filled_by_packets(body: Mapping[str, Any]) -> bool:
    flags = body.get("flags", ())
    return "timeout" in flags or "dynamic" in flags


def read_ruleset(text: str, listed: Iterable[str] = ()) -> Ruleset:
    """Read `nft --json --terse list ruleset`, and what `list set` and `list map` said about each constant set.

    Raises:
        ValueError: it is no such JSON.
    """
    objects = json.loads(text)["nftables"]
    reader = _Reader({})
    for each in objects:
        for kind in ("set", "map"):
            if kind in each:
                body = each[kind]
                reader.elements[_place(body)] = [] if _filled_by_packets(body) else None
    for answer in listed:
        for each in json.loads(answer)["nftables"]:
            body = each.get("set") or each.get("map")
            if body:
                reader.elements[_place(body)] = body.get("elem", [])
    return Ruleset(tuple(_tables(objects, reader)))


def uses_iptables(text: str) -> bool:
    """Whether some rule was written by iptables with an extension that nft's JSON does not tell about."""
    rules = (each["rule"] for each in json.loads(text)["nftables"] if "rule" in each)
    return any("xt" in statement for rule in rules for statement in rule.get("expr", ()))


def _place(body: Mapping[str, Any]) -> Place:
    return body["family"], body["table"], body["name"]


def _tables(objects: list[dict[str, Any]], reader: _Reader) -> Iterable[Table]:
    chains: dict[tuple[str, str], dict[str, Chain]] = {}
    rules: dict[Place, list[Rule]] = {}
    for each in objects:
        if "table" in each:
            chains[each["table"]["family"], each["table"]["name"]] = {}
        elif "chain" in each:
            body = each["chain"]
            chains.setdefault((body["family"], body["table"]), {})[body["name"]] = _chain(body)
        elif "rule" in each:
            body = each["rule"]
            rules.setdefault((body["family"], body["table"], body["chain"]), []).append(_rule(body, reader))
    for (family, name), by_name in chains.items():
        filled = {
            chain: attrs.evolve(value, rules=tuple(rules.get((family, name, chain), ())))
            for chain, value in by_name.items()
        }
        yield Table(family, name, filled)


def _chain(body: Mapping[str, Any]) -> Chain:
    policy = Verdict.DROP if body.get("policy") == "drop" else Verdict.ACCEPT
    device = body.get("dev", "")
    return Chain(
        hook=body.get("hook", ""),
        kind=body.get("type", "filter"),
        priority=int(body.get("prio", 0)),
        policy=policy,
        device=device if isinstance(device, str) else "",
    )


def _rule(body: Mapping[str, Any], reader: _Reader) -> Rule:
    table = (body["family"], body["table"])
    statements = []
    for each in body.get("expr", ()):
        statement = _statement(each, table, reader)
        if statement is not None:
            statements.append(statement)
    return Rule(tuple(statements), body.get("comment", ""))


def _statement(  # noqa: PLR0911 - one line a kind
    each: Any, table: tuple[str, str], reader: _Reader
) -> Statement | None:
    """One statement; None for what changes nothing for a packet."""
    if not isinstance(each, dict) or not each:
        return Unknown(str(each))
    name, body = next(iter(each.items()))
    if name in _PASSED_OVER:
        return None
    if name == "match":
        return _match(body, table, reader)
    if name == "vmap":
        return _dispatch(body, table, reader)
    if name in {"limit", "ct count"}:
        return RateLimit(bool(isinstance(body, dict) and body.get("inv", False)))
    if name == "xt":
        return Unknown(
            f"iptables' {body.get('name', 'extension') if isinstance(body, dict) else 'extension'}"
        )
    return _action(name, body)


def _action(  # noqa: PLR0911 - one line a kind
    name: str, body: Any
) -> Statement | None:
    match name:
        case "accept" | "drop" | "return":
            return Verdict(name)
        case "reject":
            return Verdict.DROP
        case "jump" | "goto":
            return Jump(body["target"], final=name == "goto")
        case "redirect" | "dnat":
            return _translate(body or {})
        case "mangle":
            if body.get("key") == {"meta": {"key": "mark"}}:
                value = body.get("value")
                return SetMark(value if isinstance(value, int) else None)
            return None
        case "masquerade" | "snat":
            return Verdict.ACCEPT
        case _:
            return Unknown(name)


def _translate(body: Mapping[str, Any]) -> Statement:
    address, port = body.get("addr"), body.get("port")
    if not isinstance(address, str | None) or not isinstance(port, int | None):
        return Unknown("dnat through a map")
    try:
        return Translate(ip_address(address) if address else None, port)
    except ValueError:
        return Unknown("dnat")


def _match(body: Mapping[str, Any], table: tuple[str, str], reader: _Reader) -> Statement:
    operator, left, right = body.get("op", "=="), body.get("left"), body.get("right")
    if (flags := _syn(operator, left, right)) is not None:
        return Constant(flags)
    fields = _fields(left)
    if fields is None:
        return Unknown(_describe(left))
    if operator in {"<", ">", "<=", ">="} and isinstance(right, int):
        return Compare(fields, ((_open_ended(operator, right),),))
    if operator not in {"==", "!=", "in"}:
        return Unknown(_describe(left))
    elements = _elements(right, table, reader, len(fields))
    if elements is _UNREADABLE:
        return Unknown(_describe(left))
    return Compare(fields, elements, negated=operator == "!=")


def _open_ended(operator: str, number: int) -> Between:
    if operator in {"<", "<="}:
        return Between(0, number - (operator == "<"))
    return Between(number + (operator == ">"), 2**32 - 1)


def _syn(operator: str, left: Any, right: Any) -> bool | None:
    """Whether the flags of a connection's first packet fit; None if it is not about TCP flags."""
    mask: Iterable[str] | None = None
    payload = left
    if isinstance(left, dict) and isinstance(left.get("&"), list):
        payload, names = left["&"]
        mask = [names] if isinstance(names, str) else names if isinstance(names, list) else None
    if payload != {"payload": {"protocol": "tcp", "field": "flags"}}:
        return None
    wanted = right["set"] if isinstance(right, dict) and "set" in right else right
    flags = frozenset([wanted] if isinstance(wanted, str) else wanted if isinstance(wanted, list) else [])
    if operator == "in":
        return "syn" in flags
    held = _SYN_ONLY if mask is None else _SYN_ONLY & frozenset(mask)
    return (held == flags) == (operator == "==")


def _dispatch(body: Mapping[str, Any], table: tuple[str, str], reader: _Reader) -> Statement:
    fields = _fields(body.get("key"))
    if fields is None:
        return Unknown(_describe(body.get("key")))
    data = body.get("data")
    entries = reader.elements.get((*table, data[1:])) if isinstance(data, str) else (data or {}).get("set")
    if entries is None:
        return Dispatch(fields, None)
    found: list[tuple[Element, Action]] = []
    for pair in entries:
        key, verdict = pair
        element = _element(_bare(key), len(fields))
        name, target = next(iter(verdict.items()))
        action = _action(name, target)
        if element is None or not isinstance(action, Verdict | Jump):
            return Unknown("verdict map")
        found.append((element, action))
    return Dispatch(fields, tuple(found))


def _fields(left: Any) -> tuple[Field, ...] | None:
    if not isinstance(left, dict) or not left:
        return None
    if "concat" in left:
        parts = [_fields(each) for each in left["concat"]]
        return None if any(each is None for each in parts) else tuple(each[0] for each in parts if each)
    field = _field(left)
    return (field,) if field else None


def _field(left: Mapping[str, Any]) -> Field | None:
    name, body = next(iter(left.items()))
    if not isinstance(body, dict):
        return None
    if name == "meta":
        return _META.get(body.get("key", ""))
    if name == "payload":
        return _PAYLOAD.get((body.get("protocol", ""), body.get("field", "")))
    if name == "ct":
        return {"state": Field.STATE, "status": Field.STATUS}.get(body.get("key", ""))
    if name == "fib" and body.get("result") == "type" and "daddr" in _as_list(body.get("flags")):
        return Field.DESTINATION_KIND
    return None


_UNREADABLE: tuple[Element, ...] = (("unreadable",),)


def _elements(right: Any, table: tuple[str, str], reader: _Reader, width: int) -> tuple[Element, ...] | None:
    if isinstance(right, str) and right.startswith("@"):
        right = reader.elements.get((*table, right[1:]))
        if right is None:
            return None
    elif isinstance(right, dict) and "set" in right:
        right = right["set"]
    elif not isinstance(right, list):
        right = [right]
    found = [_element(_bare(each), width) for each in right]
    return _UNREADABLE if any(each is None for each in found) else tuple(each for each in found if each)


def _bare(element: Any) -> Any:
    """An element without its comment and counter."""
    return element["elem"]["val"] if isinstance(element, dict) and "elem" in element else element


def _element(value: Any, width: int) -> Element | None:
    values = value["concat"] if isinstance(value, dict) and "concat" in value else [value]
    parts = [_part(each) for each in values]
    return (
        None
        if len(parts) != width or any(each is None for each in parts)
        else tuple(p for p in parts if p is not None)
    )


def _part(value: Any) -> Part | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | str):
        return _atom(value)
    if isinstance(value, dict) and "prefix" in value:
        try:
            network = ip_network(f"{value['prefix']['addr']}/{value['prefix']['len']}", strict=False)
        except ValueError:
            return None
        return Between(network[0], network[-1])
    if isinstance(value, dict) and "range" in value:
        first, last = (_atom(each) for each in value["range"])
        return Between(first, last)
    return None


def _atom(value: Any) -> Atom:
    if isinstance(value, str):
        try:
            return ip_address(value)
        except ValueError:
            return value
    return int(value)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _describe(left: Any) -> str:
    """Name what is not understood, for people."""
    if isinstance(left, dict) and left:
        name, body = next(iter(left.items()))
        return (
            f"{name} {body.get('key') or body.get('field') or ''}".strip()
            if isinstance(body, dict)
            else str(name)
        )
    return "an expression"
