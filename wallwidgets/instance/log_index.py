"""Which batches of the inference log exist, and where: a database that the frame files can rebuild.

It is not synced for an append: that has synced its frame. At the start, the frames behind the last
one that the database knows come back into it.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from wallwidgets.instance.log_batches import Batch, Place, Span

# One tree, in the order of pipelines and their rows.
_TABLES = """
CREATE TABLE IF NOT EXISTS batch (
  id INTEGER PRIMARY KEY,
  rows INTEGER NOT NULL,
  first_time INTEGER NOT NULL,
  last_time INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  level INTEGER NOT NULL,
  file INTEGER NOT NULL,
  offset INTEGER NOT NULL,
  length INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS indexed (file INTEGER NOT NULL, offset INTEGER NOT NULL);
INSERT INTO indexed SELECT 1, 0 WHERE NOT EXISTS (SELECT 1 FROM indexed);
"""
_INSERT = "INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_ROW_BITS = 40
_MAX_ROW = 2**_ROW_BITS - 1


class IndexRow(NamedTuple):
    """A row of the table ``batch``; ``kind`` is equal where fields and constants are."""

    id: int
    rows: int
    first_time: int
    last_time: int
    kind: int
    level: int
    file: int
    offset: int
    length: int

    @classmethod
    def of(cls, batch: Batch, place: Place) -> IndexRow:
        number = _batch_id(batch.pipeline_id, batch.first_row)
        text = f"{batch.layout.fields}\n{batch.constants}".encode()
        digest = hashlib.blake2b(text, digest_size=8).digest()
        kind = int.from_bytes(digest, "big", signed=True)
        times = (batch.first_time, batch.last_time)
        where = (place.level, place.file, place.offset, place.length)
        return cls(number, batch.rows, *times, kind, *where)

    @property
    def first_row(self) -> int:
        return int(self.id & _MAX_ROW)

    @property
    def place(self) -> Place:
        return Place(self.level, self.file, self.offset, self.length)


class LogIndex:
    """The table of batches, for a thread that writes or for one that reads.

    Args:
        path: The database; it is made if it is not there.
    """

    def __init__(self, path: Path):
        connection = sqlite3.connect(
            path, timeout=60, isolation_level=None, check_same_thread=False
        )
        self._connection = connection
        connection.execute("PRAGMA journal_mode=WAL")
        # Right for an index that can be rebuilt: commits that a power cut takes back come again.
        connection.execute("PRAGMA synchronous=NORMAL")

    def prepare(self) -> None:
        """Make the tables if they are not there."""
        self._connection.executescript(_TABLES)

    def close(self) -> None:
        self._connection.close()

    def add(self, rows: Sequence[IndexRow]) -> None:
        """Add batches, all or none of them."""
        if len(rows) == 1:
            # A single statement is a transaction of its own, and takes fewer calls.
            self._connection.execute(_INSERT, rows[0])
            return
        with self.transaction():
            self._connection.executemany(_INSERT, rows)

    def replace(self, old: Sequence[IndexRow], new: IndexRow, end: tuple[int, int]) -> None:
        """Put one batch in the place of others, at once or, after a power cut, not at all."""
        with self.transaction():
            # How far new frames are known: the rows that tell it are about to go.
            self._connection.execute("UPDATE indexed SET file = ?, offset = ?", end)
            numbers = [(row.id,) for row in old]
            self._connection.executemany("DELETE FROM batch WHERE id = ?", numbers)
            self._connection.execute(_INSERT, new)

    def sync(self, end: tuple[int, int]) -> None:
        """Bring all that was committed to the disk."""
        self._connection.execute("PRAGMA synchronous=FULL")
        try:
            self._connection.execute("UPDATE indexed SET file = ?, offset = ?", end)
        finally:
            self._connection.execute("PRAGMA synchronous=NORMAL")

    def indexed(self) -> tuple[int, int]:
        """The file of new frames, and the offset in it, up to which all frames are known."""
        query = (
            "SELECT file, offset FROM indexed UNION ALL"
            " SELECT file, offset + length FROM batch WHERE level = 0"
            " ORDER BY 1 DESC, 2 DESC LIMIT 1"
        )
        file, offset = self._connection.execute(query).fetchone()
        return file, offset

    def files(self) -> set[tuple[int, int]]:
        """Level and number of all files that have a batch."""
        return set(self._connection.execute("SELECT DISTINCT level, file FROM batch"))

    def last(self, pipeline_id: int) -> IndexRow | None:
        """The newest batch of a pipeline."""
        return self._row_before(_batch_id(pipeline_id, _MAX_ROW))

    def smaller(self, pipeline_id: int, length: int) -> list[IndexRow]:
        """The batches of a pipeline whose frames are smaller, in order."""
        query = "SELECT * FROM batch WHERE id BETWEEN ? AND ? AND length < ? ORDER BY id"
        span = (_batch_id(pipeline_id, 0), _batch_id(pipeline_id, _MAX_ROW), length)
        return [IndexRow(*each) for each in self._connection.execute(query, span).fetchall()]

    def find(self, pipeline_id: int, span: Span) -> Generator[IndexRow, None, None]:
        """The batches that may hold such records, in order."""
        low, high = self._id_range(pipeline_id, span)
        order = "DESC" if span.newest_first else ""
        query = f"SELECT * FROM batch WHERE id BETWEEN ? AND ? ORDER BY id {order}"  # noqa: S608  our own word
        for row in map(IndexRow._make, self._connection.execute(query, (low, high))):
            too_late = span.end is not None and row.first_time >= span.end
            too_early = span.start is not None and row.last_time < span.start
            if not (too_late or too_early):
                yield row

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read one state of the table in the block."""
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.execute("ROLLBACK")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write all of the block, or nothing."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _id_range(self, pipeline_id: int, span: Span) -> tuple[int, int]:
        """The ids of the first and of the last batch that can matter."""
        low, high = _batch_id(pipeline_id, 0), _batch_id(pipeline_id, _MAX_ROW)
        if span.start is not None:
            low = self._first_to_reach(pipeline_id, span.start)
        if span.end is not None:
            high = self._first_to_reach(pipeline_id, span.end)
        if span.position is not None and span.newest_first:
            high = min(high, _batch_id(pipeline_id, min(span.position, _MAX_ROW + 1)) - 1)
        elif span.position is not None:
            found = self._row_before(_batch_id(pipeline_id, min(span.position, _MAX_ROW)))
            low = max(low, found.id if found else low)
        return low, high

    def _row_before(self, number: int) -> IndexRow | None:
        """The last batch of a pipeline up to an id."""
        query = "SELECT * FROM batch WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1"
        first = number & ~_MAX_ROW
        found = self._connection.execute(query, (first, number)).fetchone()
        return IndexRow(*found) if found else None

    def _first_to_reach(self, pipeline_id: int, time: int) -> int:
        """The first id whose batch reaches a time: times grow with ids, so halve the range."""
        last = self.last(pipeline_id)
        if last is None or last.last_time < time:
            return _batch_id(pipeline_id, _MAX_ROW)
        low, high = _batch_id(pipeline_id, 0), last.id
        while low < high:
            middle = (low + high) // 2
            found = self._row_before(middle)
            if found is not None and found.last_time >= time:
                high = found.id
            else:
                low = middle + 1
        return low


def _batch_id(pipeline_id: int, first_row: int) -> int:
    """The id of the batch of a pipeline that begins with a row."""
    return pipeline_id << _ROW_BITS | first_row
