"""What chance alone would score, for samples of these sizes, with no drift at all."""

from __future__ import annotations

from typing import Any

import numpy as np

from wallwidgets.drift import checks
from wallwidgets.drift.binning import quantile_ranks
from wallwidgets.drift.checks import Floats, refusal
from wallwidgets.drift.rules import DEFAULT_BINS
from wallwidgets.drift.scoring import Scoring, shares
from wallwidgets.schemas.assays import Aggregation, Metric

DEFAULT_CONFIDENCE = 0.99

_DRAWS = 10_000
_MOST_NUMBERS = 2_000_000
_GRID = 16
_SEED = 2022
_MOST_ROWS = 2**53


def no_drift_scores(
    n_baseline: int,
    n_window: int,
    bins: int | Any = DEFAULT_BINS,
    metric: Metric | str = Metric.PSI,
    aggregation: Aggregation | str = Aggregation.DENSITY,
    weights: Any = None,
) -> Floats:
    """10,000 simulated scores of windows that come from the baseline's own distribution.

    Of whatever distribution the values are, the probability between neighbouring values of a sample
    of N follows Dirichlet(1, ..., 1) over its N + 1 gaps (the first and the last lie outside). So a
    bin's probability given the baseline is a Dirichlet of the gaps in it, a window's counts are
    multinomial, and the service's rules make scores of them, the 0.005 for empty bins included. The
    same input always gives the same scores.

    Args:
        n_baseline: Rows of the baseline.
        n_window: Rows of the window.
        bins: The number of Quantile bins, or the baseline's share (or count) of each bin with its
            outlier bins, for other bins and for ties.
        metric: As for ``score``.
        aggregation: Density or Cumulative.
        weights: As for ``score``.

    Raises:
        InvalidRequest: A field cannot be used.

    Example:
        >>> scores = no_drift_scores(182, 30)
        >>> round(float((scores >= 0.25).mean()), 1)  # how often the default threshold is reached
        0.3
    """
    n_window = checks.whole(n_window, "n_window", 1, _MOST_ROWS)
    return _Chance(n_baseline, bins, metric, aggregation, weights).scores(n_window, _DRAWS)


def noise_band(
    n_baseline: int,
    n_window: Any,
    bins: int | Any = DEFAULT_BINS,
    confidence: float = DEFAULT_CONFIDENCE,
    metric: Metric | str = Metric.PSI,
    aggregation: Aggregation | str = Aggregation.DENSITY,
    weights: Any = None,
) -> Any:
    """The score below which a window without drift stays at this confidence.

    It is the quantile of ``no_drift_scores``. With many rows in every bin the PSI is about
    ``(1 / n_baseline + 1 / n_window)`` times chi-square with ``bins - 1`` degrees of freedom; empty
    bins add to it, as each first row in an outlier bin scores about 0.02 to 0.04.

    Args:
        n_baseline: Rows of the baseline.
        n_window: Rows of the window, or an array of them: the band of each window. Of more than 16
            different numbers 16 are simulated, the others lie on lines between.
        bins: As for ``no_drift_scores``.
        confidence: Between 0 and 1.
        metric: As for ``score``.
        aggregation: Density or Cumulative.
        weights: As for ``score``.

    Raises:
        InvalidRequest: A field cannot be used.

    Example:
        >>> noise_band(182, 30) > 0.25 > noise_band(1000, 1000)
        True
        >>> noise_band(1000, [100, 1000]).shape
        (2,)
    """
    sure = checks.threshold(confidence, "confidence")
    if sure is None or not 0 < sure < 1:
        raise refusal("confidence", f"{checks.shown(confidence)} is not between 0 and 1")
    chance = _Chance(n_baseline, bins, metric, aggregation, weights)
    if np.ndim(n_window) == 0:
        rows = checks.whole(n_window, "n_window", 1, _MOST_ROWS)
        return float(np.quantile(chance.scores(rows, _DRAWS), sure))
    wanted = checks.finite_list(n_window, "n_window")
    if (wanted < 1).any() or (wanted > _MOST_ROWS).any():
        raise refusal("n_window", f"holds a number that is not between 1 and {_MOST_ROWS}")
    grid = np.unique(wanted)
    if len(grid) > _GRID:
        grid = np.unique(np.geomspace(grid[0], grid[-1], _GRID).round())
    band = [np.quantile(chance.scores(int(rows), _DRAWS), sure) for rows in grid]
    return np.interp(np.log(wanted), np.log(grid), band)


class _Chance:
    """A baseline of which only the counts per bin are known."""

    def __init__(self, n_baseline: int, bins: Any, metric: Any, aggregation: Any, weights: Any):
        rows = checks.whole(n_baseline, "n_baseline", 1, _MOST_ROWS)
        if np.ndim(bins) == 0:
            inner = np.diff(quantile_ranks(rows, checks.bin_number(bins)), prepend=0)
            counts = np.concatenate([[0], inner, [0]]).astype(np.float64)
        else:
            counts = checks.finite_list(bins, "bins")
            if len(counts) < 3 or (counts < 0).any() or not counts.any():
                raise refusal("bins", "needs the baseline's share of each bin, with outlier bins")
            counts = counts / counts.sum() * rows
        self._rule = Scoring.of(len(counts), metric, aggregation, weights)
        if self._rule.aggregation is Aggregation.EDGES:
            raise refusal("aggregation", "Edges depends on the values, so sizes give no band")
        self._baseline = shares(counts, counts.sum(), self._rule.aggregation)  # type: ignore[arg-type]
        self._gaps = _gaps(counts)

    def scores(self, rows: int, draws: int) -> Floats:
        """Simulated scores of windows with so many rows, a batch at a time."""
        random = np.random.default_rng(_SEED)
        size = max(_MOST_NUMBERS // len(self._gaps), 1)
        batches = [min(size, draws - done) for done in range(0, draws, size)]
        return np.concatenate([self._batch(random, rows, batch) for batch in batches])

    def _batch(self, random: np.random.Generator, rows: int, draws: int) -> Floats:
        chances = random.standard_gamma(self._gaps, size=(draws, len(self._gaps)))
        chances /= chances.sum(axis=1, keepdims=True)
        counts = random.multinomial(rows, chances)
        windows = shares(counts, np.full(draws, rows), self._rule.aggregation)
        return self._rule.scores(self._baseline, windows)[0]


def _gaps(counts: Floats) -> Floats:
    """The gaps between the baseline's values in each bin.

    Where the outermost values are the outermost edges, one gap lies beyond each of them, and the
    first inner bin, which has both of its edges in it, has one less.
    """
    gaps = counts.copy()
    if counts[0] == 0:
        gaps[0] = 1
        first = int(np.flatnonzero(counts)[0])
        gaps[first] = max(gaps[first] - 1, 0)
    if counts[-1] == 0:
        gaps[-1] = 1
    return gaps
