"""The binary API of RouterOS as bytes: words with a length before them, a sentence of words, replies. Sans-IO.

Bytes go in, replies come out; a command goes in, bytes come out. No socket, no login, no menu is known here. Source:
RouterOS manual, API. What is no reply of a router is one `PeerError`, whatever it is.
"""

import enum
from collections.abc import Iterable, Mapping

import attrs

from portward.errors import PeerError


LONGEST_WORD = 4 * 1024 * 1024
"""Bytes of a word that are taken from a router; no property that portward reads comes near it."""
LONGEST_SENTENCE = 16 * 1024 * 1024

_LENGTHS = ((0x80, 1, 0x00), (0x4000, 2, 0x80), (0x200000, 3, 0xC0), (0x10000000, 4, 0xE0), (2**32, 5, 0xF0))
"""Lengths below this, the bytes they take, and the bits that the first byte begins with."""


class Kind(enum.StrEnum):
    """What a reply is."""

    ROW = "!re"
    DONE = "!done"
    TRAP = "!trap"
    FATAL = "!fatal"
    EMPTY = "!empty"
    """Nothing was found; only recent 7, and `!done` still follows."""


@attrs.frozen
class Reply:
    """One sentence of a router.

    Attributes:
        kind: its first word.
        attributes: `=name=value` words, by name.
        rest: the other words, such as the reason of `!fatal`.
    """

    kind: Kind
    attributes: dict[str, str]
    rest: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        """What a trap or a fatal says."""
        return self.attributes.get("message") or " ".join(self.rest) or "no reason given"


def encode_command(path: str, attributes: Mapping[str, str], queries: Iterable[str] = ()) -> bytes:
    """Make the sentence of a command: `/ip/service/print`, `=name=value` words, `?name=value` words."""
    words = [
        path,
        *(f"={name}={value}" for name, value in attributes.items()),
        *(f"?{each}" for each in queries),
    ]
    return b"".join(_encode_word(each.encode(errors="surrogateescape")) for each in words) + b"\x00"


def _encode_word(word: bytes) -> bytes:
    return encode_length(len(word)) + word


def encode_length(length: int) -> bytes:
    """Make the 1 to 5 bytes that stand before a word.

    Raises:
        ValueError: 2**32 bytes or more.
    """
    for limit, size, mark in _LENGTHS:
        if length < limit:
            data = bytearray((length & 0xFFFFFFFF).to_bytes(max(size, 1), "big"))
            data[0] |= mark
            return bytes(data)
    msg = f"a word of {length} bytes is too long for the API"
    raise ValueError(msg)


def _length_at(data: bytearray, at: int) -> tuple[int, int] | None:
    """The length of the word at a place and where its bytes begin; None when that has not all come yet.

    Raises:
        PeerError: a control byte, which no router sends, or an absurd length.
    """
    if at >= len(data):
        return None
    first = data[at]
    if first >= 0xF8:
        raise PeerError("what answers is no RouterOS API: a length begins with a reserved byte")
    size = 5 if first >= 0xF0 else 4 if first >= 0xE0 else 3 if first >= 0xC0 else 2 if first >= 0x80 else 1
    if at + size > len(data):
        return None
    bits = 32 if size == 5 else 7 * size
    length = int.from_bytes(data[at + (size == 5) : at + size], "big") & ((1 << bits) - 1)
    if length > LONGEST_WORD:
        raise PeerError("what answers is no RouterOS API: a word is longer than any that a router sends")
    return length, at + size


class ReplyReader:
    """Takes bytes as they come and gives the replies that are complete."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._at = 0
        self._words: list[str] = []
        self._size = 0

    def feed(self, data: bytes) -> list[Reply]:
        """Take bytes; give the replies that end in them.

        Raises:
            PeerError: the bytes are no replies; nothing more can be read then.
        """
        self._data += data
        replies = []
        while (word := self._next_word()) is not None:
            if word:
                self._keep(word)
            elif self._words:  # a sentence of no words is legal and says nothing
                replies.append(read_reply(self._words))
                self._words, self._size = [], 0
        del self._data[: self._at]
        self._at = 0
        return replies

    def _next_word(self) -> bytes | None:
        found = _length_at(self._data, self._at)
        if found is None:
            return None
        length, begin = found
        if begin + length > len(self._data):
            return None
        self._at = begin + length
        return bytes(self._data[begin : self._at])

    def _keep(self, word: bytes) -> None:
        self._size += len(word)
        if self._size > LONGEST_SENTENCE:
            raise PeerError("what answers is no RouterOS API: a sentence does not end")
        self._words.append(word.decode(errors="replace"))


def read_reply(words: list[str]) -> Reply:
    """Make the reply of a sentence's words.

    Raises:
        PeerError: its first word is none of a router's.
    """
    try:
        kind = Kind(words[0])
    except ValueError:
        raise PeerError("what answers is no RouterOS API: a sentence begins with no reply word") from None
    attributes, rest = {}, []
    for word in words[1:]:
        if word.startswith("=") and "=" in word[1:]:
            name, _, value = word[1:].partition("=")
            attributes[name] = value
        elif not word.startswith(".tag="):
            rest.append(word)
    return Reply(kind, attributes, tuple(rest))
