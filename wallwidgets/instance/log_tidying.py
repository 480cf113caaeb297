"""Keeps the inference log tidy in the background: many small batches become one."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterator, Sequence

import pyarrow as pa

from wallwidgets.errors import ServiceError
from wallwidgets.instance.log_batches import DAY_MS, ELAPSED, TIME, Batch, Place, layout_of
from wallwidgets.instance.log_files import SMALL_BYTES, FrameFiles
from wallwidgets.instance.log_index import IndexRow, LogIndex

_log = logging.getLogger(__name__)
FAN_IN = 64
MAX_MERGED_ROWS = 65_536


class Tidier:
    """One thread that works beside the requests.

    Sixty-four neighbours of the same level become one batch of the next: a record is rewritten a
    few times at most, until its batch is large enough. Files that are left empty are deleted.

    Args:
        files: The batches.
        index: Which of them exist; also other threads write with it.
        writing: Held to do so.
    """

    def __init__(self, files: FrameFiles, index: LogIndex, writing: threading.Lock):
        self._files = files
        self._index = index
        self._writing = writing
        self._lock = threading.Lock()
        self._tidying = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False
        self._small: dict[int, int] = {}
        self._thread = threading.Thread(target=self._run, name="log-tidier", daemon=True)
        self._thread.start()

    def appended(self, pipeline_id: int, places: Sequence[Place]) -> None:
        """Take note of an append."""
        if all(place.length >= SMALL_BYTES for place in places):
            return
        with self._lock:
            small = self._small[pipeline_id] = self._small.get(pipeline_id, 0) + 1
        if small >= FAN_IN:
            self._wake.set()

    def close(self) -> None:
        self._stopping = True
        self._wake.set()
        self._thread.join()

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
        """Merge what can be merged, and delete files that are not needed any more."""
        with self._tidying:
            with self._lock:
                ready = [key for key, count in self._small.items() if count >= FAN_IN]
                for pipeline_id in ready:
                    del self._small[pipeline_id]
            for pipeline_id in ready:
                while groups := list(self._groups(pipeline_id)):
                    for group in groups:
                        self._merge(group)
            self._delete_unused()

    def _groups(self, pipeline_id: int) -> Iterator[list[IndexRow]]:
        """Runs of neighbours that can become one batch."""
        with self._writing:
            rows = self._index.smaller(pipeline_id, SMALL_BYTES)
        group: list[IndexRow] = []
        for row in rows:
            if group and not _belong_together(group[-1], row):
                group = []
            group.append(row)
            if len(group) == FAN_IN:
                if sum(each.rows for each in group) <= MAX_MERGED_ROWS:
                    yield group
                group = []

    def _merge(self, group: list[IndexRow]) -> None:
        merged = _merged([self._files.read(row.place) for row in group])
        with self._files.appending([merged]) as (place,), self._writing:
            self._index.replace(group, IndexRow.of(merged, place), self._files.end())

    def _delete_unused(self) -> None:
        removable = self._files.removable()
        if not removable:
            return
        with self._writing:
            unused = removable - self._index.files()
            if unused:
                # First, no power cut may bring back the rows that still refer to them.
                self._index.sync(self._files.end())
        self._files.remove(unused)


def _belong_together(before: IndexRow, row: IndexRow) -> bool:
    return (
        before.first_row + before.rows == row.first_row
        and before.level == row.level
        and before.kind == row.kind
        and before.first_time // DAY_MS == row.last_time // DAY_MS
    )


def _merged(batches: Sequence[Batch]) -> Batch:
    """One batch with the records of all of them."""
    tables = []
    for batch in batches:
        names = [name for name in batch.layout.schema.names if name not in (TIME, ELAPSED)]
        columns = [*map(batch.data.column, names), pa.array(batch.times()), batch.elapsed_runs()]
        tables.append(pa.Table.from_arrays(columns, [*names, TIME, ELAPSED]))
    (data,) = pa.concat_tables(tables).combine_chunks().to_batches()
    return batches[0]._replace(
        last_time=batches[-1].last_time,
        elapsed=(),
        layout=layout_of(data.schema),
        data=data,
        level=batches[0].level + 1,
    )
