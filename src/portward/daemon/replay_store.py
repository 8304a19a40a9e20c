"""The reader's memory on the disk: which messages were accepted, and which doors are still to be opened for them.

One file, one writer: the process that reads datagrams. Everything of one batch of datagrams is one commit, on the disk
before the first of its doors is opened; an opening stays in the file until its door was opened, so that a daemon that
is killed in between opens it when it comes back, and does not ask its visitor to knock again.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import attrs

from portward.daemon.database import open_database
from portward.daemon.opening import Opening
from portward.spa.memory import Forget, Memory, Remember, Way, memory_of


SCHEMA = """
CREATE TABLE marks (way TEXT NOT NULL, mark BLOB NOT NULL, sent INTEGER NOT NULL, PRIMARY KEY (way, mark));
CREATE TABLE floor (one INTEGER PRIMARY KEY CHECK (one = 1), sent INTEGER NOT NULL);
CREATE TABLE openings (
    number INTEGER PRIMARY KEY AUTOINCREMENT, person TEXT NOT NULL, services TEXT NOT NULL, address TEXT NOT NULL,
    until REAL NOT NULL, length REAL NOT NULL
);
"""
VERSION = 1


class ReplayStore:
    """What was accepted, and what is to be done for it."""

    def __init__(self, path: Path) -> None:
        """Open it.

        Raises:
            HostError: it cannot be used; nothing may then be accepted.
        """
        self._database = open_database(path, SCHEMA, VERSION)

    def memory(self) -> Memory:
        """Read all that was accepted."""
        marks = self._database.execute("SELECT way, mark, sent FROM marks")
        floor = self._database.execute("SELECT sent FROM floor").fetchone()
        return memory_of(
            (Remember(Way(way), mark, sent) for way, mark, sent in marks), floor[0] if floor else 0
        )

    def accept(self, remembered: Iterable[Remember], openings: Iterable[Opening]) -> tuple[Opening, ...]:
        """Write down what was accepted and what is to be opened for it, in one commit; the openings get numbers."""
        self._database.execute("BEGIN IMMEDIATE")
        self._database.executemany(
            "INSERT INTO marks VALUES (?, ?, ?) ON CONFLICT (way, mark) DO UPDATE SET sent = max(sent, excluded.sent)",
            [(each.way, each.mark, each.sent_ns) for each in remembered],
        )
        numbered = tuple(attrs.evolve(each, number=self._insert(each)) for each in openings)
        self._database.execute("COMMIT")
        return numbered

    def _insert(self, opening: Opening) -> int:
        found = self._database.execute(
            "INSERT INTO openings (person, services, address, until, length) VALUES (?, ?, ?, ?, ?)",
            (
                opening.person,
                ",".join(opening.services),
                str(opening.address),
                opening.until.timestamp(),
                opening.length.total_seconds(),
            ),
        )
        return found.lastrowid or 0

    def undone(self, now: datetime) -> tuple[Opening, ...]:
        """The openings that were accepted and perhaps never carried out; those that are over are struck out."""
        self._database.execute("DELETE FROM openings WHERE until <= ?", (now.timestamp(),))
        rows = self._database.execute(
            "SELECT number, person, services, address, until, length FROM openings ORDER BY number"
        )
        return tuple(
            Opening(
                number,
                person,
                tuple(services.split(",")),
                ip_address(address),
                datetime.fromtimestamp(until, UTC),
                timedelta(seconds=length),
            )
            for number, person, services, address, until, length in rows.fetchall()
        )

    def done(self, numbers: Sequence[int]) -> None:
        """Strike out openings that were carried out, or never will be."""
        self._database.execute("BEGIN IMMEDIATE")
        self._database.executemany("DELETE FROM openings WHERE number = ?", [(each,) for each in numbers])
        self._database.execute("COMMIT")

    def forget(self, forget: Forget) -> None:
        """Strike out digests that are too old to matter, and write down how old."""
        self._database.execute("BEGIN IMMEDIATE")
        self._database.execute("DELETE FROM marks WHERE way = ? AND sent < ?", (Way.FWKNOP, forget.before_ns))
        self._database.execute(
            "INSERT INTO floor VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET sent = max(sent, excluded.sent)",
            (forget.before_ns,),
        )
        self._database.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self._database.close()
