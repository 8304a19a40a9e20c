"""Whom no door stops."""

from ipaddress import ip_network

from portward.compile import exempt
from portward.compile.ir import InSet, OutsideInterfaces
from portward.compile.names import IpFamily
from portward.policy.policy import EVERYTHING, Policy


def test_networks_are_asked_for_by_family() -> None:
    """A family without networks has no rule."""
    policy = Policy(always=(ip_network("192.0.2.0/24"),))
    assert len(exempt.never_knock(policy)) == 1
    assert exempt.networks(policy, IpFamily.V6) == ()


def test_a_whole_address_needs_no_mask() -> None:
    """/32 and /128 are the address itself; less is masked."""
    policy = Policy(grant_prefix_v6=64)
    assert exempt.has_grant(policy, "ssh", IpFamily.V4).prefix is None
    assert exempt.has_grant(policy, EVERYTHING, IpFamily.V6).prefix == 64


def test_unguarded_interfaces_are_let_through_only_where_some_are_named() -> None:
    """Without `interfaces` all but lo are guarded."""
    kinds = [type(rule.expressions[0]) for rule in exempt.entrance(Policy(interfaces=("wan0",)))]
    assert OutsideInterfaces in kinds
    assert len(exempt.entrance(Policy())) == 1
    assert all(isinstance(rule.expressions[0], InSet) for rule in exempt.trusted(Policy()))
