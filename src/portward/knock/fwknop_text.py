"""The text of a profile's part about fwknop: the table `[profiles.NAME.fwknop]`, read and written.

Pure. A key's characters never get into a message.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from ipaddress import IPv4Address
from typing import Any, Final

from portward.knock.fwknop_profile import USUAL_PORT, FwknopProfile
from portward.knock.way_table import as_table, read_keys
from portward.policy.net import MAX_PORT, Protocol
from portward.spa.crypto import AesMode
from portward.spa.fwknop_fields import LONGEST_TIMEOUT, USERNAME, InnerDigest
from portward.spa.keyring import HmacDigest


LONGEST_KEY: Final = 32
LONGEST_HMAC_KEY: Final = 128
"""Bytes, as fwknop has them."""

SOURCE: Final = "source"
"""In place of an address: the one that the gate sees."""

_PORT = re.compile(r"(tcp|udp)/([1-9][0-9]{0,4})", re.ASCII)
_NAT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,69}):([1-9][0-9]{0,4})", re.ASCII)


def read_fwknop(table: object) -> FwknopProfile:
    """Read the table.

    Raises:
        ValueError: with all mistakes in one sentence.
    """
    given = as_table(table)
    read, mistakes = read_keys(given, _READERS)
    mistakes += _together(given)
    values = {key.removesuffix("_base64"): value for key, value in read.items()}
    if not mistakes:
        return FwknopProfile(**{"hmac_key": b"", **values})
    raise ValueError("; ".join(sorted(mistakes)))


def _together(table: Mapping[str, object]) -> Iterator[str]:
    """Tell what does not go together."""
    for name in ("key", "hmac_key"):
        if name in table and f"{name}_base64" in table:
            yield f"{name} and {name}_base64 exclude each other"
    if not {"key", "key_base64"} & table.keys():
        yield "key or key_base64 is missing"
    has_hmac = any(table.get(each) for each in ("hmac_key", "hmac_key_base64"))
    if table.get("legacy") is True and has_hmac:
        yield "legacy and an HMAC exclude each other"
    if not has_hmac and not {"hmac_key", "hmac_key_base64"} & table.keys():
        yield 'hmac_key or hmac_key_base64 is missing (hmac_key = "" for a gate that wants none)'


def _text(value: object) -> str:
    if not isinstance(value, str):
        msg = "must be a string"
        raise ValueError(msg)  # noqa: TRY004 - the same
    return value


def _secret(first: int, last: int, *, as_base64: bool) -> Callable[[object], bytes]:
    def read(value: object) -> bytes:
        text = _text(value)
        try:
            secret = base64.b64decode(text, validate=True) if as_base64 else text.encode()
        except (binascii.Error, ValueError):
            msg = "is no base64"
            raise ValueError(msg) from None
        if not first <= len(secret) <= last:
            msg = f"must have {first} to {last} bytes"
            raise ValueError(msg)
        return secret

    return read


def _one_of(choices: type[StrEnum]) -> Callable[[object], StrEnum]:
    def read(value: object) -> StrEnum:
        if value not in tuple(choices):
            msg = f"must be one of {', '.join(choices)}"
            raise ValueError(msg)
        return choices(str(value))

    return read


def _number(first: int, last: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not first <= value <= last:
            msg = f"must be a whole number in {first}..{last}"
            raise ValueError(msg)
        return value

    return read


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        msg = "must be true or false"
        raise ValueError(msg)  # noqa: TRY004 - the same
    return value


def _access(value: object) -> tuple[tuple[Protocol, int], ...]:
    found = (
        [_PORT.fullmatch(each) if isinstance(each, str) else None for each in value]
        if isinstance(value, list)
        else []
    )
    ports = tuple((Protocol(each[1]), int(each[2])) for each in found if each and int(each[2]) <= MAX_PORT)
    if not ports or len(ports) != len(found):
        msg = 'must be a list of ports such as ["tcp/22"]'
        raise ValueError(msg)
    return ports


def _address(value: object) -> IPv4Address | None:
    if value == SOURCE:
        return None
    try:
        return IPv4Address(_text(value))
    except ValueError:
        msg = f"must be an IPv4 address or {SOURCE!r}"
        raise ValueError(msg) from None


def _nat(value: object) -> tuple[str, int]:
    found = _NAT.fullmatch(value) if isinstance(value, str) else None
    if not found or int(found[2]) > MAX_PORT:
        msg = "must be HOST:PORT, or local:PORT for the gate itself"
        raise ValueError(msg)
    return found[1], int(found[2])


def _username(value: object) -> str:
    if _text(value) and not USERNAME.fullmatch(str(value)):
        msg = "must be at most 48 printable ASCII characters that a packet can name"
        raise ValueError(msg)
    return str(value)


_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "key": _secret(1, LONGEST_KEY, as_base64=False),
    "key_base64": _secret(1, LONGEST_KEY, as_base64=True),
    "hmac_key": _secret(0, LONGEST_HMAC_KEY, as_base64=False),
    "hmac_key_base64": _secret(0, LONGEST_HMAC_KEY, as_base64=True),
    "hmac_digest": _one_of(HmacDigest),
    "mode": _one_of(AesMode),
    "legacy": _flag,
    "digest": _one_of(InnerDigest),
    "access": _access,
    "allow_ip": _address,
    "timeout": _number(1, LONGEST_TIMEOUT),
    "port": _number(1, MAX_PORT),
    "nat": _nat,
    "username": _username,
}


def write_fwknop(heading: str, profile: FwknopProfile) -> str:
    """Write the table under a heading such as `profiles.gate.fwknop`; values that are the default are left out."""
    access = ", ".join(f'"{protocol}/{port}"' for protocol, port in profile.access)
    lines = [
        f"[{heading}]",
        f'key_base64 = "{base64.b64encode(profile.key).decode()}"',
        f'hmac_key_base64 = "{base64.b64encode(profile.hmac_key).decode()}"',
        f'hmac_digest = "{profile.hmac_digest}"',
        f'mode = "{profile.mode}"',
        f"access = [{access}]",
    ]
    if profile.legacy:
        lines.append("legacy = true")
    if profile.digest is not InnerDigest.SHA256:
        lines.append(f'digest = "{profile.digest}"')
    if profile.allow_ip:
        lines.append(f'allow_ip = "{profile.allow_ip}"')
    if profile.timeout:
        lines.append(f"timeout = {profile.timeout}")
    if profile.port != USUAL_PORT:
        lines.append(f"port = {profile.port}")
    if profile.nat:
        lines.append(f'nat = "{profile.nat[0]}:{profile.nat[1]}"')
    if profile.username:
        lines.append(f'username = "{profile.username}"')
    return "\n".join(lines) + "\n"
