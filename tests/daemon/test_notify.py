"""Telling systemd, by a socket that listens as systemd does."""

import os
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from portward.daemon.notify import Notifier


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    """What listens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.bind(str(tmp_path / "notify"))
        made.settimeout(5)
        yield made


def test_readiness_and_life(systemd: socket.socket) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": systemd.getsockname()})
    notifier.ready("2 people")
    assert systemd.recv(1000) == b"READY=1\nSTATUS=2 people"
    notifier.alive("2 people")
    assert systemd.recv(1000) == b"WATCHDOG=1\nSTATUS=2 people"


def test_an_abstract_address() -> None:
    """`@` stands for the zero byte (sd_notify(3))."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0portward-test-{os.getpid()}")
        listener.settimeout(5)
        Notifier({"NOTIFY_SOCKET": f"@portward-test-{os.getpid()}"}).say("READY=1")
        assert listener.recv(1000) == b"READY=1"


def test_nobody_listens() -> None:
    """Without systemd, and with one that is gone."""
    Notifier({}).ready("x")
    Notifier({"NOTIFY_SOCKET": "/nonexistent/notify"}).ready("x")


@pytest.mark.parametrize(
    ("variables", "watchdog"),
    [
        ({"WATCHDOG_USEC": "30000000"}, timedelta(seconds=30)),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, timedelta(seconds=30)),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
    ids=["any", "ours", "another's", "zero", "nonsense", "none"],
)
def test_how_often_systemd_wants_to_hear(variables: dict[str, str], watchdog: timedelta | None) -> None:
    assert Notifier(variables).watchdog == watchdog
