"""How keys and moments are spelled in files, and the values around them: readers that refuse with one sentence.

Pure. A key's bytes never get into a sentence.
"""

import base64
import binascii
import re
from datetime import UTC, datetime

from portward.spa.crypto import KEY_BYTES


_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


def read_base64(value: object, least: int, most: int) -> bytes:
    """Read `least`..`most` bytes in base64 (RFC 4648 §4).

    Raises:
        ValueError: anything else; the text is not in the sentence.
    """
    wanted = f"{least}" if least == most else f"{least} to {most}"
    try:
        content = base64.b64decode(read_text(value), validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError):
        msg = f"must be base64 of {wanted} bytes"
        raise ValueError(msg) from None
    if not least <= len(content) <= most:
        msg = f"must be base64 of {wanted} bytes, and is of {len(content)}"
        raise ValueError(msg)
    return content


def write_base64(content: bytes) -> str:
    """Write what `read_base64` reads."""
    return base64.b64encode(content).decode()


def read_moment(value: object) -> datetime:
    """Read `2026-11-27T12:00:00Z`.

    Raises:
        ValueError: anything else.
    """
    text = read_text(value)
    if not _MOMENT.fullmatch(text):
        msg = "must be a moment such as 2026-11-27T12:00:00Z"
        raise ValueError(msg)
    try:
        return datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC)
    except ValueError:
        msg = f"{text} does not exist"
        raise ValueError(msg) from None


def write_moment(moment: datetime) -> str:
    """Write what `read_moment` reads; parts of a second are cut off."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_key(value: object) -> bytes:
    """Read 32 bytes in base64.

    Raises:
        ValueError: anything else.
    """
    return read_base64(value, KEY_BYTES, KEY_BYTES)


def read_text(value: object) -> str:
    """Take a text.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(value, str):
        msg = "must be a text"
        raise ValueError(msg)  # noqa: TRY004 - every reader says ValueError, so that mistakes are collected alike
    return value


def read_whole(value: object, low: int, high: int) -> int:
    """Take a whole number, `low`..`high`.

    Raises:
        ValueError: it is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        msg = f"must be a whole number, {low} to {high}"
        raise ValueError(msg)
    return value


def read_flag(value: object) -> bool:
    """Take true or false.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(value, bool):
        msg = "must be true or false"
        raise ValueError(msg)  # noqa: TRY004 - the same
    return value
