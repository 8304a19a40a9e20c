"""What a visitor knows of a gate that takes fwknop's packets: pure data, a part of the gate's profile."""

from ipaddress import IPv4Address
from typing import Final

import attrs

from portward.policy.net import Protocol
from portward.spa.crypto import AesMode
from portward.spa.fwknop_fields import InnerDigest
from portward.spa.keyring import HmacDigest


USUAL_PORT: Final = 62201

ITSELF: Final = "local"
"""In place of a host behind: the gate itself."""


@attrs.frozen
class FwknopProfile:
    """How a packet for one gate is made.

    Attributes:
        key: for Rijndael, 1..32 bytes.
        hmac_key: 1..128 bytes; empty for packets without HMAC.
        access: the ports to ask for, at least one.
        hmac_digest: of the HMAC.
        mode: how AES blocks are chained.
        legacy: the key is cut or filled to 16 bytes; never together with an HMAC.
        digest: of the fields inside.
        allow_ip: the address to open for; None for the one that the gate sees.
        timeout: how long to ask for, seconds, 1..65536; None for what the gate says.
        port: UDP, of the gate.
        nat: a machine behind the gate, or `local` for the gate itself, and the port there.
        username: that the packet names; empty for the user's own.
    """

    key: bytes = attrs.field(repr=False)
    hmac_key: bytes = attrs.field(repr=False)
    access: tuple[tuple[Protocol, int], ...] = ((Protocol.TCP, 22),)
    hmac_digest: HmacDigest = HmacDigest.SHA256
    mode: AesMode = AesMode.CBC
    legacy: bool = False
    digest: InnerDigest = InnerDigest.SHA256
    allow_ip: IPv4Address | None = None
    timeout: int | None = None
    port: int = USUAL_PORT
    nat: tuple[str, int] | None = None
    username: str = ""
