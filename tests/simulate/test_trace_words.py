"""The words of a line of a trace."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.simulate.transcript import GATE, VISITOR

from portward.policy.net import Protocol
from portward.simulate.packet import Begun, TcpFlag
from portward.simulate.trace_words import Draft, read_hex, read_option, read_quoted, read_what


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        ('""', b""),
        ('"open sesame"', b"open sesame"),
        (r'"a\"b\\c\n\0\xff"', b'a"b\\c\n\0\xff'),
        ('"grüß"', "grüß".encode()),
    ],
)
def test_quoted_payloads(text: str, payload: bytes) -> None:
    assert read_quoted(text) == payload


@given(st.binary(max_size=40))
def test_every_payload_can_be_written_either_way(payload: bytes) -> None:
    assert read_hex(payload.hex()) == payload
    assert read_quoted('"' + "".join(f"\\x{byte:02x}" for byte in payload) + '"') == payload


def test_what_a_packet_is() -> None:
    assert read_what("tcp/0") == (Protocol.TCP, 0)
    assert read_what("icmp") == (Protocol.ICMP, None)
    assert read_what("gre") == (Protocol.GRE, None)


def test_flags_add_up() -> None:
    draft = Draft()
    for word in ("syn,ack", "psh"):
        read_option(word, str, draft)
    assert draft.flags == TcpFlag.SYN | TcpFlag.ACK | TcpFlag.PSH


def test_an_icmp_message_that_is_no_echo() -> None:
    draft = Draft(numbers={"type": 3, "code": 1}, payload=b"abcd")
    made = draft.packet(VISITOR, GATE, (Protocol.ICMP, None))
    assert (made.icmp_type, made.icmp_code, made.length, made.payload) == (3, 1, 32, b"abcd")
    assert not made.is_echo_request


def test_who_began_is_said_by_one_of_three_words() -> None:
    draft = Draft()
    read_option("begun", lambda: "host", draft)
    assert draft.begun is Begun.HOST
    with pytest.raises(ValueError, match="visitor, host, behind"):
        read_option("begun", lambda: "me", draft)
