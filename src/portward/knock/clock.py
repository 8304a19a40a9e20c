"""The clock of the client's loops, as a value: tests hand in one that never waits."""

import time
from collections.abc import Callable

import attrs


@attrs.frozen
class Clock:
    """Seconds that only go forward, and a way to let them pass.

    Attributes:
        now: seconds since some moment.
        sleep: waits for that many seconds.
    """

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def sleep_until(self, moment: float) -> None:
        """Wait until `now` is `moment`, not at all when that is past."""
        if (left := moment - self.now()) > 0:
            self.sleep(left)


REAL = Clock()
"""The machine's own."""
