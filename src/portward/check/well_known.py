"""Numbers that everybody knows: ports that scanners try first, printed sequences, VPNs, what browsers refuse."""

from portward.policy.net import PortRange, Protocol


SCANNED_FIRST = {
    Protocol.TCP: frozenset(
        {21, 22, 23, 25, 53, 80, 110, 111, 135, 139, 143, 443, 445, 993, 995, 1723, 3306, 3389, 5900, 8080}
    ),
    Protocol.UDP: frozenset(
        {53, 67, 68, 69, 123, 135, 137, 138, 139, 161, 162, 445, 500, 514, 520, 631, 1434, 1900, 4500, 49152}
    ),
}
"""What `nmap --top-ports 20` tries, for TCP and with `-sU` (nmap 7.93, nmap-services)."""

PRINTED = {
    (7000, 8000, 9000): "the example of knockd",
    (9000, 8000, 7000): "the example of knockd, backwards",
    (12345, 54321, 24680, 13579): "an example of knockd",
    (2222, 3333, 4444): "an example of knockd's manual",
    (123, 234, 345, 456): "the example of the nftables wiki",
    (33333, 22222, 11111): "the example of a widely read article",
    (55555, 11111, 3333): "an example of a widely read article",
    (1111, 1112, 1113): "an example of a widely read article",
    (1111, 2222, 3333): "what comes to everybody's mind",
    (1000, 2000, 3000): "what comes to everybody's mind",
}
"""Sequences of port numbers that stand in manuals and articles: whoever attacks knocking tries them."""

VPNS = (
    (PortRange(Protocol.UDP, 51820, 51820), "WireGuard"),
    (PortRange(Protocol.UDP, 1194, 1194), "OpenVPN"),
    (PortRange(Protocol.TCP, 1194, 1194), "OpenVPN"),
    (PortRange(Protocol.UDP, 500, 500), "IPsec (IKE)"),
    (PortRange(Protocol.UDP, 4500, 4500), "IPsec (NAT traversal)"),
    (PortRange(Protocol.UDP, 1701, 1701), "L2TP"),
    (PortRange(Protocol.TCP, 1723, 1723), "PPTP"),
)
"""Where virtual private networks listen (IANA service names; WireGuard's own documentation)."""

# fmt: off
BROWSERS_REFUSE = frozenset({
    1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
    111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532,
    540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061,
    6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
})
# fmt: on
"""Ports that no browser connects to (Fetch Standard, "port blocking")."""
