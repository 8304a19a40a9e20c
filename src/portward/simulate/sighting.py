"""A packet that was seen, at a time: what a trace or a capture holds, not yet judged. Pure data."""

import attrs

from portward.errors import Span
from portward.simulate.packet import Packet


@attrs.frozen
class Sighting:
    """One packet of a trace or a capture.

    Attributes:
        time: in seconds from the first packet on. packet: as it was seen. outgoing: whether this host sent
        it; such a packet is not judged, but makes its answers part of something
            known.
        state_given: whether the trace says the connection state; otherwise it is found out (see `flows`).
        span: where in the file; for a capture the line is the number of the packet.
    """

    time: float
    packet: Packet
    outgoing: bool = False
    state_given: bool = False
    span: Span | None = None
