"""The spellings of RouterOS's values, read: times, ports, addresses, states, limits.

Every reader raises `ValueError` with one sentence for the user; negation (`!`) is taken off before. Grammar: RouterOS
manual, command reference. No property has a name here.
"""

import functools
import re
from datetime import timedelta
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_address, ip_network

from portward.policy.net import MAX_PORT
from portward.sources.routeros_matchers import Address, AddressRange, Range
from portward.sources.routeros_rules import Family


LONGEST_TIMEOUT = timedelta(weeks=35, days=3, hours=13, minutes=13, seconds=56)
"""The longest timeout of a list entry (RouterOS manual, address lists)."""

_UNITS = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
    "us": timedelta(microseconds=1),
    "ns": timedelta(),
}
_PIECE = re.compile(r"(\d{1,12})(ms|us|ns|[wdhms])", re.ASCII)
_TIME = re.compile(
    r"((?:\d{1,12}[wd])*)[ ]?(?:(\d{1,9}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,9}))?)?)?", re.ASCII
)
_SPELLED = re.compile(r"(?:\d{1,12}(?:ms|us|ns|[wdhms]))+", re.ASCII)
_NUMBER = re.compile(r"\d{1,10}", re.ASCII)
_HEX = re.compile(r"0x[0-9a-fA-F]{1,8}", re.ASCII)


def read_time(text: str) -> timedelta:
    """Read `1m30s`, `1w2d`, `500ms`, `00:00:45`, `1d00:00:00`, `1d 00:00:00`; a bare number is seconds.

    Raises:
        ValueError: another spelling, or more than Python can count.
    """
    try:
        if _NUMBER.fullmatch(text):
            return timedelta(seconds=int(text))
        if _SPELLED.fullmatch(text):
            return _add_up(text)
        match = _TIME.fullmatch(text)
        if match and match.group(2):
            days, hours, minutes, seconds, fraction = match.groups()
            clock = timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds or 0))
            return _add_up(days) + clock + timedelta(seconds=float(f"0.{fraction or 0}"))
    except OverflowError:
        msg = f"{text} is too long a time"
        raise ValueError(msg) from None
    msg = f"{text!r} is no time"
    raise ValueError(msg)


def _add_up(text: str) -> timedelta:
    return sum((int(number) * _UNITS[unit] for number, unit in _PIECE.findall(text)), timedelta())


def read_timeout(text: str) -> timedelta:
    """Read the timeout of a list entry, which has a longest.

    Raises:
        ValueError: no time, or longer than a router takes.
    """
    length = read_time(text)
    if length > LONGEST_TIMEOUT:
        msg = f"the timeout {text} is out of range: a router takes at most 35w3d13h13m56s"
        raise ValueError(msg)
    return length


def read_number(text: str, low: int, high: int, what: str) -> int:
    """Read a number, decimal or 0x….

    Raises:
        ValueError: no number, or outside `low`..`high`.
    """
    if _NUMBER.fullmatch(text):
        number = int(text)
    elif _HEX.fullmatch(text):
        number = int(text, 16)
    else:
        msg = f"{text!r} is no {what}"
        raise ValueError(msg)
    if not low <= number <= high:
        msg = f"{what} {number} is not in {low}..{high}"
        raise ValueError(msg)
    return number


def read_range(text: str, low: int, high: int, what: str) -> Range:
    """Read `5` or `5-9`.

    Raises:
        ValueError: another spelling, out of range, or the wrong way round.
    """
    first, dash, last = text.partition("-")
    begin = read_number(first, low, high, what)
    end = read_number(last, low, high, what) if dash else begin
    if begin > end:
        msg = f"the range {text} ends before it begins"
        raise ValueError(msg)
    return Range(begin, end)


@functools.lru_cache(maxsize=4096)
def read_ports(text: str) -> tuple[Range, ...]:
    """Read `22`, `22,80,8000-8100`; port 0 is one.

    Raises:
        ValueError: no port among them, or one over 65535.
    """
    return tuple(read_range(each, 0, MAX_PORT, "port") for each in text.split(","))


PROTOCOLS = {
    "icmp": 1,
    "igmp": 2,
    "ggp": 3,
    "ip-encap": 4,
    "ipencap": 4,
    "st": 5,
    "tcp": 6,
    "egp": 8,
    "pup": 12,
    "udp": 17,
    "hmp": 20,
    "xns-idp": 22,
    "rdp": 27,
    "iso-tp4": 29,
    "dccp": 33,
    "xtp": 36,
    "ddp": 37,
    "idpr-cmtp": 38,
    "ipv6-encap": 41,
    "ipv6": 41,
    "ipv6-route": 43,
    "ipv6-frag": 44,
    "rsvp": 46,
    "gre": 47,
    "ipsec-esp": 50,
    "ipsec-ah": 51,
    "rspf": 73,
    "icmpv6": 58,
    "ipv6-nonxt": 59,
    "ipv6-opts": 60,
    "vmtp": 81,
    "ospf": 89,
    "ipip": 94,
    "etherip": 97,
    "encap": 98,
    "pim": 103,
    "vrrp": 112,
    "l2tp": 115,
    "sctp": 132,
    "udp-lite": 136,
}
"""RouterOS's names of protocols and their IANA numbers."""

