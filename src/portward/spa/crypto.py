"""The one file that imports the crypto library: X25519, ChaCha20-Poly1305 and AES by plain functions on bytes.

Pure but for what makes a new private key. Secrets never get into an error text. The library's parts are imported where
they are used, since the client must start fast.
"""

import enum
from functools import lru_cache
from hmac import compare_digest


KEY_BYTES = 32
"""Bytes of an X25519 key, private or public (RFC 7748 §5)."""

TAG_BYTES = 16
"""What ChaCha20-Poly1305 adds to a text (RFC 8439 §2.8)."""

BLOCK_BYTES = 16
"""Of AES (FIPS 197)."""

same = compare_digest
"""Compare two secrets in a time that does not tell where they differ."""


class NotAuthenticError(Exception):
    """A text was not made with this key, or was altered; says nothing more."""


class AesMode(enum.StrEnum):
    """How AES blocks are chained (NIST SP 800-38A)."""

    CBC = "cbc"
    ECB = "ecb"
    CFB = "cfb"
    OFB = "ofb"
    CTR = "ctr"


def warm_up() -> None:
    """Import all that the functions here import when they are used: for who soon may read no files any more."""
    key, iv = bytes(range(KEY_BYTES)), bytes(BLOCK_BYTES)
    shared(key, public_of(new_private()))
    unseal(key, iv[:12], seal(key, iv[:12], b"", b""), b"")
    for mode in AesMode:
        aes_decrypt(mode, key, iv, aes_encrypt(mode, key, iv, iv))


def new_private() -> bytes:
    """Make an X25519 private key of the system's randomness."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey  # noqa: PLC0415 - start time
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - start time
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    return X25519PrivateKey.generate().private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())


def public_of(private: bytes) -> bytes:
    """The public key of a private one.

    Raises:
        ValueError: not 32 bytes.
    """
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey  # noqa: PLC0415 - start time

    key = X25519PrivateKey.from_private_bytes(private).public_key()
    if hasattr(key, "public_bytes_raw"):  # from 40 on; the other way imports all kinds of key files
        return key.public_bytes_raw()
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415 - start time

    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def shared(private: bytes, public: bytes) -> bytes:
    """The secret that two keys share (RFC 7748 §6.1).

    Raises:
        ValueError: a key is not 32 bytes.
        NotAuthenticError: the public key is of small order, so that the result would be no secret.
    """
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey  # noqa: PLC0415 - start time

    mine, theirs = _loaded(private), X25519PublicKey.from_public_bytes(public)
    try:
        shared_secret: bytes = mine.exchange(theirs)
    except ValueError:
        raise NotAuthenticError from None
    return shared_secret


@lru_cache(maxsize=2)
def _loaded(private: bytes):  # type: ignore[no-untyped-def] # noqa: ANN202 - the library's type
    """A private key as the library has it; loading one costs as much as using it, and a gate uses its own only."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey  # noqa: PLC0415 - start time

    return X25519PrivateKey.from_private_bytes(private)


def seal(key: bytes, nonce: bytes, text: bytes, beside: bytes) -> bytes:
    """Encrypt and authenticate; `beside` is authenticated only (RFC 8439 §2.8). A key and nonce serve once."""
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305  # noqa: PLC0415 - start time

    return ChaCha20Poly1305(key).encrypt(nonce, text, beside)


def unseal(key: bytes, nonce: bytes, text: bytes, beside: bytes) -> bytes:
    """Take back what `seal` made.

    Raises:
        NotAuthenticError: another key, or something was altered.
    """
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - start time
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305  # noqa: PLC0415 - start time

    try:
        return ChaCha20Poly1305(key).decrypt(nonce, text, beside)
    except InvalidTag:
        raise NotAuthenticError from None


def aes_encrypt(mode: AesMode, key: bytes, iv: bytes, text: bytes) -> bytes:
    """Encrypt whole blocks with AES; `iv` is unused in ECB and is the first counter block in CTR."""
    from cryptography.hazmat.primitives.ciphers import Cipher  # noqa: PLC0415 - start time

    encryptor = Cipher(*_aes(mode, key, iv)).encryptor()
    return encryptor.update(text) + encryptor.finalize()


def aes_decrypt(mode: AesMode, key: bytes, iv: bytes, text: bytes) -> bytes:
    """Decrypt whole blocks with AES.

    Raises:
        ValueError: the text is not whole blocks.
    """
    from cryptography.hazmat.primitives.ciphers import Cipher  # noqa: PLC0415 - start time

    if len(text) % BLOCK_BYTES:
        msg = "the text is not whole blocks"
        raise ValueError(msg)
    decryptor = Cipher(*_aes(mode, key, iv)).decryptor()
    return decryptor.update(text) + decryptor.finalize()


def _aes(mode: AesMode, key: bytes, iv: bytes):  # type: ignore[no-untyped-def] # noqa: ANN202 - the library's types
    """The library's cipher and mode."""
    from cryptography.hazmat.primitives.ciphers import algorithms, modes  # noqa: PLC0415 - start time

    match mode:
        case AesMode.CBC:
            return algorithms.AES(key), modes.CBC(iv)
        case AesMode.ECB:
            return algorithms.AES(key), modes.ECB()  # noqa: S305 - fwknop has it; everything is under an HMAC
        case AesMode.CTR:
            return algorithms.AES(key), modes.CTR(iv)
        case AesMode.CFB:
            return algorithms.AES(key), _feedback("CFB")(iv)
        case AesMode.OFB:
            return algorithms.AES(key), _feedback("OFB")(iv)


def _feedback(name: str):  # type: ignore[no-untyped-def] # noqa: ANN202 - the library's types
    """CFB and OFB, which newer libraries keep apart from what is advised, and older ones do not."""
    from cryptography.hazmat.primitives.ciphers import modes  # noqa: PLC0415 - start time

    try:
        from cryptography.hazmat.decrepit.ciphers import modes as old  # noqa: PLC0415 - start time
    except ImportError:
        return getattr(modes, name)
    return getattr(old, name, None) or getattr(modes, name)
