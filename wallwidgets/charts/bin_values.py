"""What a result says of its bins: names, both sides, and parts of the score."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from wallwidgets.charts.finding import parts_of_score, right_edges
from wallwidgets.charts.wording import bin_ranges, number_texts
from wallwidgets.drift.chance import density
from wallwidgets.drift.checks import Floats
from wallwidgets.schemas.assays import Aggregation, AssayResult, Summary

_OUTLIERS = ("left_outlier", "right_outlier")
_STATISTICS = ("count", "missing", "min", "max", "mean", "median", "std")


@dataclass(frozen=True, eq=False)
class BinValues:
    """The bins of one result, and behind them the missing values, where any are known of."""

    result: AssayResult

    @property
    def both(self) -> tuple[Summary, Summary]:
        """Baseline and window."""
        return self.result.baseline_summary, self.result.window_summary

    @property
    def binned(self) -> int:
        """The number of bins, without the bar of missing values."""
        return len(self.result.window_summary.aggregated_values)

    @property
    def aggregation(self) -> Aggregation:
        """What the aggregated values are."""
        return self.result.window_summary.aggregation or Aggregation.DENSITY

    @property
    def edges_drawn(self) -> bool:
        """Whether the aggregated values are positions of edges, not shares."""
        return self.aggregation is Aggregation.EDGES

    @cached_property
    def missing(self) -> tuple[float, float] | None:
        """The shares of rows without a value, if any is known to be."""
        shares = [(each.missing or 0) / max(each.count, 1) for each in self.both]
        return (shares[0], shares[1]) if self.binned and any(shares) else None

    @cached_property
    def names(self) -> list[str]:
        """The range of each bin, as a reader wants it."""
        edges = right_edges(self.result.window_summary)
        named = self.result.window_summary.edge_names
        ranges = bin_ranges(edges) if edges else (named + [""] * self.binned)[: self.binned]
        if self.edges_drawn:
            ranges = [*(f"edge {at}" for at in range(self.binned - 1)), "largest"]
        if self.aggregation is Aggregation.CUMULATIVE and edges:
            ranges = [ranges[0], *(f"≤ {text}" for text in number_texts(edges[1:-1])), "all"]
        return [*ranges, "missing"] if self.missing else ranges

    @cached_property
    def outlier(self) -> list[bool]:
        """Which bins lie beyond the baseline's edges."""
        if self.aggregation is not Aggregation.DENSITY:
            return [False] * self.binned
        names = self.result.window_summary.edge_names
        if len(names) != self.binned:
            return [at in (0, self.binned - 1) for at in range(self.binned)]
        return [name in _OUTLIERS for name in names]

    def _values(self, summary: Summary) -> Floats:
        values = np.array(summary.aggregated_values, dtype=float)
        if len(values) != self.binned:
            values = np.full(self.binned, np.nan)
        return values

    @cached_property
    def sides(self) -> tuple[Floats, Floats]:
        """Baseline and window: a number per bin, then the missing values."""
        return tuple(  # type: ignore[return-value]
            np.append(self._values(side), self.missing[at] if self.missing else [])
            for at, side in enumerate(self.both)
        )

    @cached_property
    def shares(self) -> Floats:
        """Of the score; NaN where a bar has no part of it."""
        parts = parts_of_score(self.result)
        return parts if len(parts) == self.binned else np.full(self.binned, np.nan)

    def table(self) -> pa.Table:
        """A row per bin; without bins, one per statistic."""
        if not self.binned:
            numbers = [pa.array([getattr(side, name) for name in _STATISTICS], pa.float64())
                       for side in self.both]  # fmt: skip
            return pa.table({"statistic": list(_STATISTICS), "baseline": numbers[0],
                             "window": numbers[1]})  # fmt: skip
        extra = len(self.names) - self.binned
        columns: dict[str, Any] = {"bin": pa.array(self.names, pa.string())}
        for name, side, values in zip(("baseline", "window"), self.both, self.sides, strict=True):
            counts = np.append(density(side), values[self.binned :]) * side.count
            told = len(counts) == len(values) and not self.edges_drawn
            columns[name] = pa.array(values, from_pandas=True)
            columns[f"{name}_rows"] = pa.array(
                counts.round() if told else values * np.nan, pa.float64(), from_pandas=True
            ).cast(pa.int64())
        parts = [*self.result.scores, *[None] * (self.binned - len(self.result.scores) + extra)]
        columns["score_part"] = pa.array(parts[: len(self.names)], pa.float64())
        shares = np.append(self.shares, [np.nan] * extra)
        columns["score_share"] = pa.array(shares, from_pandas=True)
        return pa.table(columns)
