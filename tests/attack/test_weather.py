"""Weather: how often a packet arrives, and when."""

import random

import pytest

from portward.attack.weather import HELD_BACK, TWICE_AFTER, WEATHERS, Weather


COUNT = 20_000


def share(weather: Weather, of: tuple[float, ...]) -> float:
    dice = random.Random(1)  # noqa: S311 - no secret
    return sum(weather.fate(dice) == of for _ in range(COUNT)) / COUNT


@pytest.mark.parametrize("lost", [0.01, 0.05, 0.2])
def test_as_many_are_lost_as_it_says(lost: float) -> None:
    assert share(Weather("rain", lost=lost), ()) == pytest.approx(lost, abs=0.01)


def test_what_is_held_back_comes_late_and_what_is_doubled_comes_twice() -> None:
    assert share(Weather("wind", held=0.1), (HELD_BACK,)) == pytest.approx(0.1, abs=0.01)
    assert share(Weather("echo", doubled=0.1), (0.0, TWICE_AFTER)) == pytest.approx(0.1, abs=0.01)
    assert share(Weather("both", held=1, doubled=1), (HELD_BACK, HELD_BACK + TWICE_AFTER)) == 1


def test_in_good_weather_everything_arrives_once_and_at_once() -> None:
    assert share(WEATHERS[0], (0.0,)) == 1


def test_the_losses_that_are_promised_to_be_measured_are() -> None:
    assert {each.lost for each in WEATHERS} >= {0.01, 0.05, 0.2}
    assert any(each.held for each in WEATHERS)
    assert any(each.doubled for each in WEATHERS)
