"""Frames: what they hold is found again, and checksums are right."""

from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st

from portward.attack import frames
from portward.attack.frames import Road
from portward.simulate.ip import read_ip
from portward.simulate.packet import Packet


ROAD = Road(b"\x02\0\0\0\0\1", b"\x02\0\0\0\0\2")
ENDS = {4: ("10.0.0.9", "198.51.100.1"), 6: ("2001:db8::9", "2001:db8::1")}

versions = st.sampled_from([4, 6])
numbers = st.integers(0, 65535)


@given(versions, numbers, st.binary(max_size=100), numbers)
def test_a_datagram_is_read_back_as_it_was_made(version: int, port: int, payload: bytes, number: int) -> None:
    source, goal = map(ip_address, ENDS[version])
    content = frames.udp(source, goal, (40000, port), payload)
    packet = frames.frame(ROAD, source, goal, 17, content, number)[14:]
    read = read_ip(packet)
    assert isinstance(read, Packet)
    assert (read.source, read.destination, read.destination_port, read.payload) == (
        source,
        goal,
        port,
        payload,
    )
    assert frames.number_of(packet) == number
    head = frames.pseudo_header(source, goal, 17, len(content))
    assert frames.checksum(head + content) == 0


@given(versions, st.binary(max_size=100), numbers)
def test_an_echo_request_is_one(version: int, payload: bytes, number: int) -> None:
    source, goal = map(ip_address, ENDS[version])
    content = frames.echo(source, goal, payload, number)
    packet = frames.frame(ROAD, source, goal, 1 if version == 4 else 58, content, number)[14:]
    read = read_ip(packet)
    assert isinstance(read, Packet)
    assert read.is_echo_request
    assert read.length == len(packet)


@given(versions, numbers)
def test_a_syn_is_a_new_tcp_packet(version: int, port: int) -> None:
    source, goal = map(ip_address, ENDS[version])
    segment = frames.tcp(source, goal, (40000, port), frames.SYN)
    read = read_ip(frames.frame(ROAD, source, goal, 6, segment, 1)[14:])
    assert isinstance(read, Packet)
    assert read.is_new_tcp
    assert frames.checksum(frames.pseudo_header(source, goal, 6, len(segment)) + segment) == 0
