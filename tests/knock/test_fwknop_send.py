import socket
import time
from ipaddress import ip_address

import attrs
import pytest
from hypothesis import given
from tests.knock.fwknop_profiles import FWKNOP_PROFILES, GATE
from tests.spa.fwknop_cases import key

from portward.errors import PeerError, UsageError
from portward.knock.fwknop_profile import FwknopProfile
from portward.knock.fwknop_send import Moment, current_user, fresh_moment, make_packet, send_packets
from portward.policy.net import Protocol
from portward.spa.fwknop_packet import open_packet
from portward.spa.fwknop_request import Kind, Packet


MOMENT = Moment(1700000000, bytes(8), "1234567890123456", "carol")
HOME = ip_address("127.0.0.1")


def opened(packet: bytes, profile: FwknopProfile = GATE) -> Packet:
    """Open a packet of a profile."""
    fitting = key(profile.key, profile.hmac_key, profile.hmac_digest, profile.mode, legacy=profile.legacy)
    return open_packet(packet, [fitting])


@given(FWKNOP_PROFILES)
def test_the_gate_opens_what_is_made(profile: FwknopProfile) -> None:
    """A profile's packet says what the profile says."""
    try:
        packet = opened(make_packet(profile, MOMENT, HOME), profile)
    except ValueError:
        return  # more than a packet holds
    assert packet.wanted == profile.access
    assert (packet.sent, packet.timeout, packet.address) == (MOMENT.now, profile.timeout, profile.allow_ip)
    assert packet.username == profile.username or (not profile.username and packet.username == "carol")
    assert (packet.nat is None) == (profile.nat is None)


def test_local_means_the_gate_s_own_address() -> None:
    """The packet names the address that it is sent to."""
    packet = opened(make_packet(attrs.evolve(GATE, nat=("local", 22)), MOMENT, ip_address("192.0.2.1")))
    assert (packet.kind, packet.nat) == (Kind.LOCAL_NAT, ("192.0.2.1", 22))
    packet = opened(make_packet(attrs.evolve(GATE, nat=("10.0.0.2", 22)), MOMENT, HOME))
    assert (packet.kind, packet.nat) == (Kind.NAT, ("10.0.0.2", 22))


def test_each_packet_is_another_one() -> None:
    """Over real sockets: two packets of one profile share nothing that a replay memory would see."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gate:
        gate.bind(("127.0.0.1", 0))
        gate.settimeout(5)
        profile = attrs.evolve(GATE, port=gate.getsockname()[1])
        for _ in range(2):
            send_packets(profile, (HOME,), source=HOME)
        packets = [opened(gate.recv(2000)) for _ in range(2)]
    assert packets[0].digest != packets[1].digest
    assert all(abs(each.sent - time.time()) < 5 for each in packets)


def test_moments_are_fresh() -> None:
    """Sixteen digits and eight bytes that do not come again."""
    made = [fresh_moment() for _ in range(200)]
    assert len({each.number for each in made}) == len({each.salt for each in made}) == 200
    assert {len(each.number) for each in made} == {16}


def test_the_user_is_one_that_a_packet_can_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Odd characters are replaced; who has no name is called portward."""
    monkeypatch.setenv("LOGNAME", "DOMAIN\\zoë:x")
    assert current_user() == "DOMAIN_zo__x"
    opened(make_packet(GATE, fresh_moment(), HOME))


def test_what_cannot_be_made_or_sent() -> None:
    """More ports than a packet holds; an address without a way."""
    many = attrs.evolve(GATE, access=((Protocol.TCP, 60000),) * 20)
    with pytest.raises(UsageError, match="more ports"):
        send_packets(many, (HOME,))
    with pytest.raises(PeerError, match="cannot send udp/62201"):
        send_packets(GATE, (ip_address("127.0.0.1"),), source=ip_address("192.0.2.77"))
