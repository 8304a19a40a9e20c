"""How fwknop 2.x encrypts and authenticates with a shared key: the container of `openssl enc`, and an HMAC behind it.

The key derivation is OpenSSL's EVP_BytesToKey with one round of MD5. It does not stretch a weak passphrase; the wire
format leaves no choice. Measured against OpenSSL's own commands and fwknop 2.6.10.
"""

import hashlib
import hmac
from functools import lru_cache

from portward.spa.crypto import BLOCK_BYTES, NotAuthenticError, aes_decrypt, aes_encrypt, same
from portward.spa.fwknop_base64 import decoded, encoded, length_of
from portward.spa.keyring import FwknopKey, HmacDigest


MAGIC = b"Salted__"
"""What the container begins with, as OpenSSL writes it."""

SALT_BYTES = 8
"""Of the salt behind it."""

HEAD_BYTES = len(MAGIC) + SALT_BYTES

PREFIX = b"U2FsdGVkX1"
"""What every container's base64 begins with; it is not sent."""

FIRST = b"89+/"
"""What a packet can begin with: four bits of the magic's last character and two of the salt."""

LEGACY_BYTES = 16
"""Of a key in legacy mode: longer ones are cut, shorter ones filled."""

MAC_LENGTHS = {each: length_of(hashlib.new(each.value).digest_size) for each in HmacDigest}
"""Characters of each HMAC: 22, 27, 43, 64 or 86."""


def key_and_iv(key: bytes, salt: bytes) -> tuple[bytes, bytes]:
    """Derive the AES-256 key and the IV: three MD5, each of the one before, the key and the salt."""
    digest, material = b"", b""
    while len(material) < 48:
        digest = hashlib.md5(digest + key + salt, usedforsecurity=False).digest()
        material += digest
    return material[:32], material[32:]


def effective_key(key: FwknopKey) -> bytes:
    """The bytes that the derivation starts from; in legacy mode 16 of them, filled with the digit 0."""
    return key.key[:LEGACY_BYTES].ljust(LEGACY_BYTES, b"0") if key.legacy else key.key


def encrypt(key: FwknopKey, salt: bytes, plain: bytes) -> bytes:
    """Make the container of a text; every mode is padded (PKCS#7), those that need none too."""
    secret, iv = key_and_iv(effective_key(key), salt)
    fill = BLOCK_BYTES - len(plain) % BLOCK_BYTES
    return MAGIC + salt + aes_encrypt(key.mode, secret, iv, plain + bytes([fill]) * fill)


def decrypt(key: FwknopKey, container: bytes) -> bytes:
    """Take the text out of a container.

    Raises:
        NotAuthenticError: no container, or another key's.
    """
    body = container[HEAD_BYTES:]
    if not container.startswith(MAGIC) or not body or len(body) % BLOCK_BYTES:
        raise NotAuthenticError
    secret, iv = key_and_iv(effective_key(key), container[len(MAGIC) : HEAD_BYTES])
    padded = aes_decrypt(key.mode, secret, iv, body)
    fill = padded[-1]
    if not 1 <= fill <= BLOCK_BYTES or padded[-fill:] != bytes([fill]) * fill:
        raise NotAuthenticError
    return padded[:-fill]


def seal_packet(key: FwknopKey, salt: bytes, plain: bytes) -> bytes:
    """Make the packet of a text: its container's base64 without the prefix, then the HMAC's over both."""
    text = encoded(encrypt(key, salt, plain))
    return text.removeprefix(PREFIX) + (_mac(key, text) if key.hmac_key else b"")


def is_made_with(key: FwknopKey, packet: bytes) -> bool:
    """Whether a packet carries the HMAC of this key; without an HMAC key, whether its length is a packet's."""
    size = _size(key, packet)
    if size not in _SIZES:
        return False
    return not key.hmac_key or same(_mac(key, PREFIX + packet[:size]), packet[size:])


def container_of(key: FwknopKey, packet: bytes) -> bytes:
    """The container of a packet that is made with this key.

    Raises:
        NotAuthenticError: its base64 is not the canonical one.
    """
    return decoded(PREFIX + packet[: _size(key, packet)])


def _size(key: FwknopKey, packet: bytes) -> int:
    """How many characters stand before the HMAC."""
    return len(packet) - (MAC_LENGTHS[key.hmac_digest] if key.hmac_key else 0)


def _mac(key: FwknopKey, text: bytes) -> bytes:
    mac = _keyed(key.hmac_key, key.hmac_digest).copy()
    mac.update(text)
    return encoded(mac.digest())


@lru_cache(maxsize=1024)
def _keyed(hmac_key: bytes, digest: HmacDigest) -> hmac.HMAC:
    """An HMAC before anything but the key went in; never changed, only copied: making one costs more than using it."""
    return hmac.new(hmac_key, digestmod=digest.value)


_SIZES = frozenset(length_of(HEAD_BYTES + BLOCK_BYTES * blocks) - len(PREFIX) for blocks in range(1, 95))
"""Characters of a packet without HMAC, for each number of blocks that can be sent."""
