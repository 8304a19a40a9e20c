"""Asks services of this host, on this host, whether they send visitors on to TLS; nothing leaves the machine."""

import contextlib
import socket
from collections.abc import Callable, Iterator
from ipaddress import ip_address

import attrs

from portward.exposure.facts import Answered, Facts, Listener, Origin
from portward.exposure.registry import kind_of
from portward.policy.net import Protocol


PATIENCE = 2.0
"""Seconds to wait for a service of this very host."""


def ask_all(facts: Facts) -> Facts:
    """Ask every service for which it makes a difference, once each; those that do not answer are left out."""
    answers = {(each.protocol, each.port): each for each in _ask(facts.listeners)}
    return attrs.evolve(facts, answers=tuple(answers.values()))


def _ask(listeners: tuple[Listener, ...]) -> Iterator[Answered]:
    for each in listeners:
        program = each.programs[0].name if each.programs else ""
        kind = kind_of(program, each.protocol, each.port)
        conversation = _CONVERSATIONS.get(kind.name) if kind and each.protocol is Protocol.TCP else None
        if conversation is None or each.origin is not Origin.SOCKET or each.address.is_loopback:
            continue
        with contextlib.suppress(OSError), _connect(each) as sock:
            text = conversation(sock)
            if text:
                yield Answered(each.protocol, each.port, text)


def _connect(listener: Listener) -> socket.socket:
    host = listener.address
    if host.is_unspecified:
        host = ip_address("127.0.0.1" if host.version == 4 else "::1")
    return socket.create_connection((str(host), listener.port), PATIENCE)


def _say(sock: socket.socket, words: bytes) -> str:
    sock.sendall(words)
    return sock.recv(4096).decode("ascii", "replace")


def _http(sock: socket.socket) -> str:
    """The status line, and where it sends the visitor on to."""
    lines = _say(sock, b"HEAD / HTTP/1.0\r\nHost: localhost\r\n\r\n").splitlines()
    location = [each for each in lines if each.lower().startswith("location:")]
    return "\n".join([*lines[:1], *location[:1]])


def _ftp(sock: socket.socket) -> str:
    """A server that forces TLS refuses a name before it (RFC 4217 §13)."""
    sock.recv(4096)
    said = _say(sock, b"USER look-in\r\n").lower()
    return (
        ONLY if said.startswith(("530", "534", "421", "550")) and ("encrypt" in said or "tls" in said) else ""
    )


def _pop3(sock: socket.socket) -> str:
    """A server that forces TLS offers neither USER nor SASL before it (RFC 2449 §6, RFC 2595 §4)."""
    sock.recv(4096)
    said = _say(sock, b"CAPA\r\n").upper().splitlines()
    return (
        ONLY
        if "STLS" in said and not any(each.startswith(("USER", "SASL PLAIN", "SASL LOGIN")) for each in said)
        else ""
    )


def _imap(sock: socket.socket) -> str:
    """A server that forces TLS says LOGINDISABLED before it (RFC 9051 §6.2.1)."""
    sock.recv(4096)
    said = _say(sock, b"a CAPABILITY\r\n").upper()
    return ONLY if "LOGINDISABLED" in said and "STARTTLS" in said else ""


def _smtp(sock: socket.socket) -> str:
    """What it offers (RFC 3207 §4); where AUTH is not offered before TLS, no password crosses in clear text."""
    sock.recv(4096)
    said = _say(sock, b"EHLO localhost\r\n").upper()
    if "STARTTLS" not in said:
        return ""
    return "STARTTLS" if "AUTH" in said else f"STARTTLS, {ONLY}"


ONLY = "TLS ONLY"
"""What is kept of a server that takes no password before TLS."""

_CONVERSATIONS: dict[str, Callable[[socket.socket], str]] = {
    "http": _http,
    "ftp": _ftp,
    "pop3": _pop3,
    "imap": _imap,
    "smtp": _smtp,
    "submission": _smtp,
}
