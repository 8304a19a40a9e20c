"""Which port leads where."""

from hypothesis import given
from hypothesis import strategies as st

from portward.compile import doors, names
from portward.compile.ir import Accept, Goto
from portward.policy.net import Knock, PortRange, Protocol
from portward.policy.policy import Policy, Service


spans = st.tuples(st.integers(1, 60), st.integers(0, 20)).map(
    lambda start: PortRange(Protocol.TCP, start[0], start[0] + start[1])
)


@given(spans, st.lists(spans, max_size=5))
def test_what_is_taken_is_cut_out(ports: PortRange, taken: list[PortRange]) -> None:
    """What is left is what is in the range and in none of those taken, without overlaps."""
    left = [port for piece in doors.without(ports, taken) for port in piece.ports]
    assert sorted(left) == [port for port in ports.ports if not any(port in each for each in taken)]
    assert len(left) == len(set(left))


@given(st.lists(spans, max_size=6))
def test_merged_ranges_hold_the_same_ports_without_overlaps(ranges: list[PortRange]) -> None:
    """The kernel's interval sets refuse overlaps."""
    merged = [port for each in doors.merged(ranges) for port in each.ports]
    assert sorted(merged) == sorted({port for each in ranges for port in each.ports})


def test_the_first_claim_to_a_port_counts() -> None:
    """A door before a knock, a knock before what is public."""
    policy = Policy(
        services=(Service("a", (PortRange(Protocol.TCP, 1, 3),)),),
        public=(PortRange(Protocol.TCP, 1, 5), PortRange(Protocol.TCP, 1, 1000)),
    )
    found = {each.name: dict(each.elements) for each in doors.maps(policy, (Knock(Protocol.TCP, 4),))}
    ports = found[names.PORTS]
    assert ports[Protocol.TCP, 3] == Goto(names.door("a"))
    assert ports[Protocol.TCP, 4] == Goto("knock_tcp_4")
    assert ports[Protocol.TCP, 5] == Accept()
    assert found[names.PORT_RANGES] == {(Protocol.TCP, PortRange(Protocol.TCP, 1, 1000)): Accept()}
