"""One packet on its way through "The order of judgement", with all that the lines may ask of its source.

Nothing here decides; `machine` and `sequence` do.
"""

from ipaddress import IPv4Address, IPv6Address, ip_network

import attrs

from portward.errors import Span
from portward.policy.net import Address, Network
from portward.policy.policy import EVERYTHING, Policy
from portward.simulate.judgement import Grant, Judgement, Reason, Stage, Verdict
from portward.simulate.packet import Cast, Packet
from portward.simulate.state import State


@attrs.define
class Visit:
    """A packet, what the gate remembers, and what is found out.

    Attributes:
        policy: of the gate.
        state: the gate's memory, which the visit changes.
        packet: that is judged.
        now: in seconds.
        reasons: see `Judgement`, as all that follows.
    """

    policy: Policy
    state: State
    packet: Packet
    now: float
    reasons: list[Reason] = attrs.field(factory=list)
    granted: list[Grant] = attrs.field(factory=list)
    reached: list[Stage] = attrs.field(factory=list)
    stray: bool = False
    penalised: bool = False

    @property
    def source(self) -> Address:
        """Who sent the packet."""
        return self.packet.source

    @property
    def version(self) -> int:
        """The address family, 4 or 6."""
        return self.packet.source.version

    @property
    def prefix(self) -> int:
        """How many leading bits of the source a grant covers."""
        return self.policy.grant_prefix_v4 if self.version == 4 else self.policy.grant_prefix_v6

    @property
    def granted_bits(self) -> int:
        """The bits of the source that a grant covers, as a number: the key of a grant."""
        return int(self.source) >> (self.source.max_prefixlen - self.prefix)

    @property
    def passes_through(self) -> bool:
        """Whether it is to be forwarded, and forwarding is none of our business."""
        return not self.packet.local and self.packet.cast is Cast.UNICAST and not self.policy.interfaces

    @property
    def under_penalty(self) -> bool:
        """Whether no knock of the source counts."""
        return self.state.penalties[self.version].alive(self.source, self.now)

    @property
    def in_mid_sequence(self) -> bool:
        """Whether a stray of the source would be punished."""
        return self.state.midway[self.version].alive(self.source, self.now)

    def has_stage(self, sequence: str, place: int) -> bool:
        """Whether the source has come so far in the sequence, and it is not too long ago."""
        return self.state.stages[self.version].alive((self.source, sequence, place), self.now)

    def has_rolling_stage(self, sequence: int, place: int) -> bool:
        """The same for the rolling sequence of that number."""
        return self.state.rolling_stages[self.version].alive((self.source, sequence, place), self.now)

    def has_grant(self, service: str) -> bool:
        """Whether the source has a grant of that very name."""
        table = self.state.grants.get((service, self.version))
        return table is not None and table.alive(self.granted_bits, self.now)

    def may_reach(self, service: str) -> bool:
        """Whether the source has a grant for the service or for everything."""
        return self.has_grant(service) or self.has_grant(EVERYTHING)

    def note(self, line: str, text: str, span: Span | None = None) -> None:
        """Note something on the way to the verdict."""
        self.reasons.append(Reason(line, text, span=span))

    def say_whose(self, since: int, person: str, place: int = 0) -> None:
        """Say of the reasons from that one on that they are about a person's pass, or knock of a rolling sequence."""
        found = (attrs.evolve(each, person=person, place=place) for each in self.reasons[since:])
        self.reasons[since:] = found

    def leave(self, line: str, text: str, *, service: str = "", span: Span | None = None) -> Verdict:
        """Note why, and leave the packet."""
        self.reasons.append(Reason(line, text, service=service, span=span or self._place_of(service)))
        return Verdict.LEAVE

    def drop(self, line: str, text: str, *, service: str = "") -> Verdict:
        """Note why, and drop the packet."""
        self.reasons.append(Reason(line, text, service=service, span=self._place_of(service)))
        return Verdict.DROP

    def _place_of(self, service: str) -> Span | None:
        return self.policy.places.nearest("services", service) if service else None

    def judgement(self, verdict: Verdict) -> Judgement:
        """Sum the visit up."""
        return Judgement(
            self.state,
            verdict,
            tuple(self.reasons),
            tuple(self.granted),
            tuple(self.reached),
            self.stray,
            self.penalised,
        )


def network_of(source: Address, prefix: int) -> Network:
    """The network that a grant to this source covers."""
    return ip_network((source, prefix), strict=False)


def network_at(bits: int, version: int, prefix: int) -> Network:
    """The network of a grant's key."""
    if version == 4:
        return network_of(IPv4Address(bits << (32 - prefix)), prefix)
    return network_of(IPv6Address(bits << (128 - prefix)), prefix)
