"""Joins two byte streams to one connection, for ssh's ProxyCommand. It knows nothing of knocks.

Each direction is a thread of its own, so that neither waits for the other. The end of one direction is passed
on as a half-close; the end of both, or a broken connection, is the end.
"""

import contextlib
import os
import socket
import threading
from typing import Final


CHUNK: Final = 65536
"""Bytes moved at a time: a Linux pipe's capacity (pipe(7))."""


def splice(connection: socket.socket, reads: int, writes: int) -> None:
    """Copy the descriptor `reads` to the connection and the connection to `writes`, until both have ended.

    `writes` is closed when the other end has said all, since that is how the program behind it learns of it.
    A connection that breaks ends both directions at once.
    """
    broken = threading.Event()
    upward = threading.Thread(target=_copy_up, args=(reads, connection, broken), daemon=True)
    upward.start()
    _copy_down(connection, writes, broken)
    while upward.is_alive() and not broken.is_set():
        upward.join(0.05)


def _copy_up(reads: int, connection: socket.socket, broken: threading.Event) -> None:
    try:
        while chunk := os.read(reads, CHUNK):
            connection.sendall(chunk)
        connection.shutdown(socket.SHUT_WR)
    except OSError:
        broken.set()


def _copy_down(connection: socket.socket, writes: int, broken: threading.Event) -> None:
    try:
        while chunk := connection.recv(CHUNK):
            _write_all(writes, chunk)
    except OSError:
        broken.set()
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
    with contextlib.suppress(OSError):
        os.close(writes)


def _write_all(writes: int, chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        view = view[os.write(writes, view) :]
