"""The values behind a run, read back for what counts alone do not tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallwidgets.drift.binning import Bins
from wallwidgets.drift.checks import Floats, Ints
from wallwidgets.drift.rules import READ_BACK_ROWS
from wallwidgets.drift.scoring import own_edges
from wallwidgets.drift.sources import Source
from wallwidgets.drift.spreading import spread
from wallwidgets.drift.summary import Statistics, finite_values, statistics

Group = tuple[Ints, Ints]


@dataclass(eq=False)
class ReadBack:
    """Windows and their rows, for statistics and for edges of each window's own.

    The median needs the values of a window at once, so neighbouring windows are read back together
    up to about 4 million rows, each group from those pieces only that reach into it. Rows in the
    order of time are read about once; the same values give the same statistics wherever they are.

    Attributes:
        source: Where the rows are.
        baseline_values: The values of the baseline.
        starts: Start of each window, microseconds since 1970.
        ends: End of each window.
        rows_before: Rows before the start of each window, and before its end.
    """

    source: Source
    baseline_values: NDArray[np.floating[Any]]
    starts: Ints
    ends: Ints
    rows_before: tuple[Ints, Ints]
    _found: list[Statistics] | None = field(default=None, init=False)

    @cached_property
    def baseline(self) -> Statistics:
        """Statistics of the baseline."""
        return statistics(self.baseline_values)

    def statistics(self, executor: Any = None) -> list[Statistics]:
        """Statistics of each window, read the first time only.

        Args:
            executor: Where files are read; other sources are read here.
        """
        if self._found is None:
            work = ((self.source, *group) for group in self._groups())
            workers = None if self.source.held else executor
            parts = spread(workers, statistics_of, work)
            self._found = [found for part in parts for found in part]
        return self._found

    def own_edges(self, bins: Bins) -> Floats:
        """The edges of each window's own bins; NaN where it has no finite value."""
        found = np.full((len(self.starts), len(bins)), np.nan)
        index = 0
        for group in self._groups():
            for values in values_of(self.source, *group):
                if len(finite_values(values)):
                    found[index] = own_edges(values, bins)
                index += 1
        return found

    def _groups(self) -> Iterator[Group]:
        """Neighbouring windows that together are not too many rows, by their starts and ends."""
        before_start, before_end = self.rows_before
        low = 0
        for high in range(1, len(self.starts) + 1):
            last = high == len(self.starts)
            if last or before_end[high] - before_start[low] > READ_BACK_ROWS:
                yield self.starts[low:high], self.ends[low:high]
                low = high


def values_of(source: Source, starts: Ints, ends: Ints) -> Iterator[NDArray[np.floating[Any]]]:
    """The values of each window of a group, which is read at once."""
    series = source.between(int(starts[0]), int(ends[-1]))
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        yield series.between(start, end).values


def statistics_of(source: Source, starts: Ints, ends: Ints) -> list[Statistics]:
    """Statistics of each window of a group."""
    return [statistics(values) for values in values_of(source, starts, ends)]
