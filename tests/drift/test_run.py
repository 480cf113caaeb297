"""Whole assays over columns in memory."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from wallwidgets.drift import aggregate, bins, run, score, statistics
from wallwidgets.errors import InvalidRequest

HOUR = 3_600_000
DAY = 24 * HOUR
BASELINE = ("1970-01-01", "1970-01-02")


def month() -> dict[str, Any]:
    """31 days of a row a minute, shifted from day 20 on; day 10 is absent."""
    time = np.arange(0, 31 * DAY, 60_000)
    value = np.random.default_rng(3).normal(size=len(time)) + (time >= 20 * DAY)
    kept = (time < 10 * DAY) | (time >= 11 * DAY)
    return {"time": time[kept], "price": value[kept]}


def test_each_window_is_what_its_parts_give() -> None:
    frame = month()
    found = run(frame, "price", baseline=BASELINE, until="1970-02-01", interval="6 hours")
    time, price = frame["time"], frame["price"]
    baseline = price[time < DAY]
    made = bins(baseline)
    assert len(found) > 100
    for index in range(0, len(found), 9):
        start, end = found.starts[index] // 1000, found.ends[index] // 1000
        window = price[(time >= start) & (time < end)]
        one = score(aggregate(baseline, made), aggregate(window, made))
        assert found.score[index] == one.score
        assert found.scores[index].tolist() == one.scores.tolist()
        assert found.statistics[index] == statistics(window)
    assert found.baseline == statistics(baseline)


def test_onset_of_drift_and_an_absent_day() -> None:
    found = run(month(), "price", baseline=BASELINE, until="1970-02-01", warning_threshold=0.1)
    days = (found.starts // (1000 * DAY)).tolist()
    assert days == [day for day in range(1, 31) if day != 10]
    drifted = [day for day, status in zip(days, found.status, strict=True) if status != "Ok"]
    assert drifted == list(range(20, 31))
    assert set(found.status) == {"Ok", "Alert"}
    beyond = found.score > found.noise_band(0.999)
    assert [day for day, out in zip(days, beyond, strict=True) if out] == drifted


def test_every_kind_of_frame_gives_the_same() -> None:
    plain = month()
    frames = [
        plain,
        pd.DataFrame(plain),
        pd.DataFrame({**plain, "time": pd.to_datetime(plain["time"], unit="ms", utc=True)}),
        pl.DataFrame(plain),
        pl.DataFrame(plain).with_columns(pl.col("time").cast(pl.Datetime("ms", "UTC"))),
        pa.table(plain),
    ]
    results = [run(frame, "price", baseline=BASELINE).score.tolist() for frame in frames]
    assert all(result == results[0] for result in results)


@pytest.mark.parametrize("make", [dict, pd.DataFrame, pl.DataFrame, pa.table])
def test_an_absent_column(make: Any) -> None:
    with pytest.raises(InvalidRequest, match="Bad request: value: the frame has no column 'size'"):
        run(make(month()), "size", baseline=BASELINE)


def test_order_of_rows_does_not_matter() -> None:
    plain = month()
    order = np.random.default_rng(5).permutation(len(plain["time"]))
    mixed = {name: column[order] for name, column in plain.items()}
    first, second = (run(frame, "price", baseline=BASELINE) for frame in (plain, mixed))
    assert first.score.tolist() == second.score.tolist()
    assert first.statistics == second.statistics


def test_only_complete_windows_and_the_rest_is_told() -> None:
    frame = {"time": [0, 1, DAY, DAY + 1, 2 * DAY, 2 * DAY + 5], "price": [1, 2, 1, 2, 1, 9]}
    found = run(frame, "price", baseline=BASELINE)
    assert (found.rows.tolist(), found.rows_after) == ([2], 2)
    complete = run(frame, "price", baseline=BASELINE, until="1970-01-04")
    assert (complete.rows.tolist(), complete.rows_after) == ([2, 2], 0)


def test_a_baseline_of_values_and_windows_before_the_data() -> None:
    frame = {"time": [50 * DAY, 51 * DAY - 1], "price": [1.0, 2.0]}
    found = run(frame, "price", baseline=[1.0, 2.0, 3.0], until="1970-03-01")
    assert found.starts.tolist() == [50 * DAY * 1000]
    early = run(
        frame, "price", baseline=[1.0, 2.0], start="1900-01-01", width="1 minute",
        until="2100-01-01",
    )  # fmt: skip
    assert early.rows.tolist() == [1, 1]


def test_missing_values_are_drift_and_are_reported() -> None:
    time = np.arange(0, 4 * DAY, HOUR)
    price = np.tile(np.arange(24.0), 4)
    price[30:40] = np.nan
    price[72:96] = np.nan
    found = run({"time": time, "price": price}, "price", baseline=BASELINE, until="1970-01-05")
    assert found.missing.tolist() == [10, 0, 24]
    assert found.rows.tolist() == [24, 24, 24]
    assert found.status == ["Alert", "Ok", "Alert"]
    assert found.counts[2].tolist() == [24, 0, 0, 0, 0, 0, 0]
    assert math.isnan(found.statistics[2].mean)
    table = found.to_arrow().to_pydict()
    assert table["mean"][2] is None
    assert table["missing"] == [10, 0, 24]


def test_what_if_is_what_a_run_gives() -> None:
    frame = month()
    found = run(frame, "price", baseline=BASELINE)
    changes: list[dict[str, Any]] = [
        {"metric": "MaxDiff"}, {"metric": "SumDiff", "aggregation": "Cumulative"},
        {"weights": [0, 1, 2, 3, 4, 5, 0]}, {"aggregation": "Edges"},
        {"warning_threshold": 0.0, "alert_threshold": None},
    ]  # fmt: skip
    for change in changes:
        again, fresh = found.rescore(**change), run(frame, "price", baseline=BASELINE, **change)
        assert again.score.tolist() == fresh.score.tolist()
        assert again.status == fresh.status
        assert again.bin_index == fresh.bin_index
    assert found.rescore().score.tolist() == found.score.tolist()
    with pytest.raises(
        InvalidRequest, match=r"num_bins: 7 Quantile bins were not counted, run with what_if=\[7\]"
    ):
        found.rescore(num_bins=7)


def test_edges_of_a_window_without_values_score_nothing() -> None:
    frame = {"time": [0, 1, DAY, 2 * DAY], "price": [1.0, 2.0, None, 3.0]}
    found = run(
        frame, "price", baseline=BASELINE, aggregation="Edges", metric="MaxDiff", num_bins=1,
        until="1970-01-04",
    )  # fmt: skip
    assert np.isnan(found.score).tolist() == [True, False]
    assert found.bin_index == [None, 0]
    assert found.status == ["Ok", "Alert"]


def test_without_bins_there_are_statistics_only() -> None:
    found = run(month(), "price", baseline=BASELINE, bin_mode="None")
    assert np.isnan(found.score).all()
    assert set(found.status) == {"Ok"}
    assert found.to_arrow()["mean"].null_count == 0


def test_table() -> None:
    table = run(
        month(), "price", baseline=BASELINE, until="1970-02-01", metric="MaxDiff"
    ).to_arrow()
    assert table.column_names == [
        "start", "end", "count", "missing", "min", "max", "mean", "median", "std",
        "score", "bin_index", "status",
    ]  # fmt: skip
    assert table.num_rows == 29
    assert table["start"][0].as_py().isoformat() == "1970-01-02T00:00:00+00:00"
    empty = run({"time": [], "price": []}, "price", baseline=[1.0])
    assert (len(empty), empty.to_arrow().num_rows, len(empty.noise_band())) == (0, 0, 0)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"value": "size"}, "value: the frame has no column 'size'"),
        ({"time": "at"}, "time: the frame has no column 'at'"),
        ({"width": "1 fortnight"}, "width: '1 fortnight' is no length of time"),
        ({"width": "0 hours"}, "width: '0 hours' is not longer than zero"),
        ({"interval": "-1 hours"}, "interval: '-1 hours' is not longer than zero"),
        ({"interval": "1 ms"}, "interval: gives"),
        ({"baseline": ("1960-01-01", "1960-01-02")}, "baseline: has no rows from 1960-01-01"),
        ({"baseline": ("1970-01-02", "1970-01-01")}, "baseline: its end is not after its start"),
        ({"baseline": ("1970-01-02",)}, "baseline: ('1970-01-02',) is no pair of start and end"),
        ({"baseline": (1, 2)}, "baseline.start_at: 1 is no time such as"),
        ({"baseline": []}, "baseline: has no rows"),
        ({"start": 7}, "start: 7 is no time such as"),
        ({"until": 7}, "run_until: 7 is no time such as"),
        ({"weights": [1, 2]}, "bin_weights: has 2 weights, needs 7, one per bin"),
        ({"warning_threshold": 0.5}, "warning_threshold: 0.5 is above the alert_threshold"),
        ({"alert_threshold": math.inf}, "alert_threshold: inf is no finite number"),
        ({"metric": "psi"}, "metric: 'psi' is none of"),
        ({"bin_mode": "Provided", "edges": [3, 1]}, "provided_edges: has 2 edges, needs 5 or 6"),
    ],
)  # fmt: skip
def test_what_bad_input_gets(options: dict[str, Any], sentence: str) -> None:
    arguments = {"value": "price", "baseline": BASELINE, **options}
    with pytest.raises(InvalidRequest) as caught:
        run(month(), **arguments)
    assert caught.value.message.startswith(f"Bad request: {sentence}")
