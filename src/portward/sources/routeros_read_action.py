"""From the properties of a firewall rule to its action.

Raises `ValueError` with a sentence for the user, for an action that a router does not have in that table.
"""

import re
from collections.abc import Mapping
from datetime import timedelta

from portward.policy.net import MAX_PORT
from portward.sources import routeros_values as values
from portward.sources.routeros_matchers import Side
from portward.sources.routeros_rules import (
    Action,
    AddToList,
    Family,
    Forever,
    Jump,
    OtherAction,
    Reject,
    Table,
    Translate,
    Verdict,
)


_ANSWERS = {
    "icmp-network-unreachable",
    "icmp-host-unreachable",
    "icmp-protocol-unreachable",
    "icmp-port-unreachable",
    "icmp-net-prohibited",
    "icmp-host-prohibited",
    "icmp-admin-prohibited",
    "tcp-reset",
    "icmp-no-route",
    "icmp-not-neighbour",
    "icmp-address-unreachable",
    "icmp-err-src-routing-header",
    "icmp-headers-too-long",
}
_TRANSLATIONS = {"dst-nat", "src-nat", "redirect", "masquerade", "netmap", "same", "endpoint-independent-nat"}
_COMMON = {each.value for each in (Verdict.ACCEPT, Verdict.RETURN, Verdict.PASSTHROUGH, Verdict.LOG)}
_ALLOWED: dict[Table, frozenset[str]] = {
    Table.FILTER: frozenset(_COMMON | {"drop", "reject", "tarpit", "fasttrack-connection", "jump"}),
    Table.RAW: frozenset(_COMMON | {"drop", "notrack", "jump"}),
    Table.NAT: frozenset(_COMMON | _TRANSLATIONS | {"jump"}),
    Table.MANGLE: frozenset(_COMMON | {"jump", "fasttrack-connection"}),
}
_MARKS = re.compile(
    r"mark-[a-z]+|change-[a-z-]+|clear-df|set-priority|strip-ipv4-options|sniff-(?:pc|tzsp)|route"
)


def read_action(name: str, properties: Mapping[str, str], family: Family, table: Table) -> Action:
    """Read the action of a rule with what belongs to it.

    Raises:
        ValueError: an action that a router does not have there, or one that lacks something.
    """
    if name in {"add-src-to-address-list", "add-dst-to-address-list"}:
        return _add_to_list(name, properties)
    if table is Table.MANGLE and _MARKS.fullmatch(name):
        return OtherAction(name, properties.get("passthrough", "yes") in {"yes", "true"})
    if name not in _ALLOWED[table] or (name == "tarpit" and family is Family.V6):
        msg = f"{table} has no action {name!r}"
        raise ValueError(msg)
    if name == "jump":
        if not properties.get("jump-target"):
            raise ValueError("jump needs a jump-target")
        return Jump(properties["jump-target"])
    if name == "reject":
        return _reject(properties)
    if name in _TRANSLATIONS:
        return _translate(name, properties, family)
    return Verdict(name)


def _reject(properties: Mapping[str, str]) -> Action:
    answer = properties.get("reject-with", "icmp-network-unreachable")
    if answer not in _ANSWERS:
        msg = f"reject-with has no {answer!r}"
        raise ValueError(msg)
    return Reject(answer)


def _add_to_list(name: str, properties: Mapping[str, str]) -> Action:
    side = Side.SOURCE if name.startswith("add-src") else Side.DESTINATION
    if not properties.get("address-list"):
        msg = f"{name} needs an address-list"
        raise ValueError(msg)
    text = properties.get("address-list-timeout", "none-dynamic")
    return AddToList(side, properties["address-list"], read_list_timeout(text))


def read_list_timeout(text: str) -> timedelta | Forever:
    """Read `address-list-timeout`; nought is for ever, as `none-dynamic`.

    Raises:
        ValueError: no time, or one that a router refuses.
    """
    if text in {"none-dynamic", "none-static"}:
        return Forever(text)
    values.refuse_placeholder(text)
    length = values.read_timeout(text)
    return length or Forever.UNTIL_REBOOT


def _translate(name: str, properties: Mapping[str, str], family: Family) -> Action:
    addresses = properties.get("to-addresses") or properties.get("to-address") or ""
    ports = properties.get("to-ports") or ""
    values.refuse_placeholder(addresses)
    return Translate(
        name,
        values.read_addresses(addresses, family) if addresses else None,
        values.read_range(ports, 0, MAX_PORT, "port") if ports else None,
    )
