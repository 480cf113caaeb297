"""A whole assay over columns in memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from wallwidgets.drift import checks
from wallwidgets.drift.binning import Bins, bins
from wallwidgets.drift.checks import Floats, Ints, refusal, shown
from wallwidgets.drift.columns import Series, instant, numbers
from wallwidgets.drift.counting import count
from wallwidgets.drift.noise import DEFAULT_CONFIDENCE, noise_band
from wallwidgets.drift.rules import DEFAULT_ALERT, DEFAULT_BINS, DEFAULT_WIDTH
from wallwidgets.drift.scoring import Scoring, own_edges, shares
from wallwidgets.drift.summary import Statistics, finite_values, statistics
from wallwidgets.drift.timing import Windows, duration
from wallwidgets.schemas.assays import Aggregation, BinMode, Metric, ResultStatus

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
    _series: Series
    _baseline_series: Floats

    def __len__(self) -> int:
        return len(self.starts)

    @cached_property
    def baseline(self) -> Statistics:
        """Statistics of the baseline."""
        return statistics(self._baseline_series)

    @cached_property
    def baseline_values(self) -> Floats:
        """The baseline's aggregated values."""
        if self.rule.aggregation is Aggregation.EDGES:
            return own_edges(self._baseline_series, self.bins)
        return shares(self.baseline_counts, len(self._baseline_series), self.rule.aggregation)

    @cached_property
    def aggregated_values(self) -> Floats:
        """The aggregated values of each window (first axis)."""
        if self.rule.aggregation is Aggregation.EDGES:
            return self._positions()
        return shares(self.counts, self.rows, self.rule.aggregation)

    def _positions(self) -> Floats:
        """Edges need the values of each window again; without any value they are NaN."""
        found = np.full(self.counts.shape, np.nan)
        for index, (start, end) in enumerate(zip(self.starts, self.ends, strict=True)):
            values = self._series.between(int(start), int(end))
            if len(finite_values(values)):
                found[index] = own_edges(values, self.bins)
        return found

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

    @cached_property
    def statistics(self) -> list[Statistics]:
        """Statistics of each window; the first use reads the values again."""
        pairs = zip(self.starts.tolist(), self.ends.tolist(), strict=True)
        return [statistics(self._series.between(start, end)) for start, end in pairs]

    def noise_band(self, confidence: float = DEFAULT_CONFIDENCE) -> Floats:
        """The score of each window below which chance alone stays; see ``drift.noise_band``."""
        rule = self.rule
        if not len(self):
            return np.zeros(0)
        band: Floats = noise_band(
            len(self._baseline_series), self.rows, self.baseline_counts, confidence,
            rule.metric, rule.aggregation, rule.weights,
        )  # fmt: skip
        return band

    def rescore(self, **changes: Any) -> Drift:
        """What if: the same counts with another metric, aggregation, weights or threshold.

        Args:
            **changes: Any of metric, aggregation, weights, warning_threshold, alert_threshold.
        """
        fields = {name: getattr(self.rule, name) for name in Scoring.__dataclass_fields__}
        unknown = sorted(changes.keys() - fields.keys())
        if unknown:
            raise refusal(unknown[0], "cannot be changed without counting again")
        return replace(self, rule=Scoring.of(len(self.bins), **{**fields, **changes}))

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


