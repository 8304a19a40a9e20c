"""The text format of packets."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulate.transcript import GATE, VISITOR, packet

from portward.errors import PolicyError
from portward.simulate.packet import Cast, ConnectionState, Host, Packet, TcpFlag
from portward.simulate.sighting import Sighting
from portward.simulate.trace import read_trace


def only(line: str, host: Host | None = None) -> Sighting:
    [found] = read_trace(line, "x.trace", host)
    return found


def mistakes(text: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        read_trace(text, "x.trace")
    return [f"{each.span}: {each.message}" for each in caught.value.diagnostics]


@pytest.mark.parametrize("what", ["tcp/33333", "udp/7000", "icmp/128"])
def test_a_knock_is_written_as_in_a_policy(what: str) -> None:
    assert only(f"0 192.0.2.7 > 198.51.100.1 {what}").packet == packet(what)
    assert only(f"0 2001:db8::7 > 2001:db8::1 {what}").packet.source.version == 6


def test_options() -> None:
    line = '0 192.0.2.7 > 198.51.100.1 tcp/22 syn,ack from 5 on wan0 state invalid length 99 "a#b" # remark'
    found = only(line)
    assert found.state_given
    assert found.packet == Packet(
        VISITOR,
        GATE,
        6,
        5,
        22,
        TcpFlag.SYN | TcpFlag.ACK,
        length=99,
        payload=b"a#b",
        interface="wan0",
        state=ConnectionState.INVALID,
    )


def test_times_are_seconds_or_steps() -> None:
    lines = ["0.5", "+500ms", "+1", "+1m", "+1h", "+1d", "200000"]
    text = "\n".join(f"{time} 192.0.2.7 > 198.51.100.1 tcp/22" for time in lines)
    assert [each.time for each in read_trace(text, "x")] == [0.5, 1.0, 2.0, 62.0, 3662.0, 90062.0, 200000.0]


def test_whose_packet_it_is() -> None:
    line = "0 192.0.2.7 > 198.51.100.1 tcp/22"
    assert only(line).packet.local
    assert not only(f"{line} forwarded").packet.local
    assert only(f"{line} out").outgoing
    assert only(line, Host.of([GATE])).packet.local
    assert not only(line, Host.of([])).outgoing
    assert only(line, Host.of([VISITOR])).outgoing
    assert only("0 192.0.2.7 > 224.0.0.5 ospf").packet.cast is Cast.MULTICAST
    assert only("0 192.0.2.7 > 192.0.2.255 udp/9 broadcast").packet.cast is Cast.BROADCAST


def test_comments_and_empty_lines_are_passed_over() -> None:
    assert read_trace("# a visit\n\n   \n", "x") == ()


def test_every_mistake_is_told_at_once_with_its_place() -> None:
    text = "0 1.2.3 > 198.51.100.1 tcp/70000 colour\nnoon 192.0.2.7 > 198.51.100.1 tcp/22\n5 hello\n"
    places = [each.split(": ")[0] for each in mistakes(text)]
    assert places == ["x.trace:1:3", "x.trace:1:24", "x.trace:1:34", "x.trace:2:1", "x.trace:3:3"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("5 192.0.2.7 > ::1 tcp/22", "different families"),
        ("5 192.0.2.7 > 198.51.100.1 tcp/22 from", "missing after from"),
        ("5 192.0.2.7 > 198.51.100.1 tcp", "lacks a port"),
        ("5 192.0.2.7 > 198.51.100.1 esp/3", "no ports"),
        ("5 192.0.2.7 > 198.51.100.1 udp/3 syn", "udp has no flags"),
        ("5 192.0.2.7 > 198.51.100.1 udp/3 type 3", "no type"),
        ("5 192.0.2.7 > 198.51.100.1 icmp", "icmp/SIZE"),
        ("5 192.0.2.7 > 198.51.100.1 icmp/20", "at least 28"),
        ("5 192.0.2.7 > 198.51.100.1 icmp/30 hex:000000", "no room"),
        ("5 192.0.2.7 > 198.51.100.1 tcp/1 hex:0", "hexadecimal"),
        ("5 192.0.2.7 > 198.51.100.1 tcp/1 state old", "no connection state"),
        ("5 192.0.2.7 > 198.51.100.1 tcp/1\n4 192.0.2.7 > 198.51.100.1 tcp/1", "before the packet above"),
    ],
)
def test_mistakes(line: str, message: str) -> None:
    [found] = mistakes(line)
    assert message in found


@pytest.mark.parametrize("payload", ['"mellon', '"mellon\\q"', "hex:mellon", "udp/1=mellon"])
def test_a_payload_is_not_told_with_a_mistake(payload: str) -> None:
    """Not in the message, and not in the line that is shown below it."""
    what = payload if payload.startswith("udp") else f"udp/1 {payload}"
    with pytest.raises(PolicyError) as caught:
        read_trace(f"0 192.0.2.7 > 198.51.100.1 {what}", "x.trace")
    assert len(caught.value.diagnostics) == 1
    assert "mellon" not in str(caught.value)
    assert "mellon" not in caught.value.sources["x.trace"]


PIECES = [
    "0",
    "+1s",
    "192.0.2.7",
    "::1",
    ">",
    "tcp/22",
    "icmp",
    "esp",
    "from",
    "on",
    "type",
    "hex:0",
    '"',
    "\\",
    "#",
    " ",
]


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join)))
@settings(max_examples=500)
def test_any_text_is_read_or_refused_with_the_one_error(text: str) -> None:
    try:
        read_trace(text, "x.trace")
    except PolicyError as error:
        lines = text.splitlines()
        for each in error.diagnostics:
            assert each.span is not None
            assert each.span.column + each.span.length - 1 <= len(lines[each.span.line - 1])
