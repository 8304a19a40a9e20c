"""One-time passes: what the kernel compares the first 16 bytes of a datagram with. Pure.

Gate and client derive the same passes from the person's secret; the gate loads them ahead, and the kernel deletes each
as it is used.
"""

from typing import Final

from portward.spa.derive import derive


PASS_BYTES: Final = 16
"""128 bits: nobody guesses one of the few that are loaded."""

_LABEL: Final = "portward pass 1"


def pass_of(secret: bytes, server_id: bytes, window: int, counter: int) -> bytes:
    """The pass of a person for one window, 16 bytes.

    Args:
        secret: the person's, 32 bytes.
        server_id: the gate's public key, so that a pass of one gate is nothing at another.
        window: its number, see `windows`.
        counter: which of the window's passes, 0..per_window-1.
    """
    return derive(secret, _LABEL, server_id, window, counter)[:PASS_BYTES]
