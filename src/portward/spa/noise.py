"""Noise's one-way pattern X with 25519, ChaChaPoly and BLAKE2s, with and without a pre-shared key.

Sans-IO and pure: the writer's ephemeral key is an argument. The one message is `e, es, s, ss` and then, with a
pre-shared key, `psk`: it comes last, so that the reader learns who writes before it needs the key of that writer.
Section numbers are those of the Noise Protocol Framework, revision 34 (https://noiseprotocol.org/noise.html).

Every key here encrypts one text, so every nonce is zero.
"""

from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2s
from typing import Final

import attrs

from portward.spa import crypto
from portward.spa.crypto import KEY_BYTES, TAG_BYTES, NotAuthenticError


PLAIN: Final = b"Noise_X_25519_ChaChaPoly_BLAKE2s"
WITH_PSK: Final = b"Noise_Xpsk1_25519_ChaChaPoly_BLAKE2s"

PSK_BYTES: Final = 32
"""Of a pre-shared key (§9)."""

OVERHEAD: Final = KEY_BYTES + KEY_BYTES + TAG_BYTES + TAG_BYTES
"""What a message is longer than its payload: 96 bytes."""

_HASH_BYTES: Final = 32
_NONCE: Final = bytes(12)

_FILLING: Final = bytes(64 - _HASH_BYTES)
"""From a key to a block of BLAKE2s."""
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))
"""The pads of an HMAC."""


@attrs.frozen
class _State:
    """The symmetric state (§5.2).

    Attributes:
        chain: the chaining key.
        seen: the hash of all that both sides know so far.
        key: the cipher's key; empty before the first one.
    """

    chain: bytes = attrs.field(repr=False)
    seen: bytes = attrs.field(repr=False)
    key: bytes = attrs.field(default=b"", repr=False)


@attrs.frozen
class Writer:
    """The secrets of who writes.

    Attributes:
        private: the static key, 32 bytes.
        ephemeral: a private key made for one message alone, 32 bytes.
        psk: 32 bytes that the server knows too, for Xpsk1; None for X.
    """

    private: bytes = attrs.field(repr=False)
    ephemeral: bytes = attrs.field(repr=False)
    psk: bytes | None = attrs.field(repr=False)


@attrs.frozen
class Message:
    """What was read.

    Attributes:
        writer: the writer's static public key, 32 bytes.
        payload: what was written.
    """

    writer: bytes
    payload: bytes = attrs.field(repr=False)


def write_message(server_public: bytes, writer: Writer, prologue: bytes, payload: bytes) -> bytes:
    """Write the one message to the server, `OVERHEAD` bytes longer than the payload.

    Args:
        server_public: whom to.
        writer: from whom.
        prologue: what both sides must agree on beside the message.
        payload: what only the server may read.

    Raises:
        ValueError: a key that is not 32 bytes.
        NotAuthenticError: the server's public key is of small order.
    """
    with_psk = writer.psk is not None
    ephemeral = crypto.public_of(writer.ephemeral)
    state = _mix_ephemeral(_start(prologue, server_public, with_psk=with_psk), ephemeral, with_psk=with_psk)
    state = _mix_key(state, crypto.shared(writer.ephemeral, server_public))
    static, state = _encrypt(state, crypto.public_of(writer.private))
    state = _mix_key(state, crypto.shared(writer.private, server_public))
    if writer.psk is not None:
        state = _mix_key_and_hash(state, writer.psk)
    return ephemeral + static + _encrypt(state, payload)[0]


