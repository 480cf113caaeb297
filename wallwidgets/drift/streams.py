"""A polars LazyFrame or a pyarrow Dataset as a source: read here, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Protocol

import pyarrow as pa

from wallwidgets.drift.checks import refusal
from wallwidgets.drift.columns import Series, extent, moment
from wallwidgets.drift.files import Files, check_columns
from wallwidgets.drift.rules import PIECE_ROWS
from wallwidgets.drift.sources import Source

Errors = tuple[type[Exception], ...]


class Reader(Protocol):
    """What gives batches of columns."""

    errors: Errors
    schema: pa.Schema

    def batches(self, names: list[str], span: tuple[int, int] | None = None) -> Iterator[Any]:
        """Batches of columns, of all rows or at least of those within a span of time."""


class LazyReader:
    """A polars LazyFrame, whatever it does before."""

    def __init__(self, frame: Any, time: str):
        from polars.exceptions import PolarsError

        self.errors: Errors = (PolarsError, OSError)
        self._frame, self._time = frame, time
        with understood(self.errors):
            self._kinds = frame.collect_schema()
        self.schema = self._kinds.to_frame().to_arrow().schema

    def batches(self, names: list[str], span: tuple[int, int] | None = None) -> Iterator[Any]:
        """From polars' streaming engine, which leaves out what a span excludes."""
        frame = self._frame
        if span is not None:
            frame = frame.filter(self._within(*span))
        for batch in frame.select(names).collect_batches(chunk_size=PIECE_ROWS, engine="streaming"):
            yield batch.to_arrow()

    def _within(self, start: int, end: int) -> Any:
        import polars as pl

        kind, column = self._kinds[self._time], pl.col(self._time)
        if kind.is_integer():
            return (column >= start // 1000) & (column <= end // 1000)
        low, high = (pl.lit(moment(micros).replace(tzinfo=None)) for micros in (start, end))
        zone = getattr(kind, "time_zone", None)
        if zone is not None:
            low, high = (
                end.dt.replace_time_zone("UTC").dt.convert_time_zone(zone) for end in (low, high)
            )
        return (column >= low) & (column <= high)


class DatasetReader:
    """A pyarrow Dataset, whatever it consists of."""

    errors: Errors = (pa.ArrowException, OSError)

    def __init__(self, dataset: Any, time: str):
        self._dataset, self._time = dataset, time
        self.schema = dataset.schema

    def batches(self, names: list[str], span: tuple[int, int] | None = None) -> Iterator[Any]:
        """From the dataset's scanner, which leaves out what a span excludes."""
        wanted = None if span is None else self._within(*span)
        scanner = self._dataset.scanner(
            columns=names, filter=wanted, batch_size=PIECE_ROWS, batch_readahead=1,
            fragment_readahead=1, fragment_scan_options=self._options(),
        )  # fmt: skip
        return iter(scanner.to_batches())

    def _options(self) -> Any:
        """Parquet through a small buffer: pyarrow fetches all of a file ahead otherwise."""
        from pyarrow.dataset import ParquetFileFormat, ParquetFragmentScanOptions

        if isinstance(getattr(self._dataset, "format", None), ParquetFileFormat):
            return ParquetFragmentScanOptions(use_buffered_stream=True, pre_buffer=False)
        return None

    def _within(self, start: int, end: int) -> Any:
        import pyarrow.compute as pc

        kind, column = self.schema.field(self._time).type, pc.field(self._time)
        if pa.types.is_integer(kind):
            return (column >= start // 1000) & (column <= end // 1000)
        ends = pa.array([start, end], pa.timestamp("us", getattr(kind, "tz", None)))
        low, high = ends.cast(kind, safe=False)
        return (column >= low) & (column <= high)


class Stream:
    """All rows of a reader, whose pieces are its batches.

    Example:
        >>> import polars as pl
        >>> lazy = pl.LazyFrame({"time": [0, 7], "price": [1.5, 2.5]})
        >>> source = Stream(LazyReader(lazy, "time"), "price", "time")
        >>> source.rows, source.last, source.between(0, 1000).values.tolist()
        (2, 7000, [1.5])
    """

    held: ClassVar[bool] = True

    def __init__(self, reader: Reader, value: str, time: str):
        check_columns(reader.schema, time, value, "the frame")
        self._reader, self._names = reader, [time, value]
        with understood(reader.errors):
            self.rows, self.first, self.last = self._measured(time)

    def _measured(self, time: str) -> tuple[int, int, int]:
        rows, ends = 0, []
        for batch in self._reader.batches([time]):
            if batch.num_rows:
                rows += batch.num_rows
                ends.append(extent(batch[time], "time"))
        if not rows:
            return 0, 0, 0
        return rows, min(each.first for each in ends), max(each.last for each in ends)

    def __iter__(self) -> Iterator[Series]:
        return self._series()

    def between(self, start: int, end: int) -> Series:
        """The rows from ``start`` until before ``end``, in the order of time."""
        parts = self._series((start, end))
        return Series.joined([series.between(start, end) for series in parts])

    def _series(self, span: tuple[int, int] | None = None) -> Iterator[Series]:
        time, value = self._names
        with understood(self._reader.errors):
            for batch in self._reader.batches(self._names, span):
                if batch.num_rows:
                    yield Series.of(batch[time], batch[value], "time", "value")


@contextmanager
def understood(errors: Errors) -> Iterator[None]:
    """Whatever a reader cannot read is one refusal."""
    try:
        yield
    except errors as error:
        raise refusal("frame", f"cannot be read: {str(error).partition(chr(10))[0]}") from error


def open_stream(frame: Any, value: str, time: str, executor: Any = None) -> Source:
    """The source of a LazyFrame or Dataset.

    A Dataset that is nothing but Parquet or Arrow files is read where its pieces are counted.
    """
    if hasattr(frame, "collect_batches"):
        return Stream(LazyReader(frame, time), value, time)
    check_columns(frame.schema, time, value, "the dataset")
    paths = _plain_files(frame, [time, value])
    if paths is None:
        return Stream(DatasetReader(frame, time), value, time)
    return Files.of(paths, value, time, frame.filesystem, executor)


def _plain_files(dataset: Any, names: list[str]) -> list[str] | None:
    """The paths of a Dataset, if reading those files gives its rows as they are."""
    from pyarrow.dataset import FileSystemDataset, IpcFileFormat, ParquetFileFormat

    if not isinstance(dataset, FileSystemDataset):
        return None
    if not isinstance(dataset.format, ParquetFileFormat | IpcFileFormat):
        return None
    try:
        fragments = list(dataset.get_fragments())
    except ValueError:  # it is filtered
        return None
    wanted = [dataset.schema.field(name) for name in names]
    for fragment in fragments:
        schema = fragment.physical_schema
        if [schema.field(name) for name in names if name in schema.names] != wanted:
            return None
    return list(dataset.files)
