"""Knocks that are made of keys, caught on the loopback interface."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import attrs
import pytest
from tests.knock.keyed_profiles import KEYED, PRIVATE, SEALED, SERVER, TOKEN

from portward.errors import UsageError
from portward.knock import stronger
from portward.knock.sealed_profile import Stated
from portward.spa.crypto import public_of
from portward.spa.keyring import SealedKey, Term
from portward.spa.passes import pass_of
from portward.spa.request import Request
from portward.spa.rolling import rolling_knocks
from portward.spa.sealed import open_knock
from portward.spa.windows import window_at


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
    knock = stronger.by_sealed(attrs.evolve(KEYED, sealed=sealed))
    knock((HERE, HERE), 1)
    first, second = caught.recv(999), caught.recv(999)
    assert first != second
    opened = open_knock(SERVER, {KEY.public: KEY}, second)
    assert opened.request == Request(("ssh",), timedelta(hours=1))


def test_our_address_is_stated_where_the_profile_wants_that() -> None:
    stated = attrs.evolve(SEALED, address=Stated.STATED)
    opened = open_knock(SERVER, {KEY.public: KEY}, stronger.sealed_knock(stated, HERE, None))
    assert opened.request.address == HERE
    other = ip_address("127.0.0.9")
    opened = open_knock(SERVER, {KEY.public: KEY}, stronger.sealed_knock(stated, HERE, other))
    assert opened.request.address == other


def test_without_a_private_key_there_is_no_sealed_knock() -> None:
    profile = attrs.evolve(KEYED, sealed=attrs.evolve(SEALED, private=b"", public=KEY.public))
    with pytest.raises(UsageError, match="import-profile"):
        stronger.by_sealed(profile)


def test_a_key_that_is_none_is_told() -> None:
    with pytest.raises(UsageError, match="the gate's key in the profile is none"):
        stronger.sealed_knock(attrs.evolve(SEALED, server=bytes(32)), HERE, None)


def test_each_address_gets_a_pass_of_its_own(caught: socket.socket, tmp_path: Path) -> None:
    token = attrs.evolve(TOKEN, pass_port=caught.getsockname()[1])
    knock = stronger.by_pass(attrs.evolve(KEYED, token=token), tmp_path)
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


def test_a_rolling_sequence_is_the_windows_and_at_the_next_try_its_neighbours() -> None:
    rolling = TOKEN.rolling
    assert rolling
    now = datetime(2026, 11, 27, 12, 1, tzinfo=UTC)
    window = window_at(now, TOKEN.window)
    for number, wanted in ((1, window), (2, window - 1), (3, window)):
        knocks = rolling_knocks(TOKEN.secret, TOKEN.server, wanted, rolling.slot, rolling.shape)
        assert stronger.knocks_at(TOKEN, rolling, now, number) == knocks


def test_a_rolling_sequence_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    monkeypatch.setattr(
        stronger, "send_sequence", lambda sends, _source: sent.extend(each.knock.number for each in sends)
    )
    stronger.by_rolling(KEYED)((HERE,), 1)
    assert len(sent) == 5
    assert all(20000 <= port <= 24999 for port in sent)
