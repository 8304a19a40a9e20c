from datetime import timedelta
from pathlib import Path

import attrs
import pytest
from tests.knock.keyed_profiles import KEYED, TOKEN

from portward.errors import UsageError
from portward.knock.profile import Profile
from portward.knock.ways import Way, choose_way, knocker, ways_of, without_penalty
from portward.policy.notation import read_knock


ALL = attrs.evolve(KEYED, knocks=(read_knock("udp/7"),))


def test_the_ways_of_a_profile_are_known_best_first() -> None:
    assert ways_of(ALL) == (Way.SEALED, Way.PASS, Way.ROLLING, Way.SEQUENCE)
    assert ways_of(attrs.evolve(ALL, token=attrs.evolve(TOKEN, pass_port=None))) == (
        Way.SEALED,
        Way.ROLLING,
        Way.SEQUENCE,
    )
    assert ways_of(Profile("g", "h", ())) == ()


def test_the_best_way_is_taken_unless_another_is_wanted() -> None:
    assert choose_way(ALL) is Way.SEALED
    assert choose_way(ALL, Way.ROLLING) is Way.ROLLING
    with pytest.raises(UsageError, match="by fwknop; it knows sealed, pass, rolling"):
        choose_way(KEYED, Way.FWKNOP)
    with pytest.raises(UsageError, match="knows no way"):
        choose_way(Profile("g", "h", ()))


def test_only_knocks_that_can_be_strays_wait_a_penalty_out() -> None:
    punished = attrs.evolve(ALL, penalty=timedelta(minutes=1))
    assert without_penalty(punished, Way.ROLLING).penalty == timedelta(minutes=1)
    assert without_penalty(punished, Way.PASS).penalty is None


@pytest.mark.parametrize("way", ways_of(ALL))
def test_every_way_has_what_knocks(way: Way, tmp_path: Path) -> None:
    assert callable(knocker(ALL, way, tmp_path))
