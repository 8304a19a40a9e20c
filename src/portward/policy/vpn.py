"""The kinds of virtual private networks that a service can be, and where each of them usually listens.

Pure data. A tunnel has two equal ends: either may begin it, and it goes on as long as both want.
"""

import enum

from portward.policy.net import PortRange, Protocol


class VpnKind(enum.StrEnum):
    """What a service is, by its name in the policy file."""

    WIREGUARD = "wireguard"
    OPENVPN = "openvpn"
    IPSEC = "ipsec"
    L2TP = "l2tp"
    """L2TP inside IPsec (RFC 3193): what a visitor sends to 1701 comes out of ESP and is judged once more."""
    SSTP = "sstp"

    @property
    def spelled(self) -> str:
        """How people write it."""
        return _TITLES[self]

    @property
    def usual_ports(self) -> tuple[PortRange, ...]:
        """Where it listens when nothing else is said."""
        return _USUAL[self]


_TITLES = {
    VpnKind.WIREGUARD: "WireGuard",
    VpnKind.OPENVPN: "OpenVPN",
    VpnKind.IPSEC: "IPsec",
    VpnKind.L2TP: "L2TP",
    VpnKind.SSTP: "SSTP",
}


def _udp(port: int) -> PortRange:
    return PortRange(Protocol.UDP, port, port)


_IKE, _NAT_TRAVERSAL, _ESP = _udp(500), _udp(4500), PortRange(Protocol.ESP)

_USUAL = {
    VpnKind.WIREGUARD: (_udp(51820),),
    VpnKind.OPENVPN: (_udp(1194),),
    VpnKind.IPSEC: (_IKE, _NAT_TRAVERSAL, _ESP),
    VpnKind.L2TP: (_udp(1701), _IKE, _NAT_TRAVERSAL, _ESP),
    VpnKind.SSTP: (PortRange(Protocol.TCP, 443, 443),),
}
"""wg-quick(8)'s examples; IANA service names for the rest (RFC 7296 §2, RFC 3948, RFC 2661; SSTP runs over HTTPS)."""
