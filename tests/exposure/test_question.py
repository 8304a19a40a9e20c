import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.exposure.question import (
    ANY_DATAGRAM,
    TLS_HELLO,
    UDP_QUESTIONS,
    Target,
    banner,
    name_answer,
    perhaps_tls,
    question,
    targets_of,
    usual_targets,
)
from portward.policy.net import Protocol
from portward.policy.notation import read_ports


@pytest.mark.parametrize(
    ("port", "answer", "name"),
    [
        (2222, b"SSH-2.0-OpenSSH_9.2\r\n", "ssh"),
        (80, b"HTTP/1.1 200 OK\r\n", "http"),
        (21, b"220 (vsFTPd 3.0.3)\r\n", "ftp"),
        (25, b"220 gate ESMTP Postfix\r\n", "smtp"),
        (110, b"+OK ready\r\n", "pop3"),
        (143, b"* OK [CAPABILITY IMAP4rev1] ready\r\n", "imap"),
        (23, b"\xff\xfd\x18", "telnet"),
        (5900, b"RFB 003.008\n", "vnc"),
        (873, b"@RSYNCD: 31.0\n", "rsync"),
        (6379, b"-NOAUTH Authentication required.\r\n", "redis"),
        (11211, b"VERSION 1.6.18\r\n", "memcached"),
        (3306, b"J\0\0\0\x0a8.0.33\0", "mysql"),
        (443, b"\x15\x03\x01\x00\x02\x02\x28", "tls"),
        (1883, b"\x20\x02\x00\x05", "mqtt"),
        (4711, b"hello", ""),
    ],
)
def test_an_answer_says_what_it_is(port: int, answer: bytes, name: str) -> None:
    assert name_answer(Protocol.TCP, port, answer) == name


def test_an_answer_to_a_ports_own_udp_question_is_of_that_protocol() -> None:
    assert name_answer(Protocol.UDP, 53, b"\x2a\x2a\x81\x05") == "domain"
    assert name_answer(Protocol.UDP, 4711, b"x") == ""


@given(st.sampled_from([Protocol.TCP, Protocol.UDP]), st.integers(1, 65535), st.binary())
def test_any_answer_is_read_without_an_error(protocol: Protocol, port: int, answer: bytes) -> None:
    name_answer(protocol, port, answer)
    assert all(each.isprintable() for each in banner(answer))
    assert len(banner(answer)) <= 60


def test_questions_are_what_clients_ask() -> None:
    assert question(Protocol.TCP, 8080).startswith(b"HEAD / HTTP/1.0")
    assert question(Protocol.UDP, 4711) == ANY_DATAGRAM
    assert UDP_QUESTIONS[137][12] == 32
    assert len(UDP_QUESTIONS[123]) == 48


def test_lengths_inside_questions_fit() -> None:
    """A question whose own length is wrong gets no answer."""
    assert int.from_bytes(TLS_HELLO[3:5], "big") == len(TLS_HELLO) - 5
    assert int.from_bytes(TLS_HELLO[6:9], "big") == len(TLS_HELLO) - 9
    assert UDP_QUESTIONS[161][1] == len(UDP_QUESTIONS[161]) - 2
    assert UDP_QUESTIONS[389][1] == len(UDP_QUESTIONS[389]) - 2
    assert int.from_bytes(UDP_QUESTIONS[500][24:28], "big") == len(UDP_QUESTIONS[500])
    assert question(Protocol.TCP, 1883)[1] == len(question(Protocol.TCP, 1883)) - 2
    assert (
        int.from_bytes(question(Protocol.TCP, 111)[:4], "big") & 0x7FFFFFFF
        == len(question(Protocol.TCP, 111)) - 4
    )


def test_a_web_server_that_waits_for_tls_refuses_a_plain_question() -> None:
    assert perhaps_tls(b"HTTP/1.1 400 Bad Request\r\n")
    assert not perhaps_tls(b"HTTP/1.1 404 Not Found\r\n")


def test_targets_are_each_there_once() -> None:
    assert targets_of((read_ports("tcp/20-22"), read_ports("tcp/22"))) == tuple(
        Target(Protocol.TCP, port) for port in (20, 21, 22)
    )
    usual = usual_targets()
    assert len(set(usual)) == len(usual)
    assert {Target(Protocol.TCP, 22), Target(Protocol.UDP, 161)} <= set(usual)
