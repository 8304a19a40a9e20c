"""From a genuine fwknop packet to what comes of it. Without I/O; the judgement itself is `receiver.judge`."""

from datetime import datetime, timedelta
from ipaddress import IPv4Address

from portward.policy.net import Address
from portward.spa.asked import Asked, Behind, Doors
from portward.spa.effects import Effects, Refusal, Refuse
from portward.spa.fwknop_request import Kind, Packet
from portward.spa.memory import Memory, Remember, Way
from portward.spa.receiver import Claim, Gate, judge
from portward.spa.tai64n import SECOND


def receive_fwknop(gate: Gate, memory: Memory, packet: Packet, source: Address, now: datetime) -> Effects:
    """What comes of a packet that its decoder found genuine.

    Commands are never run, a NAT packet opens only what the policy forwards in just that way, and a packet in another
    user's name than its key's opens nothing.

    Args:
        gate: by which it is judged.
        memory: of this gate; takes in what is accepted.
        packet: what it says.
        source: of the datagram; an IPv4 address is given as one.
        now: aware.
    """
    if Way.FWKNOP not in gate.ages:
        return (Refuse(Refusal.OFF),)
    asked = _asked(packet)
    if asked is None or not _is_of_user(packet):
        return (Refuse(Refusal.NOT_OPEN, packet.key.person),)
    mark = Remember(Way.FWKNOP, packet.digest, packet.sent * SECOND)
    length = timedelta(seconds=packet.timeout) if packet.timeout else None
    claim = Claim(packet.key.person, packet.key.term, packet.address, asked, length, mark)
    return judge(gate, memory, claim, source, now)


def _is_of_user(packet: Packet) -> bool:
    return packet.key.username in {"", packet.username}


def _asked(packet: Packet) -> Asked | None:
    """What is to be opened; None for what no policy can allow."""
    match packet.kind:
        case _ if not packet.wanted:
            return None
        case Kind.ACCESS:
            return Doors(packet.wanted)
        case Kind.LOCAL_NAT if packet.nat is not None:
            return Behind(packet.wanted, None, packet.nat[1])
        case Kind.NAT if packet.nat is not None:
            host = _host(packet.nat[0])
            return Behind(packet.wanted, host, packet.nat[1]) if host is not None else None
        case _:
            return None


def _host(text: str) -> IPv4Address | None:
    """The machine behind; names are not looked up."""
    try:
        return IPv4Address(text)
    except ValueError:
        return None
