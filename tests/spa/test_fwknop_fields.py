import hashlib
from ipaddress import IPv4Address
from typing import Any

import attrs
import pytest
from hypothesis import given
from tests.spa.fwknop_cases import INNER, NUMBERS, VECTOR_MESSAGE, VECTOR_PLAIN, messages

from portward.policy.net import Protocol
from portward.spa.crypto import NotAuthenticError
from portward.spa.fwknop_base64 import encoded
from portward.spa.fwknop_fields import InnerDigest, Message, read_fields, write_fields
from portward.spa.fwknop_request import Kind


NUMBER = "1234567890123456"


def spelled(*fields: bytes | str) -> bytes:
    """Fields with their right digest behind them."""
    text = b":".join(each if isinstance(each, bytes) else each.encode() for each in fields)
    return text + b":" + encoded(hashlib.sha256(text).digest())


def field(text: str) -> bytes:
    """A field that is written as base64."""
    return encoded(text.encode())


USER, ASK = field("alice"), field("192.0.2.7,tcp/22")


def test_the_vector() -> None:
    """The known text is read and written."""
    assert read_fields(VECTOR_PLAIN) == VECTOR_MESSAGE
    assert write_fields(VECTOR_MESSAGE, NUMBER) == VECTOR_PLAIN


@given(messages(), NUMBERS, INNER)
def test_there_and_back(message: Message, number: str, digest: InnerDigest) -> None:
    """What is written is read, with each digest."""
    assert read_fields(write_fields(message, number, digest)) == message


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ((NUMBER, USER, "1", "3.0.0", "1", ASK), {"kind": Kind.ACCESS, "timeout": None}),
        ((NUMBER, USER, "1", "2.0", "1", ASK), {"kind": Kind.ACCESS}),
        ((NUMBER, USER, "1", "3.0.0", "1", ASK, field("auth")), {"kind": Kind.ACCESS, "timeout": None}),
        ((NUMBER, USER, "1", "3.0.0", "3", ASK, field("auth"), "9"), {"timeout": 9}),
        ((NUMBER, USER, "1", "3.0.0", "3", ASK, "0"), {"timeout": None}),
        ((NUMBER, USER, "1", "3.0.0", "3", ASK, "65536"), {"timeout": 65536}),
        (
            (NUMBER, USER, "1", "3.0.0", "4", ASK, field("10.0.0.2,80"), "9"),
            {"kind": Kind.NAT, "nat": ("10.0.0.2", 80), "timeout": 9},
        ),
        (
            (NUMBER, USER, "1", "3.0.0", "5", ASK, field("inner.example,80")),
            {"kind": Kind.LOCAL_NAT, "nat": ("inner.example", 80)},
        ),
        (
            (NUMBER, USER, "1", "3.0.0", "1", field("0.0.0.0,tcp/22,udp/53")),
            {"address": None, "wanted": ((Protocol.TCP, 22), (Protocol.UDP, 53))},
        ),
        (
            (NUMBER, USER, "1", "3.0.0", "0", field("192.0.2.7,id > /tmp/x, twice")),
            {"kind": Kind.COMMAND, "wanted": (), "address": IPv4Address("192.0.2.7")},
        ),
    ],
)
def test_what_clients_write(fields: tuple[bytes | str, ...], expected: dict[str, object]) -> None:
    """Message types with and without a timeout, a NAT, the old field between; the packet's source as 0.0.0.0."""
    read = read_fields(spelled(*fields))
    assert {name: getattr(read, name) for name in expected} == expected


