"""Counts over all edges that were asked for, merged exactly into any bins of those edges."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from wallwidgets.drift import checks
from wallwidgets.drift.binning import Bins, bins
from wallwidgets.drift.checks import Ints, refusal
from wallwidgets.schemas.assays import BinMode

BINNING = ("bin_mode", "num_bins", "edges")
_FROM_NUMBER = (BinMode.QUANTILE, BinMode.EQUAL)


def asked_for(first: Bins, values: Any, what_if: Iterable[int]) -> tuple[Bins, ...]:
    """The bins of a run and those that ``rescore`` may want: of each number, Quantile and Equal.

    Example:
        >>> [(str(each.mode), each.num_bins) for each in asked_for(bins([1, 2]), [1, 2], [3])]
        [('Quantile', 5), ('Quantile', 3), ('Equal', 3)]
    """
    if not isinstance(what_if, Iterable):
        raise refusal("what_if", f"{checks.shown(what_if)} is no list of numbers of bins")
    numbers = [checks.bin_number(number, "what_if") for number in what_if]
    return first, *(bins(values, mode, number) for number in numbers for mode in _FROM_NUMBER)


def every_edge(asked: tuple[Bins, ...]) -> Bins:
    """Bins with the edges of all of them.

    Example:
        >>> every_edge((bins([1, 2, 5], num_bins=2), bins([1, 2, 5], "Equal", num_bins=2))).edges
        array([1., 2., 3., 5.])
    """
    if len(asked) == 1:
        return asked[0]
    edges = np.unique(np.concatenate([each.thresholds for each in asked]))
    edges[0] = np.nextafter(edges[0], np.inf)  # from what e_0 must exceed back to e_0
    return bins([], BinMode.PROVIDED, None, edges)


def merge(counts: Ints, counted: Bins, wanted: Bins) -> Ints | None:
    """Counts (last axis) over other bins, as exact as if counted; None unless all edges are there.

    Example:
        >>> fine = bins([1, 2, 3, 4], num_bins=4)
        >>> merge(fine.count([1, 3, 3, 9]), fine, bins([1, 2, 3, 4], num_bins=2))
        array([0, 1, 2, 1])
    """
    if not len(wanted):
        return counts[..., :0]
    at = np.searchsorted(counted.thresholds, wanted.thresholds)
    if at[-1] == len(counted.thresholds) or (counted.thresholds[at] != wanted.thresholds).any():
        return None
    up_to = np.cumsum(counts, axis=-1)
    return np.diff(up_to[..., at], prepend=0, append=up_to[..., -1:])


@dataclass(frozen=True, eq=False)
class Counted:
    """What was counted, in the finest bins that were asked for.

    Attributes:
        asked: The bins that it can become at once.
        bins: All of their edges.
        windows: Rows of each window (first axis) in each bin.
        baseline: Rows of the baseline in each bin.
    """

    asked: tuple[Bins, ...]
    bins: Bins
    windows: Ints
    baseline: Ints

    def rebinned(
        self, current: Bins, values: Any, bin_mode: Any = None, num_bins: Any = None,
        edges: Any = None,
    ) -> Bins:  # fmt: skip
        """Other bins of the same baseline; what is None stays as it is."""
        mode = current.mode if bin_mode is None else checks.choice(BinMode, bin_mode, "bin_mode")
        if edges is None and mode is not BinMode.PROVIDED:
            number = current.num_bins if num_bins is None else num_bins
            for known in self.asked:
                if (known.mode, known.num_bins) == (mode, number):
                    return known
            return bins(values, mode, number)
        return bins(values, mode, num_bins, edges)

    def over(self, wanted: Bins) -> tuple[Ints, Ints]:
        """Rows of each window, and of the baseline, in each of other bins."""
        windows = merge(self.windows, self.bins, wanted)
        baseline = merge(self.baseline, self.bins, wanted)
        if windows is None or baseline is None:
            if wanted.mode is BinMode.PROVIDED:
                raise refusal("provided_edges", "were not counted, run again with them")
            number = wanted.num_bins
            reason = f"{number} {wanted.mode} bins were not counted, run with what_if=[{number}]"
            raise refusal("num_bins", reason)
        return windows, baseline
