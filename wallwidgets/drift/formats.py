"""Two columns of a Parquet or Arrow file, some of its groups at a time."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import pyarrow as pa
from pyarrow.fs import LocalFileSystem

from wallwidgets.drift.checks import refusal
from wallwidgets.drift.columns import extent
from wallwidgets.drift.rules import PIECE_ROWS

_BUFFER = 1 << 20
_BATCH = 1 << 18
_AT_ONCE = 2 * PIECE_ROWS  # Rows that are read in one go.
_TAIL = 10  # An Arrow file ends with the length of its footer and its magic.
_RECORD_BATCHES = 3  # Field of Footer in File.fbs
_HEADER = 2  # Field of Message in Message.fbs
_COMPRESSION = 3  # Field of RecordBatch
_CONTINUED = b"\xff\xff\xff\xff"


class Span(NamedTuple):
    """Rows of one group, the time of its earliest and latest, and whether they are in order.

    Times are microseconds since 1970; ``ordered`` is False if nobody has looked.
    """

    rows: int
    first: int = 0
    last: int = 0
    ordered: bool = False


class Format(Protocol):
    """An open file; a group is what it can read apart from the others."""

    schema: Any

    def spans(self, time: str) -> Iterator[Span]:
        """The rows and times of each group, from what the file says of itself if it does."""

    def read(self, groups: list[int], names: list[str]) -> Iterator[Any]:
        """Columns of some groups, as Arrow tables or record batches."""


class Parquet:
    """A Parquet file and its row groups."""

    @classmethod
    @contextmanager
    def opened(cls, filesystem: Any, path: str) -> Iterator[Parquet]:
        """Open it until the block ends."""
        with filesystem.open_input_file(path) as stream:
            yield cls(stream)

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
                yield Span(0)
            elif known is None or not known.has_min_max or not known.has_null_count:
                ends = [extent(table[time], "time") for table in self.read([index], [time])]
                first, last = min(each.first for each in ends), max(each.last for each in ends)
                yield Span(group.num_rows, first, last)
            elif known.null_count:
                raise refusal("time", f"{known.null_count} rows have no time")
            else:
                ends = pa.array([known.min, known.max]).cast(kind)
                first, last, _ = extent(ends, "time")
                yield Span(group.num_rows, first, last)

    def read(self, groups: list[int], names: list[str]) -> Iterator[Any]:
        """At once, unless they are large."""
        metadata = self._file.metadata
        if sum(metadata.row_group(index).num_rows for index in groups) <= _AT_ONCE:
            yield self._file.read_row_groups(groups, columns=names)
        else:
            yield from self._file.iter_batches(_BATCH, row_groups=groups, columns=names)


class Arrow:
    """An Arrow file (IPC, also known as Feather) and its record batches."""

    @classmethod
    @contextmanager
    def opened(cls, filesystem: Any, path: str) -> Iterator[Arrow]:
        """Open it until the block ends, mapped into memory if it is local."""
        if isinstance(filesystem, LocalFileSystem):
            with open(path, "rb") as file:
                mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            yield cls(pa.BufferReader(pa.py_buffer(mapped)), mapped)
        else:
            with filesystem.open_input_file(path) as stream:
                yield cls(stream)

    def __init__(self, stream: Any, mapped: mmap.mmap | None = None):
        self._stream = stream
        self._map = mapped
        self._whole = pa.ipc.open_file(stream)
        self.schema = self._whole.schema

    def spans(self, time: str) -> Iterator[Span]:
        """An Arrow file says nothing of its rows, so the time column is read, in two threads."""
        with ThreadPoolExecutor(2) as threads:
            numbers = range(self._whole.num_record_batches)
            yield from threads.map(lambda index: self._span(index, time), numbers)

    def _span(self, index: int, time: str) -> Span:
        batch = self._reader([time]).get_batch(index)
        found = Span(batch.num_rows, *extent(batch[time], "time")) if batch.num_rows else Span(0)
        self._let_go()
        return found

    def read(self, groups: list[int], names: list[str]) -> Iterator[Any]:
        """Batch by batch, a large one in parts, so that little of the file is in memory at once."""
        reader = self._reader(names)
        for index in groups:
            batch = reader.get_batch(index)
            for low in range(0, batch.num_rows, _AT_ONCE):
                yield batch[low : low + _AT_ONCE]
                self._let_go()

    def _let_go(self) -> None:
        """Give back the pages that were touched; what is used again comes from the file again."""
        if self._map is not None and hasattr(mmap, "MADV_DONTNEED"):  # not on Windows
            self._map.madvise(mmap.MADV_DONTNEED)

    def _reader(self, names: list[str]) -> Any:
        """Only some columns of what is compressed or elsewhere; of a mapped file, no copy at all.

        What is mapped is read where it is touched, but only if pyarrow does not pick the columns.
        """
        if self._mapped:
            return self._whole
        fields = [self.schema.get_field_index(name) for name in names]
        return pa.ipc.open_file(self._stream, options=pa.ipc.IpcReadOptions(included_fields=fields))

    @cached_property
    def _mapped(self) -> bool:
        """Whether batches are the mapped bytes of the file themselves."""
        return self._map is not None and not self._compressed()

    def _compressed(self) -> bool:
        """Whether the first batch has compression: no function of pyarrow tells."""
        if not self._whole.num_record_batches:
            return False
        size = self._stream.size()
        (length,) = struct.unpack("<i", self._bytes(size - _TAIL, 4))
        footer = self._bytes(size - _TAIL - length, length)
        batches = _member(footer, _root(footer), _RECORD_BATCHES)
        (begin, length) = struct.unpack_from("<qi", footer, batches + 4)
        message = self._bytes(begin, length)
        message = message[8:] if message[:4] == _CONTINUED else message[4:]
        batch = _member(message, _root(message), _HEADER)
        return _member(message, batch, _COMPRESSION) != 0

    def _bytes(self, begin: int, length: int) -> bytes:
        self._stream.seek(begin)
        return bytes(self._stream.read(length))


def _root(table: bytes) -> int:
    return int(struct.unpack_from("<I", table)[0])


def _member(table: bytes, at: int, field: int) -> int:
    """Where a flatbuffers table has the table or vector of a field; 0 if it has none."""
    (back,) = struct.unpack_from("<i", table, at)
    (size,) = struct.unpack_from("<H", table, at - back)
    slot = 4 + 2 * field
    place = at + struct.unpack_from("<H", table, at - back + slot)[0] if slot < size else at
    return place + int(struct.unpack_from("<I", table, place)[0]) if place != at else 0


FORMATS: dict[bytes, type[Parquet] | type[Arrow]] = {b"PAR1": Parquet, b"ARRO": Arrow}
"""By the first four bytes of a file."""
