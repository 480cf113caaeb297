"""A whole assay, over columns in memory or files larger than memory."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallwidgets.drift import checks
from wallwidgets.drift.assay import Drift
from wallwidgets.drift.binning import bins
from wallwidgets.drift.checks import refusal, shown
from wallwidgets.drift.columns import instant, numbers
from wallwidgets.drift.counting import count_source
from wallwidgets.drift.readback import ReadBack
from wallwidgets.drift.rules import DEFAULT_ALERT, DEFAULT_BINS, DEFAULT_WIDTH
from wallwidgets.drift.scoring import Scoring
from wallwidgets.drift.sources import Source, open_source
from wallwidgets.drift.timing import Windows, duration
from wallwidgets.drift.whatif import Counted, asked_for, every_edge
from wallwidgets.schemas.assays import Aggregation, BinMode, Metric


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
    what_if: Iterable[int] = (),
    executor: Any = None,
) -> Drift:
    """Run an assay over a frame: compare each window with the baseline.

    Every row is counted once, into the cells between window boundaries; windows are sums of cells.
    Only complete windows are made, and those without any row are left out, as the service does.

    Files are read in pieces, of the two columns only: a run takes the memory of some pieces and of
    the baseline, however large they are. The statistics of windows are read back when first asked
    for, which takes the memory of a window or of 4 million rows, whichever is more.

    Args:
        frame: A pandas, polars or Arrow frame, or a dict of columns; or what is larger than memory:
            the path or paths of Parquet or Arrow files, a polars LazyFrame, a pyarrow Dataset. Rows
            may be in any order.
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
        what_if: Other numbers of bins to count at once, for ``rescore(num_bins=, bin_mode=)``.
        executor: Where pieces are counted: any ``concurrent.futures.Executor``, such as Dask's
            ``client.get_executor()``, or what has its ``submit``. Files are read there too; rows of
            other frames are sent there. Results are the same in every bit. None counts here.

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
    source = open_source(frame, value, time, executor)
    values, baseline_range = _baseline(source, baseline)
    edged = bins(values, bin_mode, num_bins, edges)
    rule = Scoring.of(len(edged), metric, aggregation, weights, warning_threshold, alert_threshold)
    asked = asked_for(edged, values, what_if)
    finest = every_edge(asked)
    begin = baseline_range and baseline_range[1]
    if start is not None:
        begin = instant(start, "start")
    span = _windows(source, length, step, begin, until)
    cells, after = count_source(source, finest, span, executor)
    found = cells.over(span)
    held = found.rows > 0
    starts, ends = span.starts[held], span.ends[held]
    counted = Counted(asked, finest, found.counts[held], finest.count(values))
    counts, baseline_counts = counted.over(edged)
    rows_before = cells.rows_before(starts), cells.rows_before(ends)
    return Drift(
        edged, baseline_counts, starts, ends, found.rows[held], found.missing[held], counts, after,
        rule, baseline_range, counted, ReadBack(source, values, starts, ends, rows_before),
    )  # fmt: skip


def _baseline(
    source: Source, baseline: Any
) -> tuple[NDArray[np.floating[Any]], tuple[int, int] | None]:
    """The values of the baseline, and its start and end if it is a time range."""
    if not isinstance(baseline, tuple):
        return numbers(baseline, "baseline"), None
    if len(baseline) != 2:
        raise refusal("baseline", f"{shown(baseline)} is no pair of start and end")
    start, end = instant(baseline[0], "baseline.start_at"), instant(baseline[1], "baseline.end_at")
    if end <= start:
        raise refusal("baseline", "its end is not after its start")
    values = source.between(start, end).values
    if not len(values):
        raise refusal("baseline", f"has no rows from {baseline[0]} until {baseline[1]}")
    return values, (start, end)


def _windows(source: Source, width: int, interval: int, start: int | None, until: Any) -> Windows:
    """The complete windows that reach into the data."""
    if not source.rows:
        return Windows(0, width, interval, 0)
    first, last = source.first, source.last
    end = last if until is None else instant(until, "run_until")
    begin = first if start is None else start
    number = max((end - begin - width) // interval + 1, 0)
    return Windows(begin, width, interval, number).overlapping(first, last).checked()
