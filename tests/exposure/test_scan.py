"""Looks at ports of this host's own loopback."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from ipaddress import ip_address

import pytest

from portward.exposure.question import Target
from portward.exposure.scan import Pace, Sighting, State, scan, source_towards
from portward.policy.net import Protocol


HERE = ip_address("127.0.0.1")
FAST = Pace(1000, 0.4)


def look(*targets: Target) -> list[Sighting]:
    return list(scan([HERE], targets, FAST))


@pytest.fixture
def greeter() -> Iterator[int]:
    """A server that greets as sshd does."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def serve() -> None:
            while True:
                try:
                    peer, _ = server.accept()
                except OSError:
                    return
                with peer:
                    peer.sendall(b"SSH-2.0-made_up\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def test_what_greets_is_open_and_named(greeter: int) -> None:
    (seen,) = look(Target(Protocol.TCP, greeter))
    assert (seen.state, seen.name, seen.banner) == (State.OPEN, "ssh", "SSH-2.0-made_up")


def test_what_refuses_is_closed() -> None:
    tcp, udp = free_port(socket.SOCK_STREAM), free_port(socket.SOCK_DGRAM)
    assert [each.state for each in look(Target(Protocol.TCP, tcp), Target(Protocol.UDP, udp))] == [
        State.CLOSED
    ] * 2


def test_what_keeps_silent_is_open_by_tcp_and_silent_by_udp() -> None:
    with (
        closing(socket.create_server(("127.0.0.1", 0))) as server,
        socket.socket(type=socket.SOCK_DGRAM) as deaf,
    ):
        deaf.bind(("127.0.0.1", 0))
        targets = Target(Protocol.TCP, server.getsockname()[1]), Target(Protocol.UDP, deaf.getsockname()[1])
        assert [each.state for each in look(*targets)] == [State.OPEN, State.SILENT]


def test_the_address_that_would_be_used_is_told_without_a_packet() -> None:
    assert source_towards(HERE) == "127.0.0.1"
