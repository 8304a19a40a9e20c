"""Makes fwknop's packet of a profile and puts it on the wire; each time another one, since none counts twice."""

import getpass
import re
import secrets
import socket
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import attrs

from portward.errors import HostError, PeerError, UsageError
from portward.knock.fwknop_profile import ITSELF, FwknopProfile
from portward.knock.resolve import socket_family
from portward.policy.net import Address
from portward.spa.fwknop_cipher import SALT_BYTES
from portward.spa.fwknop_fields import LONGEST_USERNAME, Message
from portward.spa.fwknop_packet import write_packet
from portward.spa.fwknop_request import Kind
from portward.spa.keyring import FwknopKey, Term


NOBODY: Final = "portward"
"""The user that a packet names when the system knows none."""

_ANY_TERM: Final = Term(datetime(1970, 1, 1, tzinfo=UTC))
"""A client's own key counts as long as the client has it."""


@attrs.frozen
class Moment:
    """What no two packets share.

    Attributes:
        now: whole Unix seconds.
        salt: 8 random bytes.
        number: 16 random decimal digits.
        user: to name where the profile names nobody.
    """

    now: int
    salt: bytes = attrs.field(repr=False)
    number: str = attrs.field(repr=False)
    user: str = NOBODY


def make_packet(profile: FwknopProfile, moment: Moment, gate: Address) -> bytes:
    """Make one packet.

    Args:
        profile: how.
        moment: fresh for each packet.
        gate: the address that it goes to.

    Raises:
        ValueError: no packet can say this.
    """
    kind, nat = Kind.ACCESS, profile.nat
    if nat:
        kind = Kind.LOCAL_NAT if nat[0] == ITSELF else Kind.NAT
        nat = (str(gate), nat[1]) if nat[0] == ITSELF else nat
    key = FwknopKey(
        person=profile.username,
        key=profile.key,
        hmac_key=profile.hmac_key,
        hmac_digest=profile.hmac_digest,
        mode=profile.mode,
        legacy=profile.legacy,
        username="",
        term=_ANY_TERM,
    )
    username = profile.username or moment.user
    message = Message(moment.now, username, kind, profile.allow_ip, profile.access, nat, profile.timeout)
    return write_packet(key, message, salt=moment.salt, number=moment.number, digest=profile.digest)


def send_packets(profile: FwknopProfile, addresses: Sequence[Address], source: Address | None = None) -> None:
    """Send a packet to each address.

    Raises:
        UsageError: no packet can say what the profile wants.
        PeerError: there is no way to an address.
        HostError: this machine does not let us send.
    """
    for address in addresses:
        try:
            packet = make_packet(profile, fresh_moment(), address)
        except ValueError as error:
            raise UsageError(f"fwknop's packet cannot be made: {error}") from None
        _send(packet, address, profile.port, source)


def fresh_moment() -> Moment:
    """The time, and randomness of the system."""
    number = f"{secrets.randbelow(10**16):016}"
    return Moment(int(time.time()), secrets.token_bytes(SALT_BYTES), number, current_user())


def current_user() -> str:
    """Who asks, in characters that a packet can name."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        return NOBODY
    return re.sub(r"[^A-Za-z0-9._@-]", "_", name)[:LONGEST_USERNAME] or NOBODY


def _send(packet: bytes, address: Address, port: int, source: Address | None) -> None:
    try:
        with socket.socket(socket_family(address), socket.SOCK_DGRAM) as opened:
            if source:
                opened.bind((str(source), 0))
            opened.sendto(packet, (str(address), port))
    except PermissionError as error:
        raise HostError(
            f"cannot send udp/{port} to {address}: a firewall on this machine forbids it"
        ) from error
    except OSError as error:
        raise PeerError(f"cannot send udp/{port} to {address}: {error.strerror}") from error
