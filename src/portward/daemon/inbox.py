"""Datagrams out of a socket, many in one system call (recvmmsg(2)), into memory that is there already.

A flood of junk costs a gate what each datagram costs its reader. So nothing is made of one but its bytes: where it came
from stays as the kernel wrote it, until somebody asks.
"""

import ctypes
import socket
import struct
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from portward.policy.net import Address


LONGEST_DATAGRAM: Final = 512
"""Bytes; what is longer is cut, and so is none of ours: the longest has 399."""

_NAME_BYTES: Final = 28
"""Of `struct sockaddr_in6`, the longer one."""

_HEADER: Final = struct.Struct("@PIPNPNi0PI0P")
"""`struct mmsghdr` (recvmmsg(2)): name, its length, vectors, how many, control, its length, flags; bytes received."""

_VECTOR: Final = struct.Struct("@PN")
"""`struct iovec`: where, and how much."""

_WORDS: Final = _HEADER.size // 4
_RECEIVED: Final = struct.calcsize("@PIPNPNi0P") // 4
"""Which of a header's 32-bit words says how many bytes were received."""

_FAMILY: Final = struct.Struct("@H")
_MAPPED: Final = bytes(10) + b"\xff\xff"
"""What an IPv4 address begins with in an IPv6 socket (RFC 4291 §2.5.5.2)."""


class Inbox:
    """The memory for a batch of datagrams from one socket.

    Args:
        each: the socket, non-blocking.
        size: datagrams in a batch.
    """

    def __init__(self, each: socket.socket, size: int) -> None:
        self._size = size
        self._descriptor = each.fileno()
        self._contents, contents = _memory(size * LONGEST_DATAGRAM)
        self._names, names = _memory(size * _NAME_BYTES)
        self._vectors, vectors = _memory(size * _VECTOR.size)
        self._headers, self._first = _memory(size * _HEADER.size)
        for number in range(size):
            place = contents + number * LONGEST_DATAGRAM
            _VECTOR.pack_into(self._vectors, number * _VECTOR.size, place, LONGEST_DATAGRAM)
            name, vector = names + number * _NAME_BYTES, vectors + number * _VECTOR.size
            _HEADER.pack_into(self._headers, number * _HEADER.size, name, _NAME_BYTES, vector, 1, 0, 0, 0, 0)
        self._lengths = self._headers.cast("I")[_RECEIVED::_WORDS]
        self._receive = ctypes.CDLL(None).recvmmsg
        self._receive.argtypes = (
            ctypes.c_int,
            ctypes.c_void_p,
            ctypes.c_uint,
            ctypes.c_int,
            ctypes.c_void_p,
        )

    def take(self) -> list[bytes]:
        """Take what waits, up to a batch; nothing too where there is but an ICMP error of an earlier packet."""
        count: int = self._receive(self._descriptor, self._first, self._size, socket.MSG_DONTWAIT, None)
        contents = self._contents
        return [
            contents[start : start + length].tobytes()
            for start, length in zip(
                range(0, count * LONGEST_DATAGRAM, LONGEST_DATAGRAM), self._lengths, strict=False
            )
        ]

    def source(self, number: int) -> Address:
        """Where a datagram of the last batch came from; mapped IPv4 is IPv4."""
        name = self._names[number * _NAME_BYTES : (number + 1) * _NAME_BYTES].tobytes()
        if _FAMILY.unpack_from(name)[0] == socket.AF_INET:
            return IPv4Address(name[4:8])
        packed = name[8:24]
        return IPv4Address(packed[12:]) if packed.startswith(_MAPPED) else IPv6Address(packed)


def _memory(size: int) -> tuple[memoryview, int]:
    """Memory that stays where it is, and its address."""
    block = (ctypes.c_char * size)()
    return memoryview(block).cast("B"), ctypes.addressof(block)
