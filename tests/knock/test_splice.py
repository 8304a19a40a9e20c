"""Two streams and a connection, joined."""

import os
import socket
import threading
from collections.abc import Iterator

import attrs
import pytest

from portward.knock.splice import splice


@attrs.frozen
class Joined:
    """The ends that a test holds: where the program writes and reads, and the other side of the connection."""

    program_writes: int
    program_reads: int
    peer: socket.socket
    thread: threading.Thread

    def ended(self) -> bool:
        """Whether the splice is over, soon."""
        self.thread.join(5)
        return not self.thread.is_alive()


@pytest.fixture
def joined() -> Iterator[Joined]:
    """A splice that runs."""
    up_read, up_write = os.pipe()
    down_read, down_write = os.pipe()
    near, far = socket.socketpair()
    thread = threading.Thread(target=splice, args=(near, up_read, down_write), daemon=True)
    thread.start()
    yield Joined(up_write, down_read, far, thread)
    far.close()
    for end in (up_write, down_read, up_read):
        try:
            os.close(end)
        except OSError:
            continue
    thread.join(5)
    near.close()


def test_bytes_go_both_ways(joined: Joined) -> None:
    os.write(joined.program_writes, b"up")
    assert joined.peer.recv(9) == b"up"
    joined.peer.sendall(b"down")
    assert os.read(joined.program_reads, 9) == b"down"


def test_the_end_of_one_direction_leaves_the_other_open(joined: Joined) -> None:
    """First the program has said all, then the peer."""
    os.close(joined.program_writes)
    assert joined.peer.recv(9) == b""
    joined.peer.sendall(b"late")
    assert os.read(joined.program_reads, 9) == b"late"
    joined.peer.shutdown(socket.SHUT_WR)
    assert os.read(joined.program_reads, 9) == b""
    assert joined.ended()


def test_the_peer_may_end_first(joined: Joined) -> None:
    joined.peer.shutdown(socket.SHUT_WR)
    assert os.read(joined.program_reads, 9) == b""
    os.write(joined.program_writes, b"still here")
    assert joined.peer.recv(99) == b"still here"
    os.close(joined.program_writes)
    assert joined.ended()


def test_a_program_that_reads_no_more_ends_all(joined: Joined) -> None:
    os.close(joined.program_reads)
    joined.peer.sendall(b"x" * 1000)
    assert joined.ended()


def test_a_megabyte_arrives_whole_though_the_reader_is_slow(joined: Joined) -> None:
    content = os.urandom(2**20)

    def send() -> None:
        joined.peer.sendall(content)
        joined.peer.shutdown(socket.SHUT_WR)

    sender = threading.Thread(target=send)
    sender.start()
    heard = b""
    while chunk := os.read(joined.program_reads, 4096):
        heard += chunk
    sender.join(5)
    assert heard == content
