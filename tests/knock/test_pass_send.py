"""Passes, caught on the loopback interface."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import attrs
import pytest
from tests.knock.keyed_profiles import KEYED, TOKEN

from portward.knock.pass_send import by_pass
from portward.spa.passes import pass_of
from portward.spa.windows import window_at


HERE = ip_address("127.0.0.1")


@pytest.fixture
def caught() -> Iterator[socket.socket]:
    """A port that catches datagrams."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
        port.bind(("127.0.0.1", 0))
        port.settimeout(5)
        yield port


def test_each_address_gets_a_pass_of_its_own(caught: socket.socket, tmp_path: Path) -> None:
    token = attrs.evolve(TOKEN, pass_port=caught.getsockname()[1])
    knock = by_pass(attrs.evolve(KEYED, token=token), tmp_path)
    knock((HERE, HERE), 1)
    knock((HERE,), 2)
    found = [caught.recv(999) for _ in range(3)]
    window = window_at(datetime.now(UTC), token.window)
    good = {
        pass_of(token.secret, token.server, each, counter)
        for each in (window - 1, window)
        for counter in range(4)
    }
    assert len(set(found)) == 3
    assert set(found) <= good
