"""Sightings as values."""

from tests.simulate.transcript import packet

from portward.simulate.sighting import Sighting


def test_a_sighting_is_judged_unless_this_host_sent_it() -> None:
    seen = Sighting(0.0, packet("tcp/22"))
    assert not seen.outgoing
    assert not seen.state_given
