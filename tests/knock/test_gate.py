"""A whole visit, on the loopback interface."""

import socket
from datetime import timedelta

import attrs
import pytest
from tests.knock.fwknop_profiles import GATE as FWKNOP_GATE
from tests.spa.fwknop_cases import key

from portward.knock.door import Answer
from portward.knock.gate import usual_timeout, visit_gate
from portward.knock.profile import Profile
from portward.knock.ways import knock_by_fwknop
from portward.policy.notation import read_knock
from portward.spa.fwknop_packet import open_packet


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


def test_each_try_sends_another_of_fwknop_s_packets() -> None:
    """The door stays shut, so it is tried again; no packet is one that the gate has seen."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gate:
        gate.bind(("127.0.0.1", 0))
        gate.settimeout(0)
        fwknop = attrs.evolve(FWKNOP_GATE, port=gate.getsockname()[1])
        there = Profile("here", "127.0.0.1", (), verify=(port,), fwknop=fwknop)
        visited = visit_gate(there, timedelta(seconds=3), lambda _: None, by=knock_by_fwknop(there))
        packets = {gate.recv(2000) for _ in range(visited.tries)}
    assert visited.shut == (port,)
    assert len(packets) == visited.tries >= 2
    assert len({open_packet(each, [key()]).digest for each in packets}) == visited.tries


def test_the_usual_timeout_has_room_for_a_second_try() -> None:
    """30 seconds, or longer where the gate's penalty asks for it."""
    assert usual_timeout(HERE) == timedelta(seconds=30)
    punished = Profile("g", "h", HERE.knocks, penalty=timedelta(minutes=3))
    assert timedelta(minutes=3, seconds=10) < usual_timeout(punished) < timedelta(minutes=3, seconds=20)
