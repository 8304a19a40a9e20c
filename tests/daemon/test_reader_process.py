"""The reader as a child: started, asked, killed, started anew. Real processes, sockets on loopback."""

import asyncio
import os
import signal
import socket
import time
from pathlib import Path

import pytest
from tests.daemon_case import ALICE, KEYRING, SERVER, policy

from portward.daemon.opening import Opening  # noqa: TC001 - the annotation of a local name
from portward.daemon.reader_process import ReaderProcess
from portward.daemon.setup import Setup
from portward.daemon.sockets import listen
from portward.policy.people import Sealed, Ways
from portward.spa.crypto import new_private
from portward.spa.request import Request
from portward.spa.sealed import seal_knock


def knock(port: int) -> None:
    """Send alice's sealed knock of now to a port of loopback."""
    made = seal_knock(SERVER.public, ALICE, b"", new_private(), Request(), time.time_ns())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.sendto(made, ("127.0.0.1", port))


async def until(true: object, seconds: float = 15) -> None:
    """Let the loop run until a list has something in it."""
    end = time.monotonic() + seconds
    while not true and time.monotonic() < end:  # noqa: ASYNC110 - it is a list that fills
        await asyncio.sleep(0.02)
    assert true


@pytest.mark.net
def test_a_reader_is_started_killed_and_started_again(tmp_path: Path) -> None:
    """What it asks for arrives; what is sent while there is none waits for the next one; its end is noticed."""
    opened: list[Opening] = []
    said: list[str] = []

    async def scenario() -> None:
        (made,) = listen([0], {}).values()
        port = made.getsockname()[1]
        sockets = {port: made}
        setup = Setup(policy(ways=Ways(sealed=Sealed(port))), KEYRING, SERVER)
        reader = ReaderProcess(tmp_path / "replay.db", opened.extend, said.append)
        reader.start(setup, sockets)
        await reader.ready()
        loop = asyncio.get_running_loop()
        assert reader.lives(loop.time(), 30)
        knock(port)
        await until(opened)
        reader.kill()
        reader.stop()
        assert not reader.lives(loop.time(), 30)
        knock(port)
        opened.clear()
        reader.start(setup, sockets)
        await until(opened)
        reader.stop()
        made.close()

    asyncio.run(scenario())
    assert {each.person for each in opened} == {"alice"}


@pytest.mark.net
def test_a_reader_that_hangs_is_noticed(tmp_path: Path) -> None:
    """It is asked, and does not answer in time."""

    async def scenario() -> bool:
        (made,) = listen([0], {}).values()
        port = made.getsockname()[1]
        setup = Setup(policy(ways=Ways(sealed=Sealed(port))), KEYRING, SERVER)
        reader = ReaderProcess(tmp_path / "replay.db", lambda _: None, lambda _: None)
        reader.start(setup, {port: made})
        await reader.ready()
        assert reader._process
        os.kill(reader._process.pid, signal.SIGSTOP)
        loop = asyncio.get_running_loop()
        begun = loop.time()
        while reader.lives(loop.time(), 1.0) and loop.time() < begun + 10:  # noqa: ASYNC110 - asked, as the warden asks
            await asyncio.sleep(0.05)
        noticed = loop.time() < begun + 5
        reader.kill()
        reader.stop()
        made.close()
        return noticed

    assert asyncio.run(scenario())


def test_without_ports_there_is_no_reader(tmp_path: Path) -> None:
    """A gate of passes alone."""

    async def scenario() -> None:
        reader = ReaderProcess(tmp_path / "replay.db", lambda _: None, lambda _: None)
        reader.start(Setup(policy(ways=Ways()), KEYRING, SERVER), {})
        await reader.ready()
        assert not reader.lives(0, 30)
        reader.stop()

    asyncio.run(scenario())
    assert not (tmp_path / "replay.db").exists()
