"""The words of one line of a trace: what the packet is, its options, and the packet they make.

Every reader raises `ValueError` with one sentence for the user, which never holds a payload.
"""

import re
from collections.abc import Callable

import attrs

from portward.policy.net import MAX_PORT, Address, Protocol
from portward.policy.notation import read_number, read_protocol
from portward.simulate.ip import cast_of
from portward.simulate.packet import (
    ECHO_REQUEST_V4,
    ECHO_REQUEST_V6,
    ICMP_V6,
    NO_FLAGS,
    Begun,
    Cast,
    ConnectionState,
    Packet,
    TcpFlag,
    header_length,
)


What = tuple[Protocol, int | None]
"""A protocol, and the port or the echo's size where the line gives one."""

_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPES = {"n": b"\n", "r": b"\r", "t": b"\t", "0": b"\0", "\\": b"\\", '"': b'"'}
_PLACES = {"forwarded", "broadcast", "multicast", "out"}
_FLAGS = {str(flag.name).lower(): flag for flag in TcpFlag}
_NUMBERS = {
    "from": ("port", MAX_PORT),
    "length": ("length", MAX_PORT),
    "type": ("type", 255),
    "code": ("code", 255),
}
_HEADERS = {Protocol.TCP: 20, Protocol.UDP: 8, Protocol.SCTP: 12, Protocol.ICMP: 8}
"""Bytes of the smallest transport headers (RFC 9293, RFC 768, RFC 9260, RFC 792)."""


@attrs.define
class Draft:
    """What the options of one line say; None or nothing for what they do not say."""

    numbers: dict[str, int] = attrs.field(factory=dict)
    flags: TcpFlag | None = None
    place: str = ""
    interface: str = "eth0"
    state: ConnectionState | None = None
    begun: Begun = Begun.VISITOR
    payload: bytes | None = attrs.field(default=None, repr=False)

    def packet(self, source: Address, destination: Address, what: What) -> Packet:
        """Make the packet.

        Raises:
            ValueError: a packet that cannot be.
        """
        protocol, number = what
        v4 = source.version == 4
        smallest = header_length(source.version) + _HEADERS.get(protocol, 0)
        packet = Packet(
            source,
            destination,
            ICMP_V6 if protocol is Protocol.ICMP and not v4 else protocol.number,
            source_port=self.numbers.get("from", 40000 if protocol.has_ports else 0),
            length=self.numbers.get("length", smallest + len(self.payload or b"")),
            payload=self.payload or b"",
            interface=self.interface,
            state=self.state or ConnectionState.NEW,
            begun=self.begun,
            local=False,
            cast=Cast(self.place) if self.place in {"broadcast", "multicast"} else cast_of(destination),
        )
        if protocol is Protocol.ICMP:
            return self._icmp(packet, number, smallest)
        if "type" in self.numbers or "code" in self.numbers:
            msg = f"{protocol} has no type and code; icmp has"
            raise ValueError(msg)
        if protocol is not Protocol.TCP:
            if self.flags is not None:
                msg = f"{protocol} has no flags; tcp has"
                raise ValueError(msg)
            return attrs.evolve(packet, destination_port=number or 0)
        return attrs.evolve(packet, destination_port=number or 0, tcp_flags=self.flags or TcpFlag.SYN)

    def _icmp(self, packet: Packet, size: int | None, smallest: int) -> Packet:
        """Give an ICMP packet its type; `icmp/128` is an echo request whose packet has 128 bytes."""
        if size is None and "type" not in self.numbers:
            msg = "write icmp/SIZE for an echo request, or icmp type NUMBER"
            raise ValueError(msg)
        echo = ECHO_REQUEST_V4 if packet.source.version == 4 else ECHO_REQUEST_V6
        length = packet.length if size is None else size
        if length < smallest:
            msg = f"no ICMP packet of {length} bytes: with its IP header it has at least {smallest}"
            raise ValueError(msg)
        payload = packet.payload.ljust(length - smallest, b"\0")
        if len(payload) > length - smallest:
            msg = f"a packet of {length} bytes has no room for that payload"
            raise ValueError(msg)
        return attrs.evolve(
            packet,
            length=length,
            payload=payload,
            icmp_type=self.numbers.get("type", echo),
            icmp_code=self.numbers.get("code", 0),
        )


