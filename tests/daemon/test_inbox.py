"""What comes out of a socket, and where it came from."""

import socket
from collections.abc import Iterator
from ipaddress import ip_address

import pytest

from portward.daemon.inbox import LONGEST_DATAGRAM, Inbox


@pytest.fixture
def both() -> Iterator[socket.socket]:
    """A socket for both families, as the daemon has it."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as made:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        made.bind(("::", 0))
        made.settimeout(0)
        yield made


def send(to: socket.socket, *datagrams: bytes, host: str = "127.0.0.1") -> None:
    """Send datagrams from this host."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as out:
        for each in datagrams:
            out.sendto(each, (host, to.getsockname()[1]))


def test_nothing_waits(both: socket.socket) -> None:
    assert Inbox(both, 4).take() == []


def test_datagrams_come_in_order_and_whole(both: socket.socket) -> None:
    """Empty ones too; each batch is its own, whatever was in the memory before."""
    inbox = Inbox(both, 4)
    send(both, b"one", b"", b"three" * 80)
    assert inbox.take() == [b"one", b"", b"three" * 80]
    send(both, b"x")
    assert inbox.take() == [b"x"]


def test_a_batch_has_a_bound_and_the_rest_waits(both: socket.socket) -> None:
    inbox = Inbox(both, 2)
    send(both, b"1", b"2", b"3")
    assert inbox.take() == [b"1", b"2"]
    assert inbox.take() == [b"3"]


def test_what_is_too_long_is_cut(both: socket.socket) -> None:
    inbox = Inbox(both, 2)
    send(both, bytes(LONGEST_DATAGRAM + 1), b"next")
    assert inbox.take() == [bytes(LONGEST_DATAGRAM), b"next"]


def test_sources_are_of_their_own_family(both: socket.socket) -> None:
    """Through one socket for both, an IPv4 source is an IPv4 address."""
    inbox = Inbox(both, 4)
    send(both, b"4")
    send(both, b"6", host="::1")
    send(both, b"4")
    assert inbox.take() == [b"4", b"6", b"4"]
    assert [inbox.source(number) for number in range(3)] == [
        ip_address("127.0.0.1"),
        ip_address("::1"),
        ip_address("127.0.0.1"),
    ]


def test_a_host_without_ipv6_has_sources_too() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as only:
        only.bind(("127.0.0.1", 0))
        inbox = Inbox(only, 2)
        for _ in range(2):
            send(only, b"x")
            assert inbox.take() == [b"x"]
            assert inbox.source(0) == ip_address("127.0.0.1")
