"""What to ask a port, and what its answer says it is: payloads and patterns. Pure; nothing is sent here.

Every question is one that an ordinary client of that protocol asks first; none of them changes anything.
"""

import re

import attrs

from portward.exposure.registry import KINDS
from portward.policy.net import PortRange, Protocol


_HTTP = b"HEAD / HTTP/1.0\r\nHost: localhost\r\n\r\n"
_RPC_NULL = bytes.fromhex(
    "2a2a2a2a 00000000 00000002 000186a0 00000002 00000000 00000000 00000000 00000000 00000000"
)

TLS_HELLO = bytes.fromhex(
    "16030100550100005103031f1e1d1c1b1a191817161514131211100f0e0d0c0b0a0908070605040302010000001000"
    "9c009dc02fc030c02bc02c002f0035010000180 00d000c000a040308040401050102010 00a000400020017".replace(
        " ", ""
    )
)
"""A ClientHello of TLS 1.2 (RFC 5246 §7.4.1.2); what comes back begins as a TLS record even when it is an alert."""

TCP_QUESTIONS: dict[int, bytes] = {
    79: b"\r\n",
    111: (0x80000000 | len(_RPC_NULL)).to_bytes(4, "big") + _RPC_NULL,
    389: bytes.fromhex("300c020101600702010304008000"),
    513: b"\0",
    1883: bytes.fromhex("101300044d5154540402003c0007") + b"look-in",
    3389: bytes.fromhex("0300000b06e00000000000"),
    5432: bytes.fromhex("0000000804d2162f"),
    6000: bytes.fromhex("6c000b000000000000000000"),
    6379: b"PING\r\n",
    11211: b"version\r\n",
}
"""For servers that wait for their client to speak first; any other port is asked as a web server is."""

UDP_QUESTIONS: dict[int, bytes] = {
    7: b"look-in",
    13: b"\r\n",
    17: b"\r\n",
    19: b"\r\n",
    37: b"\r\n",
    53: bytes.fromhex("2a2a01000001000000000000") + b"\x07version\x04bind\0" + bytes.fromhex("00100003"),
    69: b"\0\x01look-in\0octet\0",
    111: _RPC_NULL,
    123: b"\x1b" + bytes(47),
    137: bytes.fromhex("2a2a00000001000000000000") + b"\x20CK" + b"A" * 30 + bytes.fromhex("0000210001"),
    161: bytes.fromhex("302602010104067075626c6963a019020400000001020100020100300b300906052b060102010500"),
    389: bytes.fromhex("300c020101600702010304008000"),
    500: bytes.fromhex("2a2a2a2a2a2a2a2a 0000000000000000 00302208 00000000 0000001c"),
    623: bytes.fromhex("0600ff07000000000000000000092018c88100388e04b5"),
    1194: b"\x38look-in!\0\0\0\0\0",
    1701: bytes.fromhex("c8020014000000000000000080080000000000 01".replace(" ", "")),
    1900: b'M-SEARCH * HTTP/1.1\r\nHost: 239.255.255.250:1900\r\nMan: "ssdp:discover"\r\nMX: 1\r\nST: ssdp:all\r\n\r\n',
    3478: bytes.fromhex("000100002112a442") + b"look-in-here",
    5060: b"OPTIONS sip:look-in SIP/2.0\r\nVia: SIP/2.0/UDP look-in;branch=z9hG4bK2a\r\nMax-Forwards: 1\r\n"
    b"From: <sip:a@look-in>;tag=1\r\nTo: <sip:b@look-in>\r\nCall-ID: 1@look-in\r\n"
    b"CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
    5353: bytes.fromhex("2a2a00000001000000000000")
    + b"\x09_services\x07_dns-sd\x04_udp\x05local\0\0\x0c\x80\x01",
    5683: bytes.fromhex("40012a2abb2e77656c6c2d6b6e6f776e04636f7265"),
    11211: b"\0\x2a\0\0\0\x01\0\0version\r\n",
}  # fmt: skip
"""By port. That of 500 has a version that does not exist yet, to which RFC 7296 §2.5 has an answer."""

