"""What somebody can do who has seen knocks go by: send them again, in part, in another order, or as they were.

The whole sequence, sent again, opens: a knock without a word or a pass is the same every time. That is what plain
knocking cannot prevent, and it is told as such.
"""

import itertools
import random
import time
from collections.abc import Iterator, Sequence

from portward.attack.place import Place
from portward.attack.sweeps import Bound, Fallen, frame_of
from portward.policy.net import Knock, Protocol
from portward.policy.policy import Sequence as KnockSequence
from portward.simulate.packet import Packet, datagram, echo_request, syn


def replays(place: Place, sequence: KnockSequence, bound: Bound) -> Iterator[Fallen]:
    """Run all of them, each try from a source of its own that has done nothing before."""
    knocks = sequence.knocks
    yield tried(place, "replay of all knocks but one", list(all_but_one(knocks)), bound)
    yield tried(place, "replay in another order", list(other_orders(knocks)), bound)
    whole = tried(place, "replay of the whole visit", [knocks], bound)
    yield Fallen(
        whole.name,
        whole.packets,
        whole.seconds,
        whole.opened,
        by_design=True,
        note="by design: whoever sees all knocks can send them again",
    )


def all_but_one(knocks: Sequence[Knock]) -> Iterator[Sequence[Knock]]:
    """The sequence with one knock left out, for each of them."""
    for place in range(len(knocks)):
        yield (*knocks[:place], *knocks[place + 1 :])


def other_orders(knocks: Sequence[Knock], most: int = 1000) -> Iterator[Sequence[Knock]]:
    """All orders but the right one; at random where there are too many."""
    if len(knocks) <= 6:
        found = {order for order in itertools.permutations(knocks) if order != tuple(knocks)}
        yield from sorted(found)
        return
    dice = random.Random(0)  # noqa: S311 - the same orders every time, no secret
    for _ in range(most):
        order = tuple(dice.sample(knocks, len(knocks)))
        if order != tuple(knocks):
            yield order


def tried(place: Place, name: str, tries: Sequence[Sequence[Knock]], bound: Bound) -> Fallen:
    """Send each try from its own source within the bound, and count what opened."""
    place.load()
    sent, start = 0, time.monotonic()
    for number, knocks in enumerate(tries):
        if sent >= bound.packets or time.monotonic() - start >= bound.seconds:
            break
        source = place.attackers + 1 + number % 65000
        for knock in knocks:
            place.wire.send(frame_of(place, source, packet_of(place, knock), number & 0xFFFF))
            sent += 1
    opened = place.opened()
    tries_said = f"{len(tries)} tr{'y' if len(tries) == 1 else 'ies'}, each from a source of its own"
    return Fallen(name, sent, time.monotonic() - start, opened, note=tries_said)


def packet_of(place: Place, knock: Knock) -> Packet:
    """The packet that a knock is."""
    match knock.protocol:
        case Protocol.TCP:
            return syn(place.near, place.goal, knock.number)
        case Protocol.UDP:
            return datagram(place.near, place.goal, knock.number, knock.word)
        case _:
            return echo_request(place.near, place.goal, knock.number, knock.word)
