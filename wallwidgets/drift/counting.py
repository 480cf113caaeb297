"""Counts per cell of time and bin: whole numbers, so that parts add up to the whole.

Rows are counted once, piece by piece, into the cells between window boundaries. Counts of pieces,
files or machines add up; a window is then the difference of two running sums, however many overlap.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallwidgets.drift.binning import BLOCK, Bins, blocks
from wallwidgets.drift.checks import Ints, refusal
from wallwidgets.drift.columns import Series
from wallwidgets.drift.rules import MAX_COUNTS
from wallwidgets.drift.sources import Piece, Source
from wallwidgets.drift.spreading import spread
from wallwidgets.drift.timing import Windows

_LONG_CELL = 1_024


@dataclass(frozen=True, eq=False)
class Counts:
    """Rows of each cell, all of them, those without a value, and those in each bin.

    Attributes:
        bins: The bins of the baseline.
        boundaries: Where cells begin and end, in microseconds since 1970; one more than cells.
        rows: All rows of each cell.
        missing: The rows of each cell without a value; they are in ``left_outlier`` too.
        counts: Rows of each cell (first axis) in each bin.

    Example:
        >>> from wallwidgets.drift import bins, windows
        >>> two = windows("1970-01-01", "1970-01-02", width="12 hours")
        >>> halves = [Series.of([0, 1], [1.0, 2.0]), Series.of([43_200_000], [9.0])]
        >>> sides = bins([1.0, 2.0], num_bins=1)
        >>> both = count(halves[0], sides, two.boundaries) + count(halves[1], sides, two.boundaries)
        >>> both.over(two).counts.tolist()
        [[0, 2, 0], [0, 0, 1]]
    """

    bins: Bins
    boundaries: Ints
    rows: Ints
    missing: Ints
    counts: Ints

    @classmethod
    def none(cls, bins: Bins, boundaries: Ints) -> Counts:
        """Of no rows yet."""
        cells = max(len(boundaries) - 1, 0)
        if cells * len(bins) > MAX_COUNTS:
            reason = f"{len(bins)} bins of {cells} cells of time are too many to count"
            raise refusal("num_bins", reason)
        rows, missing = np.zeros((2, cells), dtype=np.int64)
        return cls(bins, boundaries, rows, missing, np.zeros((cells, len(bins)), dtype=np.int64))

    def __add__(self, other: Counts) -> Counts:
        """The counts of both pieces, which must be of the same bins and cells."""
        if self.bins != other.bins or not np.array_equal(self.boundaries, other.boundaries):
            raise ValueError("Only counts over the same bins and cells add up.")
        return Counts(
            self.bins,
            self.boundaries,
            self.rows + other.rows,
            self.missing + other.missing,
            self.counts + other.counts,
        )

    def over(self, windows: Windows) -> Counts:
        """The counts of windows instead of cells; their ends must be boundaries of cells."""
        low = np.searchsorted(self.boundaries, windows.starts)
        high = np.searchsorted(self.boundaries, windows.ends)

        def summed(parts: Ints) -> Ints:
            running = np.zeros((len(parts) + 1, *parts.shape[1:]), dtype=np.int64)
            np.cumsum(parts, axis=0, out=running[1:])
            return running[high] - running[low]

        parts = summed(self.rows), summed(self.missing), summed(self.counts)
        return Counts(self.bins, self.boundaries, *parts)

    def rows_before(self, instants: Ints) -> Ints:
        """The rows of all cells before each of some boundaries."""
        running = np.append(0, np.cumsum(self.rows))
        return running[np.searchsorted(self.boundaries, instants)]

    def include(self, part: Counts) -> None:
        """Add the counts of some of the cells to these, in place."""
        low = int(np.searchsorted(self.boundaries, part.boundaries[0]))
        cells = slice(low, low + len(part.rows))
        self.rows[cells] += part.rows
        self.missing[cells] += part.missing
        self.counts[cells] += part.counts


def count(series: Series, bins: Bins, boundaries: Ints) -> Counts:
    """Count one piece of rows; rows outside of all cells are left out.

    Raises:
        InvalidRequest: Windows and bins together are too many.

    Example:
        >>> from wallwidgets.drift import bins
        >>> piece = Series.of([0, 1, 2], [1.0, 5.0, None])
        >>> found = count(piece, bins([1.0, 2.0], num_bins=1), np.array([0, 10_000]))
        >>> found.rows, found.missing, found.counts
        (array([3]), array([1]), array([[1, 1, 1]]))
    """
    total = Counts.none(bins, boundaries)
    _count_into(total, series)
    return total


def count_source(
    source: Source, bins: Bins, windows: Windows, executor: Any = None
) -> tuple[Counts, int]:
    """Count all pieces of a source, and the rows at or after the end of the last window.

    Args:
        source: Where the rows are.
        bins: The bins of the baseline.
        windows: What the cells are for.
        executor: Where pieces are counted; here, if None: files in two threads, so that one piece
            is read while another is counted.
    """
    boundaries = windows.boundaries
    total, after = Counts.none(bins, boundaries), 0
    if not len(windows):
        return total, after
    work = ((piece, bins, _cells(piece, boundaries), int(boundaries[-1])) for piece in source)
    with ThreadPoolExecutor(2) as threads:
        workers = threads if executor is None and not source.held else executor
        for part, rows_after in spread(workers, count_piece, work, source.held):
            total.include(part)
            after += rows_after
    return total, after


def _cells(piece: Piece, boundaries: Ints) -> Ints:
    """The boundaries of the cells that a piece reaches into, so that few counts travel."""
    low, high = np.searchsorted(boundaries, [piece.first, piece.last], side="right")
    return boundaries[max(low - 1, 0) : high + 1]


def count_piece(piece: Piece, bins: Bins, boundaries: Ints, end: int) -> tuple[Counts, int]:
    """Count one piece, and its rows at or after ``end``; reads it only if it reaches a cell."""
    total = Counts.none(bins, boundaries)
    if not len(total.rows):
        return total, piece.rows if piece.first >= end else 0
    after = 0
    for series in piece.read():
        _count_into(total, series)
        if series.last >= end:
            after += series.rows - int(series.rows_at(np.array([end]))[0])
    return total, after


def _count_into(total: Counts, series: Series) -> None:
    """Add the rows of a series to the counts of each cell, in place."""
    at = series.rows_at(total.boundaries)
    cells = len(total.rows)
    if not cells or at[-1] == at[0]:
        return
    total.rows[:] += at[1:] - at[:-1]
    by_cell = at[-1] - at[0] >= _LONG_CELL * cells
    (_count_long_cells if by_cell else _count_short_cells)(series.values, at, total)


def _count_long_cells(values: NDArray[np.floating[Any]], at: Ints, total: Counts) -> None:
    """Cell by cell, comparing whole blocks with each edge."""
    for cell in range(len(total.rows)):
        for block in blocks(values[at[cell] : at[cell + 1]]):
            found = total.bins.count_block(block)
            total.counts[cell] += found
            if not len(found) or found[0]:  # a missing value is in left_outlier
                total.missing[cell] += np.count_nonzero(np.isnan(block))


def _count_short_cells(values: NDArray[np.floating[Any]], at: Ints, total: Counts) -> None:
    """Block by block, each row with the number of its cell and of its bin."""
    width = len(total.bins)
    for low in range(int(at[0]), int(at[-1]), BLOCK):
        high = min(low + BLOCK, int(at[-1]))
        block = values[low:high]
        first, last = np.searchsorted(at, [low, high - 1], side="right") - 1
        ends = np.clip(at[first : last + 2], low, high)
        lengths = ends[1:] - ends[:-1]
        cell = np.repeat(np.arange(len(lengths)), lengths)
        missing = np.bincount(cell[np.isnan(block)], minlength=len(lengths))
        total.missing[first : last + 1] += missing
        if width:
            key = cell * width + total.bins.place(block)
            found = np.bincount(key, minlength=len(lengths) * width)
            total.counts[first : last + 1] += found.reshape(len(lengths), width)
