"""Time cut into windows for passes and rolling sequences. Pure: the time is an argument.

Windows are numbered from the Unix epoch on. What belongs to a window counts from half a window before it to half a
window after it, so at every moment exactly two windows count, and a clock may be wrong by half a window.
"""

from datetime import UTC, datetime, timedelta
from typing import Final


EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Where window 0 begins."""


def window_at(now: datetime, length: timedelta) -> int:
    """The number of the window that an aware moment is in."""
    return (now - EPOCH) // length


def counts(window: int, length: timedelta) -> tuple[datetime, datetime]:
    """From when on, and until before when, what belongs to a window counts; UTC."""
    start = EPOCH + window * length
    return start - length / 2, start + length + length / 2


def counting(now: datetime, length: timedelta) -> tuple[int, int]:
    """The two windows that count now: the current one, then its nearer neighbour."""
    window = window_at(now, length)
    early = now - EPOCH - window * length < length / 2
    return window, window - 1 if early else window + 1
