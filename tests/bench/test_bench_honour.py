"""How the honoured are counted and judged."""

import pytest

from lab.bench_datagrams import forged, stranger
from lab.bench_honour import (
    BY_SOCKET,
    RATES,
    SEALED,
    STRANGERS,
    Contestant,
    Honour,
    contestants,
    rows,
    targets,
    under_junk,
)


ALL = Honour(knocks=50, honoured=50, rate=99_900.0)
SOME = Honour(knocks=50, honoured=49, rate=99_900.0, lost=3)
SLOW = Honour(knocks=50, honoured=50, rate=80_000.0)


def test_one_of_fifty_breaks_the_promise() -> None:
    assert [each.reached for each in targets([ALL, ALL], ALL)] == [True, True]
    assert [each.reached for each in targets([ALL, SOME], SOME)] == [False, False]


def test_a_machine_that_does_not_send_enough_proves_nothing() -> None:
    assert not targets([ALL, SLOW], ALL)[0].reached


def test_everybody_is_compared_with_ours_at_the_same_rate() -> None:
    baseline = {RATES[0]: ALL, RATES[1]: ALL}
    assert [each.against for each in rows(SEALED, baseline, baseline)] == ["", ""]
    (peer,) = rows(BY_SOCKET, {RATES[1]: Honour(50, 10, 1e5, 3)}, baseline)
    assert (peer.value, peer.ratio, peer.against) == (20.0, 0.2, SEALED)
    assert peer.note == "10 of 50, junk at 100,000 a second; 3 packets lost before any rule"


def test_without_the_peer_only_ours_take_part() -> None:
    assert BY_SOCKET not in contestants(peer=False)
    assert BY_SOCKET in contestants(peer=True)


@pytest.mark.net
def test_our_daemon_honours_its_people_beside_a_little_junk() -> None:
    """Without a knock the door is shut: a visitor with a stranger's datagram is not honoured."""
    ours = contestants(peer=False)[STRANGERS]

    def knock(number: int) -> bytes:
        return stranger() if number % 2 else ours.knock(number)

    def junk() -> list[bytes]:
        return forged(ours.port, (stranger() for _ in range(50)))

    found = under_junk(Contestant(ours.port, ours.guarded, knock, junk), (500,), 4, 0.4)[500]
    assert (found.knocks, found.honoured) == (4, 2)
    assert found.rate > 0
