"""What stands at a port."""

from hypothesis import given
from hypothesis import strategies as st
from tests.simulate.transcript import GATE, INSIDE, VISITOR, packet, sequence

from portward.policy.net import PortRange, Protocol
from portward.policy.notation import read_ports
from portward.policy.policy import Policy, Service
from portward.simulate.packet import Packet
from portward.simulate.ports import Knocks, PortMap, survey


RANGES = st.lists(
    st.tuples(st.sampled_from([Protocol.TCP, Protocol.UDP]), st.integers(1, 20), st.integers(0, 5)).map(
        lambda drawn: PortRange(drawn[0], drawn[1], drawn[1] + drawn[2])
    ),
    max_size=8,
)


@given(RANGES, st.sampled_from(["tcp", "udp"]), st.integers(1, 30))
def test_every_range_that_holds_the_port_is_found(ranges: list[PortRange], protocol: str, port: int) -> None:
    """In the order given, however the ranges overlap."""
    found = PortMap((each, number) for number, each in enumerate(ranges)).at(packet(f"{protocol}/{port}"))
    assert found == tuple(n for n, each in enumerate(ranges) if each.protocol == protocol and port in each)


def test_a_protocol_without_ports() -> None:
    ports = PortMap([(PortRange(Protocol.ESP), "vpn")])
    assert ports.at(Packet(VISITOR, GATE, 50)) == ("vpn",)
    assert ports.at(Packet(VISITOR, GATE, 51)) == ()
    assert ports.at(Packet(VISITOR, GATE, 254)) == ()


def test_knocks_are_walked_from_the_last_place_to_the_first() -> None:
    one, two = sequence("one", "tcp/7 tcp/8 tcp/7"), sequence("two", "tcp/7")
    places = Knocks([one, two]).at(packet("tcp/7"))
    assert [(each.name, place) for each, place in places] == [("one", 3), ("one", 1), ("two", 1)]
    assert Knocks([one]).at(packet("udp/7")) == ()
    assert not Knocks([one]).by_echo


def test_guarded_ports_are_guarded_at_their_destination() -> None:
    here = Service("here", (read_ports("tcp/22"),), (read_ports("tcp/2222"),))
    there = Service("there", (read_ports("tcp/443"),), (read_ports("tcp/8443"),), (INSIDE,))
    ground = survey(Policy((here, there)))
    local = {port: [s.name for s in ground.guarded(packet(f"tcp/{port}"))] for port in (22, 2222, 443, 8443)}
    assert local == {22: ["here"], 2222: ["here"], 443: [], 8443: ["there"]}
    inside = {
        port: [s.name for s in ground.guarded(packet(f"tcp/{port}", destination=INSIDE, local=False))]
        for port in (22, 443, 8443)
    }
    assert inside == {22: [], 443: ["there"], 8443: []}
