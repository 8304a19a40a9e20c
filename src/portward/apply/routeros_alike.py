"""Whether an item on a router is the one that is wanted, though the router spells values in its own way. Pure.

A router gives `1w` back for `7d`, `true` for `yes`, `2001:db8::1/128` for `2001:db8::1`, and states in its own order.
Source: RouterOS manual, command reference.
"""

import re
from collections.abc import Callable, Mapping
from ipaddress import ip_network

from portward.apply.ros_link import Row
from portward.apply.routeros_items import COUNTED, marked
from portward.sources.routeros_values import PROTOCOLS, read_time


def essence(properties: Row) -> Mapping[str, str]:
    """The properties of an item in one spelling, without what nobody set and without whether it is disabled."""
    found = {
        name: canonical(name, value)
        for name, value in properties.items()
        if not name.startswith(".") and name not in COUNTED and name != "disabled" and value
    }
    if "chain" in found:
        found.setdefault("action", "accept")
    if "comment" in found:
        found["comment"] = marked(found["comment"], None)
    return {name: value for name, value in found.items() if (name, value) not in _DEFAULTS}


_DEFAULTS = {("log", "no"), ("log-prefix", '""'), ("passthrough", "yes")}


def canonical(name: str, value: str) -> str:
    """One spelling of a value; a value that is in none of the known spellings stays as it is."""
    bang = "!" if value.startswith("!") else ""
    reader = _READERS.get(name, _word)
    try:
        return bang + reader(value.removeprefix("!"))
    except ValueError:
        return value


def _word(value: str) -> str:
    return {"true": "yes", "false": "no"}.get(value, value)


def _time(value: str) -> str:
    return f"{read_time(value).total_seconds():g}s"


def _network(value: str) -> str:
    return str(ip_network(value, strict=False))


def _networks(value: str) -> str:
    return ",".join(sorted(_network(each) for each in value.split(",")))


def _unordered(value: str) -> str:
    return ",".join(sorted(value.split(",")))


def _protocol(value: str) -> str:
    return str(PROTOCOLS.get(value, value))


def _icmp(value: str) -> str:
    return value.removesuffix(":0-255")


_PER = re.compile(r"/([^,/]+)")


def _rate(value: str) -> str:
    """`10,5` and `10/1s,5:packet` are the same."""
    spelled = _PER.sub(lambda found: f"/{_time(found[1])}", value)
    return spelled.replace("/1s", "").replace(":packet", "")


_READERS: dict[str, Callable[[str], str]] = {
    "address-list-timeout": _time,
    "timeout": _time,
    "address": _networks,
    "available-from": _networks,
    "src-address": _network,
    "dst-address": _network,
    "connection-state": _unordered,
    "connection-nat-state": _unordered,
    "tcp-flags": _unordered,
    "protocol": _protocol,
    "icmp-options": _icmp,
    "limit": _rate,
    "dst-limit": _rate,
}
