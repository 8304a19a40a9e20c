"""The gate's memory: sets whose elements end."""

from tests.simulate.transcript import VISITOR

from portward.policy.policy import Sizes
from portward.simulate.state import Rates, Table, empty


def test_an_element_is_alive_until_its_end() -> None:
    table: Table[str] = Table(2)
    assert table.update("a", 0.0, 10.0)
    assert table.alive("a", 9.999)
    assert not table.alive("a", 10.0)
    assert not table.alive("b", 0.0)


def test_a_full_set_takes_nobody_new_but_renews() -> None:
    table: Table[str] = Table(2)
    assert table.update("a", 0.0, 10.0)
    assert table.update("b", 0.0, 20.0)
    assert not table.update("c", 1.0, 30.0)
    assert table.update("a", 1.0, 15.0)
    assert table.alive("a", 12.0)


def test_an_element_that_has_ended_makes_room() -> None:
    """Also for itself: it must not come back over the size."""
    table: Table[str] = Table(2)
    table.update("a", 0.0, 1.0)
    table.update("b", 0.0, 20.0)
    assert table.update("c", 1.0, 30.0)
    assert not table.update("a", 2.0, 30.0)
    assert table.living(2.0) == {"b": 20.0, "c": 30.0}


def test_a_copy_changes_by_itself() -> None:
    state = empty(Sizes())
    copy = state.copy()
    copy.midway[4].update(VISITOR, 0.0, 1.0)
    copy.grant("ssh", 4).update(1, 0.0, 1.0)
    assert state == empty(Sizes())
    assert copy != state


def test_a_bucket_is_full_at_first_and_fills_up_to_there() -> None:
    rates = Rates()
    assert [rates.take(7, 0.0, 1) for _ in range(3)] == [True, True, False]
    assert not rates.take(7, 0.9, 1)
    assert rates.take(7, 1.1, 1)
    assert [rates.take(7, 30.0, 1) for _ in range(3)] == [True, True, False]


def test_sources_that_are_too_many_are_not_limited() -> None:
    rates = Rates(Table(1))
    assert rates.take(7, 0.0, 1)
    assert all(rates.take(8, 0.0, 1) for _ in range(9))
    assert rates.take(8, 60.0, 1)
    assert rates.buckets[8] == (1.0, 60.0)
