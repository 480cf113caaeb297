"""The result of an assay."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from wallwidgets.drift.binning import Bins
from wallwidgets.drift.checks import Floats, Ints, refusal
from wallwidgets.drift.noise import DEFAULT_CONFIDENCE, noise_band
from wallwidgets.drift.readback import ReadBack
from wallwidgets.drift.scoring import Scoring, own_edges, shares
from wallwidgets.drift.summary import Statistics
from wallwidgets.drift.whatif import BINNING, Counted
from wallwidgets.schemas.assays import Aggregation, ResultStatus

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, eq=False)
class Drift:
    """The result of an assay: one row per window that holds any row of the data.

    Attributes:
        bins: The bins of the baseline.
        baseline_counts: Its rows in each bin.
        starts: Start of each window, microseconds since 1970.
        ends: End of each window; not in the window.
        rows: Rows of each window, those without a value too.
        missing: Rows of each window without a value.
        counts: Rows of each window (first axis) in each bin.
        rows_after: Rows at or after the end of the last complete window, which none holds.
        rule: Metric, aggregation, weights and thresholds.
        baseline_range: Start and end of the baseline, microseconds since 1970; None for values.

    Example:
        >>> from wallwidgets.drift import run
        >>> day = 86_400_000
        >>> frame = {"time": [0, 1, 2, 3, day, day + 1, day + 2], "price": [1, 2, 3, 4, 3, 4, 9]}
        >>> found = run(frame, "price", baseline=("1970-01-01", "1970-01-02"), num_bins=2,
        ...     until="1970-01-03", metric="MaxDiff")
        >>> found.score.round(3), found.status[0].value, found.bin_index
        (array([0.5]), 'Alert', [1])
        >>> found.rescore(metric="SumDiff").score.round(3)
        array([0.5])
    """

    bins: Bins
    baseline_counts: Ints
    starts: Ints
    ends: Ints
    rows: Ints
    missing: Ints
    counts: Ints
    rows_after: int
    rule: Scoring
    baseline_range: tuple[int, int] | None
    _counted: Counted = field(repr=False)
    _values: ReadBack = field(repr=False)

    def __len__(self) -> int:
        return len(self.starts)

    @cached_property
    def baseline(self) -> Statistics:
        """Statistics of the baseline."""
        return self._values.baseline

    @cached_property
    def baseline_values(self) -> Floats:
        """The baseline's aggregated values."""
        if self.rule.aggregation is Aggregation.EDGES:
            return own_edges(self._values.baseline_values, self.bins)
        return shares(self.baseline_counts, self._baseline_rows, self.rule.aggregation)

    @cached_property
    def aggregated_values(self) -> Floats:
        """The aggregated values of each window (first axis)."""
        if self.rule.aggregation is Aggregation.EDGES:
            return self._values.own_edges(self.bins)
        return shares(self.counts, self.rows, self.rule.aggregation)

    @property
    def _baseline_rows(self) -> int:
        return len(self._values.baseline_values)

    @cached_property
    def _scored(self) -> tuple[Floats, Floats]:
        return self.rule.scores(self.baseline_values, self.aggregated_values)

    @property
    def score(self) -> Floats:
        """The score of each window."""
        return self._scored[0]

    @property
    def scores(self) -> Floats:
        """Each bin's part of the score of each window (first axis)."""
        return self._scored[1]

    @cached_property
    def bin_index(self) -> list[int | None]:
        """The bin that differs most in each window, for MaxDiff; else None."""
        return [self.rule.bin_index(parts) for parts in self.scores]

    @cached_property
    def status(self) -> list[ResultStatus]:
        """The status of each window."""
        return [self.rule.status(score) for score in self.score.tolist()]

    @property
    def statistics(self) -> list[Statistics]:
        """Statistics of each window; the first use reads the values again."""
        return self._values.statistics()

    def read_statistics(self, executor: Any = None) -> list[Statistics]:
        """The same, where an executor's workers may read files: see ``run``.

        Args:
            executor: As for ``run``; here, if None.
        """
        return self._values.statistics(executor)

    def noise_band(self, confidence: float = DEFAULT_CONFIDENCE) -> Floats:
        """The score of each window below which chance alone stays; see ``drift.noise_band``."""
        rule = self.rule
        if not len(self):
            return np.zeros(0)
        band: Floats = noise_band(
            self._baseline_rows, self.rows, self.baseline_counts, confidence,
            rule.metric, rule.aggregation, rule.weights,
        )  # fmt: skip
        return band

    def rescore(self, **changes: Any) -> Drift:
        """What if: the same counts with another metric, aggregation, weights, threshold or bins.

        Other bins need edges that were counted: those of ``run``'s ``what_if``, and any that are
        among them, such as 5 of 10 Quantile bins.

        Args:
            **changes: Any of metric, aggregation, weights, warning_threshold, alert_threshold,
                bin_mode, num_bins, edges.

        Raises:
            InvalidRequest: A field cannot be used, or not without counting again.
        """
        fields = {name: getattr(self.rule, name) for name in Scoring.__dataclass_fields__}
        binning = {name: changes[name] for name in BINNING if name in changes}
        rule = {name: changes[name] for name in changes if name not in BINNING}
        unknown = sorted(rule.keys() - fields.keys())
        if unknown:
            raise refusal(unknown[0], "cannot be changed without counting again")
        made = self.bins
        if binning:
            made = self._counted.rebinned(made, self._values.baseline_values, **binning)
        counts, baseline_counts = self._counted.over(made)
        return replace(
            self,
            bins=made,
            counts=counts,
            baseline_counts=baseline_counts,
            rule=Scoring.of(len(made), **{**fields, **rule}),
        )

    def to_arrow(self) -> pa.Table:
        """One row per window: its time, rows, missing rows, statistics, score and status."""
        import pyarrow as pa

        utc = pa.timestamp("us", tz="UTC")
        names = ("min", "max", "mean", "median", "std")
        parts = {name: [getattr(found, name) for found in self.statistics] for name in names}
        columns = {
            "start": pa.array(self.starts).cast(utc),
            "end": pa.array(self.ends).cast(utc),
            "count": self.rows,
            "missing": self.missing,
            **{
                name: pa.array(part, pa.float64(), from_pandas=True) for name, part in parts.items()
            },
            "score": pa.array(self.score, from_pandas=True),
            "bin_index": pa.array(self.bin_index, pa.int64()),
            "status": pa.array([status.value for status in self.status], pa.string()),
        }
        return pa.table(columns)
