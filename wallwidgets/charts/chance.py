"""The no-drift band of every window: what chance alone could score."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from wallwidgets.charts.records import ALARMS, Track
from wallwidgets.drift import noise_band
from wallwidgets.drift.checks import Floats
from wallwidgets.schemas.assays import Aggregation, AssayResult, Metric, Summarizer, Summary

CONFIDENCE = 0.95
_FEWEST_BINS = 3

Baseline = tuple[int, tuple[float, ...], Metric, Aggregation, tuple[float, ...] | None]


def bands(track: Track, confidence: float) -> Floats:
    """The score below which each window stays without drift; NaN where that cannot be told."""
    found = np.full(len(track), np.nan)
    alike: dict[Baseline, list[int]] = defaultdict(list)
    for index, result in enumerate(track.results):
        baseline = _baseline(result)
        if baseline is not None and result.window_summary.count > 0:
            alike[baseline].append(index)
    for baseline, indices in alike.items():
        rows = tuple(track.results[index].window_summary.count for index in indices)
        found[indices] = _simulated(baseline, rows, confidence)
    return found


def hollow(track: Track, band: Floats) -> NDArray[np.bool_]:
    """Which windows alarm, though chance alone could have made their score."""
    alarms = np.array([state in ALARMS for state in track.status], dtype=bool)
    return alarms & (track.score < band)


@lru_cache(maxsize=512)
def _simulated(baseline: Baseline, rows: tuple[int, ...], confidence: float) -> Floats:
    """Kept, because a chart is drawn again at every click and for every theme."""
    count, values, metric, aggregation, weights = baseline
    band: Floats = noise_band(count, rows, values, confidence, metric, aggregation, weights)
    return band


def _baseline(result: AssayResult) -> Baseline | None:
    """What the band depends on, but for the rows of the window; None if there is no band."""
    summary, rule = result.baseline_summary, result.summarizer or Summarizer()
    aggregation = summary.aggregation or rule.aggregation
    values = density(summary)
    if aggregation is Aggregation.EDGES or len(values) < _FEWEST_BINS or summary.count < 1:
        return None
    if not np.isfinite(values).all() or not values.any():
        return None
    weights = None if rule.bin_weights is None else tuple(rule.bin_weights)
    return summary.count, tuple(values.tolist()), rule.metric, aggregation, weights


def density(summary: Summary) -> Floats:
    """The share of the rows in each bin, also of cumulative shares; NaN where there is none."""
    values = np.array(summary.aggregated_values, dtype=float)
    if summary.aggregation is Aggregation.CUMULATIVE:
        values = np.diff(values, prepend=0)
        # What is left of two sums that should be equal.
        values[np.abs(values) < 1e-12] = 0
    return values
