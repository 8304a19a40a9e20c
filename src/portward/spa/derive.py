"""One keyed derivation for passes and rolling sequences: HMAC-SHA256 over labelled, length-delimited fields. Pure."""

from hashlib import sha256
from hmac import digest


def derive(secret: bytes, label: str, *fields: bytes | int) -> bytes:
    """Derive 32 bytes (RFC 2104 with FIPS 180-4) that nobody can tell from chance who does not know the secret.

    Label and fields are each preceded by their length, so that no two lists of them are the same text.

    Args:
        secret: the key.
        label: what the bytes are for.
        fields: bytes, at most 65,535, or whole numbers of 64 bits with their sign.

    Raises:
        OverflowError: a field is too long or too large.
    """
    texts = [label.encode(), *(_text(field) for field in fields)]
    return digest(secret, b"".join(len(text).to_bytes(2, "big") + text for text in texts), sha256)


def _text(field: bytes | int) -> bytes:
    return field.to_bytes(8, "big", signed=True) if isinstance(field, int) else field
