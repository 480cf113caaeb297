"""The inference log: what went into a model and came out, in batches of Arrow columns.

Rows of a pipeline are numbered without gaps, and their times never decrease, so that both a row
number and a time say where to read. A batch exists once its frame is whole on the disk; the index
says where to find it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
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
    TIME,
    Batch,
    Span,
    cuts,
    damaged,
    elements,
    first_and_last,
    layout_of,
)
from wallwidgets.instance.log_files import FrameFiles
from wallwidgets.instance.log_index import IndexRow, LogIndex
from wallwidgets.instance.log_pages import LogPage, PageBuilder
from wallwidgets.instance.log_tidying import Tidier


def partition_of(pipeline_id: int) -> str:
    """The name of the one partition of a pipeline's log."""
    return f"engine-{pipeline_id}"


@dataclass
class _End:
    next_row: int
    last_time: int


class InferenceLog:
    """The log of all pipelines of an instance.

    Args:
        path: The database of the index; the batches are in a folder of the same name beside it.
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
        self._files = FrameFiles(path.with_suffix(""))
        self._readers: LifoQueue[LogIndex] = LifoQueue()
        self._index = LogIndex(path)
        self._writing = threading.Lock()
        self._ends: dict[int, _End] = {}
        self._index.prepare()
        self._recover()
        self._tidier = Tidier(self._files, self._index, self._writing)

    def _recover(self) -> None:
        """Index the frames that a power cut has taken from the index."""
        for found in self._files.recover(*self._index.indexed()):
            for batch, _ in found:
                end = self._end(batch.pipeline_id)
                if batch.first_row != end.next_row:
                    raise damaged(f"records of pipeline {batch.pipeline_id} are missing")
                end.next_row, end.last_time = batch.first_row + batch.rows, batch.last_time
            self._index.add([IndexRow.of(*each) for each in found])

    def append(
        self,
        pipeline_id: int,
        columns: Mapping[str, pa.Array],
        constants: Mapping[str, str],
        elapsed: Sequence[int],
        times: npt.NDArray[np.int64] | None = None,
    ) -> Batch:
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
        data = pa.RecordBatch.from_arrays(list(columns.values()), list(columns))
        if times is not None:
            data = data.append_column(TIME, pa.array(times, pa.int64()))
        text = json.dumps(dict(constants), sort_keys=True)
        layout = layout_of(data.schema)
        pieces = cuts(data)
        with self._writing, full_disk_is_reported():
            end = self._end(pipeline_id)
            first_row, last_time = end.next_row, end.last_time
            now = max(last_time, int(self._clock().timestamp() * 1000))
            span = (now, now) if times is None else first_and_last(times)
            if span[0] < last_time:
                raise ValueError("times must not be before those of the records already there")
            whole = Batch(pipeline_id, first_row, *span, text, tuple(elapsed), layout, data)
            batches = [whole] if len(pieces) == 1 else _pieces(whole, pieces)
            with self._files.appending(batches) as places:
                self._index.add([IndexRow.of(*each) for each in zip(batches, places, strict=True)])
            self._ends[pipeline_id] = _End(first_row + rows, span[1])
        self._tidier.appended(pipeline_id, places)
        return whole

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
        span = Span(start, end, position, newest_first)
        page = PageBuilder(limit, max_bytes, newest_first)
        with self.batches(pipeline_id, span) as batches:
            for batch in batches:
                numbers = batch.numbers(span)
                if numbers and not page.add(batch, numbers, wanted):
                    break
        return page.page()

    def column(
        self,
        pipeline_id: int,
        field: str | Callable[[Batch], str | None],
        index: int | None = None,
        start: int | None = None,
        end: int | None = None,
        model: str | None = None,
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.generic]]:
        """The times and values of one tensor element over a time range.

        Args:
            pipeline_id: Whose records.
            field: The name of the tensor, or what tells it for each batch. Batches that do not have
                it, or for which it is None, are left out.
            index: Which element, counted over the whole tensor.
            start: Milliseconds since 1970; only records from then on.
            end: Only records before then.
            model: Only records that the model of this name made.

        Raises:
            ServiceError: The log is damaged.
            IndexError: The tensor has no such element.
        """
        span = Span(start, end)
        times, values = [np.empty(0, np.int64)], []
        with self.batches(pipeline_id, span) as batches:
            for batch in batches:
                name = field if isinstance(field, str) else field(batch)
                if name is None or not batch.has(name):
                    continue
                numbers = batch.numbers(span)
                where = slice(numbers.start - batch.first_row, numbers.stop - batch.first_row)
                tensor = elements(batch.data.column(name))
                if index is not None and not 0 <= index < tensor.shape[1]:
                    raise IndexError(f"{name} has {tensor.shape[1]} elements")
                made = slice(None) if model is None else batch.of_model(model, where)
                times.append(batch.times()[where][made])
                values.append(tensor[where, index or 0][made])
        return np.concatenate(times), np.concatenate(values) if values else np.empty(0)

    @contextmanager
    def batches(self, pipeline_id: int, span: Span) -> Iterator[Iterator[Batch]]:
        """The batches that may hold such records, in order, each checked and decoded."""
        index = self._reader()
        try:
            found = index.find(pipeline_id, span)
            # One state of the index, whose files stay: tidying must not hide a batch.
            with self._files.in_use(), index.snapshot(), closing(found) as rows:
                yield (self._files.read(row.place) for row in rows)
        finally:
            self._readers.put(index)

    def _reader(self) -> LogIndex:
        try:
            return self._readers.get_nowait()
        except Empty:
            return LogIndex(self._path)

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
            while not self._readers.empty():
                self._readers.get().close()
            self._index.close()
            self._files.close()


def _pieces(whole: Batch, pieces: Sequence[pa.RecordBatch]) -> list[Batch]:
    """A batch as several ones."""
    found, first_row = [], whole.first_row
    for data in pieces:
        piece = whole._replace(first_row=first_row, data=data)
        if piece.has(TIME):
            times = piece.times()
            piece = piece._replace(first_time=int(times[0]), last_time=int(times[-1]))
        found.append(piece)
        first_row += data.num_rows
    return found
