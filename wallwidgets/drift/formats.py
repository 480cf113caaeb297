"""Two columns of a Parquet or Arrow file, some of its groups at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import pyarrow as pa

from wallwidgets.drift.checks import refusal
from wallwidgets.drift.columns import extent
from wallwidgets.drift.rules import PIECE_ROWS

_BUFFER = 1 << 20
_BATCH = 1 << 18


class Span(NamedTuple):
    """Rows of one group, and the time of its earliest and latest (microseconds since 1970)."""

    rows: int
    first: int
    last: int


class Format(Protocol):
    """An open file; a group is what it can read apart from the others."""

    schema: Any

    def spans(self, time: str) -> Iterator[Span]:
        """The rows and times of each group, from what the file says of itself if it does."""

    def read(self, groups: list[int], names: list[str]) -> Iterator[Any]:
        """Columns of some groups, as Arrow tables or record batches."""


class Parquet:
    """A Parquet file and its row groups."""

    def __init__(self, stream: Any):
        import pyarrow.parquet as pq

        # Through a small buffer, so that a large row group is never in memory as a whole.
        self._file = pq.ParquetFile(stream, buffer_size=_BUFFER, pre_buffer=False)
        self.schema = self._file.schema_arrow

    def spans(self, time: str) -> Iterator[Span]:
        """From the statistics of the time column; without them the column is read."""
        metadata, kind = self._file.metadata, self.schema.field(time).type
        paths = [metadata.schema.column(i).path for i in range(metadata.num_columns)]
        column = paths.index(time)
        for index in range(metadata.num_row_groups):
            group = metadata.row_group(index)
            known = group.column(column).statistics
            if not group.num_rows:
                yield Span(0, 0, 0)
            elif known is None or not known.has_min_max or not known.has_null_count:
                yield Span(group.num_rows, *_measured(self.read([index], [time]), time))
            elif known.null_count:
                raise refusal("time", f"{known.null_count} rows have no time")
            else:
                ends = pa.array([known.min, known.max]).cast(kind)
                yield Span(group.num_rows, *extent(ends, "time"))

    def read(self, groups: list[int], names: list[str]) -> Iterator[Any]:
        """At once, unless they are large."""
        metadata = self._file.metadata
        if sum(metadata.row_group(index).num_rows for index in groups) <= 2 * PIECE_ROWS:
            yield self._file.read_row_groups(groups, columns=names)
        else:
            yield from self._file.iter_batches(_BATCH, row_groups=groups, columns=names)


class Arrow:
    """An Arrow file (IPC, also known as Feather) and its record batches."""

    def __init__(self, stream: Any):
        self._stream = stream
        self.schema = pa.ipc.open_file(stream).schema

    def spans(self, time: str) -> Iterator[Span]:
        """An Arrow file says nothing of its rows, so the time column is read."""
        for index in range(self._reader([time]).num_record_batches):
            rows = next(self.read([index], [time])).num_rows
            times = _measured(self.read([index], [time]), time) if rows else (0, 0)
            yield Span(rows, *times)

    def read(self, groups: list[int], names: list[str]) -> Iterator[Any]:
        """Batch by batch."""
        reader = self._reader(names)
        return (reader.get_batch(index) for index in groups)

    def _reader(self, names: list[str]) -> Any:
        fields = [self.schema.get_field_index(name) for name in names]
        options = pa.ipc.IpcReadOptions(included_fields=fields)
        return pa.ipc.open_file(self._stream, options=options)


FORMATS: dict[bytes, type[Parquet] | type[Arrow]] = {b"PAR1": Parquet, b"ARRO": Arrow}
"""By the first four bytes of a file."""


def _measured(tables: Iterator[Any], time: str) -> tuple[int, int]:
    found = [extent(table[time], "time") for table in tables if table.num_rows]
    return min(first for first, _ in found), max(last for _, last in found)
