"""The clock as a value."""

from portward.knock.clock import Clock


def test_the_past_is_not_waited_for() -> None:
    waits: list[float] = []
    clock = Clock(lambda: 10.0, waits.append)
    clock.sleep_until(9)
    clock.sleep_until(10)
    clock.sleep_until(12.5)
    assert waits == [2.5]
