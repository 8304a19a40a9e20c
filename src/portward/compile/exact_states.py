"""Matchers of a RouterOS rule that keep a state, as statements of nft: limits, counts, turns and dice.

Each stands once in the kernel's table, behind all other conditions of its rule, so that it counts a packet only when
they fit.
"""

from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address

import attrs

from portward.compile.exact_matchers import Ground
from portward.compile.nft import time_span
from portward.sources.routeros_matchers import ConnectionLimit, DstLimit, Limit, Matcher, Nth, Random
from portward.sources.routeros_rules import Family


@attrs.frozen
class Statement:
    """A matcher that keeps a state.

    Attributes:
        text: of nft; empty if it always fits.
        set: the lines of the set that it counts in, without a set if there are none; its name stands in the text as
            `{set}`.
    """

    text: str
    set: tuple[str, ...] = ()


METER_SIZE = 65535
"""How many sources or destinations a `dst-limit` or `connection-limit` can tell apart; more do not fit."""

UNITS = (
    ("second", timedelta(seconds=1)),
    ("minute", timedelta(minutes=1)),
    ("hour", timedelta(hours=1)),
    ("day", timedelta(days=1)),
    ("week", timedelta(weeks=1)),
)


def rate_of(matcher: Limit | DstLimit) -> tuple[int, str, bool]:
    """Find nft's spelling of a rate: so many per unit, and whether it is the very same rate."""
    for name, unit in UNITS:
        times, rest = divmod(matcher.rate * unit, matcher.per)
        if times and not rest:
            return times, name, True
    return max(1, round(matcher.rate * timedelta(weeks=1) / matcher.per)), "week", False


def _limit_text(matcher: Limit | DstLimit) -> str:
    times, unit, _ = rate_of(matcher)
    over = "over " if matcher.negated else ""
    return f"limit rate {over}{times}/{unit} burst {matcher.burst} packets"


def statement(matcher: Matcher, ground: Ground) -> Statement:
    """Spell a matcher that keeps a state.

    Raises:
        TypeError: another kind.
    """
    match matcher:
        case Limit():
            return Statement(_limit_text(matcher))
        case DstLimit():
            return _dst_limit(matcher, ground)
        case ConnectionLimit():
            return _connection_limit(matcher, ground)
        case Random(percent=percent, negated=negated):
            return Statement(f"numgen random mod 100 {'>=' if negated else '<'} {percent}")
        case Nth(every=1, negated=False):
            return Statement("")
        case Nth(every=every, packet=packet, negated=negated):
            # The kernel's modulus is at least 2 here; of one packet each is the first.
            return Statement(f"numgen inc mod {every} {'!=' if negated else '=='} {packet - 1}")
        case _:
            raise TypeError(matcher)


def _dst_limit(matcher: DstLimit, ground: Ground) -> Statement:
    address = "ipv4_addr" if ground.family is Family.V4 else "ipv6_addr"
    source, destination, port = f"{ground.ip} saddr", f"{ground.ip} daddr", "th dport"
    keys = {
        "dst-address": (destination,),
        "dst-address-and-port": (destination, port),
        "src-address": (source,),
        "src-and-dst-addresses": (source, destination),
        "addresses-and-dst-port": (source, destination, port),
    }[matcher.by]
    types = " . ".join("inet_service" if key == port else address for key in keys)
    expire = time_span(max(matcher.expire, timedelta(milliseconds=1)))
    text = f"update @{{set}} {{{{ {' . '.join(keys)} timeout {expire} {_limit_text(matcher)} }}}}"
    return Statement(text, (f"type {types}", f"size {METER_SIZE}", "flags dynamic,timeout"))


def _connection_limit(matcher: ConnectionLimit, ground: Ground) -> Statement:
    address = "ipv4_addr" if ground.family is Family.V4 else "ipv6_addr"
    key = f"{ground.ip} saddr"
    if matcher.prefix < ground.bits:
        number = (1 << ground.bits) - (1 << ground.bits - matcher.prefix)
        key += f" & {IPv4Address(number) if ground.family is Family.V4 else IPv6Address(number)}"
    over = "" if matcher.negated else "over "
    text = f"add @{{set}} {{{{ {key} ct count {over}{matcher.count} }}}}"
    return Statement(text, (f"type {address}", f"size {METER_SIZE}", "flags dynamic"))
