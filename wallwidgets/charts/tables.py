"""The table beside charts of windows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa

from wallwidgets.charts.records import Track
from wallwidgets.drift.checks import Floats

_UTC = pa.timestamp("us", tz="UTC")


def window_table(
    tracks: Sequence[Track], bands: Sequence[Floats], hollow: Sequence[Iterable[bool]]
) -> pa.Table:
    """One row per window: its time, rows, score, status, and where chance alone ends."""
    results = [result for track in tracks for result in track.results]
    windows = [result.window_summary for result in results]
    ends = [end for track in tracks for end in track.ends]
    limits = np.concatenate([*bands, np.zeros(0)])
    return pa.table(
        {
            "column": pa.array(
                [track.iopath for track in tracks for _ in track.results], pa.string()
            ),
            "start": pa.array([result.window_start for result in results], _UTC),
            "end": pa.array(ends, _UTC),
            "rows": pa.array([window.count for window in windows], pa.int64()),
            "missing": pa.array([window.missing for window in windows], pa.int64()),
            "score": pa.array([result.score for result in results], pa.float64()),
            "status": pa.array([result.status.value for result in results], pa.string()),
            "no_drift_below": pa.array(limits, pa.float64(), from_pandas=True),
            "chance_could": pa.array([each for part in hollow for each in part], pa.bool_()),
            "warning_threshold": pa.array([r.warning_threshold for r in results], pa.float64()),
            "alert_threshold": pa.array([r.alert_threshold for r in results], pa.float64()),
        }
    )
