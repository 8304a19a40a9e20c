"""A gate whose people have keys: policies, keys, and windows loaded ahead into the real kernel."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gate import Gate

from portward.apply.libnft import Libnft
from portward.daemon.ahead_store import AheadStore
from portward.daemon.loader import Loaded, Loader
from portward.policy.notation import read_ports
from portward.policy.people import Passes, Person, Rolling, Sealed, Ways, Windows
from portward.policy.policy import Policy, Service
from portward.spa.crypto import public_of
from portward.spa.keyring import Keyring, ServerKey, Term, TokenKey
from portward.spa.passes import pass_of
from portward.spa.rolling import Shape, rolling_knocks
from portward.spa.windows import window_at


LENGTH = timedelta(minutes=10)
SERVER = ServerKey(b"s" * 32, public_of(b"s" * 32))
LONG_AGO = Term(datetime(2020, 1, 1, tzinfo=UTC))
ALICE = TokenKey("alice", b"a" * 32, 0, LONG_AGO)
BOB = TokenKey("bob", b"b" * 32, 1, LONG_AGO)
KEYRING = Keyring(tokens=(ALICE, BOB))
PASSES = Passes(62202)
ROLLING = Rolling(20000, 24999)
SHAPE = Shape(ROLLING.first, ROLLING.last, ROLLING.slots, ROLLING.knocks)


def policy(ways: Ways, *people: Person, **more: Any) -> Policy:
    """Two services, and people: by default alice, who may open ssh, and bob, who may open web."""
    services = (Service("ssh", (read_ports("tcp/22"),)), Service("web", (read_ports("tcp/80"),)))
    hour = timedelta(hours=1)
    usual = (Person("alice", ("ssh",), hour), Person("bob", ("web",), hour))
    given: dict[str, Any] = {"services": services, "people": people or usual, "ways": ways}
    return Policy(**(given | more))


def with_passes(**more: Any) -> Ways:
    """Passes by datagram, or as `more` says, an hour ahead."""
    return Ways(Windows(LENGTH, timedelta(hours=1)), passes=Passes(62202, **more))


def with_rolling(**more: Any) -> Ways:
    """Rolling sequences, an hour ahead."""
    return Ways(Windows(LENGTH, timedelta(hours=1)), rolling=Rolling(ROLLING.first, ROLLING.last, **more))


def with_sealed() -> Ways:
    """Sealed knocks."""
    return Ways(sealed=Sealed(62203))


def load_ahead(
    gate: Gate, wanted: Policy, state: Path, keyring: Keyring = KEYRING, now: datetime | None = None
) -> Loaded:
    """Load what is due into the gate's kernel, by the loader that the daemon has; then its process is gone."""
    store = AheadStore(state / "ahead.db")
    with gate.here.entered():
        nft = Libnft()
        try:
            return Loader(nft, store).round(wanted, keyring, SERVER, now or datetime.now(UTC))
        finally:
            nft.close()
            store.close()


def current(key: TokenKey, counter: int = 0, windows: int = 0, server: bytes = SERVER.public) -> bytes:
    """A pass of the current window, or of one that many windows later."""
    return pass_of(key.secret, server, window_at(datetime.now(UTC), LENGTH) + windows, counter)


def sequence(key: TokenKey, windows: int = 0, shape: Shape = SHAPE) -> list[tuple[str, int]]:
    """The rolling sequence of the current window, or of one that many windows later."""
    window = window_at(datetime.now(UTC), LENGTH) + windows
    knocks = rolling_knocks(key.secret, SERVER.public, window, key.slot, shape)
    return [(str(each.protocol), each.number) for each in knocks]
