"""Echo requests, byte by byte."""

import struct
from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st

from portward.knock.echo import echo_request, internet_checksum, payload_length
from portward.policy.net import Knock, Protocol


V4 = ip_address("192.0.2.1")
V6 = ip_address("2001:db8::1")


@given(st.integers(100, 65535), st.binary(max_size=20), st.integers(0, 65535))
def test_the_ip_packet_has_the_knocks_length_on_both_families(
    length: int, word: bytes, identifier: int
) -> None:
    knock = Knock(Protocol.ICMP, length, word)
    assert 20 + len(echo_request(knock, V4, identifier)) == length
    assert 40 + len(echo_request(knock, V6, identifier)) == length


def test_the_word_stands_first_and_zeros_follow() -> None:
    message = echo_request(Knock(Protocol.ICMP, 40, b"abc"), V4, 0x1234)
    assert struct.unpack_from("!BB2xHH", message) == (8, 0, 0x1234, 1)
    assert message[8:] == b"abc" + b"\0" * 9
    assert echo_request(Knock(Protocol.ICMP, 60), V6, 1)[0] == 128


def test_the_smallest_packets_carry_nothing() -> None:
    assert payload_length(Knock(Protocol.ICMP, 28), V4) == 0
    assert payload_length(Knock(Protocol.ICMP, 48), V6) == 0


def test_the_checksum_of_the_rfcs_example() -> None:
    """RFC 1071 §3: the sum of these bytes is ddf2, so the checksum is its complement."""
    assert internet_checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0xFFFF - 0xDDF2


@given(st.binary(min_size=8, max_size=99).filter(lambda message: len(message) % 2 == 0))
def test_a_message_with_its_checksum_sums_up_to_nothing(message: bytes) -> None:
    summed = message + struct.pack("!H", internet_checksum(message))
    assert internet_checksum(summed) == 0
