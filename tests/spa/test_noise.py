import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portward.spa import crypto
from portward.spa.crypto import NotAuthenticError
from portward.spa.noise import OVERHEAD, Writer, read_message, write_message


VECTORS = json.loads(Path(__file__).with_name("noise_vectors.json").read_text(encoding="utf-8"))["vectors"]

PRIVATE, SERVER, EPHEMERAL = bytes(range(32)), bytes(range(32, 64)), bytes(range(64, 96))
PUBLIC, SERVER_PUBLIC = crypto.public_of(PRIVATE), crypto.public_of(SERVER)
PSK = bytes(range(96, 128))


def _bytes(vector: dict[str, Any], name: str) -> bytes:
    return bytes.fromhex(vector[name])


def _psk(vector: dict[str, Any]) -> bytes | None:
    return bytes.fromhex(vector["init_psks"][0]) if vector["init_psks"] else None


def _read(message: bytes, prologue: bytes = b"p", psk: bytes | None = PSK) -> bytes:
    read = read_message(
        SERVER, SERVER_PUBLIC, prologue, message, lambda writer: psk if writer == PUBLIC else None
    )
    assert read.writer == PUBLIC
    return read.payload


def _write(payload: bytes = b"open", psk: bytes | None = PSK) -> bytes:
    return write_message(SERVER_PUBLIC, Writer(PRIVATE, EPHEMERAL, psk), b"p", payload)


@pytest.mark.parametrize("vector", VECTORS, ids=[each["protocol_name"] for each in VECTORS])
def test_published_messages_are_written(vector: dict[str, Any]) -> None:
    """What a writer of these keys sends is, byte for byte, what snow and cacophony published."""
    writer = Writer(_bytes(vector, "init_static"), _bytes(vector, "init_ephemeral"), _psk(vector))
    server, payload = _bytes(vector, "init_remote_static"), _bytes(vector, "payload")
    message = write_message(server, writer, _bytes(vector, "init_prologue"), payload)
    assert message == _bytes(vector, "ciphertext")
    assert len(message) == len(payload) + OVERHEAD


@pytest.mark.parametrize("vector", VECTORS, ids=[each["protocol_name"] for each in VECTORS])
def test_published_messages_are_read(vector: dict[str, Any]) -> None:
    private, psk = _bytes(vector, "resp_static"), _psk(vector)
    public = crypto.public_of(private)
    assert public == _bytes(vector, "init_remote_static")
    psk_of = (lambda _: psk) if psk else None
    message = read_message(
        private, public, _bytes(vector, "init_prologue"), _bytes(vector, "ciphertext"), psk_of
    )
    assert message.payload == _bytes(vector, "payload")
    assert message.writer == crypto.public_of(_bytes(vector, "init_static"))


@given(st.binary(max_size=64))
@settings(max_examples=50, deadline=None)
def test_what_is_written_is_read(payload: bytes) -> None:
    assert _read(_write(payload)) == payload


def test_every_altered_bit_is_noticed() -> None:
    message = _write()
    for bit in range(8 * len(message)):
        altered = bytearray(message)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(NotAuthenticError):
            _read(bytes(altered))


@pytest.mark.parametrize("length", [0, 1, 32, 80, 95, 99])
def test_a_message_that_is_cut_off_is_not_read(length: int) -> None:
    with pytest.raises(NotAuthenticError):
        _read(_write()[:length])


def test_all_else_that_both_must_know_counts() -> None:
    """Another prologue, another pre-shared key, none at all, a stranger: the same refusal."""
    message = _write()
    with pytest.raises(NotAuthenticError):
        _read(message, prologue=b"q")
    with pytest.raises(NotAuthenticError):
        _read(message, psk=bytes(32))
    with pytest.raises(NotAuthenticError):
        _read(message, psk=None)
    with pytest.raises(NotAuthenticError):
        read_message(SERVER, SERVER_PUBLIC, b"p", message, None)
    with pytest.raises(NotAuthenticError):
        read_message(PRIVATE, PUBLIC, b"p", message, lambda _: PSK)


def test_an_ephemeral_key_of_small_order_is_refused() -> None:
    with pytest.raises(NotAuthenticError):
        _read(bytes(32) + _write()[32:])


def test_a_psk_of_another_length_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        _write(psk=b"short")


def test_secrets_are_not_shown() -> None:
    shown = repr(Writer(PRIVATE, EPHEMERAL, PSK))
    assert shown == "Writer()"
