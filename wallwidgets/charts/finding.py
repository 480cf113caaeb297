"""What a chart says, in one sentence of words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wallwidgets.charts.records import ALARMS, Track
from wallwidgets.charts.wording import bin_ranges, joined, percent, score_text, window_name
from wallwidgets.drift import onset
from wallwidgets.drift.chance import density
from wallwidgets.drift.checks import Floats
from wallwidgets.drift.rules import CHANCE
from wallwidgets.schemas.assays import Aggregation, AssayResult, ResultStatus, Summary

NO_WINDOWS = "There are no windows."
NO_SCORES = "There are no scores: without bins, nothing is compared."
_MOST_NAMED = 3


def right_edges(summary: Summary) -> list[float]:
    """The right edge of each bin, of which the last is infinite; empty if they are not told."""
    if summary.aggregation is Aggregation.EDGES:  # the baseline's and the window's are not the same
        return []
    edges = [np.inf if edge is None or edge > 1e300 else edge for edge in summary.edges]
    return edges if len(edges) == len(summary.aggregated_values) else []


def parts_of_score(result: AssayResult) -> Floats:
    """Each bin's share of the score; of the largest difference, all is its bin's. NaN for none."""
    parts = np.array(result.scores, dtype=float)
    if result.bin_index is not None and 0 <= result.bin_index < len(parts):
        return np.where(np.arange(len(parts)) == result.bin_index, 1.0, 0.0)
    with np.errstate(invalid="ignore"):
        total = parts.sum()
        shares: Floats = parts / total if total > 0 else np.zeros(len(parts))
    return shares


def leading(shares: Floats) -> list[int]:
    """The fewest bins that together reach half of the score.

    Example:
        >>> leading(np.array([0.0, 0.3, 0.1, 0.4, 0.2]))
        [1, 3]
    """
    if not np.nansum(shares) > 0:
        return []
    order = np.argsort(-np.nan_to_num(shares), kind="stable")
    sums = np.cumsum(np.nan_to_num(shares)[order])
    needed = int(np.searchsorted(sums, 0.5 - 1e-9)) + 1
    return sorted(order[:needed].tolist())


def window_finding(result: AssayResult, name: str, band: float) -> str:
    """One window: its score, the bins that make it, and rows outside of the baseline.

    Args:
        result: The window.
        name: The window's, as a sentence begins with it.
        band: The score below which it would stay by chance; NaN if that is not known.
    """
    if result.score is None:
        return f"{name}: no score, only statistics."
    text = f"{name}: score {score_text(result.score)}, {result.status.value}"
    if result.status in ALARMS and result.score < band:
        rows = f"{result.window_summary.count:,}"
        text += f", but with {rows} rows chance alone could do it"
    after = [part for part in (_bins_finding(result), *_outside(result)) if part]
    return f"{text}. {'; '.join(after)}." if after else f"{text}."


def _bins_finding(result: AssayResult) -> str:
    if result.status not in ALARMS:
        return ""
    shares = parts_of_score(result)
    largest, edges = leading(shares), right_edges(result.window_summary)
    if not largest:
        return ""
    share = percent(float(shares[largest].sum()))
    if len(largest) > _MOST_NAMED or not edges:
        return f"{len(largest)} of {len(shares)} bins make {share} of it"
    ranges = bin_ranges(edges)
    if result.bin_index is not None:
        return f"The bin {ranges[largest[0]]} differs most"
    named = joined([ranges[index] for index in largest])
    return f"The bin {named} makes {share} of it" if len(largest) == 1 else (
        f"The bins {named} make {share} of it"
    )  # fmt: skip


def _outside(result: AssayResult) -> list[str]:
    """Rows beyond the baseline's ends, and without a value."""
    summary = result.window_summary
    counts = np.round(density(summary) * summary.count)
    names = summary.edge_names if summary.aggregation is not Aggregation.EDGES else []
    found = []
    if len(counts) == len(names) > 1 and np.isfinite(counts).all():
        missing = summary.missing or 0
        below = int(counts[0]) - missing if names[0] == "left_outlier" else 0
        above = int(counts[-1]) if names[-1] == "right_outlier" else 0
        sides = ((below, "below"), (above, "above"))
        found = [f"{_lie(number)} {side} the baseline" for number, side in sides if number > 0]
    return [*found, f"{summary.missing:,} rows have no value"] if summary.missing else found


def _lie(rows: int) -> str:
    return "1 row lies" if rows == 1 else f"{rows:,} rows lie"


def track_finding(track: Track, hollow: NDArray[np.bool_], confidence: float) -> str:
    """All windows of one iopath."""
    if not len(track):
        return NO_WINDOWS
    if np.isnan(track.score).all():
        return NO_SCORES
    number, states = len(track), track.status
    alerts, warnings = states.count(ResultStatus.ALERT), states.count(ResultStatus.WARNING)
    text = f"{alerts:,} of {number:,} windows {'is' if alerts == 1 else 'are'} Alert"
    if warnings or track.warning_threshold is not None:
        text += f", {warnings:,} Warning"
    if hollow.any():
        text += f"; {hollow.sum():,} of them could be chance alone"
    peak = int(np.nanargmax(track.score))
    name = window_name(track.starts[peak], track.ends[peak])
    text += f". The highest score is {score_text(float(track.score[peak]))}, {name}"
    begun = since_text(track, confidence)
    return f"{text}; drift {begun}." if begun else f"{text}."


def since_text(track: Track, confidence: float = CHANCE) -> str:
    """``since 23 Jan``; empty if the last window shows no drift.

    Example:
        >>> since_text(Track("", []))
        ''
    """
    begun = onset(track.results, confidence)
    if begun is None:
        return ""
    return f"since {window_name(begun.window_start, track.ends[track.results.index(begun)])}"