_WINDOW_PROTOCOL = re.compile(r"(\d{1,3}) \([a-z0-9-]+\)")


def read_protocol(text: str) -> int:
    """Read `tcp`, `50`, or WinBox's `6 (tcp)`.

    Raises:
        ValueError: a name or number that no protocol has.
    """
    if text in PROTOCOLS:
        return PROTOCOLS[text]
    if match := _WINDOW_PROTOCOL.fullmatch(text):
        text = match.group(1)
    return read_number(text, 0, 255, "protocol")


_SHORT_RANGE = re.compile(r"\d+\.\d+\.\d+\.\d+-\d+", re.ASCII)


@functools.lru_cache(maxsize=4096)
def read_addresses(text: str, family: Family) -> AddressRange:
    """Read an address, a prefix (host bits are cleared, as a router does) or a range.

    Raises:
        ValueError: none of these, or of the other family.
    """
    wanted = 4 if family is Family.V4 else 6
    first, dash, last = text.partition("-")
    if dash:
        if _SHORT_RANGE.fullmatch(text):
            msg = f"{text} is no range: write both addresses in full"
            raise ValueError(msg)
        low, high = _address(first, wanted), _address(last, wanted)
        if int(low) > int(high):
            msg = f"the range {text} ends before it begins"
            raise ValueError(msg)
        return AddressRange(low, high)
    if "/" not in text:
        one = _address(text, wanted)
        return AddressRange(one, one)
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        msg = f"{text!r} is no address or prefix"
        raise ValueError(msg) from None
    if network.version != wanted:
        msg = f"{text} is no IPv{wanted} prefix"
        raise ValueError(msg)
    return AddressRange(network[0], network[-1])


def _address(text: str, wanted: int) -> Address:
    try:
        address = IPv4Address(text) if wanted == 4 else IPv6Address(text)
    except AddressValueError:
        msg = f"{text!r} is no IPv{wanted} address"
        raise ValueError(msg) from None
    return ip_address(address.packed)


def read_yes(text: str) -> bool:
    """Read `yes`, `no`, `true`, `false`.

    Raises:
        ValueError: anything else.
    """
    if text in {"yes", "true"}:
        return True
    if text in {"no", "false"}:
        return False
    msg = f"{text!r} is neither yes nor no"
    raise ValueError(msg)


def read_rate(text: str) -> tuple[int, timedelta, int, bool, tuple[str, ...]]:
    """Read what `limit` and `dst-limit` begin with: `rate[/time],burst[:packet|bit]` and what follows.

    Returns the rate, its time (1 s if there is none), the burst, whether bits are counted, the further pieces.

    Raises:
        ValueError: another spelling.
    """
    head, *rest = text.split(",")
    amount, slash, time = head.partition("/")
    number = _UNITS_OF_RATE.fullmatch(amount)
    if number is None:
        msg = f"{amount!r} is no rate"
        raise ValueError(msg)
    rate = int(number.group(1)) * _FACTORS[number.group(2)]
    per = read_time(time) if slash and time else timedelta(seconds=1)
    if per <= timedelta():
        msg = f"{text!r}: a rate needs a time"
        raise ValueError(msg)
    burst, colon, unit = (rest[0] if rest else "5").partition(":")
    if colon and unit not in {"packet", "bit"}:
        msg = f"{unit!r} is neither packet nor bit"
        raise ValueError(msg)
    return rate, per, _burst(burst), unit == "bit", tuple(rest[1:])


_UNITS_OF_RATE = re.compile(r"(\d{1,10})([kKM]?)", re.ASCII)
_FACTORS = {"": 1, "k": 1000, "K": 1000, "M": 1_000_000}


def _burst(text: str) -> int:
    match = _UNITS_OF_RATE.fullmatch(text)
    if match is None:
        msg = f"{text!r} is no burst"
        raise ValueError(msg)
    return int(match.group(1)) * _FACTORS[match.group(2)]


_PLACEHOLDER = re.compile(
    r"<[^<>]*>|\[[A-Za-z][^\]]*\]|\{\{.*\}\}|%[A-Z_]+%|\$\{?[A-Z_]+\}?|CHANGE_?ME|(?:YOUR|MY)[_-][\w-]+|[\d.]*\b[xX]{2,3}\b[\w.]*"
    r"|(?:\d{1,3}\.)*(?:[A-WYZ]{2}|[xXyYnN]{1,3})(?:\.(?:\d{1,3}|[A-Z]{2}|[xXyYnN]{1,3}))*(?:/\d+)?|\.\.\.|…|\?+|#+|\*+|_+"
)


def refuse_placeholder(text: str) -> None:
    """Find out whether a value is one.

    Raises:
        ValueError: the author meant the reader to put a value of his own here.
    """
    if is_placeholder(text):
        msg = f"{text!r} is a placeholder: put your own value there"
        raise ValueError(msg)


def is_placeholder(text: str) -> bool:
    """Whether the author meant the reader to put a value of his own here."""
    return bool(_PLACEHOLDER.fullmatch(text.removeprefix("!")))
