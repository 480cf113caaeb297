"""The inference log: what went into a model and came out, in batches of Arrow columns.

Rows of a pipeline are numbered without gaps, and their times never decrease, so that both a row
number and a time say where to read. A batch exists once the database has committed its row.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, LifoQueue

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wallwidgets.instance.disk import full_disk_is_reported
from wallwidgets.instance.log_batches import (
    COLUMNS,
    ELAPSED,
    TIME,
    BatchRow,
    columns_of,
    cuts,
    elements,
    fingerprint,
    first_and_last,
    id_range,
    repeated,
    rows_of,
    times_of,
)
from wallwidgets.instance.log_blobs import INLINE_BYTES, Encoded, Place, Segments, decode
from wallwidgets.instance.log_index import LogIndex, connect
from wallwidgets.instance.log_pages import LogPage, PageBuilder
from wallwidgets.instance.log_tidying import Tidier


def partition_of(pipeline_id: int) -> str:
    """The name of the one partition of a pipeline's log."""
    return f"engine-{pipeline_id}"


@dataclass(frozen=True)
class Appended:
    """Records that were just logged."""

    batch: pa.RecordBatch
    row: BatchRow

    def table(self, wanted: Callable[[str], bool]) -> pa.Table:
        """Those of their columns that are wanted, as a page of the log has them."""
        return columns_of(self.row, pa.Table.from_batches([self.batch]), wanted)


@dataclass
class _End:
    next_row: int
    last_time: int


