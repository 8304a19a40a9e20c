"""What becomes of a packet in a router's rules when not all about it is known: the verdicts it may get. Pure.

Made for one question: is a packet of ours let in for sure? Where a rule has a matcher that is not understood here,
it may fit or not, and both ways are followed. So `{accept}` is a promise, and anything else is doubt. RouterOS's
meaning: first terminating action ends the walk, a packet that no rule decides about is accepted.
"""

import enum
from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address

import attrs

from portward.apply.ros_link import Row
from portward.apply.routeros_items import COUNTED, chain_of, is_enabled
from portward.policy.net import Address
from portward.sources.routeros_rules import Family
from portward.sources.routeros_values import read_addresses, read_ports, read_protocol


Sure = bool | None
"""True, False, or None for what is not known."""


@attrs.frozen
class Packet:
    """A packet as far as it is known; None is unknown.

    Attributes:
        source: where it comes from.
        destination: an address of the router.
        protocol: IANA number.
        source_port: of TCP or UDP.
        port: its destination port.
        state: `new`, `established`, …
        interface: by which it comes in.
        interface_lists: what that interface is a member of.
        lists: the address lists that its source is in, for sure (True) or for a time (None).
        flags: of TCP, all that are set.
        translated: whether its destination was another one before.
    """

    source: Address | None = None
    destination: Address | None = None
    protocol: int | None = None
    source_port: int | None = None
    port: int | None = None
    state: str | None = None
    interface: str | None = None
    interface_lists: frozenset[str] | None = None
    lists: Mapping[str, Sure] | None = None
    flags: frozenset[str] | None = None
    translated: Sure = None


class Fate(enum.StrEnum):
    """What may become of a packet in a chain."""

    ACCEPT = "accept"
    DROP = "drop"
    END = "end"
    """No rule decided."""


@attrs.define
class Walk:
    """One packet's way through a table.

    Attributes:
        rows: all rules of the table.
        packet: whose way it is.
        droppers: rules that would drop it, or might.
    """

    rows: Sequence[Row]
    packet: Packet
    droppers: list[Row] = attrs.field(factory=list)


def fates(walk: Walk, chain: str, depth: int = 0) -> set[Fate]:
    """All that may become of the packet in a chain."""
    found: set[Fate] = set()
    if depth > 20:  # a jump in a circle
        return {Fate.DROP}
    for row in walk.rows:
        if chain_of(row) != chain or not is_enabled(row) or row.get("invalid") == "true":
            continue
        fits = matches(row, walk.packet)
        if fits is False:
            continue
        ends = _fates_of(walk, row, depth)
        found |= ends - {Fate.END}
        if fits and Fate.END not in ends:
            return found
        if fits and row.get("action") == "return":
            return found | {Fate.END}
        if fits is None and row.get("action") == "return":
            found.add(Fate.END)
    return found | {Fate.END}


def _fates_of(walk: Walk, row: Row, depth: int) -> set[Fate]:
    """What a rule that fits does; `END` where the packet goes on."""
    match row.get("action", "accept"):
        case "accept":
            return {Fate.ACCEPT}
        case "drop" | "reject" | "tarpit":
            walk.droppers.append(row)
            return {Fate.DROP}
        case "jump":
            return fates(walk, row.get("jump-target", ""), depth + 1)
        case _:
            return {Fate.END}


def matches(row: Row, packet: Packet) -> Sure:
    """Whether all matchers of a rule fit; False as soon as one surely does not."""
    result: Sure = True
    for name, value in row.items():
        if name in _SAYS_NOTHING or name.startswith(".") or not value:
            continue
        reader = _MATCHERS.get(name)
        fits = _judge(reader, value, packet) if reader else None
        if fits is False:
            return False
        result = result and fits
    return result


def _judge(reader: "Callable[[str, Packet], Sure]", value: str, packet: Packet) -> Sure:
    negated = value.startswith("!") and (reader is not _flags or value.startswith("!,"))
    try:
        fits = reader(value[1:].removeprefix(",") if negated else value, packet)
    except ValueError:
        return None
    return not fits if negated and fits is not None else fits


_SAYS_NOTHING = COUNTED | {
    "action",
    "address-list",
    "address-list-timeout",
    "chain",
    "comment",
    "disabled",
    "hw-offload",
    "jump-target",
    "log",
    "log-prefix",
    "reject-with",
}
"""Properties that are no matchers."""


def _address(value: str, address: Address | None) -> Sure:
    if address is None:
        return None
    if address.version != (6 if ":" in value else 4):
        return False
    found = read_addresses(value, Family.V6 if address.version == 6 else Family.V4)
    return int(found.first) <= int(address) <= int(found.last)


def _ports(value: str, port: int | None) -> Sure:
    return None if port is None else any(each.first <= port <= each.last for each in read_ports(value))


def _either_port(value: str, packet: Packet) -> Sure:
    seen = (_ports(value, packet.port), _ports(value, packet.source_port))
    return True if True in seen else None if None in seen else False


def _protocol(value: str, packet: Packet) -> Sure:
    return None if packet.protocol is None else read_protocol(value) == packet.protocol


def _state(value: str, packet: Packet) -> Sure:
    return None if packet.state is None else packet.state in value.split(",")


def _interface(value: str, packet: Packet) -> Sure:
    return None if packet.interface is None else packet.interface == value


def _interface_list(value: str, packet: Packet) -> Sure:
    if value in {"all", "none"}:
        return value == "all"
    return None if packet.interface_lists is None else value in packet.interface_lists


def _flags(value: str, packet: Packet) -> Sure:
    """Flags that must be set, and with `!` those that must not."""
    if packet.flags is None:
        return None
    return all(
        (each.removeprefix("!") in packet.flags) is not each.startswith("!") for each in value.split(",")
    )


def _translated(value: str, packet: Packet) -> Sure:
    return packet.translated if value == "dstnat" else None


def _list(value: str, packet: Packet) -> Sure:
    return None if packet.lists is None else packet.lists.get(value, False)


def _local(value: str, packet: Packet) -> Sure:
    return None if packet.destination is None else value == "local"


def _remote(value: str, packet: Packet) -> Sure:
    return False if value == "local" and packet.source is not None else None


_MATCHERS: dict[str, Callable[[str, Packet], Sure]] = {
    "src-address": lambda value, packet: _address(value, packet.source),
    "dst-address": lambda value, packet: _address(value, packet.destination),
    "protocol": _protocol,
    "dst-port": lambda value, packet: _ports(value, packet.port),
    "src-port": lambda value, packet: _ports(value, packet.source_port),
    "port": _either_port,
    "connection-state": _state,
    "connection-nat-state": _translated,
    "tcp-flags": _flags,
    "in-interface": _interface,
    "in-interface-list": _interface_list,
    "src-address-list": _list,
    "dst-address-type": _local,
    "src-address-type": _remote,
}


def lists_of(source: Address, rows: Sequence[Row]) -> dict[str, Sure]:
    """The address lists that a source is in; a dynamic entry ends, so it promises nothing."""
    found: dict[str, Sure] = {}
    for row in rows:
        if not is_enabled(row) or not _covers(row.get("address", ""), source):
            continue
        name = row.get("list", "")
        found[name] = True if row.get("dynamic") != "true" or found.get(name) else None
    return found


def _covers(value: str, source: Address) -> bool:
    try:
        return bool(_address(value, ip_address(source)))
    except ValueError:
        return False
