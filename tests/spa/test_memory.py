from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from portward.spa.memory import MOST_SPENT, STEP, Forget, Memory, Remember, Way, memory_of


AGE = timedelta(minutes=2)
SECOND = 10**9
NOW = 1_700_000_000 * SECOND
KEPT = int((AGE + STEP).total_seconds()) * SECOND


def _sealed(sent: int, key: bytes = b"k") -> Remember:
    return Remember(Way.SEALED, key, sent)


def _fwknop(sent: int, digest: bytes) -> Remember:
    return Remember(Way.FWKNOP, digest, sent)


def test_of_a_static_key_only_later_knocks_are_new() -> None:
    memory = Memory()
    assert memory.is_new(_sealed(0))
    memory.note(_sealed(5))
    assert [memory.is_new(_sealed(sent)) for sent in (4, 5, 6)] == [False, False, True]
    assert memory.is_new(_sealed(1, b"another"))


def test_what_is_noted_in_the_wrong_order_changes_nothing() -> None:
    memory = Memory()
    memory.note(_sealed(5))
    memory.note(_sealed(3))
    assert not memory.is_new(_sealed(5))


def test_fwknops_packets_may_overtake_each_other_but_count_once() -> None:
    memory = Memory()
    memory.note(_fwknop(NOW, b"one"))
    assert not memory.is_new(_fwknop(NOW, b"one"))
    assert memory.is_new(_fwknop(NOW - SECOND, b"two"))


def test_digests_go_when_nobody_could_use_them_again() -> None:
    memory = Memory()
    memory.note(_fwknop(NOW, b"one"))
    memory.note(_fwknop(NOW + SECOND, b"two"))
    assert memory.forget(NOW + KEPT, AGE) is None
    assert memory.forget(NOW + KEPT + 1, AGE) == Forget(NOW + 1)
    assert set(memory.digests) == {b"two"}


def test_what_was_forgotten_stays_refused_when_the_clock_is_set_back() -> None:
    memory = Memory()
    memory.note(_fwknop(NOW, b"one"))
    memory.forget(NOW + 10 * KEPT, AGE)
    assert not memory.digests
    assert not memory.is_new(_fwknop(NOW, b"one"))
    assert not memory.is_new(_fwknop(NOW, b"never seen"))


def test_a_clock_that_is_an_hour_wrong_for_a_while_costs_honest_packets_nothing() -> None:
    memory = Memory()
    memory.note(_fwknop(NOW, b"one"))
    for hours in (1, -1):
        memory.forget(NOW + hours * 3600 * SECOND, AGE)
    assert memory.is_new(_fwknop(NOW - SECOND, b"late"))
    assert not memory.is_new(_fwknop(NOW, b"one"))


def test_the_oldest_spent_tags_go_first() -> None:
    memory = Memory()
    for number in range(MOST_SPENT + 1):
        memory.spend(number.to_bytes(16, "big"), "alice")
    assert len(memory.spent) == MOST_SPENT
    assert bytes(16) not in memory.spent


MARKS = st.builds(
    Remember,
    st.sampled_from(Way),
    st.sampled_from([b"a", b"b", b"c"]),
    st.integers(NOW - 9 * KEPT, NOW + 9 * KEPT),
)


@given(st.lists(MARKS | st.integers(NOW - 9 * KEPT, NOW + 9 * KEPT)), MARKS)
def test_nothing_that_was_noted_is_ever_new_again(steps: list[Remember | int], first: Remember) -> None:
    """Whatever else comes, however the clock runs, and saved and loaded at every step."""
    memory = Memory()
    memory.note(first)
    for step in steps:
        if isinstance(step, Remember):
            memory.note(step)
        else:
            memory.forget(step, AGE)
        memory = memory_of(memory.saved(), memory.floor_ns)
        assert not memory.is_new(first)
