"""Where the rows of a run are: in memory, in files, or in what reads them a batch at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from wallwidgets.drift.checks import refusal, shown
from wallwidgets.drift.columns import Series
from wallwidgets.drift.rules import PIECE_ROWS


class Rows(Protocol):
    """How many rows, and of which time."""

    @property
    def rows(self) -> int:
        """The number of rows."""

    @property
    def first(self) -> int:
        """The time of the earliest row, microseconds since 1970; 0 without any row."""

    @property
    def last(self) -> int:
        """The time of the latest row."""


class Piece(Rows, Protocol):
    """Some of the rows, which another process can read if it is sent there."""

    def read(self) -> Iterator[Series]:
        """The rows, a part at a time."""


class Source(Rows, Protocol):
    """All rows: as pieces in any order, and by their time."""

    @property
    def held(self) -> bool:
        """Whether pieces hold their rows, or tell where to read them."""

    def __iter__(self) -> Iterator[Piece]: ...

    def between(self, start: int, end: int) -> Series:
        """The rows from ``start`` until before ``end``, in the order of time."""


@dataclass(frozen=True, eq=False)
class Memory:
    """Columns in memory.

    Example:
        >>> source = Memory(Series.of([0, 1, 2], [1.0, 5.0, None]))
        >>> source.rows, source.last, source.between(1000, 2000).values
        (3, 2000, array([5.]))
    """

    series: Series
    held: ClassVar[bool] = True

    @property
    def rows(self) -> int:
        """The number of rows."""
        return self.series.rows

    @property
    def first(self) -> int:
        """The time of the first row; 0 without any."""
        return self.series.first if self.rows else 0

    @property
    def last(self) -> int:
        """The time of the last row; 0 without any."""
        return self.series.last if self.rows else 0

    def __iter__(self) -> Iterator[Piece]:
        return (self.series[low : low + PIECE_ROWS] for low in range(0, self.rows, PIECE_ROWS))

    def between(self, start: int, end: int) -> Series:
        """The rows from ``start`` until before ``end``."""
        return self.series.between(start, end)


def open_source(frame: Any, value: str, time: str, executor: Any = None) -> Source:
    """What ``run`` takes as a frame, checked as far as can be without reading the values.

    Args:
        frame: A frame, dict of columns, path, list of paths, LazyFrame or pyarrow Dataset.
        value: Name of the column of numbers.
        time: Name of the column of times.
        executor: Where files are looked at.
    """
    paths = _paths(frame)
    if paths is not None:
        from wallwidgets.drift.files import Files

        return Files.of(paths, value, time, executor=executor)
    if hasattr(frame, "collect_batches") or hasattr(frame, "get_fragments"):
        from wallwidgets.drift.streams import open_stream

        return open_stream(frame, value, time, executor)
    columns = _column(frame, time, "time"), _column(frame, value, "value")
    return Memory(Series.of(*columns, "time", "value"))


def _paths(frame: Any) -> list[str] | None:
    """The paths, if it is one or a list of them."""
    if isinstance(frame, str | os.PathLike):
        return [os.fspath(frame)]
    if not isinstance(frame, list | tuple):
        return None
    if not frame:
        raise refusal("frame", "is an empty list, needs at least one file")
    if not all(isinstance(path, str | os.PathLike) for path in frame):
        raise refusal("frame", "is a list, but not one of paths")
    return [os.fspath(path) for path in frame]


def _column(frame: Any, name: str, field: str) -> Any:
    names = getattr(frame, "column_names", None)  # Arrow, whose columns are arrays
    if names is None:
        names = getattr(frame, "columns", frame)
    if name not in list(names):
        raise refusal(field, f"the frame has no column {shown(name)}")
    return frame[name]