def run(
    frame: Any,
    value: str,
    time: str = "time",
    *,
    baseline: Any,
    width: str | timedelta = DEFAULT_WIDTH,
    interval: str | timedelta | None = None,
    start: Any = None,
    until: Any = None,
    bin_mode: BinMode | str = BinMode.QUANTILE,
    num_bins: int | None = DEFAULT_BINS,
    edges: Any = None,
    aggregation: Aggregation | str = Aggregation.DENSITY,
    metric: Metric | str = Metric.PSI,
    weights: Any = None,
    warning_threshold: float | None = None,
    alert_threshold: float | None = DEFAULT_ALERT,
) -> Drift:
    """Run an assay over a frame: compare each window with the baseline.

    Every row is counted once, into the cells between window boundaries; windows are sums of cells.
    Only complete windows are made, and those without any row are left out, as the service does.

    Args:
        frame: A pandas, polars or Arrow frame, or a dict of columns.
        value: Name of the column of numbers.
        time: Name of the column of times; whole numbers are milliseconds since 1970.
        baseline: A tuple of start and end, of which the end is not in it; or the values themselves.
        width: Length of a window.
        interval: Time between the starts of two windows; the width, if None.
        start: Start of the first window; the end of the baseline, or the first row, if None.
        until: The last instant that the data covers; the time of the last row, if None.
        bin_mode: Quantile, Equal, Provided or None.
        num_bins: Bins between the two outlier bins.
        edges: With bin_mode Provided.
        aggregation: Density, Cumulative or Edges.
        metric: PSI, SumDiff or MaxDiff.
        weights: One per bin, outlier bins included.
        warning_threshold: The score that is a Warning; None for none.
        alert_threshold: The score that is an Alert; None for none.

    Raises:
        InvalidRequest: A field cannot be used; the sentence names it.

    Example:
        >>> frame = {"time": np.arange(0, 4 * 86_400_000, 3_600_000), "price": np.arange(96) % 24}
        >>> found = run(frame, "price", baseline=("1970-01-01", "1970-01-02"), until="1970-01-05")
        >>> len(found), found.score
        (3, array([0., 0., 0.]))
    """
    length = duration(width, "width")
    step = length if interval is None else duration(interval, "interval")
    checks.thresholds(warning_threshold, alert_threshold)
    times = _column(frame, time, "time")
    series = Series.of(times, _column(frame, value, "value"), "time", "value")
    values, baseline_range = _baseline(series, baseline)
    edged = bins(values, bin_mode, num_bins, edges)
    rule = Scoring.of(len(edged), metric, aggregation, weights, warning_threshold, alert_threshold)
    begin = baseline_range and baseline_range[1]
    if start is not None:
        begin = instant(start, "start")
    span = _windows(series, length, step, begin, until)
    cells = count(series, edged, span.boundaries)
    found = cells.over(span)
    held = found.rows > 0
    end = span.start + span.number * span.interval - span.interval + span.width
    after = len(series.values) - int(series.rows_at(np.array([end]))[0]) if span.number else 0
    return Drift(
        edged, edged.count(values), span.starts[held], span.ends[held],
        found.rows[held], found.missing[held], found.counts[held], after, rule, baseline_range,
        series, values,
    )  # fmt: skip


def _column(frame: Any, name: str, field: str) -> Any:
    names = getattr(frame, "column_names", None)  # Arrow, whose columns are arrays
    if names is None:
        names = getattr(frame, "columns", frame)
    if name not in list(names):
        raise refusal(field, f"the frame has no column {shown(name)}")
    return frame[name]


def _baseline(series: Series, baseline: Any) -> tuple[Any, tuple[int, int] | None]:
    """The values of the baseline, and its start and end if it is a time range."""
    if not isinstance(baseline, tuple):
        return numbers(baseline, "baseline"), None
    if len(baseline) != 2:
        raise refusal("baseline", f"{shown(baseline)} is no pair of start and end")
    start, end = instant(baseline[0], "baseline.start_at"), instant(baseline[1], "baseline.end_at")
    if end <= start:
        raise refusal("baseline", "its end is not after its start")
    values = series.between(start, end)
    if not len(values):
        raise refusal("baseline", f"has no rows from {baseline[0]} until {baseline[1]}")
    return values, (start, end)


def _windows(series: Series, width: int, interval: int, start: int | None, until: Any) -> Windows:
    """The complete windows that reach into the data."""
    if not len(series.values):
        return Windows(0, width, interval, 0)
    first, last = series.first, series.last
    end = last if until is None else instant(until, "run_until")
    begin = first if start is None else start
    number = max((end - begin - width) // interval + 1, 0)
    return Windows(begin, width, interval, number).overlapping(first, last).checked()
