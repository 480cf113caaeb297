"""Batches of the inference log, and the frames in which they are stored.

A batch is consecutive records of one pipeline in Arrow columns. Its frame holds all that there is
to know of it, and a checksum: what a power cut has left of a frame is told from a whole one.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wallwidgets.errors import ServiceError

MAX_BATCH_ROWS = 16_384
DAY_MS = 86_400_000
TIME = "time"
ELAPSED = "metadata.elapsed"
LAST_MODEL = "metadata.last_model"

MAGIC = b"WWFRAME1"
PREFIX_BYTES = 16
_PREFIX = struct.Struct("<8sII")  # magic, checksum of all that follows, length of the head
_HEAD = struct.Struct("<QQIIIIIQQqq")
# The head: length of the body, where the append began, frames of it that follow, level, lengths of
# constants, schema and elapsed, pipeline, first row, first and last time; then these three.


def millis(time: datetime | None) -> int | None:
    """Milliseconds since 1970, rounded up: a bound between two of them includes the later."""
    return None if time is None else -int(-time.timestamp() * 1000 // 1)


class Span(NamedTuple):
    """Which records are asked for: of a time range, and from a row number on or before it."""

    start: int | None = None
    end: int | None = None
    position: int | None = None
    newest_first: bool = False


class Layout(NamedTuple):
    """The columns of a batch.

    Attributes:
        schema: With all columns that are stored.
        encoded: The same as an Arrow message.
        fields: Equal for batches whose records have the same fields.
    """

    schema: pa.Schema
    encoded: bytes
    fields: str


def layout_of(schema: pa.Schema) -> Layout:
    """The layout of a schema; encoding one is faster than to hash it."""
    return encoded_layout(schema.serialize().to_pybytes())


@lru_cache(maxsize=256)
def encoded_layout(encoded: bytes) -> Layout:
    """The layout that an Arrow message tells."""
    schema = pa.ipc.read_schema(pa.py_buffer(encoded))
    fields = [[each.name, str(each.type)] for each in schema if each.name not in (TIME, ELAPSED)]
    return Layout(schema, encoded, json.dumps(fields))


class Batch(NamedTuple):
    """Consecutive records of one pipeline.

    Attributes:
        pipeline_id: Whose they are.
        first_row: The number of the first one.
        first_time: Its time, in milliseconds since 1970.
        last_time: The time of the last one; all have the same if no column tells them.
        constants: Columns that are the same for all of them, as JSON.
        elapsed: Nanoseconds of parsing and of each step; the same if no column tells them.
        layout: Of the columns.
        data: The columns.
        level: How often they were merged with others.

    Example:
        >>> data = pa.record_batch({"in.x": [1.5]})
        >>> batch = Batch(1, 0, 100, 100, "{}", (7,), layout_of(data.schema), data)
        >>> batch.table(lambda name: name != "in.x").to_pylist()
        [{'time': 100, 'metadata.elapsed': [7]}]
    """

    pipeline_id: int
    first_row: int
    first_time: int
    last_time: int
    constants: str
    elapsed: tuple[int, ...]
    layout: Layout
    data: pa.RecordBatch
    level: int = 0

    @property
    def rows(self) -> int:
        return int(self.data.num_rows)

    def has(self, name: str) -> bool:
        """Whether there is such a column."""
        return name in self.layout.schema.names

    def times(self) -> npt.NDArray[np.int64]:
        """The time of each record."""
        if self.has(TIME):
            return np.asarray(self.data.column(TIME).to_numpy(zero_copy_only=True))
        return np.full(self.rows, self.first_time, np.int64)

    def elapsed_runs(self) -> pa.Array:
        """What each record took, as a run for each request: it costs nothing per row."""
        if self.has(ELAPSED):
            return self.data.column(ELAPSED)
        values = pa.array([self.elapsed], pa.list_(pa.int64()))
        return pa.RunEndEncodedArray.from_arrays(pa.array([self.rows], pa.int32()), values)

    def table(self, wanted: Callable[[str], bool]) -> pa.Table:
        """The records as a page has them: time, fields and metadata, if they are wanted."""
        found = {TIME: pa.array(self.times())} if wanted(TIME) else {}
        for name in self.layout.schema.names:
            if name not in (TIME, ELAPSED) and wanted(name):
                found[name] = self.data.column(name)
        for name, value in json.loads(self.constants).items():
            if wanted(name) and name not in found:
                found[name] = pa.repeat(value, self.rows)
        if wanted(ELAPSED):
            found[ELAPSED] = pc.run_end_decode(self.elapsed_runs())
        return pa.table(found)

    def of_model(self, name: str, where: slice) -> slice | npt.NDArray[np.bool_]:
        """Which of some records the model of this name made, as an index of them."""
        if self.has(LAST_MODEL):
            return of_model(self.data.column(LAST_MODEL)[where], name)
        made = _model_name(json.loads(self.constants).get(LAST_MODEL)) == name
        return slice(None) if made else slice(0)

    def numbers(self, span: Span) -> range:
        """The numbers of those records that are asked for."""
        first, stop = 0, self.rows
        if span.start is not None and span.start > self.first_time:
            first = int(np.searchsorted(self.times(), span.start))
        if span.end is not None and span.end <= self.last_time:
            stop = int(np.searchsorted(self.times(), span.end))
        if span.position is not None and span.newest_first:
            stop = min(stop, span.position - self.first_row)
        elif span.position is not None:
            first = max(first, span.position - self.first_row)
        return range(self.first_row + first, self.first_row + max(first, stop))


def of_model(last_model: pa.Array, name: str) -> npt.NDArray[np.bool_]:
    """Which of the texts in ``metadata.last_model`` name this model; only different ones are read.

    Example:
        >>> of_model(pa.array(['{"model_name": "a"}', '{"model_name": "b"}', None]), "b")
        array([False,  True, False])
    """
    texts = last_model.dictionary_encode()
    named = [_model_name(text) == name for text in texts.dictionary.to_pylist()]
    found: npt.NDArray[np.bool_] = np.array([*named, False])  # the last one is for null
    which: npt.NDArray[np.int32] = texts.indices.fill_null(len(named)).to_numpy()
    return found[which]


def _model_name(last_model: str | None) -> str | None:
    name: str | None = json.loads(last_model).get("model_name") if last_model else None
    return name


def cuts(data: pa.RecordBatch) -> list[pa.RecordBatch]:
    """Records in pieces: cut at midnight UTC, and where there are many."""
    edges = {0, data.num_rows}
    if TIME in data.schema.names:
        days = data.column(TIME).to_numpy() // DAY_MS
        edges |= {int(cut) + 1 for cut in np.flatnonzero(np.diff(days))}
    return [
        data.slice(first, min(MAX_BATCH_ROWS, stop - first))
        for begin, stop in pairwise(sorted(edges))
        for first in range(begin, stop, MAX_BATCH_ROWS)
    ]


def first_and_last(times: npt.NDArray[np.int64]) -> tuple[int, int]:
    """The ends of times in order.

    Raises:
        ValueError: They are not.
    """
    if np.any(times[1:] < times[:-1]):
        raise ValueError("times must not decrease")
    return int(times[0]), int(times[-1])


def elements(column: pa.Array) -> npt.NDArray[np.generic]:
    """A tensor column as rows by elements, without a copy."""
    width = 1
    while pa.types.is_fixed_size_list(column.type):
        width *= column.type.list_size
        column = column.flatten()
    return np.asarray(column.to_numpy(zero_copy_only=False)).reshape(-1, width)


class Place(NamedTuple):
    """Where a frame is: in which file of which level, at which bytes."""

    level: int
    file: int
    offset: int
    length: int

    @property
    def stop(self) -> int:
        return self.offset + self.length


class Frame(NamedTuple):
    """A whole frame: its batch, and its part in an append."""

    batch: Batch
    begin: int
    following: int
    length: int


def encode(batch: Batch, begin: int, following: int) -> tuple[bytes, pa.Buffer]:
    """Head and body of a batch's frame; multiples of eight bytes, so mapped columns are aligned."""
    body = batch.data.serialize()
    constants, schema = batch.constants.encode(), batch.layout.encoded
    elapsed = struct.pack(f"<{len(batch.elapsed)}q", *batch.elapsed)
    lengths = (len(constants), len(schema), len(elapsed))
    facts = (batch.pipeline_id, batch.first_row, batch.first_time, batch.last_time)
    head = _HEAD.pack(body.size, begin, following, batch.level, *lengths, *facts)
    head += constants + schema + elapsed
    return head + bytes(-len(head) % 8), body