class InferenceLog:
    """The log of all pipelines of an instance.

    Args:
        path: The database; larger batches are in a folder of the same name beside it.
        clock: Gives the time of a record that comes without one.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     log = InferenceLog(Path(folder) / "log.db")
        ...     _ = log.append(1, {"out.y": pa.array([[1.5], [2.5]])}, {}, [10])
        ...     print(log.read(1, limit=10).table["out.y"].to_pylist())
        ...     log.close()
        [[1.5], [2.5]]
    """

    def __init__(self, path: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)):
        self._path = path
        self._clock = clock
        self.segments = Segments(path.with_suffix(""))
        self._readers: LifoQueue[sqlite3.Connection] = LifoQueue()
        self._index = LogIndex(path)
        self._writing = threading.Lock()
        self._ends: dict[int, _End] = {}
        self._tidier = Tidier(self, connect(path))

    def append(
        self,
        pipeline_id: int,
        columns: Mapping[str, pa.Array],
        constants: Mapping[str, str],
        elapsed: Sequence[int],
        times: npt.NDArray[np.int64] | None = None,
    ) -> Appended:
        """Add records; they are on the disk when this returns.

        Args:
            pipeline_id: Whose records they are.
            columns: One array per field, such as ``in.tensor``, all of the same length.
            constants: Metadata that all of them share, such as ``metadata.partition``.
            elapsed: Nanoseconds of parsing the input and of each step.
            times: Milliseconds since 1970, not before the last record's; now by default.

        Returns:
            The records as they can be read from now on.

        Raises:
            StorageFull: The disk is full; nothing was added.
        """
        rows = len(next(iter(columns.values())))
        batch = pa.RecordBatch.from_pydict({**columns, ELAPSED: repeated(elapsed, rows)})
        if times is not None:
            batch = batch.append_column(TIME, pa.array(times, pa.int64()))
        text = json.dumps(dict(constants), sort_keys=True)
        pieces = cuts(batch)
        shape = fingerprint(batch.schema)
        with self._writing, full_disk_is_reported():
            end = self._end(pipeline_id)
            first_row = end.next_row
            now = max(end.last_time, int(self._clock().timestamp() * 1000))
            rows_of_pieces = []
            for piece in pieces:
                spans = (now, now) if times is None else first_and_last(piece.column(TIME))
                if spans[0] < end.last_time:
                    raise ValueError("times must not be before those of the records already there")
                rows_of_pieces.append(
                    BatchRow.new(pipeline_id, first_row, piece.num_rows, spans, shape, text)
                )
                first_row += piece.num_rows
            bodies = (
                Encoded(piece, row.salt) for piece, row in zip(pieces, rows_of_pieces, strict=True)
            )
            size = self._insert(rows_of_pieces, bodies, inline=batch.nbytes <= INLINE_BYTES)
            self._ends[pipeline_id] = _End(first_row, rows_of_pieces[-1].last_time)
        self._tidier.appended(pipeline_id, size)
        return Appended(batch, BatchRow.new(pipeline_id, 0, rows, (now, now), shape, text))

    def _insert(self, rows: Sequence[BatchRow], bodies: Iterable[Encoded], *, inline: bool) -> int:
        """Bring batches to the disk, and then into the index; gives their size."""
        placed: Sequence[tuple[Encoded, Place | None]]
        placed = [(body, None) for body in bodies] if inline else self.segments.append(bodies)
        self._index.add([(row, *each) for row, each in zip(rows, placed, strict=True)])
        return sum(body.length for body, _ in placed)

    def replace(self, old: Sequence[BatchRow], new: BatchRow, body: Encoded) -> None:
        """Put one batch in the place of consecutive ones, at once or not at all."""
        place = self.segments.append([body])[0][1] if body.length > INLINE_BYTES else None
        with self._writing:
            self._index.replace(old, (new, body, place))

    def flush(self) -> None:
        """Let readers of the database see what was appended."""
        with self._writing, full_disk_is_reported():
            self._index.flush()

    def extent(self, pipeline_id: int) -> tuple[int, int]:
        """The number of the first record, and of the next one to be written."""
        with self._writing:
            return 0, self._end(pipeline_id).next_row

    def read(
        self,
        pipeline_id: int,
        *,
        start: int | None = None,
        end: int | None = None,
        position: int | None = None,
        newest_first: bool = False,
        limit: int,
        max_bytes: int = 2**25,
        wanted: Callable[[str], bool] = lambda name: True,
    ) -> LogPage:
        """A page of records of one schema.

        Args:
            pipeline_id: Whose records.
            start: Milliseconds since 1970; only records from then on.
            end: Only records before then.
            position: Row number of the first record of the page; when ``newest_first``, the
                number after it.
            newest_first: From the end backwards.
            limit: Most records that are given.
            max_bytes: About the size in memory of what is given; at least one record is.
            wanted: Which columns are read.

        Raises:
            ServiceError: The log is damaged.
        """
        page = PageBuilder(limit, max_bytes, newest_first)
        with self.batches(pipeline_id, start, end, position, newest_first) as batches:
            for row, table in batches:
                numbers = rows_of(row, table, start, end, position, newest_first)
                if numbers and not page.add(row, numbers, table, wanted):
                    break
        return page.page()

    def column(
        self,
        pipeline_id: int,
        field: str,
        index: int | None = None,
        start: int | None = None,
        end: int | None = None,
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.generic]]:
        """The times and values of one tensor element over a time range.

        Batches that do not have the field are left out; ``index`` counts over the whole tensor.

        Raises:
            ServiceError: The log is damaged.
            IndexError: The tensor has no such element.
        """
        times, values = [np.empty(0, np.int64)], []
        with self.batches(pipeline_id, start, end, None, False) as batches:
            for row, table in batches:
                if field not in table.column_names:
                    continue
                numbers = rows_of(row, table, start, end, None, False)
                where = slice(numbers.start - row.first_row, numbers.stop - row.first_row)
                tensor = elements(table.column(field).chunk(0))
                if index is not None and not 0 <= index < tensor.shape[1]:
                    raise IndexError(f"{field} has {tensor.shape[1]} elements")
                times.append(times_of(row, table)[where])
                values.append(tensor[where, index or 0])
        return np.concatenate(times), np.concatenate(values) if values else np.empty(0)

    @contextmanager
    def batches(
        self,
        pipeline_id: int,
        start: int | None,
        end: int | None,
        position: int | None,
        newest_first: bool,
    ) -> Iterator[Iterator[tuple[BatchRow, pa.Table]]]:
        """The batches that may hold such records, in order, each checked and decoded."""
        self.flush()
        connection = self._reader()
        try:
            # One transaction: tidying between two statements must not hide a batch.
            connection.execute("BEGIN")
            found = self._batches(connection, pipeline_id, start, end, position, newest_first)
            with closing(found):
                yield found
        finally:
            connection.execute("COMMIT")
            self._readers.put(connection)

    def _batches(
        self,
        connection: sqlite3.Connection,
        pipeline_id: int,
        start: int | None,
        end: int | None,
        position: int | None,
        newest_first: bool,
    ) -> Generator[tuple[BatchRow, pa.Table], None, None]:
        low, high = id_range(connection, pipeline_id, start, end, position, newest_first)
        order = "DESC" if newest_first else ""
        query = f"SELECT {COLUMNS}, body FROM batch WHERE id BETWEEN ? AND ? ORDER BY id {order}"  # noqa: S608
        # Closed at once: a statement under way would keep the connection's view of the past.
        with closing(connection.execute(query, (low, high))) as cursor:
            for *fields, body in cursor:
                row = BatchRow(*fields)
                too_late = end is not None and row.first_time >= end
                too_early = start is not None and row.last_time < start
                if not (too_late or too_early):
                    yield row, self.load(row, body)

    def load(self, row: BatchRow, body: bytes | None) -> pa.Table:
        """The columns of a batch, checked."""
        data: bytes | memoryview = body or b""
        if body is None and row.segment is not None and row.offset is not None:
            data = self.segments.read(Place(row.segment, row.offset, row.length))
        return decode(data, row.crc, row.salt)

    def _reader(self) -> sqlite3.Connection:
        try:
            return self._readers.get_nowait()
        except Empty:
            return connect(self._path)

    def _end(self, pipeline_id: int) -> _End:
        if pipeline_id not in self._ends:
            last = self._index.last(pipeline_id)
            end = _End(last.first_row + last.rows, last.last_time) if last else _End(0, 0)
            self._ends[pipeline_id] = end
        return self._ends[pipeline_id]

    def tidy(self) -> None:
        """Merge small batches now, instead of some time later."""
        self._tidier.run_now()

    def close(self) -> None:
        """Finish what is under way and release the files."""
        self._tidier.close()
        with self._writing:
            self._index.close()
            while not self._readers.empty():
                self._readers.get().close()
            self.segments.close()
