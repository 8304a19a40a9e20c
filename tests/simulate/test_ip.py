"""Bytes of IP packets: read, or skipped with a reason."""

from ipaddress import ip_address

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.simulate.transcript import GATE_6, VISITOR_6, packet
from tests.simulate.wire import to_bytes

from portward.policy.net import Protocol
from portward.simulate.ip import Skip, cast_of, read_ip
from portward.simulate.packet import Cast, Packet, TcpFlag


def read(data: bytes) -> Packet:
    found = read_ip(data)
    assert isinstance(found, Packet)
    return found


@pytest.mark.parametrize("source", [packet("tcp/1").source, VISITOR_6])
@pytest.mark.parametrize("what", ["tcp/22", "udp/7000=mellon", "icmp/128", "icmp/100=mellon"])
def test_what_is_written_is_read(what: str, source: object) -> None:
    sent = packet(what, source)
    assert attrs.evolve(read(to_bytes(sent)), local=True) == sent


def test_flags_are_read() -> None:
    flags = TcpFlag.SYN | TcpFlag.ACK
    assert read(to_bytes(packet("tcp/22", tcp_flags=flags))).tcp_flags == flags


def test_what_follows_the_packet_is_passed_over() -> None:
    """Ethernet pads short packets."""
    assert read(to_bytes(packet("udp/1=ab")) + bytes(20)).payload == b"ab"


def test_ipv6_extension_headers_are_passed_over() -> None:
    plain = to_bytes(packet("udp/1=ab", VISITOR_6))
    extended = plain[:4] + (34).to_bytes(2) + b"\0" + plain[7:40] + b"\x3c" + bytes(7) + b"\x11" + bytes(15)
    with_length = extended[:4] + (len(extended) - 40 + 10).to_bytes(2) + extended[6:] + plain[40:]
    with_length = with_length[:49] + b"\x01" + with_length[50:]  # the second header has 16 bytes
    found = read(with_length)
    assert (found.transport, found.destination_port, found.payload) == (Protocol.UDP, 1, b"ab")


@pytest.mark.parametrize("offset", [0x2000, 0x0001, 0x2001])
def test_fragments_are_skipped(offset: int) -> None:
    whole = to_bytes(packet("udp/1=ab"))
    assert read_ip(whole[:6] + offset.to_bytes(2) + whole[8:]) is Skip.FRAGMENT


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", Skip.NOT_IP),
        (b"\x50" + bytes(60), Skip.NOT_IP),
        (b"\x41" + bytes(60), Skip.NOT_IP),
        (b"\x45" + bytes(10), Skip.CUT_SHORT),
        (b"\x60" + bytes(30), Skip.CUT_SHORT),
        (to_bytes(packet("tcp/22"))[:30], Skip.CUT_SHORT),
    ],
)
def test_what_is_no_whole_packet_says_why(data: bytes, why: Skip) -> None:
    assert read_ip(data) is why


def test_who_a_packet_is_for() -> None:
    assert cast_of(ip_address("224.0.0.1")) is Cast.MULTICAST
    assert cast_of(ip_address("ff02::1")) is Cast.MULTICAST
    assert cast_of(ip_address("255.255.255.255")) is Cast.BROADCAST
    assert cast_of(ip_address("192.0.2.255"), broadcast=True) is Cast.BROADCAST
    assert cast_of(GATE_6) is Cast.UNICAST


@given(st.one_of(st.binary(max_size=90), st.binary(max_size=60).map(lambda rest: b"\x60" + rest)))
@example(b"\x60\0\0\0\0\0\x2c\x40" + bytes(40))
def test_any_bytes_are_read_or_skipped(data: bytes) -> None:
    for quoted in (True, False):
        assert isinstance(read_ip(data, quoted=quoted), Packet | Skip)
