"""TAI64N: a moment in 12 bytes that sort as the moments do (https://cr.yp.to/libtai/tai64.html).

As WireGuard makes them: TAI is taken to be 10 s ahead of Unix time for ever, so that no table of leap seconds is
needed. What matters is that both sides do the same.
"""

from typing import Final


LABEL_BYTES: Final = 12
"""8 of seconds and 4 of nanoseconds, both big-endian."""

SECOND: Final = 1_000_000_000
"""In nanoseconds."""

_EPOCH: Final = 2**62 + 10
"""The label of 1970-01-01 00:00:00 UTC."""

_END: Final = 2**63
"""Labels from here on mean nothing."""


def encode(moment: int) -> bytes:
    """The label of a moment, in nanoseconds since the Unix epoch.

    Raises:
        ValueError: before 1970 or after the last label.
    """
    seconds, nanoseconds = divmod(moment, SECOND)
    if not 0 <= seconds < _END - _EPOCH:
        msg = "a TAI64N label is of a moment between 1970 and the end of its numbers"
        raise ValueError(msg)
    return (_EPOCH + seconds).to_bytes(8, "big") + nanoseconds.to_bytes(4, "big")


def decode(label: bytes) -> int:
    """The moment of a label, in nanoseconds since the Unix epoch, 0 or more.

    Raises:
        ValueError: not 12 bytes, before 1970, a label that means nothing, or 10^9 nanoseconds or more.
    """
    seconds, nanoseconds = int.from_bytes(label[:8], "big"), int.from_bytes(label[8:], "big")
    if len(label) != LABEL_BYTES or not _EPOCH <= seconds < _END or nanoseconds >= SECOND:
        msg = "not a TAI64N label"
        raise ValueError(msg)
    return (seconds - _EPOCH) * SECOND + nanoseconds
