"""Keys and messages for the tests of fwknop's packets, and the vector that OpenSSL's commands agree with."""

from datetime import UTC, datetime
from ipaddress import IPv4Address

from hypothesis import strategies as st

from portward.policy.net import Protocol
from portward.spa.crypto import AesMode
from portward.spa.fwknop_fields import LATEST, InnerDigest, Message
from portward.spa.fwknop_request import Kind
from portward.spa.keyring import FwknopKey, HmacDigest, Term


TERM = Term(datetime(2020, 1, 1, tzinfo=UTC))

VECTOR = (
    b"8AAQIDBAUGB796vlfZ6zUHWa1V5Byug3U89EyDewdd3KLGFqyfn/pLT873HBJpRB7Lpy8wS9CWlEu8Vd8XMAHRSNQLEo9riB/fckLrta0"
    b"T+lthMtLGynWhgJepqOnzSKZvFrZgbAwesVbm9L+t5vjMBG1yRmcd29G/RlT80yOsDntFLknuAmhrHk/uhcLmo2ZzvvVJvsa4WUMf99Si"
    b"bhkESxq/iaUJtg8"
)
"""A packet that was made apart from this code and checked with `openssl enc -d` and `openssl dgst`."""

VECTOR_PLAIN = (
    b"1234567890123456:YWxpY2U:1700000000:3.0.0:3:MTkyLjAuMi43LHRjcC8yMg:60:"
    b"DenQXjD6yVDP9uqKRQLCsAkbLtIIKVRD6iOjZ/ceEps"
)
VECTOR_SALT = bytes(range(8))
VECTOR_MESSAGE = Message(
    1700000000, "alice", Kind.ACCESS, IPv4Address("192.0.2.7"), ((Protocol.TCP, 22),), None, 60
)


def key(
    secret: bytes = b"correct horse 1",
    hmac_key: bytes = b"hmac key 2",
    digest: HmacDigest = HmacDigest.SHA256,
    mode: AesMode = AesMode.CBC,
    *,
    legacy: bool = False,
    username: str = "",
    person: str = "alice",
) -> FwknopKey:
    """The vector's key, or one that differs."""
    return FwknopKey(person, secret, hmac_key, digest, mode, legacy, username, TERM)


PORTS = st.tuples(st.sampled_from((Protocol.TCP, Protocol.UDP)), st.integers(1, 65535))
NAMES = st.text(
    st.sampled_from("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .-_@!#$%^&(){}~'`"),
    min_size=1,
    max_size=20,
)
HOSTS = st.from_regex(r"[a-z0-9][a-z0-9.-]{0,20}", fullmatch=True)
NUMBERS = st.from_regex(r"[0-9]{16}", fullmatch=True)


@st.composite
def messages(draw: st.DrawFn) -> Message:
    """Any message that fits one packet."""
    kind = draw(st.sampled_from((Kind.ACCESS, Kind.NAT, Kind.LOCAL_NAT)))
    return Message(
        draw(st.integers(0, LATEST)),
        draw(NAMES),
        kind,
        draw(st.none() | st.integers(1, 2**32 - 1).map(IPv4Address)),
        tuple(draw(st.lists(PORTS, min_size=1, max_size=3))),
        draw(st.tuples(HOSTS, st.integers(1, 65535))) if kind is not Kind.ACCESS else None,
        draw(st.none() | st.integers(1, 65536)),
    )


@st.composite
def keys(draw: st.DrawFn) -> FwknopKey:
    """Any key, with an HMAC."""
    return key(
        draw(st.binary(min_size=1, max_size=32)),
        draw(st.binary(min_size=1, max_size=128)),
        draw(st.sampled_from(HmacDigest)),
        draw(st.sampled_from(AesMode)),
    )


INNER = st.sampled_from(InnerDigest)
