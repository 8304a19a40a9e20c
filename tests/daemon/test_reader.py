"""The reader, with real sockets on loopback and a channel that the test holds the other end of."""

import json
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from tests.daemon_case import ALICE, KEYRING, SERVER, policy

from portward.daemon.opening import LONGEST_MESSAGE, Opening, from_json
from portward.daemon.reader import Reader
from portward.daemon.replay_store import ReplayStore
from portward.daemon.setup import ReaderSetup
from portward.spa.crypto import new_private
from portward.spa.memory import Remember, Way
from portward.spa.request import Request
from portward.spa.sealed import seal_knock


@attrs.define
class Bench:
    """A running reader.

    Attributes:
        channel: the other end.
        sealed: where sealed knocks go.
        file: its memory.
        thread: that it runs in.
    """

    channel: socket.socket
    sealed: socket.socket
    file: Path
    thread: threading.Thread

    def send(self, *datagrams: bytes) -> None:
        """Send datagrams."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            for each in datagrams:
                out.sendto(each, self.sealed.getsockname())

    def hear(self, word: str) -> Any:
        """The next message that has that word."""
        while True:
            message = json.loads(self.channel.recv(LONGEST_MESSAGE))
            if word in message:
                return message

    def refused(self, wanted: int) -> Counter[str]:
        """What is told of refusals, until so many are told: they are told when the first one comes, and then seldom."""
        told: Counter[str] = Counter()
        while told.total() < wanted:
            told.update(self.hear("refused")["refused"])
        return told

    def openings(self) -> tuple[Opening, ...]:
        """The next openings that are asked for."""
        return from_json(self.hear("openings"))

    def say(self, **message: object) -> None:
        """Tell the reader something."""
        self.channel.send(json.dumps(message).encode())


def knock(request: Request | None = None) -> bytes:
    """Alice's sealed knock of now."""
    return seal_knock(SERVER.public, ALICE, b"", new_private(), request or Request(), time.time_ns())


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Start a reader, and stop it."""
    mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    mine.settimeout(10)
    file = tmp_path / "replay.db"
    with mine, its, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sealed:
        sealed.bind(("127.0.0.1", 0))
        sealed.setblocking(False)  # noqa: FBT003 - the library's only way
        setup = ReaderSetup(policy(), attrs.evolve(KEYRING, tokens=()), SERVER, file, {}, 0)

        def run() -> None:
            store = ReplayStore(file)
            Reader(setup, store, its).run([(sealed, Way.SEALED)])
            store.close()

        made = Bench(mine, sealed, file, threading.Thread(target=run))
        made.thread.start()
        assert made.hear("ready")
        yield made
        made.say(stop=True)
        made.thread.join(10)
        assert not made.thread.is_alive()


def test_it_is_on_the_disk_before_it_is_asked_for(bench: Bench) -> None:
    """When the opening arrives, another reader would refuse the replay, and would ask for the door again."""
    bench.send(knock())
    (wanted,) = bench.openings()
    assert (wanted.person, wanted.services, str(wanted.address)) == ("alice", ("ssh",), "127.0.0.1")
    other = ReplayStore(bench.file)
    (public,) = (key.public for key in KEYRING.sealed)
    assert not other.memory().is_new(Remember(Way.SEALED, public, time.time_ns() - 10**10))
    assert [each.number for each in other.undone(wanted.until - wanted.length)] == [wanted.number]
    other.close()


def test_what_is_done_is_struck_out(bench: Bench) -> None:
    bench.send(knock())
    (wanted,) = bench.openings()
    bench.say(done=[wanted.number])
    bench.say(ping=1)
    assert bench.hear("pong") == {"pong": 1}
    other = ReplayStore(bench.file)
    assert other.undone(wanted.until - wanted.length) == ()
    other.close()


def test_a_replay_is_refused_and_counted(bench: Bench) -> None:
    """Ten copies open one door; the nine others are counted under one name."""
    one = knock()
    bench.send(*[one] * 10)
    assert len(bench.openings()) == 1
    assert bench.refused(9) == {"replay": 9}


def test_junk_is_counted_and_nothing_else(bench: Bench) -> None:
    bench.send(b"", b"x", bytes(232), knock()[:-1])
    assert bench.refused(4) == {"junk": 4}


def test_a_batch_is_one_message(bench: Bench) -> None:
    """What waited together goes out together: alice's later knocks renew."""
    for _ in range(5):
        bench.send(knock())
    count = 0
    while count < 5:
        count += len(bench.openings())
    assert count == 5


def test_the_end_of_the_channel_is_the_end(tmp_path: Path) -> None:
    """The other process is gone: so is the reader, and the next one begins where it was."""
    mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    store = ReplayStore(tmp_path / "replay.db")
    setup = ReaderSetup(policy(), KEYRING, SERVER, tmp_path / "replay.db", {}, 0)
    with mine, its:
        reader = Reader(setup, store, its)
        mine.shutdown(socket.SHUT_WR)
        reader.run([])
    store.close()


def test_started_by_hand_it_does_nothing() -> None:
    """It takes its orders from stdin, and only from `portward serve`."""
    done = subprocess.run(
        [sys.executable, "-m", "portward.daemon.reader"],
        input=b"",
        capture_output=True,
        check=False,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert done.returncode != 0
    assert b"portward serve" in done.stderr
