"""Asks servers on loopback, which say what real ones say."""

import socket
import threading
from contextlib import closing

import pytest
from tests.exposure.firewalls import host, listener

from portward.exposure.ask import _CONVERSATIONS, ask_all


def talk(kind: str, *lines: bytes) -> str:
    """Hold one conversation with a server that says these things, each after hearing something but a greeting."""
    ours, theirs = socket.socketpair()
    with closing(ours), closing(theirs):

        def serve() -> None:
            for number, line in enumerate(lines):
                if number or kind == "http":
                    theirs.recv(100)
                theirs.sendall(line)

        thread = threading.Thread(target=serve)
        thread.start()
        said = _CONVERSATIONS[kind](ours)
        thread.join(5)
        return said


@pytest.mark.parametrize(
    ("kind", "lines", "kept"),
    [
        ("http", [b"HTTP/1.1 301 A\r\nServer: x\r\nLocation: https://gate/\r\n\r\n"], "HTTP/1.1 301 A\nLocation: https://gate/"),
        ("ftp", [b"220 hi\r\n", b"530 Non-anonymous sessions must use encryption.\r\n"], "TLS ONLY"),
        ("ftp", [b"220 hi\r\n", b"331 Please specify the password.\r\n"], ""),
        ("pop3", [b"+OK\r\n", b"+OK\r\nSTLS\r\nUIDL\r\n.\r\n"], "TLS ONLY"),
        ("pop3", [b"+OK\r\n", b"+OK\r\nSTLS\r\nUSER\r\n.\r\n"], ""),
        ("imap", [b"* OK\r\n", b"* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\na OK\r\n"], "TLS ONLY"),
        ("imap", [b"* OK\r\n", b"* CAPABILITY IMAP4rev1 STARTTLS\r\na OK\r\n"], ""),
        ("smtp", [b"220 gate\r\n", b"250-gate\r\n250 STARTTLS\r\n"], "STARTTLS, TLS ONLY"),
        ("smtp", [b"220 gate\r\n", b"250-gate\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n"], "STARTTLS"),
        ("smtp", [b"220 gate\r\n", b"250 gate\r\n"], ""),
    ],
)  # fmt: skip
def test_what_is_kept_of_a_conversation(kind: str, lines: list[bytes], kept: str) -> None:
    assert talk(kind, *lines) == kept


def test_what_does_not_answer_is_left_out_and_what_makes_no_difference_is_not_asked() -> None:
    assert ask_all(host(listener("tcp/22", program="sshd"), listener("udp/80"))).answers == ()
