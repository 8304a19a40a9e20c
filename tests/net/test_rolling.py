"""Rolling sequences in the real kernel: no process of ours runs while somebody knocks."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from gate import Gate, gate, knock_all, source
from keyed_gate import ALICE, BOB, load_ahead, policy, sequence, with_rolling

from portward.policy.policy import Mode, Policy


pytestmark = pytest.mark.net


@pytest.fixture(scope="module")
def here() -> Iterator[Gate]:
    """One gate for all tests of this file; each loads its own policy."""
    with gate() as made:
        yield made


def loaded(here: Gate, state: Path, wanted: Policy) -> None:
    """Put a policy in place and load it ahead."""
    here.load(wanted)
    load_ahead(here, wanted, state)


def is_open(here: Gate, visitor: int, port: int = 22, version: int = 4) -> bool:
    """Whether that visitor's next packet to a port is let in."""
    here.left()
    return here.leaves(here.syn(source(visitor, version), port))


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("mode", list(Mode))
def test_the_sequence_of_now_opens(here: Gate, tmp_path: Path, version: int, mode: Mode) -> None:
    """Closed; five knocks of mixed protocols; open, for that source and that person's service alone."""
    loaded(here, tmp_path, policy(with_rolling(), mode=mode))
    visitor = source(7, version)
    assert not is_open(here, 7, version=version)
    knock_all(here, visitor, sequence(ALICE))
    assert is_open(here, 7, version=version)
    assert not is_open(here, 7, 80, version)
    assert not is_open(here, 8, version=version)


@pytest.mark.parametrize("strict", [True, False])
def test_repeats_are_forgiven(here: Gate, tmp_path: Path, *, strict: bool) -> None:
    """Every knock twice, as a SYN that is sent again."""
    loaded(here, tmp_path, policy(with_rolling(), strict=strict))
    knock_all(here, source(9), [knock for each in sequence(ALICE) for knock in (each, each)])
    assert is_open(here, 9)


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("windows", [-2, 2, 5])
def test_the_sequence_of_another_window_does_not(
    here: Gate, tmp_path: Path, windows: int, *, strict: bool
) -> None:
    """What was sniffed yesterday is worth nothing today; what is loaded for later does not count yet."""
    loaded(here, tmp_path, policy(with_rolling(), strict=strict))
    knock_all(here, source(10), sequence(ALICE, windows))
    assert not is_open(here, 10)


def test_a_missing_or_a_swapped_knock_does_not(here: Gate, tmp_path: Path) -> None:
    """All of them, in order."""
    loaded(here, tmp_path, policy(with_rolling()))
    knocks = sequence(ALICE)
    for number, wrong in enumerate(
        (knocks[1:], knocks[:-1], [knocks[1], knocks[0], *knocks[2:]], knocks[::-1])
    ):
        knock_all(here, source(11 + number), wrong)
        assert not is_open(here, 11 + number)


def test_a_stray_earns_a_penalty(here: Gate, tmp_path: Path) -> None:
    """As in any other sequence: a closed port in the middle, and nothing counts for a while."""
    loaded(here, tmp_path, policy(with_rolling()))
    knocks = sequence(ALICE)
    knock_all(here, source(20), [knocks[0], ("tcp", 4444), *knocks[1:]])
    assert not is_open(here, 20)
    knock_all(here, source(20), knocks)
    assert not is_open(here, 20)


def test_somebody_elses_knock_is_a_stray(here: Gate, tmp_path: Path) -> None:
    """Two people's sequences do not mix, and neither helps the other along."""
    loaded(here, tmp_path, policy(with_rolling()))
    mine, theirs = sequence(ALICE), sequence(BOB)
    knock_all(here, source(21), [*mine[:3], theirs[3], theirs[4]])
    assert not is_open(here, 21)
    assert not is_open(here, 21, 80)


def test_two_people_at_the_same_time(here: Gate, tmp_path: Path) -> None:
    """Each opens what is theirs."""
    loaded(here, tmp_path, policy(with_rolling()))
    for mine, theirs in zip(sequence(ALICE), sequence(BOB), strict=True):
        knock_all(here, source(22), [mine])
        knock_all(here, source(23), [theirs])
    assert [is_open(here, 22), is_open(here, 22, 80)] == [True, False]
    assert [is_open(here, 23), is_open(here, 23, 80)] == [False, True]


def test_once_means_once(here: Gate, tmp_path: Path) -> None:
    """With `once`, who has listened and repeats it in the same window gets nothing; the next window's opens again."""
    loaded(here, tmp_path, policy(with_rolling(once=True)))
    knock_all(here, source(24), sequence(ALICE))
    assert is_open(here, 24)
    knock_all(here, source(25), sequence(ALICE))
    assert not is_open(here, 25)
    neighbours = [sequence(ALICE, 1), sequence(ALICE, -1)]
    for number, each in enumerate(neighbours):
        knock_all(here, source(26 + number), each)
    assert [is_open(here, 26), is_open(here, 27)].count(True) == 1


def test_without_once_it_may_be_repeated_within_its_window(here: Gate, tmp_path: Path) -> None:
    """The default, as for any sequence."""
    loaded(here, tmp_path, policy(with_rolling()))
    for visitor in (28, 29):
        knock_all(here, source(visitor), sequence(ALICE))
        assert is_open(here, visitor)


def test_a_second_round_brings_nothing_back(here: Gate, tmp_path: Path) -> None:
    """What has opened once stays used when the daemon comes back."""
    wanted = policy(with_rolling(once=True))
    loaded(here, tmp_path, wanted)
    knock_all(here, source(30), sequence(ALICE))
    assert load_ahead(here, wanted, tmp_path).windows == 0
    knock_all(here, source(31), sequence(ALICE))
    assert not is_open(here, 31)
