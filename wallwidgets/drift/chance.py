"""What chance alone could do, and since when it is more than that, from the records of results."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from wallwidgets.drift.checks import Floats
from wallwidgets.drift.noise import noise_band
from wallwidgets.drift.rules import CHANCE
from wallwidgets.schemas.assays import Aggregation, AssayResult, ResultStatus, Summarizer


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
    alike = defaultdict(list)
    for place, result in enumerate(results):
        rule, baseline = result.summarizer or Summarizer(), result.baseline_summary
        weights = tuple(rule.bin_weights or ())
        values = tuple(baseline.aggregated_values)
        if values and rule.aggregation is not Aggregation.EDGES and baseline.count:
            key = (baseline.count, values, rule.metric, rule.aggregation, weights)
            alike[key].append(place)
    for (rows, values, metric, aggregation, weights), places in alike.items():
        shares = np.array(values, dtype=np.float64)
        if aggregation is Aggregation.CUMULATIVE:
            shares = np.maximum(np.diff(shares, prepend=0.0), 0)
        counts = [results[place].window_summary.count for place in places]
        band[places] = noise_band(
            rows, counts, shares, confidence, metric, aggregation, weights or None
        )
    return band


def onset(results: Sequence[AssayResult], confidence: float = CHANCE) -> AssayResult | None:
    """The window since when there is drift: the first of an unbroken run up to the last one.

    A window counts if it has reached a threshold and chance alone would not have made its score.

    Args:
        results: Of one assay, in the order of time.
        confidence: How sure chance is ruled out.

    Returns:
        None if the last window shows no drift.
    """
    band = chance_band(results, confidence)
    first = None
    for result, limit in zip(reversed(results), band[::-1].tolist(), strict=True):
        calm = result.status not in (ResultStatus.WARNING, ResultStatus.ALERT)
        if calm or result.score is None or result.score <= limit:
            break
        first = result
    return first
