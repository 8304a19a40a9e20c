"""The loop of a visit, with a clock that never waits."""

from datetime import timedelta

from portward.knock.clock import Clock
from portward.knock.visit import Patience, Visit, visit


class World:
    """A gate that opens at some time or try, and remembers what was done to it."""

    def __init__(self, opens_at: float = 1e9, opens_at_try: int = 99, *, refuses: bool = False) -> None:
        self.time = 0.0
        self.tries: list[float] = []
        self.said: list[str] = []
        self.opens_at = opens_at
        self.opens_at_try = opens_at_try
        self.refuses = refuses

    def knock(self, number: int) -> None:
        """Take 0.6 seconds for a sequence."""
        assert number == len(self.tries) + 1
        self.tries.append(self.time)
        self.time += 0.6

    def look(self, patience: float) -> bool:
        """Wait for an answer, or be refused at once."""
        assert patience > 0
        if self.time >= self.opens_at or len(self.tries) >= self.opens_at_try:
            return True
        self.time += 0 if self.refuses else patience
        return False

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.time += seconds

    def visited(self, timeout: float, penalty: float | None = None) -> Visit:
        """Pay the visit."""
        patience = Patience(
            timedelta(seconds=timeout), None if penalty is None else timedelta(seconds=penalty)
        )
        clock = Clock(lambda: self.time, self.sleep)
        return visit(self.knock, self.look, patience, self.said.append, clock)


def test_an_open_door_ends_the_visit_without_a_word() -> None:
    world = World(opens_at=0)
    assert world.visited(30) == Visit(opened=True, tries=1, seconds=0.6)
    assert world.said == []


def test_after_a_lost_knock_the_penalty_is_waited_out() -> None:
    """The second try comes one penalty and a second after the first ended, not earlier."""
    world = World(opens_at_try=2)
    ended = world.visited(90, penalty=60)
    assert (ended.opened, ended.tries) == (True, 2)
    assert 61.6 <= world.tries[1] < 64
    assert world.said == [
        "still shut after try 1; a knock may be lost, so the gate ignores us: next try in 1m1s"
    ]


def test_without_a_known_penalty_the_pauses_double() -> None:
    world = World(refuses=True)
    assert not world.visited(40).opened
    gaps = [later - earlier for earlier, later in zip(world.tries, world.tries[1:], strict=False)]
    assert [round(gap - 0.6) for gap in gaps] == [2, 4, 8, 16]


def test_a_door_that_opens_during_the_pause_is_seen() -> None:
    world = World(opens_at=20)
    ended = world.visited(120, penalty=60)
    assert ended.opened
    assert ended.tries == 1
    assert ended.seconds < 23


def test_the_visit_ends_in_time_when_the_penalty_is_longer() -> None:
    """No second try that could not be seen through; why, is said once."""
    world = World()
    ended = world.visited(30, penalty=60)
    assert (ended.opened, ended.tries) == (False, 1)
    assert 30 <= ended.seconds < 33
    assert len(world.said) == 1
    assert "the gate ignores us for 1m, longer than what is left" in world.said[0]


def test_a_refusing_door_is_not_hammered() -> None:
    world = World(refuses=True)
    looks = 0
    look = world.look

    def counted(patience: float) -> bool:
        nonlocal looks
        looks += 1
        return look(patience)

    world.look = counted  # type: ignore[method-assign]
    assert not world.visited(30).opened
    assert looks <= 2 * 31
