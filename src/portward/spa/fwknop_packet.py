"""fwknop's packet, opened and made: protocol 3.0.0 as fwknop 2.x speaks it, Rijndael with HMAC.

What costs nothing is looked at first, so that junk is thrown away for next to nothing. A packet counts in its one
canonical spelling only: no padding, no unused bits, not with the prefix that is not sent. Then comes the HMAC of each
key, and only what carries a right one is decrypted. Nothing is answered and nothing is remembered here: whether the
packet is old or came before, the caller judges by `sent` and `digest`.
"""

import contextlib
import hashlib
from collections.abc import Sequence

from portward.spa.crypto import NotAuthenticError
from portward.spa.fwknop_base64 import ALPHABET
from portward.spa.fwknop_cipher import FIRST, SALT_BYTES, container_of, decrypt, is_made_with, seal_packet
from portward.spa.fwknop_fields import InnerDigest, Message, read_fields, write_fields
from portward.spa.fwknop_request import Packet
from portward.spa.keyring import FwknopKey


SHORTEST = 140
"""Characters of the shortest packet that fwknopd takes."""

LONGEST = 399
"""Characters of the longest one; from 400 on it is one of GnuPG's, which are not taken here."""


def open_packet(datagram: bytes, keys: Sequence[FwknopKey]) -> Packet:
    """Open a packet with the first of the keys that fits, its username included.

    Args:
        datagram: the payload as it came.
        keys: to try, in order; the caller leaves out those that do not count now or for this source.

    Raises:
        NotAuthenticError: no key fits, or it is no packet at all; nothing else is ever raised.
    """
    if not SHORTEST <= len(datagram) <= LONGEST or datagram[0] not in FIRST:
        raise NotAuthenticError
    if datagram.translate(None, ALPHABET):
        raise NotAuthenticError
    for key in keys:
        if is_made_with(key, datagram):
            with contextlib.suppress(NotAuthenticError):
                return _open_with(key, datagram)
    raise NotAuthenticError


def _open_with(key: FwknopKey, datagram: bytes) -> Packet:
    """Open a packet that is made with this key.

    Raises:
        NotAuthenticError: it does not fit.
    """
    container = container_of(key, datagram)
    message = read_fields(decrypt(key, container))
    if key.username and message.username != key.username:
        raise NotAuthenticError
    return Packet(
        key=key,
        sent=message.sent,
        username=message.username,
        kind=message.kind,
        address=message.address,
        wanted=message.wanted,
        nat=message.nat,
        timeout=message.timeout,
        digest=hashlib.sha256(container).digest(),
    )


def write_packet(
    key: FwknopKey,
    message: Message,
    *,
    salt: bytes,
    number: str,
    digest: InnerDigest = InnerDigest.SHA256,
) -> bytes:
    """Make the packet of a message.

    Args:
        key: to make it with.
        message: what to say.
        salt: 8 random bytes, fresh for each packet.
        number: 16 random decimal digits, fresh likewise.
        digest: of the fields inside.

    Raises:
        ValueError: no packet can say this, or it would have another length than fwknopd takes.
    """
    if len(salt) != SALT_BYTES:
        msg = f"a salt has {SALT_BYTES} bytes"
        raise ValueError(msg)
    packet = seal_packet(key, salt, write_fields(message, number, digest))
    if not SHORTEST <= len(packet) <= LONGEST:
        msg = f"the packet would have {len(packet)} characters; fwknop takes {SHORTEST} to {LONGEST}"
        raise ValueError(msg)
    return packet
