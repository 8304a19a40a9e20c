"""What is remembered of loading ahead."""

from datetime import timedelta
from pathlib import Path

from tests.daemon_case import NOW

from portward.daemon.ahead_store import AheadStore
from portward.spa.ahead import Load


def load(key: int, minutes: int) -> Load:
    """A window of a key that begins so many minutes from now."""
    begins = NOW + timedelta(minutes=minutes)
    return Load(key, minutes, begins, begins + timedelta(minutes=20), "alice", (), (), 0)


def test_what_was_written_down_is_there_after_a_kill(tmp_path: Path) -> None:
    """The first store is never closed."""
    store = AheadStore(tmp_path / "ahead.db")
    store.record([load(1, 0), load(1, 10), load(2, 5)], epoch=7)
    store.tick(NOW)
    past = AheadStore(tmp_path / "ahead.db").past(frozenset(), 7)
    assert past.reached == {1: NOW + timedelta(minutes=10), 2: NOW + timedelta(minutes=5)}
    assert past.since == {1: NOW, 2: NOW + timedelta(minutes=5)}
    assert past.latest == NOW


def test_in_the_same_table_the_span_grows(tmp_path: Path) -> None:
    store = AheadStore(tmp_path / "ahead.db")
    store.record([load(1, 10)], epoch=7)
    store.record([load(1, 20)], epoch=7)
    past = store.past(frozenset(), 7)
    assert past.since == {1: NOW + timedelta(minutes=10)}
    assert past.reached == {1: NOW + timedelta(minutes=20)}


def test_another_table_begins_anew_and_how_far_it_got_stays(tmp_path: Path) -> None:
    store = AheadStore(tmp_path / "ahead.db")
    store.record([load(1, 30)], epoch=7)
    assert store.past(frozenset(), 8).since == {}
    store.record([load(1, 20)], epoch=8)
    past = store.past(frozenset(), 8)
    assert past.since == {1: NOW + timedelta(minutes=20)}
    assert past.reached == {1: NOW + timedelta(minutes=30)}


def test_at_first_nothing_is_known(tmp_path: Path) -> None:
    past = AheadStore(tmp_path / "ahead.db").past(frozenset({(1, 2)}), 7)
    assert (past.loaded, past.reached, past.since, past.latest) == (frozenset({(1, 2)}), {}, {}, None)