def read_message(
    private: bytes,
    public: bytes,
    prologue: bytes,
    message: bytes,
    psk_of: Callable[[bytes], bytes | None] | None,
) -> Message:
    """Read a message as its server, whose two keys come first.

    Args:
        private: the server's.
        public: the same key's public half.
        prologue: as the writer's.
        message: untrusted.
        psk_of: gives the pre-shared key of a static public key, or None for a stranger's, for Xpsk1; None for X.

    Raises:
        NotAuthenticError: anything but a perfect message for this server from a writer that `psk_of` knows.
    """
    if len(message) < OVERHEAD:
        raise NotAuthenticError
    with_psk = psk_of is not None
    ephemeral, sealed = message[:KEY_BYTES], message[KEY_BYTES : 2 * KEY_BYTES + TAG_BYTES]
    state = _mix_ephemeral(_start(prologue, public, with_psk=with_psk), ephemeral, with_psk=with_psk)
    state = _mix_key(state, crypto.shared(private, ephemeral))
    writer, state = _decrypt(state, sealed)
    psk = psk_of(writer) if psk_of is not None else None
    if with_psk and psk is None:
        raise NotAuthenticError
    state = _mix_key(state, _lasting(private, writer))
    if psk is not None:
        state = _mix_key_and_hash(state, psk)
    payload, _ = _decrypt(state, message[2 * KEY_BYTES + TAG_BYTES :])
    return Message(writer, payload)


@lru_cache(maxsize=4096)
def _lasting(private: bytes, public: bytes) -> bytes:
    """The secret of two static keys, which is the same in all messages of a writer: worked out once for each.

    It is asked for only when the writer's static key has been decrypted, and where there are pre-shared keys, is known.
    """
    return crypto.shared(private, public)


@lru_cache(maxsize=16)
def _start(prologue: bytes, server_public: bytes, *, with_psk: bool) -> _State:
    """Name the protocol, then mix what both sides know before the message (§5.3)."""
    name = WITH_PSK if with_psk else PLAIN
    first = name.ljust(_HASH_BYTES, b"\0") if len(name) <= _HASH_BYTES else blake2s(name).digest()
    return _mix_hash(_mix_hash(_State(first, first), prologue), server_public)


def _mix_ephemeral(state: _State, public: bytes, *, with_psk: bool) -> _State:
    """Token `e`; with a pre-shared key the public key is mixed into the cipher's key too (§9.2)."""
    state = _mix_hash(state, public)
    return _mix_key(state, public) if with_psk else state


def _mix_hash(state: _State, data: bytes) -> _State:
    return _State(state.chain, blake2s(state.seen + data).digest(), state.key)


def _mix_key(state: _State, secret: bytes) -> _State:
    chain, key = _derive(state.chain, secret, 2)
    return _State(chain, state.seen, key)


def _mix_key_and_hash(state: _State, psk: bytes) -> _State:
    """Token `psk` (§9.1)."""
    if len(psk) != PSK_BYTES:
        msg = f"a pre-shared key has {PSK_BYTES} bytes"
        raise ValueError(msg)
    chain, noted, key = _derive(state.chain, psk, 3)
    return _State(chain, _mix_hash(state, noted).seen, key)


def _derive(chain: bytes, secret: bytes, outputs: int) -> list[bytes]:
    """Noise's HKDF, 2 or 3 outputs of 32 bytes (§4.3)."""
    root = _hmac(chain, secret)
    made: list[bytes] = []
    for number in range(1, outputs + 1):
        made.append(_hmac(root, b"".join(made[-1:]) + bytes((number,))))
    return made


def _hmac(key: bytes, data: bytes) -> bytes:
    """HMAC with BLAKE2s and a key of 32 bytes (RFC 2104): a third of the time of the standard library's."""
    block = key + _FILLING
    return blake2s(block.translate(_OUTER) + blake2s(block.translate(_INNER) + data).digest()).digest()


def _encrypt(state: _State, text: bytes) -> tuple[bytes, _State]:
    sealed = crypto.seal(state.key, _NONCE, text, state.seen)
    return sealed, _mix_hash(state, sealed)


def _decrypt(state: _State, sealed: bytes) -> tuple[bytes, _State]:
    return crypto.unseal(state.key, _NONCE, sealed, state.seen), _mix_hash(state, sealed)
