"""RouterOS rules in the kernel, with real connections and no process of ours: knocks, what is established, counts."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import attrs
import pytest

from lab.namespaces import Namespace, address, cable, namespaces
from portward.compile.exact import compile_exact
from portward.sources.routeros_script import read_source


pytestmark = pytest.mark.net

HOST, VISITOR = "198.51.100.1", "198.51.100.2"
PATIENCE = 0.4
"""Seconds until a connection is taken to be shut out; within them a SYN is sent once."""


@attrs.frozen
class Place:
    """A router with a TCP service on port 22, and a visitor."""

    router: Namespace
    visitor: Namespace
    service: socket.socket

    def load(self, rules: str) -> None:
        """Put rules in place of what was there."""
        text = f"/ip firewall filter\n{rules}\n"
        compiled = compile_exact(read_source(text.encode(), "test.rsc").script)
        self.router.nft(f"table inet portward\ndelete table inet portward\n{compiled.text}")

    def knock(self, port: int) -> None:
        """Send an empty datagram."""
        with self.visitor.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"", (HOST, port))

    def connect(self) -> socket.socket | None:
        """Connect to the service; None if it does not come about."""
        sock = self.visitor.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.settimeout(PATIENCE)
        try:
            sock.connect((HOST, 22))
        except OSError:
            sock.close()
            return None
        return sock


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """The two of them on one cable."""
    with namespaces("router", "visitor", prefix="pwh") as (router, visitor), ExitStack() as stack:
        cable(router, visitor, "eth0", "eth0")
        address(router, "eth0", f"{HOST}/24")
        address(visitor, "eth0", f"{VISITOR}/24")
        service = stack.enter_context(router.socket(socket.AF_INET, socket.SOCK_STREAM))
        service.bind((HOST, 22))
        service.listen(64)
        yield Place(router, visitor, service)


def test_a_connection_that_stands_outlives_the_list_that_let_it_in(place: Place) -> None:
    place.load("""add chain=input connection-state=established,related action=accept
add chain=input protocol=udp dst-port=7001 src-address-list=one action=add-src-to-address-list address-list=in \
address-list-timeout=1s
add chain=input protocol=udp dst-port=7000 action=add-src-to-address-list address-list=one address-list-timeout=5s
add chain=input src-address-list=in action=accept
add chain=input action=drop""")
    assert place.connect() is None
    place.knock(7001)
    assert place.connect() is None
    place.knock(7000)
    place.knock(7001)
    visitor = place.connect()
    assert visitor is not None
    server, _ = place.service.accept()
    with visitor, server:
        time.sleep(1.1)
        assert place.connect() is None
        visitor.sendall(b"still here")
        assert server.recv(99) == b"still here"


def test_more_connections_than_the_limit_are_not_let_in(place: Place) -> None:
    place.load(
        "add chain=input protocol=tcp dst-port=22 tcp-flags=syn,!ack connection-limit=2,32 action=drop"
    )
    with ExitStack() as stack:
        made = [place.connect() for _ in range(3)]
        for each in filter(None, made):
            stack.enter_context(each)
        assert [each is not None for each in made] == [True, True, False]


def test_a_reset_is_the_answer_where_the_rule_says_so(place: Place) -> None:
    place.load("add chain=input protocol=tcp dst-port=22 action=reject reject-with=tcp-reset")
    with place.visitor.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        sock.settimeout(PATIENCE)
        with pytest.raises(ConnectionRefusedError):
            sock.connect((HOST, 22))


def test_the_output_chains_see_what_the_host_sends(place: Place) -> None:
    """The answers to a knock are dropped on their way out."""
    place.load("add chain=output protocol=tcp src-port=22 out-interface=eth0 action=drop")
    assert place.connect() is None
    place.load("add chain=output protocol=tcp src-port=22 out-interface=eth1 action=drop")
    visitor = place.connect()
    assert visitor is not None
    visitor.close()


def test_no_rule_cuts_the_host_off_from_itself(place: Place) -> None:
    place.load("add chain=input action=drop\nadd chain=output action=drop")
    with place.router.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        sock.settimeout(PATIENCE)
        sock.connect((HOST, 22))
