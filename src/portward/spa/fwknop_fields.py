"""The text inside an fwknop packet: fields between colons, with a digest of them behind the last.

Read strictly: what fwknop's own clients write is taken, and every other spelling of the same is not.
"""

import enum
import hashlib
import re
from ipaddress import IPv4Address

import attrs

from portward.policy.net import MAX_PORT, Protocol
from portward.spa.crypto import NotAuthenticError, same
from portward.spa.fwknop_base64 import decoded, encoded, length_of
from portward.spa.fwknop_request import Kind


VERSION = "3.0.0"
"""Of the protocol, as clients of fwknop 2.x write it; receivers do not look."""

LONGEST_TIMEOUT = 65536
"""Seconds that a packet can ask for."""

LONGEST_USERNAME = 48
"""Characters of a username: what 64 characters of base64 hold."""

USERNAME = re.compile(r"""[^"/\\\[\]:;|=,+*?<>\x00-\x1f\x7f-\U0010ffff]{1,48}""")
"""What a packet can name, as text."""

LONGEST_MESSAGE = 192
"""Bytes of a message, its base64 being at most 256."""

LONGEST_HOST = 70
"""Characters of the host behind."""

LATEST = 10**12 - 1
"""The largest time that twelve digits hold, in Unix seconds."""

_HEAD = re.compile(
    rb"([0-9]{16}):([A-Za-z0-9+/]{2,64}):([0-9]{1,12}):[0-9.]{1,8}:([0-6]):([A-Za-z0-9+/]{2,256})"
    rb"((?::[A-Za-z0-9+/]{1,256}){0,3})"
)
_PORT = re.compile(r"(tcp|udp)/([1-9][0-9]{0,4})")
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,69}")
_NUMBER = re.compile(rb"0|[1-9][0-9]{0,4}")


class InnerDigest(enum.StrEnum):
    """Digests of the fields, by fwknop's names in lower case."""

    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"
    SHA384 = "sha384"
    SHA512 = "sha512"
    SHA3_256 = "sha3_256"
    SHA3_512 = "sha3_512"


_BY_LENGTH: dict[int, list[InnerDigest]] = {}
for _each in InnerDigest:
    _BY_LENGTH.setdefault(length_of(hashlib.new(_each.value).digest_size), []).append(_each)


@attrs.frozen
class Message:
    r"""What a packet says.

    Attributes:
        sent: Unix seconds, 0..10**12 - 1.
        username: 1..48 printable ASCII characters without `"/\[]:;|=,+*?<>`.
        kind: see `Kind`.
        address: None for the packet's source.
        wanted: TCP and UDP ports; empty for a command.
        nat: host and port, for the two NAT kinds only.
        timeout: seconds, 1..65536; None for none. A packet that says 0 says none.
    """

    sent: int
    username: str
    kind: Kind
    address: IPv4Address | None
    wanted: tuple[tuple[Protocol, int], ...]
    nat: tuple[str, int] | None = None
    timeout: int | None = None


def read_fields(plain: bytes) -> Message:
    """Read a text whose digest is right.

    Raises:
        NotAuthenticError: anything is not as fwknop's clients write it.
    """
    fields, _, digest = plain.rpartition(b":")
    found = _HEAD.fullmatch(fields)
    if not found or not _digest_is_right(fields, digest):
        raise NotAuthenticError
    _, username, sent, number, message, more = found.groups()
    kind = Kind.of(int(number))
    has_timeout = kind is not Kind.COMMAND and int(number) == kind.value[0]
    nat, timeout = _rest(more.split(b":")[1:], has_nat=kind in _NATS, has_timeout=has_timeout)
    address, wanted = _read_message(_text(message), kind)
    return Message(int(sent), _read_username(_text(username)), kind, address, wanted, nat, timeout)


def write_fields(message: Message, number: str, digest: InnerDigest = InnerDigest.SHA256) -> bytes:
    """Write the text of a message; commands cannot be written.

    Args:
        message: what to say.
        number: 16 random decimal digits.
        digest: of the fields.

    Raises:
        ValueError: no packet can say this.
    """
    _judge(message, number)
    address = str(message.address or "0.0.0.0")  # noqa: S104 - fwknop's word for the packet's source
    ports = ",".join(f"{protocol}/{port}" for protocol, port in message.wanted)
    types = message.kind.value
    fields = [
        number.encode(),
        encoded(message.username.encode()),
        str(message.sent).encode(),
        VERSION.encode(),
        str(types[0] if message.timeout else types[-1]).encode(),
        encoded(f"{address},{ports}".encode()),
    ]
    if message.nat:
        fields.append(encoded(f"{message.nat[0]},{message.nat[1]}".encode()))
    if message.timeout:
        fields.append(str(message.timeout).encode())
    text = b":".join(fields)
    return text + b":" + _digest(text, digest)


