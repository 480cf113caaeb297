"""Batches of the inference log: their table, and the rows, times and columns of one."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

MAX_BATCH_ROWS = 16_384
DAY_MS = 86_400_000
TIME = "time"
ELAPSED = "metadata.elapsed"

COLUMNS = "id, rows, first_time, last_time, level, shape, constants, crc, segment, offset, length"
ROW_BITS = 40
MAX_ROW = 2**ROW_BITS - 1


def batch_id(pipeline_id: int, first_row: int) -> int:
    """The id of the batch of a pipeline that begins with a row."""
    return pipeline_id << ROW_BITS | first_row


def batch_span(pipeline_id: int) -> tuple[int, int]:
    """The smallest and the largest id that a batch of a pipeline can have."""
    return batch_id(pipeline_id, 0), batch_id(pipeline_id, MAX_ROW)


@dataclass(frozen=True)
class BatchRow:
    """A row of the table ``batch``, without an inline body."""

    id: int
    rows: int
    first_time: int
    last_time: int
    level: int
    shape: str
    constants: str
    crc: int
    segment: int | None
    offset: int | None
    length: int

    @classmethod
    def new(
        cls,
        pipeline_id: int,
        first_row: int,
        rows: int,
        times: tuple[int, int],
        shape: str,
        constants: str,
        level: int = 0,
    ) -> BatchRow:
        """A row that is not in the table yet."""
        number = batch_id(pipeline_id, first_row)
        return cls(number, rows, *times, level, shape, constants, 0, None, None, 0)

    @property
    def pipeline_id(self) -> int:
        return self.id >> ROW_BITS

    @property
    def first_row(self) -> int:
        return int(self.id & MAX_ROW)

    @property
    def salt(self) -> bytes:
        """What the checksum covers beside the body."""
        return f"{self.rows},{self.first_time},{self.last_time},{self.constants}".encode()


def fingerprint(schema: pa.Schema) -> str:
    """Equal for batches whose records have the same fields."""
    return json.dumps(
        [[field.name, str(field.type)] for field in schema if field.name not in (TIME, ELAPSED)]
    )


def repeated(elapsed: Sequence[int], rows: int) -> pa.Array:
    """One run: it costs nothing per row, and merged batches keep what each request took."""
    values = pa.array([list(elapsed)], pa.list_(pa.int64()))
    return pa.RunEndEncodedArray.from_arrays(pa.array([rows], pa.int32()), values)


def cuts(batch: pa.RecordBatch) -> list[pa.RecordBatch]:
    """A batch in pieces: cut at midnight UTC, and where it is long."""
    edges = {0, batch.num_rows}
    if TIME in batch.schema.names:
        days = batch.column(TIME).to_numpy() // DAY_MS
        edges |= {int(cut) + 1 for cut in np.flatnonzero(np.diff(days))}
    return [
        batch.slice(first, min(MAX_BATCH_ROWS, stop - first))
        for begin, stop in pairwise(sorted(edges))
        for first in range(begin, stop, MAX_BATCH_ROWS)
    ]


def first_and_last(times: pa.Array) -> tuple[int, int]:
    values = times.to_numpy()
    if np.any(np.diff(values) < 0):
        raise ValueError("times must not decrease")
    return int(values[0]), int(values[-1])


def id_range(
    connection: sqlite3.Connection,
    pipeline_id: int,
    start: int | None,
    end: int | None,
    position: int | None,
    newest_first: bool,
) -> tuple[int, int]:
    """The ids of the first and of the last batch that can matter."""
    low, high = batch_span(pipeline_id)
    if start is not None:
        low = _batch_at(connection, pipeline_id, start)
    if end is not None:
        high = _batch_at(connection, pipeline_id, end)
    if position is not None and newest_first:
        high = min(high, batch_id(pipeline_id, min(position, MAX_ROW + 1)) - 1)
    elif position is not None:
        number = batch_id(pipeline_id, min(position, MAX_ROW))
        found = _batch_before(connection, pipeline_id, number)
        low = max(low, found[0] if found else low)
    return low, high


def _batch_before(
    connection: sqlite3.Connection, pipeline_id: int, number: int
) -> tuple[int, int] | None:
    """Id and last time of the last batch of a pipeline up to an id."""
    query = "SELECT id, last_time FROM batch WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1"
    found = connection.execute(query, (batch_id(pipeline_id, 0), number)).fetchone()
    return found and (found[0], found[1])


def _batch_at(connection: sqlite3.Connection, pipeline_id: int, time: int) -> int:
    """The id of the first batch that reaches a time: times grow with ids, so halve the range."""
    last = _batch_before(connection, pipeline_id, batch_id(pipeline_id, MAX_ROW))
    if last is None or last[1] < time:
        return batch_id(pipeline_id, MAX_ROW)
    low, high = batch_id(pipeline_id, 0), last[0]
    while low < high:
        middle = (low + high) // 2
        found = _batch_before(connection, pipeline_id, middle)
        if found is not None and found[1] >= time:
            high = found[0]
        else:
            low = middle + 1
    return low


def times_of(row: BatchRow, table: pa.Table) -> npt.NDArray[np.int64]:
    if TIME in table.column_names:
        return np.asarray(table.column(TIME).chunk(0).to_numpy(zero_copy_only=True))
    return np.full(row.rows, row.first_time, np.int64)


def rows_of(
    row: BatchRow,
    table: pa.Table,
    start: int | None,
    end: int | None,
    position: int | None,
    newest_first: bool,
) -> range:
    """The numbers of those rows of a batch that are asked for."""
    first, stop = 0, row.rows
    if start is not None and start > row.first_time:
        first = int(np.searchsorted(times_of(row, table), start))
    if end is not None and end <= row.last_time:
        stop = int(np.searchsorted(times_of(row, table), end))
    if position is not None and newest_first:
        stop = min(stop, position - row.first_row)
    elif position is not None:
        first = max(first, position - row.first_row)
    return range(row.first_row + first, row.first_row + max(first, stop))


def columns_of(row: BatchRow, table: pa.Table, wanted: Callable[[str], bool]) -> pa.Table:
    """The records of a batch: time, fields and metadata."""
    found = {TIME: pa.array(times_of(row, table))} if wanted(TIME) else {}
    for name in table.column_names:
        if name not in (TIME, ELAPSED) and wanted(name):
            found[name] = table.column(name).chunk(0)
    for name, value in json.loads(row.constants).items():
        if wanted(name) and name not in found:
            found[name] = pa.repeat(value, row.rows)
    if wanted(ELAPSED):
        found[ELAPSED] = pc.run_end_decode(table.column(ELAPSED).chunk(0))
    return pa.table(found)


def elements(column: pa.Array) -> npt.NDArray[np.generic]:
    """A tensor column as rows by elements, without a copy."""
    width = 1
    while pa.types.is_fixed_size_list(column.type):
        width *= column.type.list_size
        column = column.flatten()
    return np.asarray(column.to_numpy(zero_copy_only=False)).reshape(-1, width)
