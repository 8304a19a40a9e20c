import attrs
from tests.simulate.router import knocker


def test_a_packet_is_forwarded_if_it_is_for_one_other_machine() -> None:
    assert not knocker("tcp/1").forwarded
    assert knocker("tcp/1 forwarded").forwarded
    assert not knocker("udp/1", to="224.0.0.5").forwarded


def test_a_packet_of_our_own_came_in_by_no_interface() -> None:
    own = attrs.evolve(knocker("tcp/1"), outgoing=True)
    assert own.in_interface == ""
    assert not own.forwarded


def test_the_type_of_a_destination() -> None:
    assert knocker("tcp/1").destination_type == "local"
    assert knocker("udp/1", to="224.0.0.5").destination_type == "multicast"
    assert knocker("tcp/1 forwarded").destination_type == "unicast"
