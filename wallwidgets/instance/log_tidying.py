"""Keeps the inference log tidy in the background: checkpoints, and many small batches into one."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from wallwidgets.errors import ServiceError
from wallwidgets.instance import log_batches as logs
from wallwidgets.instance.log_batches import BatchRow
from wallwidgets.instance.log_blobs import Encoded

if TYPE_CHECKING:
    from wallwidgets.instance.inference_log import InferenceLog

_log = logging.getLogger(__name__)
FAN_IN = 64
MAX_MERGED_ROWS = 65_536
SMALL_BYTES = 2**14
CHECKPOINT_BYTES = 2**23
COMMIT_BYTES = 2**15
"""What a commit writes beside the records: two pages."""


class Tidier:
    """One thread that works beside the requests.

    Sixty-four neighbours of the same level become one batch of the next: a record is rewritten a
    few times at most, until its batch is large enough for a segment file.
    """

    def __init__(self, log: InferenceLog, connection: sqlite3.Connection):
        self._inference_log = log
        self._connection = connection
        self._lock = threading.Lock()
        self._tidying = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False
        self._small: dict[int, int] = {}
        self._bytes = 0
        self._thread = threading.Thread(target=self._run, name="log-tidier", daemon=True)
        self._thread.start()

    def appended(self, pipeline_id: int, size_bytes: int) -> None:
        """Take note of an append."""
        with self._lock:
            small = self._small.get(pipeline_id, 0) + (size_bytes < SMALL_BYTES)
            self._small[pipeline_id] = small
            self._bytes += size_bytes + COMMIT_BYTES
            if small >= FAN_IN or self._bytes >= CHECKPOINT_BYTES:
                self._wake.set()

    def close(self) -> None:
        self._stopping = True
        self._wake.set()
        self._thread.join()
        self._checkpoint()
        self._connection.close()

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            if self._stopping:
                return
            try:
                self.run_now()
            except (sqlite3.Error, OSError, pa.ArrowException, ServiceError) as error:
                # The records are safe where they are; the next append brings another attempt.
                _log.warning("the inference log could not be tidied: %s", error)

    def run_now(self) -> None:
        """Merge what can be merged, and bring the write-ahead log into the database."""
        with self._tidying:
            with self._lock:
                ready = [key for key, count in self._small.items() if count >= FAN_IN]
                for pipeline_id in ready:
                    del self._small[pipeline_id]
                checkpoint = self._bytes >= CHECKPOINT_BYTES
                if checkpoint:
                    self._bytes = 0
            if ready:
                self._inference_log.flush()
            for pipeline_id in ready:
                while any([self._merge(group) for group in list(self._groups(pipeline_id))]):
                    pass
            if checkpoint:
                self._checkpoint()

    def _checkpoint(self) -> None:
        self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def _groups(self, pipeline_id: int) -> Iterator[list[BatchRow]]:
        """Runs of neighbours that can become one batch."""
        query = (
            f"SELECT {logs.COLUMNS} FROM batch WHERE id BETWEEN ? AND ?"  # noqa: S608
            " AND segment IS NULL AND length < ? ORDER BY id"
        )
        span = (*logs.batch_span(pipeline_id), SMALL_BYTES)
        group: list[BatchRow] = []
        for fields in self._connection.execute(query, span).fetchall():
            row = BatchRow(*fields)
            if group and not _belong_together(group[-1], row):
                group = []
            group.append(row)
            if len(group) == FAN_IN:
                if sum(each.rows for each in group) <= MAX_MERGED_ROWS:
                    yield group
                group = []

    def _merge(self, group: list[BatchRow]) -> bool:
        tables = []
        for row in group:
            query = "SELECT body FROM batch WHERE id = ?"
            (body,) = self._connection.execute(query, (row.id,)).fetchone()
            table = self._inference_log.load(row, body)
            if logs.TIME not in table.column_names:
                times = np.full(row.rows, row.first_time, np.int64)
                table = table.append_column(logs.TIME, pa.array(times))
            tables.append(table)
        first, last = group[0], group[-1]
        merged = pa.concat_tables(tables).combine_chunks().to_batches()[0]
        new = BatchRow.new(
            first.pipeline_id,
            first.first_row,
            merged.num_rows,
            (first.first_time, last.last_time),
            first.shape,
            first.constants,
            first.level + 1,
        )
        self._inference_log.replace(group, new, Encoded(merged, new.salt))
        return True


def _belong_together(before: BatchRow, row: BatchRow) -> bool:
    return (
        before.first_row + before.rows == row.first_row
        and before.level == row.level
        and before.shape == row.shape
        and before.constants == row.constants
        and before.first_time // logs.DAY_MS == row.last_time // logs.DAY_MS
    )
