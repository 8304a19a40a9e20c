"""Doors, tried on the loopback interface."""

import socket
from collections.abc import Iterator
from ipaddress import ip_address

import pytest

from portward.knock.clock import Clock
from portward.knock.door import Answer, Doors, dial


HERE = ip_address("127.0.0.1")
NOWHERE = ip_address("127.0.0.2")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A server on some port of 127.0.0.1."""
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as made:
        return int(made.getsockname()[1])


def test_an_open_door_gives_a_connection(listener: socket.socket) -> None:
    connection = dial([HERE], listener.getsockname()[1], None, 5)
    assert isinstance(connection, socket.socket)
    assert connection.gettimeout() is None
    connection.close()


def test_the_first_address_that_answers_wins(listener: socket.socket) -> None:
    """The other one refuses, which ends nothing."""
    connection = dial([NOWHERE, HERE], listener.getsockname()[1], None, 5)
    assert isinstance(connection, socket.socket)
    assert connection.getpeername()[0] == "127.0.0.1"
    connection.close()


def test_a_refusal_is_told_from_silence() -> None:
    assert dial([HERE], free_port(), None, 5) is Answer.REFUSED


def test_patience_ends() -> None:
    """By the clock that is handed in: the second look at it is past the deadline."""
    times = iter([0.0, 2.0])
    with socket.create_server(("127.0.0.1", 0)) as made:
        answer = dial([HERE], made.getsockname()[1], None, 1, Clock(now=lambda: next(times)))
    assert answer is Answer.SILENT


def test_the_source_is_chosen(listener: socket.socket) -> None:
    connection = dial([HERE], listener.getsockname()[1], NOWHERE, 5)
    assert isinstance(connection, socket.socket)
    assert connection.getsockname()[0] == "127.0.0.2"
    connection.close()


def test_doors_are_open_when_all_are(listener: socket.socket) -> None:
    """Those that opened are not tried again."""
    shut = free_port()
    doors = Doors([HERE], [listener.getsockname()[1], shut, shut], None)
    assert not doors.try_all(5)
    assert (doors.shut, doors.answer) == ([shut], Answer.REFUSED)
    with socket.create_server(("127.0.0.1", shut)):
        assert doors.try_all(5)
    assert doors.connection is None


def test_the_connection_is_kept_when_it_is_wanted(listener: socket.socket) -> None:
    doors = Doors([HERE], [listener.getsockname()[1]], None, keep=True)
    assert doors.try_all(5)
    assert doors.connection is not None
    doors.connection.close()
