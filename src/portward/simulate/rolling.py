"""Rolling sequences: a chapter of docs/meaning.md. Line 5.3 leads here; nothing here gives a verdict."""

from collections.abc import Mapping

import attrs

from portward.policy.people import Person
from portward.policy.people import Rolling as RollingWay
from portward.policy.policy import Policy
from portward.simulate import sequence
from portward.simulate.judgement import Stage
from portward.simulate.loaded import RollingPlace, Tokens
from portward.simulate.packet import Packet
from portward.simulate.people import open_for
from portward.simulate.visit import Visit


LINE = "5.3"


@attrs.frozen
class Rolling:
    """The rolling sequences of a gate.

    Attributes:
        way: what the policy says of them.
        mid_sequence: how long it lasts, in seconds.
        people: who has tokens.
        tokens: what is loaded.
    """

    way: RollingWay
    mid_sequence: float
    people: Mapping[str, Person]
    tokens: Tokens

    @classmethod
    def of(cls, policy: Policy, people: Mapping[str, Person], tokens: Tokens) -> "Rolling | None":
        """Find how a policy takes rolling sequences; None where nobody has any."""
        mid_sequence = sequence.longest_step(policy).total_seconds()
        way = policy.ways.rolling if people else None
        return cls(way, mid_sequence, people, tokens) if way else None

    def at(self, packet: Packet, now: float) -> RollingPlace | None:
        """Where the packet stands as a rolling knock; None if it is none."""
        if not (packet.is_new_tcp or packet.protocol == 17):
            return None
        found = self.tokens.place(packet.transport, packet.destination_port, now)
        return found if found and found.place <= self.way.knocks else None

    def knock(self, visit: Visit, at: RollingPlace) -> None:
        """Let a rolling knock count if it does, then see whether it was a stray."""
        before = len(visit.reasons)
        self._knock(visit, at)
        visit.say_whose(before, at.person, at.place)

    def _knock(self, visit: Visit, at: RollingPlace) -> None:
        last, first = at.place == self.way.knocks, at.place == 1
        if visit.policy.strict and visit.under_penalty:
            visit.note(LINE, "it is a rolling knock, but its source is under penalty")
        elif first or visit.has_rolling_stage(at.sequence, at.place - 1):
            if not last:
                self._reach(visit, at)
            elif not self._open(visit, at):
                sequence.stray(visit, LINE, "it is the last knock of somebody who has no way in any more")
                return
        if not (first or visit.has_rolling_stage(at.sequence, at.place - 1 if last else at.place)):
            sequence.stray(visit, LINE, "it is a rolling knock out of turn")

    def _reach(self, visit: Visit, at: RollingPlace) -> None:
        """Let a stage be alive from now, and the source be in mid-sequence; nothing counts in a full set."""
        until = visit.now + self.way.step_timeout.total_seconds()
        stages, midway = visit.state.rolling_stages[visit.version], visit.state.midway[visit.version]
        room = not visit.policy.strict or midway.update(
            visit.source, visit.now, visit.now + self.mid_sequence
        )
        what = f"knock {at.place} of {self.way.knocks} of a rolling sequence of {at.person}"
        if room and stages.update((visit.source, at.sequence, at.place), visit.now, until):
            visit.reached.append(Stage("", at.place, visit.source, until, person=at.person))
            visit.note(LINE, f"{what} counts", visit.policy.places.nearest("rolling"))
        else:
            visit.note(LINE, f"{what} does not count: the set of sources is full")

    def _open(self, visit: Visit, at: RollingPlace) -> bool:
        """Open for the person, unless the sequence has opened before; False if the person has no tokens."""
        what = f"the last knock of a rolling sequence of {at.person}"
        if self.way.once:
            if at.sequence in visit.state.used_sequences:
                visit.note(LINE, f"{what} opens nothing: the sequence has opened before")
                return True
            visit.state.used_sequences.add(at.sequence)
        person = self.people.get(at.person)
        if person:
            open_for(visit, person, LINE, what)
        return person is not None
