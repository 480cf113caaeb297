"""Pages of the inference log: how many records one holds, and why it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from wallwidgets.instance.log_batches import TIME, Batch
from wallwidgets.schemas.inference import ALL, BYTE_LIMITED, RECORD_LIMITED, SCHEMA_CHANGE


@dataclass(frozen=True)
class LogPage:
    """Records of one schema.

    Attributes:
        table: The records.
        status: Why the page ends.
        position: Where the next page begins, None when nothing is left.
        begin: Where this page began.
    """

    table: pa.Table
    status: str
    position: int | None
    begin: int = 0


class PageBuilder:
    """Collects the records of a page until it is full or their schema changes."""

    def __init__(self, limit: int, max_bytes: int, newest_first: bool):
        self._limit = limit
        self._max_bytes = max_bytes
        self._newest_first = newest_first
        self._tables: list[pa.Table] = []
        self._fields: str | None = None
        self._count = self._size = self._begin = 0
        self._status = ALL
        self._position: int | None = None

    def add(self, batch: Batch, numbers: range, wanted: Callable[[str], bool]) -> bool:
        """Take what fits of a batch's rows; False when the page ends here."""
        here = numbers.stop if self._newest_first else numbers.start
        if not self._tables:
            self._begin = here
        if self._fields not in (None, batch.layout.fields):
            return self._end(SCHEMA_CHANGE, here)
        if self._count >= self._limit:
            return self._end(RECORD_LIMITED, here)
        if self._size >= self._max_bytes:
            return self._end(BYTE_LIMITED, here)
        self._fields = batch.layout.fields
        part = batch.table(wanted)
        each = max(1, part.nbytes // batch.rows)
        room = max(1, (self._max_bytes - self._size) // each)
        fitting = min(len(numbers), self._limit - self._count, room)
        taken = numbers[-fitting:] if self._newest_first else numbers[:fitting]
        part = part.slice(taken.start - batch.first_row, fitting)
        if self._newest_first:
            part = part.take(pa.array(np.arange(fitting - 1, -1, -1)))
        self._tables.append(part)
        self._count += fitting
        self._size += fitting * each
        if fitting < len(numbers):
            status = RECORD_LIMITED if self._count >= self._limit else BYTE_LIMITED
            return self._end(status, taken.start if self._newest_first else taken.stop)
        return True

    def page(self) -> LogPage:
        empty = pa.table({TIME: pa.array([], pa.int64())})
        table = pa.concat_tables(self._tables) if self._tables else empty
        return LogPage(table, self._status, self._position, self._begin)

    def _end(self, status: str, position: int) -> bool:
        self._status, self._position = status, position
        return False
