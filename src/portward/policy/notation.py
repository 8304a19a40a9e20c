"""The compact spellings of the policy file and the command line, both ways: `tcp/22`, `udp/7000=word`, `1w2d`.

Every reader raises `ValueError` with one sentence for the user; every writer gives a text that its reader takes back
to the same value. The secret word of a knock is never part of an error text.
"""

import re
from datetime import timedelta
from ipaddress import ip_address, ip_network

from portward.policy.net import Address, Knock, Network, PortRange, Protocol


LONGEST_KERNEL = timedelta(milliseconds=2**63 // 1_000_000 // 1000 * 1000)
"""The longest timeout of an nftables element: nanoseconds in 63 bits, some 292 years."""

LONGEST_ROUTEROS = timedelta(weeks=35, days=3, hours=13, minutes=13, seconds=56)
"""The longest `address-list-timeout` (RouterOS manual, address lists); the policy holds to it everywhere."""

SHORTEST = timedelta(milliseconds=100)
"""Below this neither a person nor a network keeps a step."""

_UNITS = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}
_DURATION = re.compile(r"(?:\d+(?:ms|[wdhms]))+", re.ASCII)
_PIECE = re.compile(r"(\d+)(ms|[wdhms])", re.ASCII)
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)


def read_duration(text: str, shortest: timedelta = SHORTEST) -> timedelta:
    """Read `7d`, `1h30m`, `500ms`: whole numbers with w, d, h, m, s, ms, in any order, added up.

    Raises:
        ValueError: another spelling, or outside `shortest` (100ms)..35w3d13h13m56s.
    """
    if not _DURATION.fullmatch(text):
        msg = f"{text!r} is no duration: write numbers with w, d, h, m, s or ms, such as 7d, 1h30m, 10s"
        raise ValueError(msg)
    try:
        length = sum((int(number) * _UNITS[unit] for number, unit in _PIECE.findall(text)), timedelta())
    except OverflowError:
        length = timedelta.max
    if not shortest <= length <= LONGEST_ROUTEROS:
        msg = f"{text} is outside {write_duration(shortest)}..{write_duration(LONGEST_ROUTEROS)}"
        raise ValueError(msg)
    return length


def write_duration(length: timedelta) -> str:
    """Write the one canonical spelling, largest unit first: `1w`, `1h30m`, `1s500ms`; `0s` for nothing."""
    rest = length // _UNITS["ms"]
    pieces = []
    for unit, size in _UNITS.items():
        count, rest = divmod(rest, size // _UNITS["ms"])
        if count:
            pieces.append(f"{count}{unit}")
    return "".join(pieces) or "0s"


def read_protocol(text: str) -> Protocol:
    """Read a protocol's name; `icmpv6` is `icmp`.

    Raises:
        ValueError: a name we do not know.
    """
    try:
        return Protocol("icmp" if text == "icmpv6" else text)
    except ValueError:
        msg = f"{text!r} is no protocol; known are {', '.join(Protocol)}"
        raise ValueError(msg) from None


def read_number(text: str, what: str) -> int:
    """Read a plain decimal number.

    Raises:
        ValueError: anything else, naming `what` was expected.
    """
    if not _NUMBER.fullmatch(text):
        msg = f"{text!r} is no {what}"
        raise ValueError(msg)
    return int(text)


def read_ports(text: str) -> PortRange:
    """Read `tcp/22`, `udp/8000-8010`, `esp`.

    Raises:
        ValueError: another spelling, an unknown protocol or a port out of range.
    """
    name, slash, ports = text.partition("/")
    protocol = read_protocol(name)
    if not protocol.has_ports:
        if slash:
            msg = f"{protocol} has no ports: write {protocol} alone"
            raise ValueError(msg)
        return PortRange(protocol)
    if not slash:
        msg = f"{text!r} lacks a port: write {protocol}/PORT or {protocol}/FIRST-LAST"
        raise ValueError(msg)
    first, dash, last = ports.partition("-")
    low = read_number(first, "port")
    return PortRange(protocol, low, read_number(last, "port") if dash else low)


def write_ports(ports: PortRange) -> str:
    """Write what `read_ports` reads."""
    if not ports.protocol.has_ports:
        return str(ports.protocol)
    if ports.first == ports.last:
        return f"{ports.protocol}/{ports.first}"
    return f"{ports.protocol}/{ports.first}-{ports.last}"


def read_knock(text: str) -> Knock:
    """Read `tcp/33333`, `icmp/128`, `udp/7000=open sesame`; the word is all that follows the first `=`, as UTF-8.

    Raises:
        ValueError: another spelling, or a knock that no packet can be. The text never holds the word.
    """
    place, equals, word = text.partition("=")
    if equals and not word:
        msg = f"the secret word after {place}= is empty"
        raise ValueError(msg)
    name, slash, number = place.partition("/")
    protocol = read_protocol(name)
    if not slash:
        msg = (
            f"{place!r} lacks {'a size' if protocol is Protocol.ICMP else 'a port'}: write {protocol}/NUMBER"
        )
        raise ValueError(msg)
    if protocol is Protocol.ICMP:
        return Knock(protocol, read_number(number, "packet size"), word.encode())
    return Knock(protocol, read_number(number, "port"), word.encode())


def write_knock(knock: Knock, *, secret: bool = True) -> str:
    """Write what `read_knock` reads; with `secret` false the word is left out, for the eyes of others.

    Bytes of a word that are not UTF-8 are written as replacement characters.
    """
    place = f"{knock.protocol}/{knock.number}"
    if not knock.word:
        return place
    return f"{place}={knock.word.decode(errors='replace')}" if secret else f"{place}=…"


def read_network(text: str) -> Network:
    """Read `192.0.2.1`, `192.0.2.0/24`, `2001:db8::/32`.

    Raises:
        ValueError: no address, or bits set behind the prefix.
    """
    try:
        return ip_network(text)
    except ValueError as error:
        try:
            base = ip_network(text, strict=False)
        except ValueError:
            msg = f"{text!r} is no IPv4 or IPv6 address or network"
            raise ValueError(msg) from None
        msg = f"{text} has bits set behind its prefix; write {base}"
        raise ValueError(msg) from error


def read_address(text: str) -> Address:
    """Read one IPv4 or IPv6 address.

    Raises:
        ValueError: anything else, zone suffixes included.
    """
    try:
        address = ip_address(text)
    except ValueError:
        msg = f"{text!r} is no IPv4 or IPv6 address"
        raise ValueError(msg) from None
    if getattr(address, "scope_id", None):
        msg = f"{text} has a zone; give the address alone"
        raise ValueError(msg)
    return address
