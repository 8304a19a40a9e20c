"""Kinds of VPN: a name and its usual ports, all of which fit into one service."""

import pytest

from portward.policy.net import Protocol
from portward.policy.policy import Service
from portward.policy.vpn import VpnKind


@pytest.mark.parametrize("kind", list(VpnKind))
def test_every_kind_has_a_spelling_and_ports_that_do_not_overlap(kind: VpnKind) -> None:
    ports = kind.usual_ports
    assert kind.spelled.lower() == kind.value
    assert ports
    assert not any(one.overlaps(other) for i, one in enumerate(ports) for other in ports[i + 1 :])


@pytest.mark.parametrize("kind", [VpnKind.IPSEC, VpnKind.L2TP])
def test_what_runs_inside_ipsec_names_all_of_ipsec(kind: VpnKind) -> None:
    """IKE, NAT traversal, and ESP itself."""
    found = {(each.protocol, each.first) for each in kind.usual_ports}
    assert {(Protocol.UDP, 500), (Protocol.UDP, 4500), (Protocol.ESP, 0)} <= found


def test_a_service_is_no_vpn_and_keeps_connections_unless_it_says_so() -> None:
    service = Service("ssh", VpnKind.SSTP.usual_ports)
    assert service.kind is None
    assert service.on_expiry == "keep"
