"""What a visitor needs for sealed knocks, and its text: the table `[profiles.NAME.sealed]`. Pure.

A key's bytes never get into a message.
"""

import enum
from datetime import timedelta
from typing import Any, Final

import attrs

from portward.knock.way_table import read_length, read_port, read_way
from portward.policy.notation import write_duration
from portward.spa.request import Request
from portward.spa.spelling import read_key, read_text, write_base64


class Stated(enum.StrEnum):
    """Which address a message names."""

    AS_SEEN = "as-seen"
    """None: the gate takes the packet's source, whatever address translation makes of it."""
    STATED = "stated"
    """Ours towards the gate; behind address translation that is not what the gate sees."""


@attrs.frozen
class SealedProfile:
    """How to make sealed knocks for one gate.

    Attributes:
        server: the gate's public key, 32 bytes.
        port: UDP.
        private: our X25519 key, 32 bytes; empty while only `public` is known, in an invitation for a key of our own.
        public: our public key where `private` is empty, 32 bytes; else empty.
        psk: the second secret, 32 bytes, or empty.
        services: what to ask for; empty for all that we may open.
        duration: for how long, whole seconds; None for as long as the gate gives.
        address: see `Stated`.
    """

    server: bytes
    port: int
    private: bytes = attrs.field(default=b"", repr=False)
    public: bytes = b""
    psk: bytes = attrs.field(default=b"", repr=False)
    services: tuple[str, ...] = ()
    duration: timedelta | None = None
    address: Stated = Stated.AS_SEEN


def read_sealed(table: object) -> SealedProfile:
    """Read the table.

    Raises:
        ValueError: with all mistakes in one sentence.
    """
    profile: SealedProfile = read_way(table, _READERS, ("server", "port"), _together)
    return profile


def _together(**values: Any) -> SealedProfile:
    profile = SealedProfile(**values)
    if bool(profile.private) == bool(profile.public):
        msg = (
            "private or public is missing" if not profile.private else "private and public exclude each other"
        )
        raise ValueError(msg)
    Request(profile.services, profile.duration)  # what no message can say, it refuses
    return profile


def _services(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        msg = "must be a list of services' names"
        raise ValueError(msg)  # noqa: TRY004 - the same
    return tuple(read_text(each) for each in value)


def _stated(value: object) -> Stated:
    if value not in tuple(Stated):
        msg = f"must be one of {', '.join(Stated)}"
        raise ValueError(msg)
    return Stated(str(value))


_READERS: Final = {
    "server": read_key,
    "port": read_port,
    "private": read_key,
    "public": read_key,
    "psk": read_key,
    "services": _services,
    "duration": read_length,
    "address": _stated,
}


def write_sealed(heading: str, profile: SealedProfile) -> str:
    """Write the table under a heading such as `profiles.gate.sealed`; values that are the default are left out."""
    lines = [f"[{heading}]", f'server = "{write_base64(profile.server)}"', f"port = {profile.port}"]
    lines += [
        f'{name} = "{write_base64(key)}"'
        for name in ("private", "public", "psk")
        if (key := getattr(profile, name))
    ]
    if profile.services:
        names = ", ".join(f'"{each}"' for each in profile.services)
        lines.append(f"services = [{names}]")
    if profile.duration:
        lines.append(f'duration = "{write_duration(profile.duration)}"')
    if profile.address is not Stated.AS_SEEN:
        lines.append(f'address = "{profile.address}"')
    return "\n".join(lines) + "\n"
