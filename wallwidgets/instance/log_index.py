"""Which batches of the inference log exist: a database beside a journal.

A batch is on the disk once the journal has it. The database follows when somebody reads or when the
journal is full: then one commit syncs it, and the journal begins anew. At the start, what the
database may have lost comes back from the journal.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from wallwidgets.instance.log_batches import COLUMNS, BatchRow, batch_span
from wallwidgets.instance.log_blobs import Encoded, Place
from wallwidgets.instance.log_journal import Journal

# One tree, in the order of pipelines and their rows: a commit touches one page and its neighbour.
_TABLES = """
CREATE TABLE IF NOT EXISTS batch (
  id INTEGER PRIMARY KEY,
  rows INTEGER NOT NULL,
  first_time INTEGER NOT NULL,
  last_time INTEGER NOT NULL,
  level INTEGER NOT NULL,
  shape TEXT NOT NULL,
  constants TEXT NOT NULL,
  crc INTEGER NOT NULL,
  segment INTEGER,
  offset INTEGER,
  length INTEGER NOT NULL,
  body BLOB
);
CREATE TABLE IF NOT EXISTS journal (epoch INTEGER NOT NULL);
INSERT INTO journal SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM journal);
"""
_INSERT = f"INSERT INTO batch ({COLUMNS}, body) VALUES ({'?, ' * 11}?)"  # noqa: S608

Entry = tuple[BatchRow, Encoded, Place | None]
"""A new batch: its row, its bytes, and the place of them unless they go inline."""


class LogIndex:
    """The table of batches. One thread at a time may write.

    Args:
        path: The database; the journal is beside it.
    """

    def __init__(self, path: Path):
        self._connection = connect(path)
        self._connection.executescript(_TABLES)
        self._pending: list[tuple[Any, ...]] = []
        self._journal = Journal(path.with_suffix(".journal"))
        (self._epoch,) = self._connection.execute("SELECT epoch FROM journal").fetchone()
        for payload in self._journal.replay(self._epoch):
            self._bring_back(payload)
        self._begin_epoch()

    def add(self, entries: Sequence[Entry]) -> None:
        """Add batches of one pipeline; they survive a power cut when this returns."""
        values = [_values(entry) for entry in entries]
        head = json.dumps([each[:-1] for each in values]).encode() + b"\n"
        payload = [head, *(body for *_, body in values if body is not None)]
        size = sum(map(len, payload))
        if not self._journal.has_room(size):
            self._begin_epoch()
        if self._journal.has_room(size):
            self._journal.append(self._epoch, payload)
            self._pending += values
        else:
            self._insert(values)
            self._begin_epoch()

    def flush(self) -> None:
        """Let readers of the database see all batches."""
        if self._pending:
            self._insert(self._pending)
            self._pending = []

    def replace(self, old: Sequence[BatchRow], new: Entry) -> None:
        """Put one batch in the place of others, at once or, after a power cut, not at all."""
        self.flush()
        with transaction(self._connection):
            numbers = [(row.id,) for row in old]
            self._connection.executemany("DELETE FROM batch WHERE id = ?", numbers)
            self._connection.execute(_INSERT, _values(new))

    def last(self, pipeline_id: int) -> BatchRow | None:
        """The newest batch of a pipeline."""
        self.flush()
        query = f"SELECT {COLUMNS} FROM batch WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1"  # noqa: S608
        found = self._connection.execute(query, batch_span(pipeline_id)).fetchone()
        return BatchRow(*found) if found else None

    def close(self) -> None:
        self._begin_epoch()
        self._connection.close()
        self._journal.close()

    def _insert(self, values: Sequence[tuple[Any, ...]]) -> None:
        if len(values) == 1:
            # A single statement is a transaction of its own, and takes fewer calls.
            self._connection.execute(_INSERT, values[0])
            return
        with transaction(self._connection):
            self._connection.executemany(_INSERT, values)

    def _begin_epoch(self) -> None:
        """Sync the database, which makes what is in the journal superfluous."""
        self.flush()
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute("UPDATE journal SET epoch = ?", (self._epoch + 1,))
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._epoch += 1
        self._journal.restart()

    def _bring_back(self, payload: bytes) -> None:
        head, _, bodies = payload.partition(b"\n")
        values, at = [], 0
        for fields in json.loads(head):
            row = BatchRow(*fields)
            body = None
            if row.segment is None:
                body = bodies[at : at + row.length]
                at += row.length
            values.append((*fields, body))
        first = BatchRow(*values[0][:-1])
        last = self.last(first.pipeline_id)
        if last is None or last.first_row + last.rows <= first.first_row:
            self._insert(values)


def connect(path: Path) -> sqlite3.Connection:
    """A connection to the database; the journal syncs for it, and the tidier checkpoints."""
    connection = sqlite3.connect(path, timeout=60, isolation_level=None, check_same_thread=False)
    for pragma in (
        "page_size=16384",
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "wal_autocheckpoint=0",
    ):
        connection.execute(f"PRAGMA {pragma}")
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _values(entry: Entry) -> tuple[Any, ...]:
    row, body, place = entry
    return (
        *(row.id, row.rows, row.first_time, row.last_time, row.level, row.shape, row.constants),
        *(body.crc, place and place.segment, place and place.offset, body.length),
        None if place else body.body(),
    )
