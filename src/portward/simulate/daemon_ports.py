"""The daemon's ports: what cannot be a sealed knock or a packet of fwknop's is dropped; docs/meaning.md, line 1.1."""

from collections.abc import Iterable

from portward.policy.people import SEALED_BYTES, Fwknop, Sealed
from portward.policy.policy import Policy
from portward.simulate.judgement import Verdict
from portward.simulate.loaded import WORD_BYTES, Word
from portward.simulate.visit import Visit


LINE = "1.1"

FWKNOP_BYTES = range(140, 400)
FWKNOP_FIRST = b"+/89"

COUNTED_BITS = {4: 32, 6: 64}
"""How many bits of a source make it another one, by the family."""


class DaemonPorts:
    """The ports that the daemon listens on, and what may pass to it."""

    def __init__(self, policy: Policy, words: Iterable[Word]) -> None:
        self._sealed = policy.ways.sealed if policy.people else None
        self._fwknop = policy.ways.fwknop if policy.people else None
        self._words = {each.text: each.ends for each in words}

    def judge(self, visit: Visit) -> Verdict | None:
        """Judge a datagram to this host; None if it is to none of them."""
        port, data = visit.packet.destination_port, visit.packet.payload
        if self._sealed and port == self._sealed.port:
            fits = len(data) == SEALED_BYTES and visit.now < self._words.get(data[:WORD_BYTES], visit.now)
            return _limited(visit, "sealed", self._sealed) if fits else _junk(visit, "no sealed knock")
        if self._fwknop and port == self._fwknop.port:
            fits = len(data) in FWKNOP_BYTES and data[:1] in FWKNOP_FIRST
            return _limited(visit, "fwknop", self._fwknop) if fits else _junk(visit, "no packet of fwknop's")
        return None


def _junk(visit: Visit, what: str) -> Verdict:
    return visit.drop(LINE, f"it is {what}, as its length or its first bytes show")


def _limited(visit: Visit, name: str, way: Sealed | Fwknop) -> Verdict:
    """Let through what its source does not send too often."""
    bits = visit.source.max_prefixlen - COUNTED_BITS[visit.version]
    key = int(visit.source) >> bits
    if visit.state.rate(name, visit.version).take(key, visit.now, way.per_second):
        return visit.leave(LINE, "it goes to the daemon")
    return visit.drop(LINE, "its source sends too often")