@pytest.mark.parametrize(
    "fields",
    [
        (NUMBER[1:], USER, "1", "3.0.0", "1", ASK),
        (NUMBER + "1234", USER, "1", "3.0.0", "1", ASK),
        (NUMBER, field("a/b"), "1", "3.0.0", "1", ASK),
        (NUMBER, field("ä"), "1", "3.0.0", "1", ASK),
        (NUMBER, field("a\n"), "1", "3.0.0", "1", ASK),
        (NUMBER, field("a" * 49), "1", "3.0.0", "1", ASK),
        (NUMBER, "", "1", "3.0.0", "1", ASK),
        (NUMBER, b"YR", "1", "3.0.0", "1", ASK),
        (NUMBER, USER, "1" * 13, "3.0.0", "1", ASK),
        (NUMBER, USER, "-1", "3.0.0", "1", ASK),
        (NUMBER, USER, "1", "3.0.0.0.0", "1", ASK),
        (NUMBER, USER, "1", "3.0.0", "7", ASK),
        (NUMBER, USER, "1", "3.0.0", "01", ASK),
        (NUMBER, USER, "1", "3.0.0", "1"),
        (NUMBER, USER, "1", "3.0.0", "1", ASK, field("auth"), field("more")),
        (NUMBER, USER, "1", "3.0.0", "1", ASK, b"YR"),
        (NUMBER, USER, "1", "3.0.0", "3", ASK),
        (NUMBER, USER, "1", "3.0.0", "3", ASK, "65537"),
        (NUMBER, USER, "1", "3.0.0", "3", ASK, "09"),
        (NUMBER, USER, "1", "3.0.0", "3", ASK, "x"),
        (NUMBER, USER, "1", "3.0.0", "2", ASK),
        (NUMBER, USER, "1", "3.0.0", "2", ASK, field("10.0.0.2")),
        (NUMBER, USER, "1", "3.0.0", "2", ASK, field("10.0.0.2,0")),
        (NUMBER, USER, "1", "3.0.0", "2", ASK, field("-x,80")),
        (NUMBER, USER, "1", "3.0.0", "2", ASK, field("a" * 71 + ",80")),
        *(
            (NUMBER, USER, "1", "3.0.0", "1", field(text))
            for text in (
                "192.0.2.7",
                "192.0.2.7,",
                "192.0.2.07,tcp/22",
                "2001:db8::1,tcp/22",
                "192.0.2.7,tcp/0",
                "192.0.2.7,tcp/65536",
                "192.0.2.7,tcp/022",
                "192.0.2.7,icmp/8",
                "192.0.2.7,tcp/22,",
                "192.0.2.7,tcp/22 ",
                "192.0.2.7,tcp/\u0662",
            )
        ),
    ],
)
def test_other_spellings_are_refused(fields: tuple[bytes | str, ...]) -> None:
    """One field that no client writes so, under a right digest."""
    with pytest.raises(NotAuthenticError):
        read_fields(spelled(*fields))


def test_the_digest_is_judged() -> None:
    """A changed field, a digest of another length, none."""
    for text in (
        VECTOR_PLAIN.replace(b":60:", b":61:"),
        VECTOR_PLAIN[:-1],
        VECTOR_PLAIN.rpartition(b":")[0],
        b"",
    ):
        with pytest.raises(NotAuthenticError):
            read_fields(text)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"username": "a:b"}, "no username"),
        ({"username": ""}, "no username"),
        ({"sent": -1}, "time"),
        ({"sent": 10**12}, "time"),
        ({"kind": Kind.COMMAND}, "at least one port"),
        ({"wanted": ()}, "at least one port"),
        ({"wanted": ((Protocol.SCTP, 22),)}, "TCP and UDP"),
        ({"wanted": ((Protocol.TCP, 0),)}, "1..65535"),
        ({"wanted": ((Protocol.TCP, 60000),) * 20}, "more ports"),
        ({"kind": Kind.NAT}, "NAT"),
        ({"nat": ("10.0.0.2", 80)}, "NAT"),
        ({"kind": Kind.NAT, "nat": ("a b", 80)}, "host"),
        ({"kind": Kind.NAT, "nat": ("a", 0)}, "host"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": 65537}, "timeout"),
    ],
)
def test_what_no_packet_can_say(change: dict[str, Any], part: str) -> None:
    """Refused before it is sent, in one sentence."""
    with pytest.raises(ValueError, match=part):
        write_fields(attrs.evolve(VECTOR_MESSAGE, **change), NUMBER)


def test_the_number_has_sixteen_digits() -> None:
    """Twenty are refused by receivers."""
    with pytest.raises(ValueError, match="16"):
        write_fields(VECTOR_MESSAGE, "1" * 20)
