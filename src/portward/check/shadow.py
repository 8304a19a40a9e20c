"""Which sequences open while another one is knocked.

A sequence opens on the way when its knocks are among the other's, in order: whatever stands between them belongs to
the other sequence and is no stray. A knock without a word fits a packet with any word at its port, and a knock's word
fits every packet that begins with it.

All sequences stand in one tree, knock by knock. Walking it along a sequence, each time taking the earliest knock that
fits, meets every sequence that this one opens: a few steps for each subset of its knocks that begins any other, and so
nearly linear in the number of sequences.
"""

from collections.abc import Iterator
from collections.abc import Sequence as Several

import attrs

from portward.policy.net import Knock, Protocol
from portward.policy.policy import Sequence


_Key = tuple[int, bytes]
_PROTOCOLS = {Protocol.TCP: 0 << 16, Protocol.UDP: 1 << 16, Protocol.ICMP: 2 << 16}


@attrs.define
class _Node:
    """What can follow some first knocks, and which sequences end here."""

    next: dict[_Key, "_Node"] = attrs.field(factory=dict)
    ends: list[int] = attrs.field(factory=list)


def counts_as(packet: Knock, knock: Knock) -> bool:
    """Whether the packet of one knock is also another knock."""
    same_place = packet.protocol is knock.protocol and packet.number == knock.number
    return same_place and packet.word.startswith(knock.word)


def opened_on_the_way(sequences: Several[Sequence]) -> Iterator[tuple[int, list[int]]]:
    """For each sequence that opens others on the way: its place, and theirs, in the order of the policy.

    Of two that open each other, being equal, only the later one is given.
    """
    keys = [[_key(knock) for knock in sequence.knocks] for sequence in sequences]
    root = _Node()
    for place, path in enumerate(keys):
        node = root
        for key in path:
            node = node.next.setdefault(key, _Node())
        node.ends.append(place)
    for place, path in enumerate(keys):
        others = [each for each in _walk(root, path) if each != place]
        others = [each for each in others if each < place or keys[each] != path]
        if others:
            yield place, sorted(others)


def _key(knock: Knock) -> _Key:
    return _PROTOCOLS[knock.protocol] | knock.number, knock.word


def _walk(root: _Node, path: Several[_Key]) -> Iterator[int]:
    """Every sequence that the packets of this path bring to its end."""
    waiting = [(root, 0)]
    while waiting:
        node, start = waiting.pop()
        yield from node.ends
        if not node.next:
            continue
        met: set[_Key] = set()
        for at in range(start, len(path)):
            for key in _fitting(path[at]):
                following = node.next.get(key)
                if following is not None and key not in met:
                    met.add(key)
                    waiting.append((following, at + 1))


def _fitting(packet: _Key) -> Iterator[_Key]:
    """The knocks that a packet can be: at its place, with every beginning of its word, none included."""
    place, word = packet
    if not word:
        yield packet
        return
    for length in range(len(word) + 1):
        yield place, word[:length]
