"""Bins of a baseline: edges, names, and how many values fall into each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallwidgets.drift import checks
from wallwidgets.drift.checks import Floats, Ints, refusal
from wallwidgets.drift.columns import numbers
from wallwidgets.drift.rules import DEFAULT_BINS
from wallwidgets.drift.summary import finite_values
from wallwidgets.schemas.assays import BinMode

BLOCK = 3 << 14
_AT_ONCE = 16  # Limits in one comparison: long ones let threads run side by side.
_COMPARED = 256
_PLACED = 32
_NAME_PREFIX = {BinMode.EQUAL: "p", BinMode.PROVIDED: "e"}


@dataclass(frozen=True, eq=False)
class Bins:
    """Edges e_0 to e_n and the n + 2 bins that they make.

    ``left_outlier`` is x < e_0, bin 1 is e_0 <= x <= e_1, bin i is e_(i-1) < x <= e_i, and
    ``right_outlier`` is x > e_n. Repeated edges make empty bins. Missing values are in
    ``left_outlier``. Source: recorded bin counts, and the labels of the service's charts.

    Example:
        >>> ten = bins(range(1, 11), num_bins=2)
        >>> ten.edges, len(ten)
        (array([ 1.,  5., 10.]), 4)
        >>> ten.count([0, 1, 5, 6, 11])
        array([1, 2, 1, 1])
    """

    mode: BinMode
    num_bins: int
    edges: Floats

    def __len__(self) -> int:
        return len(self.edges) + 1 if len(self.edges) else 0

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Bins):
            return NotImplemented
        same = (self.mode, self.num_bins) == (other.mode, other.num_bins)
        return same and np.array_equal(self.edges, other.edges)

    def __hash__(self) -> int:
        return hash((self.mode, self.num_bins, self.edges.tobytes()))

    @property
    def right_edges(self) -> Floats:
        """The right edge of each bin, as the service lists them; the last is infinite.

        Example:
            >>> bins([1, 2], num_bins=1).right_edges
            array([ 1.,  2., inf])
        """
        return np.append(self.edges, np.inf) if len(self.edges) else self.edges

    @property
    def names(self) -> list[str]:
        """The baseline's name of each bin: ``q_20``, ``p_1.26e1`` or ``e_1.26e1`` by bin_mode.

        Example:
            >>> bins([1, 2, 3], num_bins=3).names
            ['left_outlier', 'q_33', 'q_67', 'q_100', 'right_outlier']
        """
        if self.mode is BinMode.QUANTILE:
            n = self.num_bins
            inner = [f"q_{(200 * i + n) // (2 * n)}" for i in range(1, n + 1)]
            return ["left_outlier", *inner, "right_outlier"]
        return self._names(_NAME_PREFIX.get(self.mode, "e"))

    @property
    def window_names(self) -> list[str]:
        """A window's name of each bin: always ``e_`` and the right edge.

        Example:
            >>> bins([12.5, 14.1], num_bins=1).window_names
            ['left_outlier', 'e_1.41e1', 'right_outlier']
        """
        return self._names("e")

    def _names(self, prefix: str) -> list[str]:
        if not len(self):
            return []
        inner = [f"{prefix}_{edge_text(edge)}" for edge in self.edges[1:].tolist()]
        return ["left_outlier", *inner, "right_outlier"]

    @cached_property
    def thresholds(self) -> Floats:
        """What a value must exceed to be beyond each bin, so that one comparison serves all edges.

        x >= e_0 is the same as x > the number before e_0; NaN exceeds nothing.
        """
        exceeded = self.edges.copy()
        with np.errstate(over="ignore"):  # the number before the lowest one is minus infinity
            exceeded[:1] = np.nextafter(exceeded[:1], -np.inf)
        return exceeded

    def count(self, values: Any) -> Ints:
        """How many values fall into each bin.

        Example:
            >>> bins([1, 2, 3, 4], num_bins=2).count([1.5, None, 9])
            array([1, 1, 0, 1])
        """
        array = numbers(values)
        total = np.zeros(len(self), dtype=np.int64)
        for block in blocks(array):
            total += self.count_block(block)
        return total

    def count_block(self, block: NDArray[np.floating[Any]]) -> Ints:
        """As ``count``, for an array that fits into the processor's cache."""
        if not len(self):
            return np.zeros(0, dtype=np.int64)
        if len(self) > _COMPARED:
            return np.bincount(self.place(block), minlength=len(self))
        limits = self._limits(block.dtype)[:, np.newaxis]
        groups = (limits[low : low + _AT_ONCE] for low in range(0, len(limits), _AT_ONCE))
        beyond = [np.count_nonzero(row) for group in groups for row in block > group]
        at_least = np.array([len(block), *beyond, 0], dtype=np.int64)
        return at_least[:-1] - at_least[1:]

    def place(self, block: NDArray[np.floating[Any]]) -> NDArray[np.intp]:
        """The number of each value's bin, from 0 for ``left_outlier``.

        Example:
            >>> bins([1, 2, 3, 4], num_bins=2).place(np.array([0.5, 1.0, 4.0, np.nan]))
            array([0, 1, 2, 0])
        """
        if len(self) > _PLACED:
            found = np.searchsorted(self.thresholds, block)
            found[np.isnan(block)] = 0
            return found
        place = np.zeros(len(block), dtype=np.uint8)
        for limit in self._limits(block.dtype):
            place += (block > limit).view(np.uint8)
        return place.astype(np.intp)

    def _limits(self, dtype: np.dtype[Any]) -> NDArray[np.floating[Any]]:
        """The thresholds in the values' own precision: x > t is x > the next float32 at or below t.

        Comparing float32 with float32 takes half the time, and gives the same answer.
        """
        return self.thresholds if dtype == np.float64 else self._singles

    @cached_property
    def _singles(self) -> NDArray[np.floating[Any]]:
        with np.errstate(over="ignore"):
            rounded = self.thresholds.astype(np.float32)
            below = np.nextafter(rounded, np.float32(-np.inf))
        return np.where(rounded > self.thresholds, below, rounded)


