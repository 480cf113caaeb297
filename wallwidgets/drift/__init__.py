"""Drift, computed as the service computes it: pure functions on arrays, columns and files.

``run`` is a whole assay; the others are its parts. What the recordings of the service leave open is
decided in ``wallwidgets.drift.rules``.
"""

from wallwidgets.drift.assay import Drift
from wallwidgets.drift.binning import Bins, bins
from wallwidgets.drift.chance import chance_band, onset
from wallwidgets.drift.columns import Series
from wallwidgets.drift.counting import Counts, count
from wallwidgets.drift.noise import no_drift_scores, noise_band
from wallwidgets.drift.results import baseline_result, results
from wallwidgets.drift.running import run
from wallwidgets.drift.scoring import Score, aggregate, score, status
from wallwidgets.drift.summary import Statistics, statistics
from wallwidgets.drift.timing import Window, Windows, duration, windows

__all__ = [
    "Bins",
    "Counts",
    "Drift",
    "Score",
    "Series",
    "Statistics",
    "Window",
    "Windows",
    "aggregate",
    "baseline_result",
    "bins",
    "chance_band",
    "count",
    "duration",
    "no_drift_scores",
    "noise_band",
    "onset",
    "results",
    "run",
    "score",
    "statistics",
    "status",
    "windows",
]
