"""A whole visit, on the loopback interface."""

import socket
from datetime import timedelta

import pytest

from portward.knock.door import Answer
from portward.knock.gate import usual_timeout, visit_gate
from portward.knock.profile import Profile
from portward.policy.notation import read_knock


HERE = Profile("here", "127.0.0.1", (read_knock("udp/9"),), delay=timedelta())
SHORT = timedelta(milliseconds=600)


def profile(*verify: int) -> Profile:
    """A host whose door is one of these ports."""
    return Profile("here", "127.0.0.1", (read_knock("udp/9"),), delay=timedelta(), verify=verify)


def test_without_a_port_to_verify_it_knocks_once() -> None:
    visited = visit_gate(HERE, SHORT, pytest.fail)
    assert (visited.tries, visited.shut) == (1, ())


def test_an_open_port_ends_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        visited = visit_gate(profile(server.getsockname()[1]), SHORT, pytest.fail, keep=True)
    assert visited.shut == ()
    assert visited.connection is not None
    visited.connection.close()


def test_a_shut_port_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    said: list[str] = []
    visited = visit_gate(profile(port), SHORT, said.append)
    assert (visited.shut, visited.answer) == ((port,), Answer.REFUSED)
    assert len(said) == 1


def test_the_usual_timeout_has_room_for_a_second_try() -> None:
    """30 seconds, or longer where the gate's penalty asks for it."""
    assert usual_timeout(HERE) == timedelta(seconds=30)
    punished = Profile("g", "h", HERE.knocks, penalty=timedelta(minutes=3))
    assert timedelta(minutes=3, seconds=10) < usual_timeout(punished) < timedelta(minutes=3, seconds=20)