def blocks(array: NDArray[np.floating[Any]]) -> Iterator[NDArray[np.floating[Any]]]:
    """The array in pieces that fit into the processor's cache."""
    return (array[low : low + BLOCK] for low in range(0, len(array), BLOCK))


def edge_text(edge: float) -> str:
    """An edge as the service names it, Rust's ``{:.2e}``: no plus and no padding in the exponent.

    Example:
        >>> edge_text(12.5571), edge_text(0.000264), edge_text(314000.0)
        ('1.26e1', '2.64e-4', '3.14e5')
    """
    digits, _, exponent = f"{edge:.2e}".partition("e")
    return f"{digits}e{int(exponent)}"


def bins(
    values: Any,
    mode: BinMode | str = BinMode.QUANTILE,
    num_bins: int | None = DEFAULT_BINS,
    edges: Any = None,
) -> Bins:
    """The bins of a baseline.

    * Quantile: e_0 is the minimum, e_i the value at rank round_half_up(i * N / num_bins), so always
      a value of the baseline.
    * Equal: e_i = min + i * (max - min) / num_bins.
    * Provided: ``edges``; ``num_bins + 1`` as they are, or ``num_bins`` with the baseline's minimum
      before them. With ``num_bins=None`` all of them.
    * None: no bins.

    Args:
        values: The baseline, an array or column; missing and infinite values set no edge.
        mode: How edges are chosen.
        num_bins: Bins between the two outlier bins.
        edges: With Provided only, in rising order.

    Raises:
        InvalidRequest: A field cannot be used, or the baseline has no value.

    Example:
        >>> bins([1.0, 2.0, 4.0, 8.0], "Equal", num_bins=2).edges
        array([1. , 4.5, 8. ])
        >>> bins([1.0, 2.0, 4.0, 8.0], "Provided", num_bins=2, edges=[3, 6]).edges
        array([1., 3., 6.])
    """
    mode = checks.choice(BinMode, mode, "bin_mode")
    if edges is not None and mode is not BinMode.PROVIDED:
        raise refusal("provided_edges", f"only go with bin_mode Provided, not {mode}")
    if num_bins is not None:
        num_bins = checks.bin_number(num_bins)
    if mode is BinMode.NONE:
        return Bins(mode, 0, _frozen(np.zeros(0)))
    if mode is BinMode.PROVIDED:
        found = _provided(values, num_bins, checks.provided_edges(edges, num_bins))
        return Bins(mode, len(found) - 1, _frozen(found))
    if num_bins is None:
        raise refusal("num_bins", f"is required with bin_mode {mode}")
    present = _present(values)
    found = _quantile(present, num_bins) if mode is BinMode.QUANTILE else _equal(present, num_bins)
    return Bins(mode, num_bins, _frozen(found))


def _present(values: Any) -> Floats:
    array = numbers(values, "baseline")
    present = finite_values(array)
    if not len(present):
        rows = f"none of its {len(array)} rows has a finite value" if len(array) else "has no rows"
        raise refusal("baseline", rows)
    return present


def _quantile(present: Floats, num_bins: int) -> Floats:
    ranks = np.append(1, quantile_ranks(len(present), num_bins))
    edges: Floats = np.sort(present)[ranks - 1]
    return edges


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


def _equal(present: Floats, num_bins: int) -> Floats:
    low, high = float(present.min()), float(present.max())
    steps = np.arange(num_bins + 1)
    if np.isfinite((high - low) * num_bins):
        edges = low + steps * (high - low) / num_bins
    else:
        edges = low * (1 - steps / num_bins) + high * (steps / num_bins)
        edges = np.maximum.accumulate(np.maximum(edges, low))
    # Rounding must not push an edge beyond the maximum, nor leave the maximum out.
    edges = np.minimum(edges, high)
    edges[-1] = high
    return edges


def _provided(values: Any, num_bins: int | None, edges: Floats) -> Floats:
    if num_bins is None or len(edges) == num_bins + 1:
        return edges
    return np.concatenate([[min(float(_present(values).min()), edges[0])], edges])


def _frozen(edges: Any) -> Floats:
    array: Floats = np.array(edges, dtype=np.float64) + 0.0  # -0.0 would have another name
    array.flags.writeable = False
    return array
