"""What a window's hover box says; texts travel as data, so a template never holds a name."""

from __future__ import annotations

from wallwidgets.charts.records import ALARMS, Track
from wallwidgets.charts.wording import percent, rows_text, score_text, time_range

HOVER = (
    "<b>%{customdata[0]}</b> %{customdata[1]}<br>%{customdata[2]}<br>%{customdata[3]}"
    "%{customdata[4]}<extra></extra>"
)


def hover_words(track: Track, at: int, band: float, confidence: float) -> list[str]:
    """Score, status, time, rows, limit, and the start of the window for who takes clicks."""
    result = track.results[at]
    summary, start = result.window_summary, result.window_start
    score = "no score" if result.score is None else _exact(result.score)
    limit = ""
    if band == band:  # not NaN
        limit = f"<br>without drift below {_exact(band)} ({percent(confidence)})"
        if result.status in ALARMS and result.score is not None and result.score < band:
            limit += "<br>chance alone could do it"
    return [
        score,
        result.status.value,
        time_range(start, track.ends[at]),
        rows_text(summary.count, summary.missing),
        limit,
        start.isoformat(),
    ]


def _exact(score: float) -> str:
    return score_text(score) if abs(score) < 0.001 else f"{score:,.3f}"
