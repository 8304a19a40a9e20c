"""One-time passes: a chapter of docs/meaning.md. Lines 1.1 and 5.0 lead here; nothing here gives a verdict."""

from collections.abc import Iterator, Mapping

import attrs

from portward.policy.people import Person
from portward.policy.policy import Policy
from portward.simulate.loaded import PASS_BYTES, Tokens
from portward.simulate.packet import Packet
from portward.simulate.people import open_for
from portward.simulate.visit import Visit


@attrs.frozen
class Passes:
    """The passes of a gate.

    Attributes:
        port: that datagrams carry them to; None where nobody has any.
        echo: whether echo requests may carry them.
        people: who has tokens.
        tokens: what is loaded.
    """

    port: int | None
    echo: bool
    people: Mapping[str, Person]
    tokens: Tokens

    @classmethod
    def of(cls, policy: Policy, people: Mapping[str, Person], tokens: Tokens) -> "Passes":
        """Find how a policy takes passes."""
        passes = policy.ways.passes if people else None
        return cls(passes.port if passes else None, passes is not None and passes.echo, people, tokens)

    def carried(self, packet: Packet, now: float) -> tuple[bytes, str] | None:
        """The pass that a packet carries, used up or not, and whose it is."""
        for token in self._where_one_may_be(packet):
            if owner := self.tokens.owner(token, now):
                return token, owner
        return None

    def _where_one_may_be(self, packet: Packet) -> Iterator[bytes]:
        if packet.protocol == 17:
            yield packet.payload[:PASS_BYTES]
        elif self.echo and packet.is_echo_request:
            yield packet.payload[:PASS_BYTES]
            yield packet.payload[PASS_BYTES : 2 * PASS_BYTES]

    def use(self, visit: Visit, line: str, carried: tuple[bytes, str]) -> None:
        """Use a pass up and open, unless it was used up before."""
        before = len(visit.reasons)
        self._use(visit, line, carried)
        visit.say_whose(before, carried[1])

    def _use(self, visit: Visit, line: str, carried: tuple[bytes, str]) -> None:
        token, owner = carried
        if token in visit.state.used_passes:
            visit.note(line, f"it carries a pass of {owner} that was used up before")
            return
        visit.state.used_passes.add(token)
        what = f"a pass of {owner}"
        if owner in self.people:
            open_for(visit, self.people[owner], line, what)
        else:
            visit.note(line, f"{what} is used up and opens nothing: {owner} has no way in any more")
