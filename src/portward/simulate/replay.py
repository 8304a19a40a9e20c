"""Run what was seen through the machine, connection tracking beside it. Pure: sightings in, steps out."""

from collections.abc import Iterable, Iterator

import attrs

from portward.simulate.flows import Flows
from portward.simulate.judgement import Judgement, Verdict
from portward.simulate.machine import Machine
from portward.simulate.packet import Packet
from portward.simulate.sighting import Sighting


@attrs.frozen
class Step:
    """One packet of a replay.

    Attributes:
        sighting: what was seen.
        packet: the same packet, with the connection state that it was judged by.
        judgement: None for a packet that this host sent.
    """

    sighting: Sighting
    packet: Packet
    judgement: Judgement | None


def replay(machine: Machine, sightings: Iterable[Sighting]) -> Iterator[Step]:
    """Judge sightings one after another, times rising; the judgements share one state (see `Machine.run`)."""
    state, flows = machine.start(), Flows()
    for sighting in sightings:
        packet, now = sighting.packet, sighting.time
        if sighting.outgoing:
            flows.sent(packet, now)
            yield Step(sighting, packet, None)
            continue
        if not sighting.state_given:
            packet = attrs.evolve(packet, state=flows.state_of(packet, now), begun=flows.begun(packet, now))
        judgement = machine.advance(state, packet, now)
        if judgement.verdict is Verdict.LEAVE:
            flows.let_in(packet, now)
        yield Step(sighting, packet, judgement)
