"""Loading ahead, against the real library and the real kernel, in a namespace of its own."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pytest
from tests.daemon_case import HOUR, KEYRING, NOW, SERVER, policy

from lab.namespaces import Namespace, namespaces
from portward.apply.libnft import Libnft
from portward.compile.nft import compile_policy
from portward.daemon.ahead_store import AheadStore
from portward.daemon.loader import Loader, is_missing, next_start
from portward.errors import TargetError
from portward.policy.people import Passes, Rolling, Sealed, Ways, Windows
from portward.policy.policy import Policy


pytestmark = pytest.mark.net

LENGTH = timedelta(minutes=10)
POLICY = policy(
    ways=Ways(Windows(LENGTH, HOUR), Passes(62202), Rolling(20000, 24999), Sealed(62203)),
)


@attrs.define
class Place:
    """A namespace, the library in it, and the file of what was loaded."""

    here: Namespace
    nft: Libnft
    store: AheadStore

    def loader(self) -> Loader:
        """A loader that knows nothing yet, as after a start."""
        return Loader(self.nft, self.store)

    def put(self, wanted: Policy) -> None:
        """Put a policy's table in place of what is there."""
        self.nft.run(f"table inet portward\ndelete table inet portward\n{compile_policy(wanted).text}")

    def count(self, name: str, kind: str = "set") -> int:
        """How many elements something has."""
        return self.nft.run(f"list {kind} inet portward {name}\n").count("expires")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """An empty namespace, entered."""
    with namespaces("loader", prefix="pwl") as (here,), here.entered():
        made = Place(here, Libnft(), AheadStore(tmp_path / "ahead.db"))
        yield made
        made.store.close()
        made.nft.close()


def load(place: Place, now: datetime | None = None, loader: Loader | None = None) -> int:
    """One round; how many windows of keys it loaded."""
    return (loader or place.loader()).round(POLICY, KEYRING, SERVER, now or NOW).windows


def test_a_round_loads_everything_for_the_hour(place: Place) -> None:
    """Eight windows: two that count now, and the hour ahead."""
    place.put(POLICY)
    assert load(place) == 8
    assert place.count("passes") == 32
    assert place.count("pass_owners", "map") == 32
    assert place.count("rolling_knocks", "map") == 40
    assert place.count("rolling_owners", "map") == 8
    assert place.count("windows_even", "map") + place.count("windows_odd", "map") == 8
    assert place.count("words") == 3


def test_a_second_loader_has_nothing_to_do(place: Place) -> None:
    """What the kernel has says so, not what a process remembers."""
    place.put(POLICY)
    load(place)
    assert load(place) == 0
    assert place.count("passes") == 32


def test_without_a_table_it_says_so(place: Place) -> None:
    with pytest.raises(TargetError) as error:
        load(place)
    assert is_missing(error.value)


def test_needed_tells_when_there_is_something_to_do(place: Place) -> None:
    """At first; with the next window; when the table is another one; and when it is told to look anew."""
    place.put(POLICY)
    loader, now = place.loader(), NOW
    assert loader.needed(now)
    load(place, now, loader)
    assert not loader.needed(now)
    assert loader.needed(next_start(now, LENGTH))
    place.put(POLICY)
    assert loader.needed(now)
    load(place, now, loader)
    assert not loader.needed(now)
    loader.anew()
    assert loader.needed(now)


def test_killed_between_writing_down_and_loading(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of it is lost, since the table says that it was never loaded."""
    place.put(POLICY)
    loader, run = place.loader(), place.nft.run

    def killed(text: str) -> str:
        if " passes " in text:
            raise KeyboardInterrupt
        return run(text)

    monkeypatch.setattr(place.nft, "run", killed)
    with pytest.raises(KeyboardInterrupt):
        load(place, loader=loader)
    monkeypatch.undo()
    assert place.count("passes") == 0
    assert load(place) == 8


def test_a_clock_an_hour_ahead_and_back_again(place: Place) -> None:
    """Ahead: the next hour is loaded. Back: nothing twice, and nothing that was used is good again."""
    place.put(POLICY)
    now = NOW
    load(place, now)
    one = place.nft.run("list set inet portward passes\n").split("elements = { ")[1].split()[0]
    place.nft.run(f"delete element inet portward passes {{ {one} }}\n")
    assert load(place, now + HOUR) == 6
    assert load(place, now) == 0
    assert one not in place.nft.run("list set inet portward passes\n")


def test_a_gate_without_tokens_has_words_alone(place: Place) -> None:
    """Sealed knocks need no windows."""
    sealed = attrs.evolve(POLICY, ways=Ways(sealed=Sealed(62203)))
    place.put(sealed)
    loader = place.loader()
    assert loader.round(sealed, KEYRING, SERVER, NOW).windows == 0
    assert place.count("words") == 4
    assert not loader.needed(NOW)
    place.put(sealed)
    assert loader.needed(NOW), "a new table has no words, and would let no sealed knock through"


def test_the_next_window_begins() -> None:
    now = datetime(2026, 11, 27, 12, 3, tzinfo=UTC)
    assert next_start(now, LENGTH) == datetime(2026, 11, 27, 12, 10, tzinfo=UTC)
    assert next_start(datetime(2026, 11, 27, 12, 10, tzinfo=UTC), LENGTH) == datetime(
        2026, 11, 27, 12, 20, tzinfo=UTC
    )
