"""Packets as values."""

from ipaddress import ip_address

import pytest
from tests.simulate.transcript import GATE, GATE_6, VISITOR, VISITOR_6

from portward.policy.net import Protocol
from portward.simulate.packet import Cast, Host, Packet, TcpFlag, datagram, echo_request, header_length, syn


def test_both_ends_are_of_one_family() -> None:
    with pytest.raises(ValueError, match="different families"):
        Packet(VISITOR, GATE_6, 6)


def test_a_local_packet_is_unicast() -> None:
    with pytest.raises(ValueError, match="broadcast"):
        Packet(VISITOR, GATE, 17, cast=Cast.BROADCAST)


@pytest.mark.parametrize(
    ("flags", "new"),
    [
        (TcpFlag.SYN, True),
        (TcpFlag.SYN | TcpFlag.PSH | TcpFlag.URG, True),
        (TcpFlag.SYN | TcpFlag.ACK, False),
        (TcpFlag.SYN | TcpFlag.FIN, False),
        (TcpFlag.SYN | TcpFlag.RST, False),
        (TcpFlag.ACK, False),
        (TcpFlag(0), False),
    ],
)
def test_new_tcp_has_syn_and_neither_ack_fin_nor_rst(flags: TcpFlag, *, new: bool) -> None:
    assert Packet(VISITOR, GATE, 6, tcp_flags=flags).is_new_tcp is new
    assert not Packet(VISITOR, GATE, 17, tcp_flags=flags).is_new_tcp


def test_icmp_is_of_its_own_family() -> None:
    """ICMPv6 in IPv4, and ICMP in IPv6, are protocols that a policy cannot name."""
    assert echo_request(VISITOR, GATE, 60).transport is Protocol.ICMP
    assert echo_request(VISITOR_6, GATE_6, 60).transport is Protocol.ICMP
    assert Packet(VISITOR, GATE, 58, icmp_type=128).transport is None
    assert not Packet(VISITOR, GATE, 58, icmp_type=128).is_echo_request
    assert not Packet(VISITOR_6, GATE_6, 1, icmp_type=8).is_echo_request
    assert not Packet(VISITOR, GATE, 1, icmp_type=0).is_echo_request
    assert Packet(VISITOR, GATE, 254).transport is None


def test_the_makers_fill_in_the_length_of_the_whole_packet() -> None:
    assert syn(VISITOR, GATE, 22).length == 40
    assert syn(VISITOR_6, GATE_6, 22).length == 60
    assert datagram(VISITOR, GATE, 22, b"abc").length == 31
    echo = echo_request(VISITOR_6, GATE_6, 100)
    assert (echo.length, len(echo.payload)) == (100, 100 - header_length(6) - 8)


def test_a_payload_is_not_shown() -> None:
    assert "mellon" not in repr(datagram(VISITOR, GATE, 22, b"mellon"))


def test_a_host_is_its_addresses() -> None:
    assert ip_address("198.51.100.1") in Host.of([GATE, GATE_6]).addresses