ANY_DATAGRAM = b"\0"
"""For any other port; most servers do not answer it, but a closed port says that it is closed."""

_ANSWERS: tuple[tuple[str, re.Pattern[bytes]], ...] = tuple(
    (name, re.compile(pattern, re.DOTALL))
    for name, pattern in (
        ("ssh", rb"SSH-[12]"),
        ("vnc", rb"RFB \d{3}\."),
        ("rsync", rb"@RSYNCD:"),
        ("http", rb"HTTP/[01]\.\d"),
        ("tls", rb"[\x15\x16]\x03[\x00-\x04]"),
        ("smtp", rb"[25]\d\d[ -][^\r\n]*(?i:smtp|mail|postfix|exim)"),
        ("ftp", rb"(?:220|421|500|530)[ -]"),
        ("pop3", rb"(?:\+OK|-ERR) .*\r\n\Z"),
        ("imap", rb"\* (?:OK|PREAUTH|BYE)"),
        ("telnet", rb"\xff[\xfb-\xfe]"),
        ("mysql", rb".\x00\x00[\x00\x01](?:\x0a\d|\xff)"),
        ("redis", rb"(?:\+PONG|-NOAUTH|-DENIED|-ERR)"),
        ("memcached", rb"(?:VERSION |.\*\x00\x00\x00\x01..VERSION )"),
        ("mqtt", rb"\x20\x02"),
        ("x11", rb"[\x00-\x02].\x0b\x00"),
        ("rdp", rb"\x03\x00\x00[\x0b\x13]"),
        ("ldap", rb"0[\x0c-\x84].{0,6}\x02\x01\x01a"),
    )
)


@attrs.frozen
class Target:
    """One port of one address to be tried."""

    protocol: Protocol
    port: int


def question(protocol: Protocol, port: int) -> bytes:
    """What to send to a port; for TCP only after the server has kept silent."""
    if protocol is Protocol.UDP:
        return UDP_QUESTIONS.get(port, ANY_DATAGRAM)
    return TCP_QUESTIONS.get(port, _HTTP)


def name_answer(protocol: Protocol, port: int, answer: bytes) -> str:
    """Name what answered; empty if its answer says nothing that is known.

    A UDP port that answers its own protocol's question is taken for what it is asked as.
    """
    for name, pattern in _ANSWERS:
        if pattern.match(answer):
            return name
    if not answer or (protocol is Protocol.UDP and port not in UDP_QUESTIONS):
        return ""
    if protocol is Protocol.TCP and port not in TCP_QUESTIONS:
        return ""
    return next((kind.name for kind in KINDS if kind.usual(protocol, port)), "")


def perhaps_tls(answer: bytes) -> bool:
    """Whether a web server refused a plain question, as one does that waits for TLS (status 400, RFC 9110 §15.5.1)."""
    return re.match(rb"HTTP/1\.[01] 400", answer) is not None


def banner(answer: bytes) -> str:
    """The first line of an answer that people can read, at most 60 characters."""
    line = answer.lstrip(b"\r\n").partition(b"\n")[0].rstrip(b"\r")
    text = line.decode("ascii", "replace")
    readable = "".join(
        each if each.isprintable() and each != "\N{REPLACEMENT CHARACTER}" else "·" for each in text
    )
    return readable[:60] if sum(each != "·" for each in readable) * 2 > len(readable) else ""


def usual_targets() -> tuple[Target, ...]:
    """Every usual port of every kind of service."""
    found = {Target(each.protocol, port) for kind in KINDS for each in kind.ports for port in each.ports}
    return tuple(sorted(found, key=lambda each: (each.protocol.value, each.port)))


def targets_of(ranges: tuple[PortRange, ...]) -> tuple[Target, ...]:
    """Every port of these ranges once."""
    return tuple(dict.fromkeys(Target(each.protocol, port) for each in ranges for port in each.ports))
