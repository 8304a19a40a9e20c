"""What things are called in a router."""

import pytest

from portward.compile import routeros_names as names
from portward.compile.names import IpFamily
from portward.policy.net import Protocol
from portward.policy.notation import read_ports
from portward.policy.policy import EVERYTHING
from portward.sources.routeros_values import read_protocol
from portward.sources.rsc_menu import SERVICES


def test_everything_is_called_after_us() -> None:
    """The removal finds it by that."""
    for each in (names.stage("a", 1), names.grants("ssh"), names.TRUSTED, names.MIDWAY, names.PENALTY):
        assert each.startswith(names.LISTS)
    assert names.grants(EVERYTHING) == names.TRUSTED


def test_stages_of_sequences_with_numbers_in_their_names_are_different() -> None:
    assert (
        len({names.stage("a", 11), names.stage("a-1", 1), names.stage("a-1", 11), names.stage("a-1-1", 1)})
        == 4
    )


@pytest.mark.parametrize("which", list(Protocol))
@pytest.mark.parametrize("family", list(IpFamily))
def test_protocols_are_those_that_a_router_knows(which: Protocol, family: IpFamily) -> None:
    number = 58 if which is Protocol.ICMP and family is IpFamily.V6 else which.number
    assert read_protocol(names.protocol(which, family)) == number


def test_the_routers_own_services_are_all_of_them() -> None:
    assert set(names.OWN_SERVICES.values()) == set(SERVICES)


def test_ports() -> None:
    assert names.ports(read_ports("gre"), IpFamily.V4) == (("protocol", "gre"),)
    assert names.ports(read_ports("tcp/1-9"), IpFamily.V4) == (("protocol", "tcp"), ("dst-port", "1-9"))
