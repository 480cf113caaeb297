"""Results to draw: by hand where a number matters, by ``drift.run`` where a real one does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from wallwidgets import charts, drift
from wallwidgets.schemas.assays import AssayResult, Summary

FIRST = datetime(2022, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
DAY_MS = 86_400_000
EDGES = [1.0, 2.0, 3.0, 4.0, None]
QUARTERS = [0.0, 1 / 3, 1 / 3, 1 / 3, 0.0]

# Security line E: nothing of this may run, link or hide.
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</script><svg/onload=alert(1)>",
    '"><iframe srcdoc="<script>alert(1)</script>">',
    '<a href="javascript:alert(1)">x</a><b>bold</b>',
    "[x](javascript:alert(1))",
    r"$\href{javascript:alert(1)}{x}$",
    "%{customdata[0]}<extra></extra>",
    "&lt;b&gt;&amp;",
    "a\u202eb\x00c",
    "=1+1",
    "n" * 10_000,
]


def window(
    day: float,
    score: float | None = 0.02,
    status: str | None = None,
    *,
    rows: int = 1_000,
    iopath: str = "output dense_2 0",
    width: timedelta = DAY,
    warning: float | None = 0.1,
    alert: float | None = 0.25,
    shares: list[float] = QUARTERS,
    **more: Any,
) -> AssayResult:
    """The result of one window that starts so many days after the first of January."""
    start = FIRST + day * DAY
    if status is None:
        status = str(drift.status(np.nan if score is None else score, warning, alert))
    names = ["left_outlier", "e_2", "e_3", "e_4", "right_outlier"]
    bins = {"edges": EDGES, "edge_names": names, "aggregation": "Density"}
    return AssayResult(
        window_start=start,
        iopath=iopath,
        score=score,
        scores=more.pop("scores", [0.0] * len(shares)),
        status=status,
        warning_threshold=warning,
        alert_threshold=alert,
        baseline_summary=Summary(count=1_000, aggregated_values=QUARTERS, **bins),
        window_summary=Summary(
            **{
                "count": rows, "aggregated_values": shares, "start": start, "end": start + width,
                **bins, **more.pop("summary", {}),
            }
        ),
        **more,
    )  # fmt: skip


def january(iopath: str = "output dense_2 0", seed: int = 1, **options: Any) -> list[AssayResult]:
    """A month with drift from the 16th, three sparse days and one without rows."""
    random = np.random.default_rng(seed)
    times, values = [], []
    for day in range(31):
        rows = {8: 60, 11: 0, 15: 40, 22: 30}.get(day, 500)
        begin = int(FIRST.timestamp() * 1000) + day * DAY_MS
        times.append(np.sort(random.integers(begin, begin + DAY_MS, rows)))
        drifted = min(max((day - 15) / 4, 0), 1) * 0.3
        values.append(13.1 + 0.45 * random.standard_normal(rows) + drifted)
    frame = {"time": np.concatenate(times), "x": np.concatenate(values)}
    setting = {"warning_threshold": 0.1, "until": "2022-02-01", **options}
    found = drift.run(frame, "x", baseline=("2022-01-01", "2022-01-02"), **setting)
    return drift.results(found, iopath=iopath)


def every_chart(name: str = "output dense_2 0", **options: Any) -> list[charts.Chart]:
    """One chart of each kind, with this name wherever one goes."""
    results = january(iopath=name)
    values = np.linspace(0, 10, 200)
    return [
        charts.scores(results, **options),
        charts.bins(results[-1], **options),
        charts.distribution(values, values + 1, [0, 5, 10], name=name, window_name=name, **options),
        charts.features(results + january(iopath="input other 0", seed=2), **options),
    ]


def traces(chart: charts.Chart) -> dict[str, Any]:
    """The traces of a chart by name."""
    return {trace.name: trace for trace in chart.figure.data}
