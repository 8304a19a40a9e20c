"""What a sealed knock asks for, and its text of one fixed length. Pure.

    version 1 | time 12 (TAI64N) | duration 4 | family 1 | address 16 | services 78

All numbers are big-endian, and every request has exactly one text: what is unused is zero.
"""

import re
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address
from typing import Final

import attrs

from portward.policy.net import Address
from portward.spa import tai64n


VERSION: Final = 1

SERVICES_BYTES: Final = 78
"""Room for the names, joined by commas."""

TEXT_BYTES: Final = 1 + tai64n.LABEL_BYTES + 4 + 1 + 16 + SERVICES_BYTES

LONGEST: Final = timedelta(seconds=2**32 - 1)

_NAME = re.compile(rb"[a-z][a-z0-9_-]{0,31}")
_SECOND: Final = timedelta(seconds=1)


@attrs.frozen
class Request:
    """What is asked for.

    Attributes:
        services: their names, each once, at most 78 bytes with a comma between each two; empty for all that I may open.
        duration: how long, whole seconds, 1s..2^32-1s; None for as long as the policy says.
        address: to open the door for; None for the packet's source, as it is seen.

    Raises:
        ValueError: something that no text can say, such as an address that belongs to nobody.
    """

    services: tuple[str, ...] = ()
    duration: timedelta | None = None
    address: Address | None = None

    def __attrs_post_init__(self) -> None:
        if not all(_NAME.fullmatch(name.encode()) for name in self.services):
            msg = "a service's name has a lower-case letter first, then letters, digits, - and _, at most 32"
            raise ValueError(msg)
        if len(set(self.services)) < len(self.services):
            msg = "a service is asked for twice"
            raise ValueError(msg)
        if len(",".join(self.services)) > SERVICES_BYTES:
            msg = f"the names of the services are longer than {SERVICES_BYTES} bytes; ask for all that you may open"
            raise ValueError(msg)
        if self.duration is not None and (
            not _SECOND <= self.duration <= LONGEST or self.duration % _SECOND != timedelta()
        ):
            msg = "a duration is whole seconds, 1s or more"
            raise ValueError(msg)
        if self.address is not None and not _is_somebodys(self.address):
            msg = "the address to open the door for is nobody's, or an IPv4 address written as IPv6"
            raise ValueError(msg)


def pack(request: Request, sent: int) -> bytes:
    """The text of a request, `TEXT_BYTES` long; `sent` in nanoseconds since the Unix epoch.

    Raises:
        ValueError: a time before 1970.
    """
    seconds = request.duration // _SECOND if request.duration is not None else 0
    family, address = (
        (request.address.version, request.address.packed) if request.address is not None else (0, b"")
    )
    return b"".join((
        bytes((VERSION,)),
        tai64n.encode(sent),
        seconds.to_bytes(4, "big"),
        bytes((family,)),
        address.ljust(16, b"\0"),
        ",".join(request.services).encode().ljust(SERVICES_BYTES, b"\0"),
    ))  # fmt: skip


def unpack(text: bytes) -> tuple[Request, int]:
    """Take a text apart: the request, and when it was sent, in nanoseconds since the Unix epoch.

    Raises:
        ValueError: anything but the one text of a request, in this version.
    """
    if len(text) != TEXT_BYTES or text[0] != VERSION:
        msg = "not a request of this version"
        raise ValueError(msg)
    seconds = int.from_bytes(text[13:17], "big")
    names = text[34:].rstrip(b"\0").decode("ascii")
    request = Request(
        tuple(names.split(",")) if names else (),
        timedelta(seconds=seconds) if seconds else None,
        _address(text[17], text[18:34]),
    )
    return request, tai64n.decode(text[1:13])


def _address(family: int, field: bytes) -> Address | None:
    """The address of a field of 16 bytes."""
    match family:
        case 0 if not any(field):
            return None
        case 4 if not any(field[4:]):
            return IPv4Address(field[:4])
        case 6:
            return IPv6Address(field)
    msg = "not the text of an address"
    raise ValueError(msg)


def _is_somebodys(address: Address) -> bool:
    """Whether packets can come from there, and it is written in its own family."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return False
    return not address.is_unspecified and not address.is_multicast
