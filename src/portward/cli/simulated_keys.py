"""The keys beside a policy, as `simulate` takes them: what the daemon would have loaded when each packet comes.

Keys are read if they may be; a simulation goes on without them, and says so.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import attrs

from portward.apply.keystore import KeyStore
from portward.errors import Diagnostic, HostError, Severity
from portward.policy.policy import Policy
from portward.simulate.loaded import NOTHING, Loaded
from portward.sources.policy_file import STDIN
from portward.spa.ahead import Load, Past, due
from portward.spa.keyring import Keyring
from portward.spa.loaded import loaded
from portward.spa.sealed import DAY, word
from portward.spa.windows import window_at


@attrs.frozen
class SimulatedKeys:
    """What is loaded, and what there is to say about it."""

    loaded: Loaded = NOTHING
    notes: tuple[Diagnostic, ...] = ()


def load_keys(path: str, policy: Policy, zero: datetime, times: Iterable[float]) -> SimulatedKeys:
    """Load the keys beside a policy for the moments of some packets.

    Args:
        path: of the policy file; one from stdin has no keys beside it.
        policy: the same, read.
        zero: the moment of the packets' second 0.
        times: of the packets, in seconds.

    Raises:
        PolicyError: a file of keys has mistakes.
    """
    if path == STDIN or not (policy.people and policy.ways.any):
        return SimulatedKeys()
    store = KeyStore.beside(path)
    try:
        keyring, server = store.load(), store.server()
    except HostError as error:
        return SimulatedKeys(notes=(note(f"people's keys are not known: {error}"),))
    if server is None:
        return SimulatedKeys(
            notes=(note(f"people's keys are not known: there are none in {store.directory}"),)
        )
    moments = moments_of(zero, times)
    words = words_of(server.public, moments) if policy.ways.sealed else {}
    loads = loads_of(policy, keyring, server.public, moments)
    said = note(f"for people's keys, second 0 is {zero:%Y-%m-%d %H:%M:%S} UTC; --at says otherwise")
    return SimulatedKeys(loaded(loads, zero, words.items()), (said,))


def moments_of(zero: datetime, times: Iterable[float]) -> list[datetime]:
    """The moments of the packets; those that no calendar has are left out."""
    last = (datetime.max.replace(tzinfo=UTC) - timedelta(days=400) - zero).total_seconds()
    return [zero + timedelta(seconds=each) for each in times if each < last]


def loads_of(policy: Policy, keyring: Keyring, server_id: bytes, moments: list[datetime]) -> list[Load]:
    """What is loaded of the windows that count when the packets come."""
    length = policy.ways.windows.length
    near = attrs.evolve(policy.ways, windows=attrs.evolve(policy.ways.windows, ahead=length))
    found: dict[tuple[int, int], Load] = {}
    for moment in {window_at(each, length): each for each in reversed(moments)}.values():
        for load in due(attrs.evolve(policy, ways=near), keyring.tokens, server_id, Past(), moment):
            found.setdefault((load.key, load.window), load)
    return list(found.values())


def words_of(server_public: bytes, moments: list[datetime]) -> dict[bytes, datetime]:
    """The words of sealed knocks of the packets' days and the days before and after, and when they end."""
    days = {int(each.timestamp()) // DAY + near for each in moments for near in (-1, 0, 1)}
    return {word(server_public, day): datetime.fromtimestamp((day + 2) * DAY, UTC) for day in days}


def note(text: str) -> Diagnostic:
    """A note that is about no place."""
    return Diagnostic("", Severity.NOTE, text)
