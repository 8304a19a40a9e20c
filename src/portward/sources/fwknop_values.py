"""The values of an access.conf, read as fwknopd 2.6.10 reads them: who, which ports, until when."""

import re
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network

from portward.policy.net import MAX_PORT, PortRange, Protocol


_PORT = re.compile(r"(tcp|udp)/([0-9]{1,5})")
_DATE = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_FORCE_NAT = re.compile(r"([0-9.]+)[ \t]+([0-9]+)(?:[ \t]+(tcp|udp))?[ \t]*")


def read_sources(text: str) -> tuple[IPv4Network, ...]:
    """Read a list of addresses and networks; empty for anywhere.

    Raises:
        ValueError: a piece is neither, nor ANY.
    """
    networks = []
    for piece in re.split(r"[, \t]+", text.strip()):
        if piece == "ANY":
            return ()
        try:
            networks.append(IPv4Network(piece, strict=False))
        except ValueError:
            msg = f"{piece!r} is no IPv4 address and no network"
            raise ValueError(msg) from None
    return tuple(dict.fromkeys(networks))


def read_ports(text: str) -> tuple[PortRange, ...]:
    """Read a list of ports, each once.

    Raises:
        ValueError: a piece is no TCP or UDP port.
    """
    ports = []
    for piece in text.split(","):
        found = _PORT.fullmatch(piece.strip())
        if not found or not 1 <= int(found[2]) <= MAX_PORT:
            msg = f"{piece.strip()!r} is no port; write tcp/22 or udp/53, with commas between"
            raise ValueError(msg)
        ports.append(PortRange(Protocol(found[1]), int(found[2]), int(found[2])))
    return tuple(dict.fromkeys(ports))


def read_date(text: str) -> datetime:
    """Read a day as the C library does, which lets the 32nd of a month be the 1st of the next.

    Raises:
        ValueError: it is not spelled MM/DD/YYYY.
    """
    found = _DATE.match(text)
    if not found or not 1970 < int(found[3]) < 9990:
        msg = "write MM/DD/YYYY"
        raise ValueError(msg)
    month, day, year = map(int, found.groups())
    years, month = divmod(month - 1, 12)
    return datetime(year + years, month + 1, 1, tzinfo=UTC) + timedelta(days=day - 1)


def read_epoch(text: str) -> datetime:
    """Read Unix seconds, to the minute.

    Raises:
        ValueError: it does not begin with digits.
    """
    found = re.match(r"[0-9]{1,11}", text)
    if not found:
        msg = "write Unix seconds"
        raise ValueError(msg)
    return datetime.fromtimestamp(int(found[0]), UTC).replace(second=0)


def read_force_nat(text: str) -> tuple[IPv4Address, int]:
    """Read the machine behind and its port; a protocol behind them says nothing new.

    Raises:
        ValueError: another spelling.
    """
    found = _FORCE_NAT.fullmatch(text)
    if not found or not 1 <= int(found[2][:6]) <= MAX_PORT:
        msg = "write ADDRESS PORT"
        raise ValueError(msg)
    return IPv4Address(found[1]), int(found[2])
