"""The daemon's sockets: handed over, or made here."""

import os
import select
import socket
import subprocess
import sys
from ipaddress import ip_address

import pytest

from portward.daemon.inbox import Inbox
from portward.daemon.sockets import handed_over, listen
from portward.errors import HostError


HANDED = """
import os, socket, sys
from portward.daemon.sockets import handed_over
variables = {"LISTEN_FDS": "2", "LISTEN_PID": str(os.getpid())}
found = handed_over(variables)
assert variables == {}
print(*sorted(found))
"""


def test_one_socket_hears_both_families() -> None:
    (made,) = listen([0], {}).values()
    port = made.getsockname()[1]
    with made:
        inbox = Inbox(made, 4)
        for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            with socket.socket(family, socket.SOCK_DGRAM) as out:
                out.sendto(b"x", (host, port))
            select.select([made], [], [], 5)
            assert (inbox.take(), inbox.source(0)) == ([b"x"], ip_address(host))


def test_a_port_that_is_taken_is_told() -> None:
    (first,) = listen([0], {}).values()
    with first, pytest.raises(HostError, match=f"udp/{first.getsockname()[1]}: Address already in use"):
        listen([first.getsockname()[1]], {})


def test_what_is_there_is_taken() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mine:
        mine.bind(("127.0.0.1", 0))
        port = mine.getsockname()[1]
        assert listen([port], {port: mine}) == {port: mine}


def test_systemd_hands_over_by_number() -> None:
    """From descriptor 3 on; what is no datagram socket is closed, and another process's are left alone."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream,
    ):
        datagrams.bind(("127.0.0.1", 0))

        def place() -> None:
            os.dup2(datagrams.fileno(), 103)
            os.dup2(stream.fileno(), 104)
            os.dup2(103, 3)
            os.dup2(104, 4)

        done = subprocess.run(
            [sys.executable, "-c", HANDED],
            capture_output=True,
            text=True,
            check=False,
            env={"PYTHONPATH": ":".join(sys.path), "PATH": os.environ["PATH"]},
            close_fds=False,
            preexec_fn=place,
        )
        assert done.stdout.split() == [str(datagrams.getsockname()[1])], done.stderr


def test_another_process_was_meant() -> None:
    assert handed_over({"LISTEN_FDS": "1", "LISTEN_PID": "1"}) == {}
    assert handed_over({}) == {}
