import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.apply.ros_words import Kind, Reply, ReplyReader, encode_command, encode_length
from portward.errors import PeerError


def sentence(*words: str) -> bytes:
    """A sentence as a router sends it."""
    return b"".join(encode_length(len(each.encode())) + each.encode() for each in words) + b"\0"


@pytest.mark.parametrize(
    ("length", "data"),
    [
        (0, "00"),
        (0x7F, "7f"),
        (0x80, "8080"),
        (0x3FFF, "bfff"),
        (0x4000, "c04000"),
        (0x1FFFFF, "dfffff"),
        (0x200000, "e0200000"),
        (0xFFFFFFF, "efffffff"),
        (0x10000000, "f010000000"),
    ],
)
def test_lengths_are_those_of_the_manual(length: int, data: str) -> None:
    assert encode_length(length).hex() == data


def test_a_word_that_no_length_fits_is_refused() -> None:
    with pytest.raises(ValueError, match="too long for the API"):
        encode_length(2**32)


def test_a_command_is_its_path_its_attributes_and_its_queries() -> None:
    data = encode_command("/ip/service/print", {".id": "*1"}, ["name=ssh"])
    assert data == b"\x11/ip/service/print\x08=.id=*1".replace(b"\x08", b"\x07") + b"\x09?name=ssh\0"


def test_replies_come_out_when_they_are_complete() -> None:
    reader = ReplyReader()
    data = sentence("!re", "=.id=*1", "=comment=a=b") + sentence("!done", "=ret=*2", ".tag=3")
    replies = [reply for byte in data for reply in reader.feed(bytes([byte]))]
    assert replies == [
        Reply(Kind.ROW, {".id": "*1", "comment": "a=b"}),
        Reply(Kind.DONE, {"ret": "*2"}),
    ]


def test_a_fatal_and_a_trap_say_why() -> None:
    replies = ReplyReader().feed(
        sentence("!fatal", "not logged in") + sentence("!trap", "=message=no") + b"\0"
    )
    assert [each.message for each in replies] == ["not logged in", "no"]


@given(
    st.lists(st.dictionaries(st.from_regex(r"[a-z.-]{1,9}", fullmatch=True), st.text(max_size=300))),
    st.data(),
)
def test_whatever_is_sent_is_read_again_however_it_is_cut(
    rows: list[dict[str, str]], data: st.DataObject
) -> None:
    sent = b"".join(sentence("!re", *(f"={name}={value}" for name, value in row.items())) for row in rows)
    reader = ReplyReader()
    replies: list[Reply] = []
    while sent:
        size = data.draw(st.integers(1, len(sent)))
        replies += reader.feed(sent[:size])
        sent = sent[size:]
    assert [each.attributes for each in replies] == rows


@given(st.binary(max_size=400))
def test_any_bytes_are_replies_or_the_one_error(data: bytes) -> None:
    with contextlib.suppress(PeerError):
        ReplyReader().feed(data)


@pytest.mark.parametrize(
    "data",
    [b"HTTP/1.1 400 Bad Request\r\n\0", b"\xf8", b"\xff\0", b"\xf0\xff\xff\xff\xff", sentence("!what")],
)
def test_what_is_no_api_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(PeerError, match="no RouterOS API"):
        ReplyReader().feed(data + b"\0" * 80)


def test_a_sentence_without_end_is_not_kept_for_ever() -> None:
    word = b"x" * 1_000_000
    with pytest.raises(PeerError, match="does not end"):
        ReplyReader().feed((encode_length(len(word)) + word) * 20)
