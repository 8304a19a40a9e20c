"""Sealed knocks, caught on the loopback interface."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import attrs
import pytest
from tests.knock.keyed_profiles import KEYED, PRIVATE, SEALED, SERVER

from portward.errors import UsageError
from portward.knock import sealed_send
from portward.knock.sealed_profile import Stated
from portward.spa.crypto import public_of
from portward.spa.keyring import SealedKey, Term
from portward.spa.request import Request
from portward.spa.sealed import open_knock


HERE = ip_address("127.0.0.1")
KEY = SealedKey("alice", public_of(PRIVATE), b"", Term(datetime(2020, 1, 1, tzinfo=UTC)))


@pytest.fixture
def caught() -> Iterator[socket.socket]:
    """A port that catches datagrams."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
        port.bind(("127.0.0.1", 0))
        port.settimeout(5)
        yield port


def test_each_sealed_knock_is_another_one_and_the_gate_opens_it(caught: socket.socket) -> None:
    sealed = attrs.evolve(
        SEALED, port=caught.getsockname()[1], services=("ssh",), duration=timedelta(hours=1)
    )
    knock = sealed_send.by_sealed(attrs.evolve(KEYED, sealed=sealed))
    knock((HERE, HERE), 1)
    first, second = caught.recv(999), caught.recv(999)
    assert first != second
    opened = open_knock(SERVER, {KEY.public: KEY}, second)
    assert opened.request == Request(("ssh",), timedelta(hours=1))


def test_our_address_is_stated_where_the_profile_wants_that() -> None:
    stated = attrs.evolve(SEALED, address=Stated.STATED)
    opened = open_knock(SERVER, {KEY.public: KEY}, sealed_send.sealed_knock(stated, HERE, None))
    assert opened.request.address == HERE
    other = ip_address("127.0.0.9")
    opened = open_knock(SERVER, {KEY.public: KEY}, sealed_send.sealed_knock(stated, HERE, other))
    assert opened.request.address == other


def test_without_a_private_key_there_is_no_sealed_knock() -> None:
    profile = attrs.evolve(KEYED, sealed=attrs.evolve(SEALED, private=b"", public=KEY.public))
    with pytest.raises(UsageError, match="import-profile"):
        sealed_send.by_sealed(profile)


def test_a_key_that_is_none_is_told() -> None:
    with pytest.raises(UsageError, match="the gate's key in the profile is none"):
        sealed_send.sealed_knock(attrs.evolve(SEALED, server=bytes(32)), HERE, None)
