"""The reader's memory on the disk."""

from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from tests.daemon_case import HOUR, NOW, opening

from portward.daemon.replay_store import ReplayStore
from portward.spa.memory import Forget, Remember, Way


KEY, DIGEST = b"k" * 32, b"d" * 32


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where it is."""
    return tmp_path / "replay.db"


def test_what_was_accepted_is_known_after_a_kill(file: Path) -> None:
    """The first store is never closed."""
    ReplayStore(file).accept([Remember(Way.SEALED, KEY, 1000), Remember(Way.FWKNOP, DIGEST, 2000)], [])
    memory = ReplayStore(file).memory()
    assert not memory.is_new(Remember(Way.SEALED, KEY, 1000))
    assert memory.is_new(Remember(Way.SEALED, KEY, 1001))
    assert not memory.is_new(Remember(Way.FWKNOP, DIGEST, 2000))


def test_of_a_key_the_greatest_time_counts(file: Path) -> None:
    store = ReplayStore(file)
    store.accept([Remember(Way.SEALED, KEY, 1000)], [])
    store.accept([Remember(Way.SEALED, KEY, 900)], [])
    assert store.memory().latest == {KEY: 1000}


def test_an_opening_waits_until_it_is_done(file: Path) -> None:
    """It comes back as it was, with a number of its own, after a kill too."""
    first, second = ReplayStore(file).accept(
        [], [opening(), opening("root", "ssh", "web", address=ip_address("::1"))]
    )
    assert first.number != second.number
    again = ReplayStore(file)
    assert again.undone(NOW) == (first, second)
    again.done([first.number])
    assert again.undone(NOW) == (second,)


def test_an_opening_that_is_over_is_struck_out(file: Path) -> None:
    store = ReplayStore(file)
    store.accept([], [opening()])
    assert store.undone(NOW + HOUR) == ()
    assert store.undone(NOW) == ()


def test_forgetting_is_durable_and_lets_no_old_packet_in(file: Path) -> None:
    store = ReplayStore(file)
    store.accept([Remember(Way.FWKNOP, DIGEST, 2000), Remember(Way.SEALED, KEY, 5)], [])
    store.forget(Forget(3000))
    memory = ReplayStore(file).memory()
    assert memory.digests == {}
    assert not memory.is_new(Remember(Way.FWKNOP, DIGEST, 2000))
    assert memory.latest == {KEY: 5}


def test_numbers_are_never_used_again(file: Path) -> None:
    """A late word that an opening is done must not strike out another."""
    store = ReplayStore(file)
    (first,) = store.accept([], [opening()])
    store.done([first.number])
    (second,) = store.accept([], [opening(until=NOW + timedelta(days=1))])
    assert second.number > first.number
