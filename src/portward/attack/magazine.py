"""Frames of any kind in one block of memory, sent in any order as fast as one core sends.

The kernel's message headers of all frames are made once; an order is their concatenation, so that a new shuffle of
130,000 frames takes milliseconds. `pump` sends frames that differ in ports and sources only, without making each.
"""

import ctypes
import socket
from collections.abc import Sequence
from itertools import accumulate

from portward.attack.pump import Iovec, Mmsghdr, Msghdr, push


class Magazine:
    """Frames that stay as they are.

    Args:
        wire: an AF_PACKET socket that is bound to the end of a cable.
        frames: at least one.
    """

    def __init__(self, wire: socket.socket, frames: Sequence[bytes]) -> None:
        self._wire = wire
        self._memory = ctypes.create_string_buffer(b"".join(frames))
        start = ctypes.addressof(self._memory)
        places = accumulate(map(len, frames), initial=start)
        self._vectors = (Iovec * len(frames))(
            *(Iovec(at, len(frame)) for at, frame in zip(places, frames, strict=False))
        )
        vectors = ctypes.addressof(self._vectors)
        size = ctypes.sizeof(Iovec)
        self._headers = [
            bytes(Mmsghdr(Msghdr(vector=vectors + number * size, vector_length=1)))
            for number in range(len(frames))
        ]

    def __len__(self) -> int:
        return len(self._headers)

    def send(self, order: Sequence[int]) -> None:
        """Send frames by their numbers.

        Raises:
            OSError: the kernel takes no more.
        """
        block = b"".join(map(self._headers.__getitem__, order))
        messages = (Mmsghdr * len(order)).from_buffer_copy(block)
        at = 0
        while at < len(order):
            at += push(self._wire, messages, at, len(order) - at)
