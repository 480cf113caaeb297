"""What a chart costs, as a multiple of a bare Plotly figure of the same points.

The yardstick is ``go.Figure`` of one line and one set of markers, with the hover texts that the
chart has, as JSON. Medians of one run, charts interleaved with their yardsticks. The first drawing
also simulates the no-drift band, which is then kept.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import plotly.graph_objects as go

from wallwidgets import charts
from wallwidgets.schemas.assays import AssayResult, Summary

ROUNDS = 5
HOUR = timedelta(hours=1)
SHARES = [0.0, 0.2, 0.2, 0.2, 0.2, 0.2, 0.0]


def windows(number: int) -> list[AssayResult]:
    """Hourly windows of many sizes, some of them alarms."""
    first, bins = datetime(2022, 1, 1, tzinfo=UTC), {"aggregated_values": SHARES}
    return [
        AssayResult(
            window_start=first + at * HOUR,
            iopath="output dense_2 0",
            score=at % 97 / 300,
            status="Alert" if at % 97 / 300 >= 0.25 else "Ok",
            alert_threshold=0.25,
            baseline_summary=Summary(count=1_000, **bins),
            window_summary=Summary(
                count=500 + at % 300, start=first + at * HOUR, end=first + (at + 1) * HOUR, **bins
            ),
        )
        for at in range(number)
    ]


def bare(number: int) -> go.Figure:
    """A line and markers with hover texts, as anybody would draw them."""
    x, y = np.arange(number).astype("datetime64[h]"), np.arange(number) % 97 / 300
    words = np.full((number, 6), "some words", dtype=object)
    return go.Figure(
        [
            go.Scatter(x=x, y=y, mode="lines"),
            go.Scatter(x=x, y=y, mode="markers", customdata=words),
        ]
    )


def seconds(draw: Callable[[], go.Figure]) -> float:
    """The time to build a figure and to write it as JSON."""
    start = time.perf_counter()
    draw().to_json()
    return time.perf_counter() - start


def main() -> None:
    """Print one line per chart and size."""
    for number in (1_000, 10_000):
        results = windows(number)
        for draw in (charts.scores, charts.features):
            first = seconds(lambda: draw(results).figure)  # noqa: B023
            pairs = [
                (seconds(lambda: draw(results).figure), seconds(lambda: bare(number)))  # noqa: B023
                for _ in range(ROUNDS)
            ]
            own, other = (statistics.median(part) for part in zip(*pairs, strict=True))
            print(
                f"charts.{draw.__name__}, {number:,} windows: {own * 1e3:.0f} ms (first"
                f" {first * 1e3:.0f}), bare figure {other * 1e3:.0f} ms, ratio {own / other:.1f}"
            )


if __name__ == "__main__":
    main()
