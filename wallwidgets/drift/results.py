"""The result of an assay as the records that the service answers with."""

from __future__ import annotations

import math
from typing import Any

from wallwidgets.drift.assay import Drift
from wallwidgets.drift.checks import Floats
from wallwidgets.drift.columns import moment
from wallwidgets.drift.summary import Statistics
from wallwidgets.schemas.assays import (
    AssayResult,
    BinMode,
    ResultStatus,
    Summarizer,
    Summary,
)

_STATISTICS = ("min", "max", "mean", "median", "std")


def results(found: Drift, **labels: Any) -> list[AssayResult]:
    """One record per window, as ``run_interactive`` gives them.

    Args:
        found: The result of ``drift.run``.
        **labels: What the arithmetic does not know, such as ``iopath`` or ``assay_id``.

    Example:
        >>> from wallwidgets.drift import run
        >>> day = 86_400_000
        >>> frame = {"time": [0, 1, day, day + 1], "price": [1, 2, 2, 9]}
        >>> whole = run(frame, "price", baseline=("1970-01-01", "1970-01-02"), num_bins=1,
        ...     until="1970-01-03", metric="MaxDiff")
        >>> one = results(whole, iopath="output price 0")[0]
        >>> one.score, one.status.value, one.window_summary.aggregated_values
        (0.5, 'Alert', [0.0, 0.5, 0.5])
    """
    baseline = _baseline_summary(found)
    rows = zip(
        found.starts.tolist(), found.ends.tolist(), found.statistics, found.aggregated_values,
        found.score.tolist(), found.scores, found.bin_index, found.status, strict=True,
    )  # fmt: skip
    return [
        AssayResult(
            window_start=moment(start),
            score=_number(score),
            scores=_numbers(parts),
            bin_index=bin_index,
            status=status,
            window_summary=_summary(found, statistics, values, start, end),
            **{**_shared(found, baseline), **labels},
        )
        for start, end, statistics, values, score, parts, bin_index, status in rows
    ]


def baseline_result(found: Drift, **labels: Any) -> AssayResult:
    """The baseline compared with itself, as ``run_interactive_baseline`` gives it.

    Its window is the baseline over the same bins, with the names of a window; all scores are zero.

    Example:
        >>> from wallwidgets.drift import run
        >>> frame = {"time": [0, 1], "price": [1, 2]}
        >>> found = run(frame, "price", baseline=("1970-01-01", "1970-01-02"), num_bins=1)
        >>> baseline_result(found).status.value
        'BaselineRun'
    """
    start = found.baseline_range[0] if found.baseline_range else 0
    window = _baseline_summary(found).model_copy(update={"edge_names": found.bins.window_names})
    return AssayResult(
        window_start=moment(start),
        score=0.0,
        scores=[0.0] * len(found.bins),
        status=ResultStatus.BASELINE_RUN,
        window_summary=window,
        **{**_shared(found, _baseline_summary(found)), **labels},
    )


def _shared(found: Drift, baseline: Summary) -> dict[str, Any]:
    rule, bins = found.rule, found.bins
    summarizer = Summarizer(
        bin_mode=bins.mode,
        aggregation=rule.aggregation,
        metric=rule.metric,
        num_bins=bins.num_bins if len(bins) else None,
        bin_weights=None if rule.weights is None else rule.weights.tolist(),
        provided_edges=bins.edges.tolist() if bins.mode is BinMode.PROVIDED else None,
    )
    return {
        "warning_threshold": rule.warning_threshold,
        "alert_threshold": rule.alert_threshold,
        "baseline_summary": baseline,
        "summarizer": summarizer,
    }


def _baseline_summary(found: Drift) -> Summary:
    start, end = found.baseline_range or (None, None)
    made = _summary(found, found.baseline, found.baseline_values, start, end)
    return made.model_copy(update={"edge_names": found.bins.names})


def _summary(
    found: Drift, statistics: Statistics, values: Floats, start: int | None, end: int | None
) -> Summary:
    numbers = {name: _number(getattr(statistics, name)) for name in _STATISTICS}
    return Summary(
        count=statistics.count,
        missing=statistics.missing,
        **numbers,
        edges=_numbers(found.bins.right_edges),
        edge_names=found.bins.window_names,
        aggregated_values=_numbers(values),
        aggregation=found.rule.aggregation,
        start=None if start is None else moment(start),
        end=None if end is None else moment(end),
    )


def _number(value: float) -> float | None:
    """What JSON has no number for is null."""
    return value if math.isfinite(value) else None


def _numbers(values: Floats) -> list[float | None]:
    return [_number(value) for value in values.tolist()]
