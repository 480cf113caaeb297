"""Ranks of the service's quantiles, and values at ranks without sorting everything."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallwidgets.drift.checks import Floats, Ints

_SAMPLE = 8_192
_SMALL = 50_000


def quantile_ranks(count: int, num_bins: int) -> Ints:
    """The rank, from 1, of each inner and last edge: ``round_half_up(i * count / num_bins)``.

    Source: edges and bin counts of recorded baselines (181 to 1,813 rows); no quantile method of
    numpy or polars gives these. With fewer values than bins a rank is at least 1.

    Example:
        >>> quantile_ranks(1813, 10)[:5].tolist()
        [181, 363, 544, 725, 907]
    """
    steps = np.arange(1, num_bins + 1, dtype=np.int64)
    return np.maximum((2 * steps * count + num_bins) // (2 * num_bins), 1)


def at_ranks(values: NDArray[np.floating[Any]], ranks: Ints) -> Floats:
    """The values at ranks (from 1) of the ascending order; ``values`` holds no NaN.

    A large array is not sorted: a sample says between which two values each rank must lie, and only
    those in between are looked at (Floyd and Rivest, 1975).

    Example:
        >>> at_ranks(np.array([30.0, 10.0, 20.0]), np.array([1, 3]))
        array([10., 30.])
    """
    if len(values) <= _SMALL or len(ranks) > 16:
        return np.sort(values)[ranks - 1].astype(np.float64)
    sample = np.sort(values[:: len(values) // _SAMPLE])
    return np.array([_select(values, int(rank) - 1, sample) for rank in ranks], dtype=np.float64)


def _select(values: NDArray[np.floating[Any]], index: int, sample: NDArray[Any]) -> float:
    centre = index * len(sample) // len(values)
    margin = int(2 * np.sqrt(len(sample)))  # four standard deviations at the median
    # At its ends the sample does not reach the extremes.
    low = sample[centre - margin] if centre > margin else values.min()
    high = sample[centre + margin] if centre + margin < len(sample) else values.max()
    from_low = values >= low
    below = len(values) - int(np.count_nonzero(from_low))
    middle = values[from_low & (values <= high)]
    if not below <= index < below + len(middle):  # a sample that misses a pattern of the values
        return float(np.partition(values, index)[index])
    return float(np.partition(middle, index - below)[index - below])