def seal(head: bytes, body: pa.Buffer) -> bytes:
    """What is before the body in a frame: without it, there is none."""
    return _PREFIX.pack(MAGIC, zlib.crc32(body, zlib.crc32(head)), len(head)) + head


def decode(view: memoryview) -> Frame | None:
    """The frame at the begin of some bytes, None if no whole one is there. Nothing is copied."""
    if len(view) < _PREFIX.size + _HEAD.size:
        return None
    magic, checksum, head_length = _PREFIX.unpack_from(view)
    if magic != MAGIC:
        return None
    numbers = _HEAD.unpack_from(view, _PREFIX.size)
    body_length, begin, following, level = numbers[:4]
    at = _PREFIX.size + head_length
    length = at + body_length
    if length > len(view) or zlib.crc32(view[_PREFIX.size : length]) != checksum:
        return None
    texts = bytes(view[_PREFIX.size + _HEAD.size : at])
    ends = accumulate(numbers[4:7], initial=0)
    constants, schema, elapsed = (texts[first:stop] for first, stop in pairwise(ends))
    layout = encoded_layout(schema)
    data = pa.ipc.read_record_batch(pa.py_buffer(view[at:length]), layout.schema)
    nanoseconds = struct.unpack(f"<{len(elapsed) // 8}q", elapsed)
    batch = Batch._make((*numbers[7:], constants.decode(), nanoseconds, layout, data, level))
    return Frame(batch, begin, following, length)


def damaged(what: str) -> ServiceError:
    """The error for records that were stored and are not there any more."""
    return ServiceError(
        f"Internal Server Error: the inference log is damaged: {what}",
        remedy="Restore the instance's data folder from a backup.",
    )
