import pytest

from portward.policy.net import PortRange, Protocol
from portward.policy.people import Fwknop, Passes, Rolling, Sealed, Ways


def test_a_gate_has_no_stronger_knock_until_somebody_says_so() -> None:
    assert not Ways().any
    assert (Ways().ports, Ways().rolling_ports) == ((), ())


@pytest.mark.parametrize(
    "ways",
    [Ways(passes=Passes(1)), Ways(rolling=Rolling(1, 2)), Ways(sealed=Sealed(1)), Ways(fwknop=Fwknop())],
    ids=["passes", "rolling", "sealed", "fwknop"],
)
def test_one_stronger_knock_is_enough_to_have_any(ways: Ways) -> None:
    assert ways.any


def test_the_ports_of_passes_sealed_knocks_and_fwknops_packets_are_udp() -> None:
    ways = Ways(passes=Passes(1), rolling=Rolling(10, 20), sealed=Sealed(2), fwknop=Fwknop(3))
    assert ways.ports == tuple(PortRange(Protocol.UDP, port, port) for port in (1, 2, 3))


def test_rolling_sequences_have_ports_of_both_protocols() -> None:
    ways = Ways(rolling=Rolling(10, 20))
    assert ways.rolling_ports == (PortRange(Protocol.TCP, 10, 20), PortRange(Protocol.UDP, 10, 20))
