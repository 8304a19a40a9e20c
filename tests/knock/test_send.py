"""Sending, on the loopback interface; what arrives on a wire is shown in the namespaces' tests."""

import contextlib
import errno
import os
import socket
from datetime import timedelta
from ipaddress import ip_address

import pytest

from portward.errors import HostError, PeerError
from portward.knock import echo
from portward.knock.clock import Clock
from portward.knock.plan import Send, plan_sequence
from portward.knock.send import send_sequence
from portward.policy.notation import read_knock


HERE = ip_address("127.0.0.1")
SECOND = timedelta(seconds=1)


def test_packets_are_sent_at_their_times() -> None:
    """Time passes only by waiting; each packet waits for its own moment."""
    now = 100.0
    waits = []

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds
        waits.append(seconds)

    knocks = [read_knock(f"tcp/{port}") for port in (1, 2, 3)]
    send_sequence(plan_sequence(knocks, [HERE], SECOND), None, Clock(lambda: now, sleep))
    assert waits == [1.0, 1.0]


def test_a_datagram_carries_the_word_and_nothing_else() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))
        ear.settimeout(5)
        port = ear.getsockname()[1]
        send_sequence([Send(timedelta(), HERE, read_knock(f"udp/{port}=öffne dich"))])
        assert ear.recv(99) == "öffne dich".encode()
        send_sequence([Send(timedelta(), HERE, read_knock(f"udp/{port}"))], ip_address("127.0.0.9"))
        assert ear.recvfrom(99) == (b"", ("127.0.0.9", pytest.approx(32768, abs=32768)))


def test_a_tcp_knock_that_is_answered_is_given_up() -> None:
    """Also at an open port nothing stays behind."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        send_sequence([Send(timedelta(), HERE, read_knock(f"tcp/{server.getsockname()[1]}"))])
        server.settimeout(5)
        visitor, _ = server.accept()
        with visitor:
            visitor.settimeout(5)
            with contextlib.suppress(ConnectionResetError):
                assert visitor.recv(9) == b""


@pytest.mark.parametrize(
    ("number", "kind", "message"),
    [
        (errno.EPERM, HostError, "a firewall on this machine forbids it"),
        (errno.EMSGSIZE, HostError, "sends no packet of that size"),
        (errno.ENETUNREACH, PeerError, "Network is unreachable"),
        (errno.ENOBUFS, HostError, "No buffer space"),
    ],
)
def test_what_the_system_refuses_is_explained_without_the_word(
    monkeypatch: pytest.MonkeyPatch, number: int, kind: type[Exception], message: str
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(socket.socket, "sendto", refuse)
    with pytest.raises(kind, match=f"cannot send udp/7 to 127.0.0.1: .*{message}") as caught:
        send_sequence([Send(timedelta(), HERE, read_knock("udp/7=geheim"))])
    assert "geheim" not in str(caught.value)


def test_without_a_way_to_ping_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ways are found before the first knock."""

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(echo, "_open_socket", refuse)
    knocks = [read_knock("udp/1"), read_knock("icmp/100=geheim")]

    def sending(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(socket.socket, "sendto", sending)
    with pytest.raises(HostError, match="ping_group_range"):
        send_sequence(plan_sequence(knocks, [HERE], SECOND))
