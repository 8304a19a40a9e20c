"""Capture files, whatever wrote them, and whatever is in them."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulate.transcript import GATE, GATE_6, OTHER, VISITOR, VISITOR_6, packet
from tests.simulate.wire import pcap, pcapng, to_bytes

from portward.errors import PolicyError
from portward.simulate.capture import is_capture, read_capture
from portward.simulate.packet import Cast, Host


VISIT = [(1000.25, to_bytes(packet("tcp/33333"))), (1000.5, to_bytes(packet("udp/22222=mellon", VISITOR_6)))]
KINDS = pytest.mark.parametrize("write", [pcap, pcapng], ids=["pcap", "pcapng"])


@KINDS
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nano", [False, True])
def test_both_byte_orders_and_both_clocks(write: Any, order: str, *, nano: bool) -> None:
    """Times count from the first packet."""
    data = write(VISIT, order=order, nano=nano)
    assert is_capture(data)
    found = read_capture(data, "x.pcap").sightings
    assert [each.time for each in found] == [0.0, 0.25]
    assert [each.packet for each in found] == [packet("tcp/33333"), packet("udp/22222=mellon", VISITOR_6)]
    assert str(found[1].span) == "x.pcap:2:1"


IP, IP_6 = VISIT[0][1], VISIT[1][1]
MACS = bytes(6) + b"\x02" + bytes(5)


@KINDS
@pytest.mark.parametrize(
    ("link", "frame", "frame_6"),
    [
        (0, b"\x02\0\0\0" + IP, b"\x1e\0\0\0" + IP_6),
        (108, b"\0\0\0\x02" + IP, b"\0\0\0\x1e" + IP_6),
        (1, MACS + b"\x08\x00" + IP, MACS + b"\x86\xdd" + IP_6),
        (1, MACS + b"\x81\x00\0\x05\x08\x00" + IP, MACS + b"\x88\xa8\0\x05\x81\x00\0\x06\x86\xdd" + IP_6),
        (12, IP, IP_6),
        (101, IP, IP_6),
        (228, IP, IP),
        (229, IP_6, IP_6),
        (113, bytes(14) + b"\x08\x00" + IP, bytes(14) + b"\x86\xdd" + IP_6),
        (276, b"\x08\x00" + bytes(18) + IP, b"\x86\xdd" + bytes(18) + IP_6),
    ],
)
def test_link_types(write: Any, link: int, frame: bytes, frame_6: bytes) -> None:
    found = read_capture(write([(0, frame), (0, frame_6)], link=link), "x.pcap")
    assert len(found.sightings) == 2
    assert {each.packet.destination_port for each in found.sightings} <= {33333, 22222}
    assert not found.skipped


def test_what_is_no_ip_is_passed_over_and_counted() -> None:
    arp = MACS + b"\x08\x06" + bytes(28)
    found = read_capture(pcap([(0, arp), (1, MACS + b"\x08\x00" + IP[:25])], link=1), "x.pcap")
    assert found.sightings == ()
    assert found.skipped == {"not IP": 1, "cut short": 1}


def test_what_the_link_layer_knows_is_used() -> None:
    """A cooked capture says who sent a packet; Ethernet says that it was a broadcast."""
    cooked = pcap([(0, b"\0\x04" + bytes(12) + b"\x08\x00" + IP)], link=113)
    assert read_capture(cooked, "x.pcap", Host.of([OTHER])).sightings[0].outgoing
    broadcast = pcap([(0, b"\xff" * 6 + bytes(6) + b"\x08\x00" + IP)], link=1)
    assert read_capture(broadcast, "x.pcap").sightings[0].packet.cast is Cast.BROADCAST


def test_this_host_is_guessed_from_where_new_tcp_goes() -> None:
    """Not from where most packets go: a download would make the visitor the host."""
    answers = [(1002.0, to_bytes(packet("udp/9", GATE, VISITOR)))] * 20
    found = read_capture(pcap([*VISIT, *answers]), "x.pcap")
    assert found.host == Host.of([GATE, GATE_6])
    assert found.sightings[-1].outgoing


def test_the_host_that_is_given_counts() -> None:
    found = read_capture(pcap(VISIT), "x.pcap", Host.of([VISITOR]))
    assert [each.outgoing for each in found.sightings] == [True, False]
    assert not found.sightings[1].packet.local


@KINDS
def test_a_file_that_ends_too_early_says_so(write: Any) -> None:
    """At every length but those where a record ends, which no reader can tell from the whole file."""
    data = write(VISIT)
    whole = {len(write(VISIT[:count])) for count in range(3)}
    for length in range(len(data)):
        if length in whole or (write is pcapng and length in {0, 28, 48}):
            continue
        with pytest.raises(PolicyError, match=r"x\.pcap: "):
            read_capture(data[:length], "x.pcap")


def test_an_unknown_link_type_is_named() -> None:
    with pytest.raises(PolicyError, match="link type 105"):
        read_capture(pcap(VISIT, link=105), "x.pcap")


def test_a_text_is_no_capture() -> None:
    assert not is_capture(b"0 192.0.2.7 > 198.51.100.1 tcp/22")
    with pytest.raises(PolicyError, match="neither"):
        read_capture(b"0 192.0.2.7", "x.pcap")


@given(
    st.sampled_from(
        [pcap(VISIT), pcap(VISIT, order="<", link=1), pcapng(VISIT), pcapng(VISIT, order="<", nano=True)]
    ),
    st.lists(st.tuples(st.integers(0, 250), st.integers(0, 255)), max_size=6),
    st.integers(0, 250),
)
@settings(max_examples=500, deadline=None)
def test_damaged_files_are_read_or_refused_with_the_one_error(
    data: bytes, damage: list[tuple[int, int]], length: int
) -> None:
    broken = bytearray(data)
    for at, value in damage:
        broken[at % len(broken)] = value
    for each in (bytes(broken), bytes(broken[:length])):
        assert mistakes_in(each) <= 1


def mistakes_in(data: bytes) -> int:
    """How many mistakes the reader tells; any other exception is the reader's own."""
    try:
        read_capture(data, "x.pcap")
    except PolicyError as error:
        return len(error.diagnostics)
    return 0