def read_what(text: str) -> What:
    """Read `tcp/33333`, `udp/7000`, `icmp/128`, `icmp`, `esp`.

    Raises:
        ValueError: another spelling.
    """
    if "=" in text:
        raise ValueError("write the payload behind a space, in double quotes")
    name, slash, number = text.partition("/")
    protocol = read_protocol(name)
    if protocol is Protocol.ICMP:
        return protocol, limited(number, "packet size", MAX_PORT) if slash else None
    if not protocol.has_ports:
        if slash:
            msg = f"{protocol} has no ports: write {protocol} alone"
            raise ValueError(msg)
        return protocol, None
    if not slash:
        msg = f"{text!r} lacks a port: write {protocol}/PORT"
        raise ValueError(msg)
    return protocol, limited(number, "port", MAX_PORT)


def limited(text: str, what: str, most: int) -> int:
    """Read a number from 0 to `most`.

    Raises:
        ValueError: anything else.
    """
    number = read_number(text, what)
    if number > most:
        msg = f"{what} {number} is not in 0..{most}"
        raise ValueError(msg)
    return number


def read_option(word: str, following: Callable[[], str], draft: Draft) -> None:
    """Read one option into the draft; `following` gives the word behind it.

    Raises:
        ValueError: no option, or a wrong value.
        StopIteration: the value is missing.
    """
    if word in _NUMBERS:
        what, most = _NUMBERS[word]
        draft.numbers[word] = limited(following(), what, most)
    elif word == "on":
        draft.interface = following()
    elif word == "state":
        draft.state = read_state(following())
    elif word == "begun":
        draft.begun = read_begun(following())
    elif word in _PLACES:
        draft.place = word
    elif word.startswith('"'):
        draft.payload = read_quoted(word)
    elif word.startswith("hex:"):
        draft.payload = read_hex(word.removeprefix("hex:"))
    elif set(word.split(",")) <= set(_FLAGS):
        for name in word.split(","):
            draft.flags = (draft.flags or NO_FLAGS) | _FLAGS[name]
    else:
        options = (*_NUMBERS, "on", "state", "begun", *sorted(_PLACES), *_FLAGS)
        msg = f'{word!r} is no option; known are {", ".join(options)}, "payload" and hex:PAYLOAD'
        raise ValueError(msg)


def read_state(text: str) -> ConnectionState:
    """Read a connection state.

    Raises:
        ValueError: another word.
    """
    try:
        return ConnectionState(text)
    except ValueError:
        msg = f"{text!r} is no connection state; known are {', '.join(ConnectionState)}"
        raise ValueError(msg) from None


def read_begun(text: str) -> Begun:
    """Read who began the connection.

    Raises:
        ValueError: another word.
    """
    try:
        return Begun(text)
    except ValueError:
        msg = f"{text!r} begins no connection; known are {', '.join(Begun)}"
        raise ValueError(msg) from None


def read_quoted(text: str) -> bytes:
    r"""Read a payload in double quotes, with \n \r \t \0 \\ \" and \x41; all else is UTF-8.

    Raises:
        ValueError: no closing quote, or another escape.
    """
    if len(text) < 2 or not text.endswith('"'):
        raise ValueError("the payload has no closing quote")
    pieces, at = [], 0
    inside = text[1:-1]
    for found in _ESCAPE.finditer(inside):
        pieces.append(inside[at : found.start()].encode(errors="surrogateescape"))
        code = found[1]
        if code not in _ESCAPES and len(code) != 3:
            raise ValueError(r"the payload has an escape other than \n \r \t \0 \\ \" and \xHH")
        pieces.append(_ESCAPES[code] if code in _ESCAPES else bytes.fromhex(code[1:]))
        at = found.end()
    return b"".join((*pieces, inside[at:].encode(errors="surrogateescape")))


def read_hex(text: str) -> bytes:
    """Read a payload written as pairs of hexadecimal digits.

    Raises:
        ValueError: anything else.
    """
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise ValueError("the payload after hex: is not in pairs of hexadecimal digits") from None
