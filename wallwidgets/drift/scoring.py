"""Aggregated values, scores and status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallwidgets.drift import checks
from wallwidgets.drift.binning import Bins, bins
from wallwidgets.drift.checks import Floats, Ints, refusal
from wallwidgets.drift.columns import numbers
from wallwidgets.drift.rules import DEFAULT_ALERT, ZERO_SHARE
from wallwidgets.drift.summary import finite_values
from wallwidgets.schemas.assays import Aggregation, Metric, ResultStatus


@dataclass(frozen=True, eq=False)
class Score:
    """How far a window is from its baseline.

    Attributes:
        score: The number that thresholds are compared with; NaN without bins.
        scores: Each bin's part of it.
        bin_index: The bin that differs most, for MaxDiff; else None.

    Example:
        >>> score([0, 1, 0], [0, 0.75, 0.25], metric="MaxDiff")
        Score(score=0.25, scores=array([0.  , 0.25, 0.25]), bin_index=1)
    """

    score: float
    scores: Floats
    bin_index: int | None


def aggregate(
    values: Any, bins: Bins, aggregation: Aggregation | str = Aggregation.DENSITY
) -> Floats:
    """What a score compares: one number per bin.

    * Density: the bin's share of the rows, ``count / n``.
    * Cumulative: the share of the rows up to and including the bin.
    * Edges: the right edges of the values' own bins.

    Args:
        values: A baseline or window; missing values are rows and count in ``left_outlier``.
        bins: The bins of the baseline.
        aggregation: One of the three.

    Raises:
        InvalidRequest: There are no rows, or Edges of rows without any value.

    Example:
        >>> from wallwidgets.drift import bins
        >>> aggregate([1, 2, 3, 9], bins([1, 2, 3, 4], num_bins=2), "Cumulative")
        array([0.  , 0.5 , 0.75, 1.  ])
    """
    aggregation = checks.choice(Aggregation, aggregation, "aggregation")
    array = numbers(values)
    if not len(array):
        raise refusal("values", "has no rows")
    if aggregation is Aggregation.EDGES:
        return own_edges(array, bins)
    return shares(bins.count(array), len(array), aggregation)


def shares(counts: Ints, rows: Any, aggregation: Aggregation) -> Floats:
    """Counts per bin (last axis) as Density or Cumulative values.

    Example:
        >>> shares(np.array([0, 1, 3]), 4, Aggregation.DENSITY)
        array([0.  , 0.25, 0.75])
    """
    if aggregation == Aggregation.CUMULATIVE:
        counts = np.cumsum(counts, axis=-1)
    found: Floats = counts / np.asarray(rows)[..., np.newaxis]
    return found


def own_edges(array: NDArray[np.floating[Any]], like: Bins) -> Floats:
    """The right edges of the values' own bins, and the largest value for ``right_outlier``.

    Example:
        >>> own_edges(np.array([1.0, 5.0, 9.0]), bins([0, 1], "Equal", num_bins=2))
        array([1., 5., 9., 9.])
    """
    if not len(like):
        return np.zeros(0)
    edges = like.edges if like.mode == "Provided" else bins(array, like.mode, like.num_bins).edges
    present = finite_values(array)
    if not len(present):
        raise refusal("values", f"none of its {len(array)} rows has a finite value")
    return np.append(edges, present.max())


def score(
    baseline: Any,
    window: Any,
    metric: Metric | str = Metric.PSI,
    aggregation: Aggregation | str = Aggregation.DENSITY,
    weights: Any = None,
) -> Score:
    """Compare aggregated values of a baseline (b) and a window (w), bin by bin.

    * PSI of Density: ``(b - w) * ln(b / w)``, where a share of exactly 0 is replaced by 0.005;
      the score is their sum.
    * PSI of Cumulative or Edges: ``|w - b|``; the score is their sum.
    * SumDiff: ``|w - b|``; the score is half of their sum.
    * MaxDiff: ``|w - b|``; the score is the largest, ``bin_index`` its bin.

    With weights each bin's part is first multiplied by its weight over the sum of weights. Source:
    recorded scores; what they leave open is decided in ``wallwidgets.drift.rules``.

    Args:
        baseline: Aggregated values of the baseline.
        window: Aggregated values of the window over the same bins.
        metric: How bins are compared.
        aggregation: What the values are.
        weights: One per bin, outlier bins included.

    Raises:
        InvalidRequest: A field cannot be used.

    Example:
        >>> found = score([0, 0.5, 0.5, 0], [0, 0.25, 0.5, 0.25], metric="MaxDiff")
        >>> found.score, found.bin_index
        (0.25, 1)
        >>> round(score([0, 0.5, 0.5, 0], [0, 0.5, 0.5, 0]).score, 3)
        0.0
    """
    aggregation = checks.choice(Aggregation, aggregation, "aggregation")
    first = _aggregated(baseline, "baseline", aggregation)
    second = _aggregated(window, "window", aggregation)
    if len(first) != len(second):
        raise refusal("window", f"has {len(second)} aggregated values, baseline has {len(first)}")
    rule = Scoring.of(len(first), metric, aggregation, weights)
    totals, parts = rule.scores(first, second[np.newaxis])
    return Score(float(totals[0]), parts[0], rule.bin_index(parts[0]))


def _aggregated(values: Any, field: str, aggregation: Aggregation) -> Floats:
    array = checks.finite_list(values, field)
    if aggregation is not Aggregation.EDGES and (array < 0).any():
        raise refusal(field, "holds a negative share")
    return array


@dataclass(frozen=True, eq=False)
class Scoring:
    """The rule that makes aggregated values a score and a status, with its fields checked.

    Example:
        >>> rule = Scoring.of(3, metric="SumDiff", warning_threshold=0.1, alert_threshold=0.5)
        >>> totals, parts = rule.scores(np.array([0, 1, 0]), np.array([[0, 0.8, 0.2], [1, 0, 0]]))
        >>> totals.round(3), [str(rule.status(total)) for total in totals]
        (array([0.2, 1. ]), ['Warning', 'Alert'])
    """

    metric: Metric
    aggregation: Aggregation
    weights: Floats | None
    warning_threshold: float | None
    alert_threshold: float | None

    @classmethod
    def of(
        cls,
        bins: int,
        metric: Metric | str = Metric.PSI,
        aggregation: Aggregation | str = Aggregation.DENSITY,
        weights: Any = None,
        warning_threshold: float | None = None,
        alert_threshold: float | None = DEFAULT_ALERT,
    ) -> Scoring:
        """Check every field, for a number of bins that includes the outlier bins."""
        return cls(
            checks.choice(Metric, metric, "metric"),
            checks.choice(Aggregation, aggregation, "aggregation"),
            None if weights is None else checks.weights(weights, bins),
            *checks.thresholds(warning_threshold, alert_threshold),
        )

    def scores(self, baseline: Floats, windows: Floats) -> tuple[Floats, Floats]:
        """The score of each window (rows of ``windows``), and each bin's part of it."""
        if windows.shape[-1] == 0:
            return np.full(len(windows), np.nan), windows
        parts = self._parts(baseline, windows)
        if self.weights is not None:
            parts = parts * self.weights / self.weights.sum()
        if self.metric is Metric.MAX_DIFF:
            return parts.max(axis=-1), parts
        totals = parts.sum(axis=-1)
        return (totals / 2 if self.metric is Metric.SUM_DIFF else totals), parts

    def _parts(self, baseline: Floats, windows: Floats) -> Floats:
        if self.metric is Metric.PSI and self.aggregation is Aggregation.DENSITY:
            first = np.where(baseline == 0, ZERO_SHARE, baseline)
            second = np.where(windows == 0, ZERO_SHARE, windows)
            return (first - second) * np.log(first / second)
        parts = np.abs(windows - baseline)
        if self.aggregation is Aggregation.EDGES:
            parts[..., -1] *= 0  # both edges are infinite; NaN stays NaN
        return parts

    def bin_index(self, parts: Floats) -> int | None:
        """The first of the bins with the largest part, for MaxDiff."""
        if self.metric is not Metric.MAX_DIFF or not len(parts) or np.isnan(parts).any():
            return None
        return int(np.argmax(parts))

    def status(self, score: float) -> ResultStatus:
        """The status of a score."""
        return status(score, self.warning_threshold, self.alert_threshold)


def status(
    score: float, warning_threshold: float | None = None, alert_threshold: float | None = None
) -> ResultStatus:
    """What a score means: Alert or Warning once it has reached that threshold, else Ok.

    A threshold of None is never reached, nor is any by NaN.

    Example:
        >>> str(status(0.25, warning_threshold=0.1, alert_threshold=0.25))
        'Alert'
    """
    warning, alert = checks.thresholds(warning_threshold, alert_threshold)
    if alert is not None and score >= alert:
        return ResultStatus.ALERT
    if warning is not None and score >= warning:
        return ResultStatus.WARNING
    return ResultStatus.OK
