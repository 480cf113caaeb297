"""Counts per cell of time and bin: whole numbers, so that parts add up to the whole.

A chunk of rows is counted once into the cells between window boundaries. Counts of several chunks,
files or machines add up; a window is then the difference of two running sums, however many overlap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallwidgets.drift.binning import BLOCK, Bins, blocks
from wallwidgets.drift.checks import Ints, refusal
from wallwidgets.drift.columns import Series
from wallwidgets.drift.rules import MAX_COUNTS
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

    def __add__(self, other: Counts) -> Counts:
        """The counts of both chunks, which must be of the same bins and cells."""
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


def count(series: Series, bins: Bins, boundaries: Ints) -> Counts:
    """Count one chunk of rows; rows outside of all cells are left out.

    Raises:
        InvalidRequest: Windows and bins together are too many.

    Example:
        >>> from wallwidgets.drift import bins
        >>> chunk = Series.of([0, 1, 2], [1.0, 5.0, None])
        >>> found = count(chunk, bins([1.0, 2.0], num_bins=1), np.array([0, 10_000]))
        >>> found.rows, found.missing, found.counts
        (array([3]), array([1]), array([[1, 1, 1]]))
    """
    cells = max(len(boundaries) - 1, 0)
    if cells * len(bins) > MAX_COUNTS:
        raise refusal(
            "num_bins", f"{len(bins)} bins of {cells} cells of time are too many to count"
        )
    at = series.rows_at(boundaries)
    rows = at[1:] - at[:-1]
    missing = np.zeros(cells, dtype=np.int64)
    counts = np.zeros((cells, len(bins)), dtype=np.int64)
    if cells and at[-1] - at[0] >= _LONG_CELL * cells:
        _count_long_cells(series.values, bins, at, missing, counts)
    elif cells:
        _count_short_cells(series.values, bins, at, missing, counts)
    return Counts(bins, boundaries, rows, missing, counts)


def _count_long_cells(
    values: NDArray[np.floating[Any]], bins: Bins, at: Ints, missing: Ints, counts: Ints
) -> None:
    """Cell by cell, comparing whole blocks with each edge."""
    for cell in range(len(counts)):
        for block in blocks(values[at[cell] : at[cell + 1]]):
            found = bins.count_block(block)
            counts[cell] += found
            if not len(found) or found[0]:  # a missing value is in left_outlier
                missing[cell] += np.count_nonzero(np.isnan(block))


def _count_short_cells(
    values: NDArray[np.floating[Any]], bins: Bins, at: Ints, missing: Ints, counts: Ints
) -> None:
    """Block by block, each row with the number of its cell and of its bin."""
    width = len(bins)
    for low in range(int(at[0]), int(at[-1]), BLOCK):
        high = min(low + BLOCK, int(at[-1]))
        block = values[low:high]
        first, last = np.searchsorted(at, [low, high - 1], side="right") - 1
        ends = np.clip(at[first : last + 2], low, high)
        lengths = ends[1:] - ends[:-1]
        cell = np.repeat(np.arange(len(lengths)), lengths)
        missing[first : last + 1] += np.bincount(cell[np.isnan(block)], minlength=len(lengths))
        if width:
            key = cell * width + bins.place(block)
            found = np.bincount(key, minlength=len(lengths) * width)
            counts[first : last + 1] += found.reshape(len(lengths), width)
