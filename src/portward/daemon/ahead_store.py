"""What must be remembered of loading ahead when the kernel's table is lost: how far each key got, and the latest time.

One file, one writer: the process that may touch the firewall.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from portward.daemon.database import open_database
from portward.spa.ahead import KeyWindow, Load, Past


SCHEMA = """
CREATE TABLE reached (
    key INTEGER PRIMARY KEY, begins INTEGER NOT NULL, epoch INTEGER NOT NULL, since INTEGER NOT NULL
);
CREATE TABLE clock (one INTEGER PRIMARY KEY CHECK (one = 1), latest INTEGER NOT NULL);
"""
VERSION = 1


class AheadStore:
    """The record of what was loaded."""

    def __init__(self, path: Path) -> None:
        """Open it.

        Raises:
            HostError: it cannot be used.
        """
        self._database = open_database(path, SCHEMA, VERSION)

    def past(self, loaded: frozenset[KeyWindow], epoch: int) -> Past:
        """What is known of earlier loadings, for the table of that number."""
        rows = self._database.execute("SELECT key, begins, epoch, since FROM reached").fetchall()
        latest = self._database.execute("SELECT latest FROM clock").fetchone()
        return Past(
            loaded,
            {key: datetime.fromtimestamp(begins, UTC) for key, begins, _, _ in rows},
            {key: datetime.fromtimestamp(since, UTC) for key, _, written, since in rows if written == epoch},
            datetime.fromtimestamp(latest[0], UTC) if latest else None,
        )

    def record(self, loads: Iterable[Load], epoch: int) -> None:
        """Write down, before it is loaded, how far each key gets in the table of that number."""
        spans: dict[int, tuple[int, int]] = {}
        for load in loads:
            begins = int(load.begins.timestamp())
            first, last = spans.get(load.key, (begins, begins))
            spans[load.key] = min(first, begins), max(last, begins)
        self._database.execute("BEGIN")
        self._database.executemany(
            "INSERT INTO reached VALUES (?, ?, ?, ?) ON CONFLICT (key) DO UPDATE"
            " SET begins = max(begins, excluded.begins), epoch = excluded.epoch,"
            " since = CASE WHEN epoch = excluded.epoch THEN min(since, excluded.since) ELSE excluded.since END",
            [(key, last, epoch, first) for key, (first, last) in spans.items()],
        )
        self._database.execute("COMMIT")

    def tick(self, latest: datetime) -> None:
        """Write down the latest time that was seen."""
        self._database.execute(
            "INSERT INTO clock VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET latest = excluded.latest",
            [int(latest.timestamp())],
        )

    def close(self) -> None:
        """Close the file."""
        self._database.close()