_NATS = (Kind.NAT, Kind.LOCAL_NAT)


def _digest(fields: bytes, digest: InnerDigest) -> bytes:
    return encoded(hashlib.new(digest.value, fields, usedforsecurity=False).digest())


def _digest_is_right(fields: bytes, digest: bytes) -> bool:
    """Whether it is by any of the algorithms whose digests have that length: no field tells which."""
    return any(same(_digest(fields, each), digest) for each in _BY_LENGTH.get(len(digest), ()))


def _rest(
    fields: list[bytes], *, has_nat: bool, has_timeout: bool
) -> tuple[tuple[str, int] | None, int | None]:
    """Read what follows the message: the NAT, an old field that nobody uses, the timeout."""
    least = has_nat + has_timeout
    if not least <= len(fields) <= least + 1:
        raise NotAuthenticError
    nat = _read_nat(_text(fields.pop(0))) if has_nat else None
    timeout = _read_timeout(fields.pop()) if has_timeout else None
    for unused in fields:
        decoded(unused)
    return nat, timeout


def _text(field: bytes) -> str:
    try:
        return decoded(field).decode("ascii")
    except UnicodeDecodeError:
        raise NotAuthenticError from None


def _read_username(text: str) -> str:
    if not USERNAME.fullmatch(text):
        raise NotAuthenticError
    return text


def _read_message(text: str, kind: Kind) -> tuple[IPv4Address | None, tuple[tuple[Protocol, int], ...]]:
    first, comma, rest = text.partition(",")
    try:
        address = IPv4Address(first)
    except ValueError:
        raise NotAuthenticError from None
    if not comma or not rest:
        raise NotAuthenticError
    stated = address if int(address) else None
    return stated, () if kind is Kind.COMMAND else tuple(map(_read_port, rest.split(",")))


def _read_port(text: str) -> tuple[Protocol, int]:
    found = _PORT.fullmatch(text)
    if not found or int(found[2]) > MAX_PORT:
        raise NotAuthenticError
    return Protocol(found[1]), int(found[2])


def _read_nat(text: str) -> tuple[str, int]:
    host, _, port = text.partition(",")
    if not _HOST.fullmatch(host):
        raise NotAuthenticError
    return host, _read_port(f"tcp/{port}")[1]


def _read_timeout(field: bytes) -> int | None:
    if not _NUMBER.fullmatch(field) or int(field) > LONGEST_TIMEOUT:
        raise NotAuthenticError
    return int(field) or None


def _judge(message: Message, number: str) -> None:
    """Refuse what cannot be written.

    Raises:
        ValueError: one sentence.
    """
    ports = ",".join(f"{protocol}/{port}" for protocol, port in message.wanted)
    complaint = ""
    if not re.fullmatch(r"[0-9]{16}", number):
        complaint = "the random number has 16 decimal digits"
    elif not 0 <= message.sent <= LATEST:
        complaint = "the time does not fit a packet"
    elif not USERNAME.fullmatch(message.username):
        complaint = f"{message.username!r} is no username that a packet can name"
    elif message.kind is Kind.COMMAND or not message.wanted:
        complaint = "a packet asks for at least one port"
    elif any(protocol not in {Protocol.TCP, Protocol.UDP} for protocol, _ in message.wanted):
        complaint = "a packet can ask for TCP and UDP ports only"
    elif any(not 1 <= port <= MAX_PORT for _, port in message.wanted):
        complaint = f"a port is in 1..{MAX_PORT}"
    elif len(ports) + len("255.255.255.255,") > LONGEST_MESSAGE:
        complaint = "these are more ports than a packet can ask for"
    elif (message.kind in _NATS) != (message.nat is not None):
        complaint = "a host behind goes with the two kinds of NAT, and with nothing else"
    elif message.nat and not (_HOST.fullmatch(message.nat[0]) and 1 <= message.nat[1] <= MAX_PORT):
        complaint = f"{message.nat[0]!r} is no host that a packet can name, or its port is none"
    elif message.timeout is not None and not 1 <= message.timeout <= LONGEST_TIMEOUT:
        complaint = f"a timeout is 1..{LONGEST_TIMEOUT} seconds"
    if complaint:
        raise ValueError(complaint)
