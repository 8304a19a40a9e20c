"""The sealed knock: one datagram of one length that says, to the gate alone, who asks for what. Sans-IO and pure.

    word 8 | tag 16 | Noise Xpsk1: ephemeral 32, static 48, text 112 + 16

The *word* is the same in all knocks of a day, so the kernel lets nothing else through to Python. The *tag* is a keyed
hash over all the rest, with a key that everybody has who knows the gate's public key (as WireGuard's mac1, whitepaper
§5.4.4): neither is a secret to the gate's people, but a stranger's datagram costs the gate one hash, not two scalar
multiplications. Who somebody is, Noise alone proves.

A knock has one form only: everything in it is either authenticated by Noise, or follows from what is.
"""

from hashlib import blake2s
from typing import TYPE_CHECKING, Final

import attrs

from portward.spa import crypto
from portward.spa.crypto import NotAuthenticError
from portward.spa.noise import OVERHEAD, PSK_BYTES, Writer, read_message, write_message
from portward.spa.request import TEXT_BYTES, Request, pack, unpack


if TYPE_CHECKING:  # the client knocks without them, and starts some milliseconds sooner
    from collections.abc import Mapping

    from portward.spa.keyring import SealedKey, ServerKey


WORD_BYTES: Final = 8
TAG_BYTES: Final = 16
KNOCK_BYTES: Final = WORD_BYTES + TAG_BYTES + OVERHEAD + TEXT_BYTES
"""The length of every sealed knock: 232 bytes of UDP payload."""

DAY: Final = 86400
"""In seconds: how long a word is good for."""

_NAME: Final = b"portward sealed knock 1"
_WORD_LABEL: Final = _NAME + b" word "
_TAG_LABEL: Final = _NAME + b" tag"
_HEAD: Final = WORD_BYTES + TAG_BYTES
_NO_PSK: Final = bytes(PSK_BYTES)
"""What stands for a pre-shared key where there is none, as in WireGuard (whitepaper §5.4)."""


@attrs.frozen
class Sieve:
    """What tells junk from knocks at once, worked out once for a gate's public key.

    Attributes:
        key: of the tag, 32 bytes.
        start: the tag's hash, before anything but the key went in; never changed, only copied.
    """

    key: bytes = attrs.field(repr=False)
    start: blake2s = attrs.field(init=False, repr=False, eq=False)

    @start.default
    def _keyed(self) -> blake2s:
        return blake2s(key=self.key, digest_size=TAG_BYTES)


@attrs.frozen
class Opened:
    """A genuine knock.

    Attributes:
        key: of who sent it.
        sent_ns: when, by the sender's clock, in nanoseconds since the Unix epoch.
        request: what is asked for.
    """

    key: "SealedKey"
    sent_ns: int
    request: Request


def word(server_public: bytes, day: int) -> bytes:
    """The first 8 bytes of all knocks of a day, for `@th,64,64`; `day`: Unix seconds // 86400, 0..2^63-1."""
    return blake2s(_WORD_LABEL + day.to_bytes(8, "big"), key=server_public, digest_size=WORD_BYTES).digest()


def sieve_of(server_public: bytes) -> Sieve:
    """Work out the sieve of a gate."""
    return Sieve(blake2s(_TAG_LABEL, key=server_public).digest())


def plausible(sieve: Sieve, datagram: bytes) -> bool:
    """Whether somebody made the datagram who knows the gate's public key; one hash."""
    if len(datagram) != KNOCK_BYTES:
        return False
    return crypto.same(tag_of(datagram), _tag(sieve, datagram[:WORD_BYTES], datagram[_HEAD:]))


def tag_of(datagram: bytes) -> bytes:
    """The tag that a datagram has; of a plausible one, nobody can make another with the same, so it names the knock."""
    return datagram[WORD_BYTES:_HEAD]


def seal_knock(  # noqa: PLR0913, PLR0917 - whose and whom, then what and when
    server_public: bytes, private: bytes, psk: bytes, ephemeral: bytes, request: Request, now_ns: int
) -> bytes:
    """Make a knock.

    Args:
        server_public: the gate's key.
        private: the sender's static key.
        psk: 32 bytes that both know, or empty.
        ephemeral: a fresh private key, for this knock alone.
        request: what is asked for.
        now_ns: nanoseconds since the Unix epoch; greater than in any knock before with this key.

    Raises:
        ValueError: a key of another length, or a time before 1970.
        NotAuthenticError: the gate's key is none.
    """
    writer = Writer(private, ephemeral, psk or _NO_PSK)
    message = write_message(server_public, writer, _NAME, pack(request, now_ns))
    today = word(server_public, _day(now_ns))
    return today + _tag(sieve_of(server_public), today, message) + message


def open_knock(server: "ServerKey", keys: "Mapping[bytes, SealedKey]", datagram: bytes) -> Opened:
    """Open a knock.

    Args:
        server: the gate's key.
        keys: of all who may knock, by their public keys.
        datagram: untrusted.

    Raises:
        NotAuthenticError: anything but a perfect knock of one of them; says nothing more.
    """
    if not plausible(sieve_of(server.public), datagram):
        raise NotAuthenticError
    return open_plausible(server, keys, datagram)


def open_plausible(server: "ServerKey", keys: "Mapping[bytes, SealedKey]", datagram: bytes) -> Opened:
    """Open a datagram that is known to be `plausible`; as `open_knock` in everything else."""

    def psk_of(public: bytes) -> bytes | None:
        key = keys.get(public)
        return None if key is None else key.psk or _NO_PSK

    message = read_message(server.private, server.public, _NAME, datagram[_HEAD:], psk_of)
    try:
        request, sent_ns = unpack(message.payload)
    except ValueError:
        raise NotAuthenticError from None
    if not crypto.same(datagram[:WORD_BYTES], word(server.public, _day(sent_ns))):
        raise NotAuthenticError
    return Opened(keys[message.writer], sent_ns, request)


def _tag(sieve: Sieve, first: bytes, message: bytes) -> bytes:
    tag = sieve.start.copy()
    tag.update(first)
    tag.update(message)
    return tag.digest()


def _day(moment_ns: int) -> int:
    return moment_ns // (DAY * 1_000_000_000)
