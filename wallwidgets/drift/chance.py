"""What chance alone could do, and since when it is more than that, from the records of results."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from wallwidgets.drift.checks import Floats
from wallwidgets.drift.noise import noise_band
from wallwidgets.drift.rules import CHANCE
from wallwidgets.schemas.assays import (
    Aggregation,
    AssayResult,
    Metric,
    ResultStatus,
    Summarizer,
    Summary,
)

_FEWEST_BINS = 3  # one between the outlier bins
_PLAIN = Summarizer()
_Baseline = tuple[int, tuple[float, ...], Metric, Aggregation, tuple[float, ...] | None]


def chance_band(results: Sequence[AssayResult], confidence: float = CHANCE) -> Floats:
    """The score of each result below which a window without drift stays at this confidence.

    NaN where there is none: without bins, and for Edges, which depends on the values.

    Example:
        >>> from wallwidgets.drift import results, run
        >>> day = 86_400_000
        >>> frame = {"time": [0, 1, 2, day, day + 1], "price": [1, 2, 3, 2, 9]}
        >>> found = run(frame, "price", baseline=("1970-01-01", "1970-01-02"), num_bins=1,
        ...     until="1970-01-03", metric="MaxDiff")
        >>> chance_band(results(found)) > found.score  # five rows prove nothing
        array([ True])
    """
    band = np.full(len(results), np.nan)
    alike: dict[Any, list[int]] = defaultdict(list)
    for place, result in enumerate(results):
        if result.window_summary.count > 0:
            alike[_told(result)].append(place)
    for places in alike.values():
        baseline = _baseline(results[places[0]])
        if baseline is not None:
            rows = tuple(results[place].window_summary.count for place in places)
            band[places] = _simulated(baseline, rows, confidence)
    return band


@lru_cache(maxsize=512)
def _simulated(baseline: _Baseline, rows: tuple[int, ...], confidence: float) -> Floats:
    """Kept, because a chart is drawn again at every click and for every theme."""
    count, values, metric, aggregation, weights = baseline
    band: Floats = noise_band(count, rows, values, confidence, metric, aggregation, weights)
    return band


def _told(result: AssayResult) -> tuple[Any, ...]:
    """What a result says of its baseline: most say the same, which is read once."""
    summary, rule = result.baseline_summary, result.summarizer or _PLAIN
    weights = None if rule.bin_weights is None else tuple(rule.bin_weights)
    values = tuple(summary.aggregated_values)
    return summary.count, values, summary.aggregation, rule.aggregation, rule.metric, weights


def _baseline(result: AssayResult) -> _Baseline | None:
    """What the band depends on, but for the rows of the window; None if there is no band."""
    summary, rule = result.baseline_summary, result.summarizer or _PLAIN
    aggregation = summary.aggregation or rule.aggregation
    values = density(summary)
    if aggregation is Aggregation.EDGES or len(values) < _FEWEST_BINS or summary.count < 1:
        return None
    if not np.isfinite(values).all() or not values.any():
        return None
    weights = None if rule.bin_weights is None else tuple(rule.bin_weights)
    return summary.count, tuple(values.tolist()), rule.metric, aggregation, weights


def density(summary: Summary) -> Floats:
    """The share of the rows in each bin, also of cumulative shares; NaN where there is none.

    Example:
        >>> both = {"count": 4, "aggregated_values": [0, 0.5, 1], "aggregation": "Cumulative"}
        >>> density(Summary(**both))
        array([0. , 0.5, 0.5])
    """
    values = np.array(summary.aggregated_values, dtype=np.float64)
    if summary.aggregation is Aggregation.CUMULATIVE:
        values = np.diff(values, prepend=0)
        # What is left of two sums that should be equal.
        values[np.abs(values) < 1e-12] = 0
    return values


def onset(results: Sequence[AssayResult], confidence: float = CHANCE) -> AssayResult | None:
    """The window since when there is drift: the first of an unbroken run up to the last one.

    A window counts if it has reached a threshold and chance alone would not have made its score.

    Args:
        results: Of one assay, in the order of time.
        confidence: How sure chance is ruled out.

    Returns:
        None if the last window shows no drift.

    Example:
        >>> from wallwidgets.drift import results, run
        >>> hour = 3_600_000
        >>> price = np.concatenate([np.tile(np.arange(24.0), 20), np.arange(240.0) + 30])
        >>> frame = {"time": np.arange(720) * hour, "price": price}
        >>> found = run(frame, "price", baseline=("1970-01-01", "1970-01-11"), until="1970-01-31")
        >>> onset(results(found)).window_start.day
        21
    """
    band = chance_band(results, confidence)
    first = None
    for result, limit in zip(reversed(results), band[::-1].tolist(), strict=True):
        calm = result.status not in (ResultStatus.WARNING, ResultStatus.ALERT)
        if calm or result.score is None or result.score <= limit:
            break
        first = result
    return first
