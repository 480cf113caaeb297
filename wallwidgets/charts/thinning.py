"""Fewer points where a screen cannot show them all, with every extreme kept."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wallwidgets.drift.checks import Floats

MOST_POINTS = 10_000
THINNED = 4_000


def kept(*series: Floats) -> NDArray[np.intp]:
    """Which points to draw: all up to 10,000, else about 4,000 of them.

    Of each stretch of neighbours the first, the lowest of the first series, and the highest of each
    series stay, so no peak is lost. NaN counts as lowest.

    Example:
        >>> few = kept(np.array([3.0, 1.0, 2.0]))
        >>> peaks = np.zeros(1_000_000); peaks[[5, 777_777]] = 9.0
        >>> few.tolist(), int((peaks[kept(peaks)] == 9.0).sum())
        ([0, 1, 2], 2)
    """
    number = len(series[0])
    if number <= MOST_POINTS:
        return np.arange(number)
    stretches = THINNED // (2 + len(series))
    size = -(-number // stretches)
    firsts = np.arange(0, number, size)
    columns = [np.arange(0, number, size), firsts + _blocks(series[0], size, np.inf).argmin(axis=1)]
    columns += [firsts + _blocks(each, size, -np.inf).argmax(axis=1) for each in series]
    return np.unique(np.concatenate([*columns, [number - 1]]))


def _blocks(values: Floats, size: int, filler: float) -> Floats:
    """Stretches as rows of a matrix, the last one filled up."""
    padded = np.full(-(-len(values) // size) * size, filler)
    padded[: len(values)] = np.where(np.isnan(values), filler, values)
    return padded.reshape(-1, size)
