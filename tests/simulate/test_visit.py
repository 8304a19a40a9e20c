"""What the lines may ask of a packet and its source."""

from hypothesis import given
from hypothesis import strategies as st
from tests.simulate.transcript import VISITOR, VISITOR_6, packet, policy

from portward.simulate.machine import Machine
from portward.simulate.packet import Cast
from portward.simulate.visit import Visit, network_at, network_of


@given(st.sampled_from([VISITOR, VISITOR_6]), st.integers(8, 32))
def test_a_grants_key_leads_back_to_its_network(source: object, prefix: int) -> None:
    address = VISITOR if source is VISITOR else VISITOR_6
    bits = int(address) >> (address.max_prefixlen - prefix)
    assert network_at(bits, address.version, prefix) == network_of(address, prefix)
    assert address in network_of(address, prefix)


def test_a_grant_for_everything_is_one_for_each_service() -> None:
    kept = policy()
    visit = Visit(kept, Machine(kept).start(), packet("tcp/22"), 5.0)
    assert not visit.may_reach("ssh")
    visit.state.grant("*", 4).update(visit.granted_bits, 0.0, 10.0)
    assert visit.may_reach("ssh")
    assert not visit.has_grant("ssh")


def test_what_is_to_be_forwarded_is_our_business_only_with_interfaces() -> None:
    for interfaces, cast, expected in (
        ((), "unicast", True),
        (("eth0",), "unicast", False),
        ((), "multicast", False),
    ):
        kept = policy(interfaces=interfaces)
        visit = Visit(kept, Machine(kept).start(), packet("tcp/9", local=False, cast=Cast(cast)), 0.0)
        assert visit.passes_through is expected
