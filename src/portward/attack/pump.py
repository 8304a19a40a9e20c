"""The packet pump: frames as fast as one core sends them.

Frames lie side by side in memory and go out by sendmmsg(2), a thousand a call. A veth pair hands each one to the
receiving stack within the sender's own system call, so the CPU time of the sender is the whole path of the packet:
sending, cable, receiving, rules.

New random ports and sources for all frames are a few slice assignments. No checksum is computed again: wherever two
bytes change, two other bytes of the same sum become their complement.
"""

import ctypes
import errno
import os
import socket
from typing import Any

from portward.attack import frames
from portward.attack.frames import Address, Road


FRAMES_PER_CALL = 1024
"""UIO_MAXIOV: what one sendmmsg takes (linux/uio.h)."""

ETHERNET = 14
TCP, UDP = 6, 17

_INVERSE = bytes(255 - value for value in range(256))
_BALANCE = b"\x00\x00\x00\x01"
"""The complement of a source that ends in 0xffff and of port 0xfffe; TCP's sequence number is 1 in `frames.tcp`."""

_LIBC = ctypes.CDLL(None, use_errno=True)


class Iovec(ctypes.Structure):
    """`struct iovec` of sys/uio.h."""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class Msghdr(ctypes.Structure):
    """`struct msghdr` of sys/socket.h."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("vector", ctypes.c_void_p),
        ("vector_length", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class Mmsghdr(ctypes.Structure):
    """`struct mmsghdr` of sys/socket.h."""

    _fields_ = (("header", Msghdr), ("length", ctypes.c_uint))


class Batch:
    """Frames of one kind that differ in source and destination port only.

    Args:
        road: the MAC addresses.
        network: the sources' network, whose last 16 bits vary: `10.66.0.0` or `2001:db8::`.
        goal: the destination, of the same family.
        protocol: 6 for a SYN, 17 for a datagram.
        size: how many frames.
    """

    def __init__(self, road: Road, network: Address, goal: Address, protocol: int, size: int = 8192) -> None:
        source = network + 0xFFFF
        ports = (40000, 0xFFFE)
        if protocol == TCP:
            content = frames.tcp(source, goal, ports, frames.SYN)
        else:
            content = frames.udp(source, goal, ports, _BALANCE)
        frame = frames.frame(road, source, goal, protocol, content, 0)
        self.size = size
        self.stride = len(frame)
        self.memory = bytearray(frame * size)
        self._version = network.version
        self._transport = ETHERNET + (20 if network.version == 4 else 40)
        self._balance = self._transport + (4 if protocol == TCP else 8)

    def _write(self, place: int, column: bytes) -> None:
        self.memory[place :: self.stride] = column

    def ports(self, high: bytes, low: bytes) -> None:
        """Give each frame its destination port, as columns of high and low bytes, one each a frame."""
        for column, byte in enumerate((high, low)):
            self._write(self._transport + 2 + column, byte)
            self._write(self._balance + 2 + column, byte.translate(_INVERSE))

    def sources(self, high: bytes, low: bytes) -> None:
        """Give each frame the last 16 bits of its source."""
        for column, byte in enumerate((high, low)):
            inverse = byte.translate(_INVERSE)
            if self._version == 4:
                self._write(ETHERNET + 14 + column, byte)
                self._write(
                    ETHERNET + 4 + column, inverse
                )  # the identification balances the header's checksum
            else:
                self._write(ETHERNET + 22 + column, byte)
            self._write(self._balance + column, inverse)

    def random_ports(self, first: int = 0) -> None:
        """Give each frame a random port from `first`, 0 or 0x8000, on."""
        high = os.urandom(self.size)
        self.ports(high.translate(bytes(value | first >> 8 for value in range(256))), os.urandom(self.size))

    def random_sources(self) -> None:
        """Give each frame a random source of the network."""
        self.sources(os.urandom(self.size), os.urandom(self.size))

    def spread_sources(self, count: int) -> None:
        """Give each frame a random one of the network's first 2, 4, 8 … 256 sources."""
        self.sources(
            bytes(self.size), os.urandom(self.size).translate(bytes(value % count for value in range(256)))
        )

    def one_port(self, port: int) -> None:
        """Send all frames to one port."""
        self.ports(bytes([port >> 8]) * self.size, bytes([port & 255]) * self.size)

    def one_source(self, low: int) -> None:
        """Send all frames from one source; `low` is the last 16 bits of its address."""
        self.sources(bytes([low >> 8]) * self.size, bytes([low & 255]) * self.size)

    def every_source(self) -> None:
        """Number the sources through; the batch needs 65,536 frames for each to come once."""
        numbers = range(self.size)
        self.sources(bytes(n >> 8 & 255 for n in numbers), bytes(n & 255 for n in numbers))


class Pump:
    """Sends a batch round and round into one end of a cable.

    Args:
        wire: an AF_PACKET socket that is bound to the end.
        batch: may be rewritten between two calls of `send`.
    """

    def __init__(self, wire: socket.socket, batch: Batch) -> None:
        self.batch = batch
        self.sent = 0
        self._wire = wire
        self._memory = (ctypes.c_char * len(batch.memory)).from_buffer(batch.memory)
        start = ctypes.addressof(self._memory)
        self._vectors = (Iovec * batch.size)()
        self._messages = (Mmsghdr * batch.size)()
        for number in range(batch.size):
            self._vectors[number] = Iovec(start + number * batch.stride, batch.stride)
            header = self._messages[number].header
            header.vector = ctypes.addressof(self._vectors[number])
            header.vector_length = 1

    def send(self, count: int) -> None:
        """Send that many frames.

        Raises:
            OSError: the kernel takes no more.
        """
        end = self.sent + count
        while self.sent < end:
            at = self.sent % self.batch.size
            room = min(FRAMES_PER_CALL, self.batch.size - at, end - self.sent)
            self.sent += push(self._wire, self._messages, at, room)


def push(wire: socket.socket, messages: ctypes.Array[Any], at: int, count: int) -> int:
    """Send up to `FRAMES_PER_CALL` messages of an array of `mmsghdr`, from the one at `at` on; gives how many went.

    Raises:
        OSError: the kernel takes no more.
    """
    first = ctypes.byref(messages, at * ctypes.sizeof(Mmsghdr))
    done: int = _LIBC.sendmmsg(wire.fileno(), first, min(count, FRAMES_PER_CALL), 0)
    if done >= 0:
        return done
    code = ctypes.get_errno()
    if code == errno.EINTR:
        return 0
    raise OSError(code, os.strerror(code))
