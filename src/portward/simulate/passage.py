"""A packet on its way through a router, with what a RouterOS rule may ask of it beyond the packet itself. Pure data.

What a trace does not hold has the value that an ordinary host's packets have; docs/routeros-meaning.md says so.
"""

import attrs

from portward.simulate.packet import Cast, Packet


@attrs.frozen
class Passage:
    """One packet and its way.

    Attributes:
        packet: with the connection state that connection tracking gives it.
        outgoing: whether the router itself sent it.
        out_interface: the name of the interface that it leaves by; empty where it does not leave, or unknown.
        ttl: IPv4's time to live or IPv6's hop limit.
        dscp: 0..63.
        source_mac: of the Ethernet frame, in capitals with colons; empty for none.
        translated: how connection tracking translates its connection: `srcnat`, `dstnat`.
        source_type: the address type of its source.
    """

    packet: Packet
    outgoing: bool = False
    out_interface: str = ""
    ttl: int = 64
    dscp: int = 0
    source_mac: str = ""
    translated: frozenset[str] = frozenset()
    source_type: str = "unicast"

    @property
    def forwarded(self) -> bool:
        """Whether the router passes it on to another machine."""
        return not self.outgoing and not self.packet.local and self.packet.cast is Cast.UNICAST

    @property
    def in_interface(self) -> str:
        """The name of the interface that it came in by; empty for the router's own packets."""
        return "" if self.outgoing else self.packet.interface

    @property
    def destination_type(self) -> str:
        """The address type of its destination."""
        return "local" if self.packet.local else str(self.packet.cast)
