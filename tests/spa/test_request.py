from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.spa.request import SERVICES_BYTES, TEXT_BYTES, Request, pack, unpack


SENT = 1_700_000_000_123_456_789

NAMES = st.from_regex(r"[a-z][a-z0-9_-]{0,31}", fullmatch=True)
ADDRESSES = st.ip_addresses().filter(
    lambda each: not (each.is_unspecified or each.is_multicast or getattr(each, "ipv4_mapped", None))
)
REQUESTS = st.builds(
    Request,
    st.lists(NAMES, unique=True, max_size=9)
    .map(tuple)
    .filter(lambda names: len(",".join(names)) <= SERVICES_BYTES),
    st.none() | st.integers(1, 2**32 - 1).map(lambda seconds: timedelta(seconds=seconds)),
    st.none() | ADDRESSES,
)


def _with(place: int, piece: bytes, request: Request | None = None) -> bytes:
    """A good text with other bytes at one place."""
    text = bytearray(pack(request or Request(), SENT))
    text[place : place + len(piece)] = piece
    assert len(text) == TEXT_BYTES
    return bytes(text)


def test_the_fields_stand_where_they_should() -> None:
    request = Request(("ssh", "web"), timedelta(minutes=1), IPv4Address("192.0.2.7"))
    text = pack(request, SENT)
    assert text[:18].hex() == "01400000006553f10a075bcd150000003c04"
    assert text[18:34].hex() == "c0000207" + "00" * 12
    assert text[34:] == b"ssh,web".ljust(78, b"\0")


def test_nothing_asked_for_is_nothing_but_version_and_time() -> None:
    assert not any(pack(Request(), SENT)[13:])


@given(REQUESTS, st.integers(0, 2**60 * 10**9))
def test_what_is_packed_is_unpacked(request_: Request, sent: int) -> None:
    text = pack(request_, sent)
    assert len(text) == TEXT_BYTES == 112
    assert unpack(text) == (request_, sent)


@given(
    REQUESTS,
    st.lists(st.tuples(st.integers(0, TEXT_BYTES - 1), st.integers(0, 255)), min_size=1, max_size=3),
)
def test_a_text_is_the_only_one_of_its_request_or_refused(
    request_: Request, changes: list[tuple[int, int]]
) -> None:
    text = bytearray(pack(request_, SENT))
    for place, byte in changes:
        text[place] = byte
    try:
        found = unpack(bytes(text))
    except ValueError:
        return
    assert pack(*found) == text


@pytest.mark.parametrize(
    "text",
    [
        b"",
        pack(Request(), SENT)[:-1],
        pack(Request(), SENT) + b"\0",
        _with(0, b"\0"),
        _with(0, b"\2"),
        _with(1, b"\x80"),
        _with(17, b"\1"),
        _with(17, b"\4"),
        _with(17, b"\6"),
        _with(18, b"\1"),
        _with(17, b"\4\xc0\0\2\7\1"),
        _with(17, b"\4\xe0\0\0\1"),
        _with(17, b"\6" + IPv6Address("::ffff:192.0.2.7").packed),
        _with(17, b"\6" + IPv6Address("ff02::1").packed),
        _with(34, b"\0ssh"),
        _with(34, b","),
        _with(34, b"ssh,"),
        _with(34, b",ssh"),
        _with(34, b"ssh,,web"),
        _with(34, b"ssh,ssh"),
        _with(34, b"SSH"),
        _with(34, b"9p"),
        _with(34, b"ssh web"),
        _with(34, b"ssh\n"),
        _with(34, "çay".encode()),
        _with(34, b"a" * 33),
        _with(34, b"*"),
        _with(111, b"x"),
    ],
)
def test_texts_that_no_request_has_are_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        unpack(text)


@pytest.mark.parametrize("names", [("",), ("SSH",), ("a" * 33,), ("a,b",), ("*",), ("\udcff",), ("é",)])
def test_names_that_no_service_has_cannot_be_asked_for(names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"lower-case|surrogates"):
        Request(names)


def test_services_are_asked_for_once_and_must_fit() -> None:
    with pytest.raises(ValueError, match="twice"):
        Request(("ssh", "web", "ssh"))
    Request(("a" * 32, "b" * 32, "c" * 12))
    with pytest.raises(ValueError, match="longer than 78"):
        Request(("a" * 32, "b" * 32, "c" * 13))


@pytest.mark.parametrize("seconds", [0, -1, 0.5, 1.5, 2**32])
def test_durations_are_whole_seconds(seconds: float) -> None:
    with pytest.raises(ValueError, match="whole seconds"):
        Request(duration=timedelta(seconds=seconds))


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "224.0.0.1", "ff02::1", "::ffff:192.0.2.7"])
def test_a_door_is_opened_for_somebody_only(address: str) -> None:
    with pytest.raises(ValueError, match="nobody's"):
        Request(address=ip_address(address))
