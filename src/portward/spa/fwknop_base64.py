"""Base64 as fwknop writes it, and in no other spelling: standard alphabet, no padding, unused bits zero.

A text that decodes to the same bytes as another one would be a second name for one packet, and a way to send it twice.
"""

import binascii

from portward.spa.crypto import NotAuthenticError


ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
"""The standard alphabet (RFC 4648 §4), without the padding character."""


def encoded(content: bytes) -> bytes:
    """Write bytes as base64 without padding."""
    return binascii.b2a_base64(content, newline=False).rstrip(b"=")


def decoded(text: bytes) -> bytes:
    """Read base64 in its one canonical, unpadded spelling.

    Raises:
        NotAuthenticError: any other text.
    """
    try:
        content = binascii.a2b_base64(text + b"=" * (-len(text) % 4))
    except binascii.Error:
        raise NotAuthenticError from None
    if encoded(content) != text:  # whatever the decoder put up with, the encoder does not write
        raise NotAuthenticError
    return content


def length_of(size: int) -> int:
    """How many characters so many bytes take."""
    return (8 * size + 5) // 6
