"""Results of assays as frames."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.drift.test_run import BASELINE, month
from tests.recorded import load, needs_recordings
from wallwidgets.api.assay_results import AssayResults
from wallwidgets.drift import results, run
from wallwidgets.schemas.assays import AssayResult

SDK_COLUMNS = [
    "assay_id", "name", "iopath", "score", "start", "min", "max", "mean", "median", "std",
    "warning_threshold", "alert_threshold", "status",
]  # fmt: skip


@pytest.fixture(scope="module")
def january() -> AssayResults:
    found = run(month(), "price", baseline=BASELINE, warning_threshold=0.1)
    return AssayResults(results(found, iopath="output price 0", assay_id=3), "price drift")


def test_one_row_per_window(january: AssayResults) -> None:
    frame = january.windows().to_pandas()
    assert set(SDK_COLUMNS) < set(frame.columns)
    assert len(frame) == len(january) == 28
    assert set(frame["name"]) == {"price drift"}
    last, row = january[-1], frame.iloc[-1]
    assert (row["score"], row["mean"]) == (last.score, last.window_summary.mean)
    assert (row["start"], row["status"]) == (last.window_start, "Alert")
    assert row["end"] - row["start"] == np.timedelta64(24, "h")


def test_a_slice_is_of_the_same_assay(january: AssayResults) -> None:
    assert january[3:5].windows().to_arrow()["name"].to_pylist() == ["price drift"] * 2


def test_one_row_per_bin(january: AssayResults) -> None:
    frame = january.bins().to_polars()
    assert frame.height == 28 * 7
    sums = pl.col("w_aggregated_values", "score").sum()
    by_window = frame.group_by("start", maintain_order=True).agg(sums)
    assert by_window["w_aggregated_values"].to_list() == pytest.approx([1.0] * 28)
    assert by_window["score"].to_list() == pytest.approx([each.score for each in january])
    first = frame.head(7)
    assert first["bin"].to_list() == list(range(7))
    assert first["b_edges"].to_list()[-1] == math.inf
    assert first["b_edge_names"].to_list()[1:3] == ["q_20", "q_40"]
    assert first["w_edge_names"].to_list()[1].startswith("e_")
    difference = first["w_aggregated_values"] - first["b_aggregated_values"]
    assert first["diff_in_pcts"].to_list() == difference.to_list()


def test_comparison_of_statistics(january: AssayResults) -> None:
    frame = january.statistics().to_polars()
    assert frame["statistic"].to_list()[:6] == ["count", "min", "max", "mean", "median", "std"]
    mean = frame.filter(statistic="mean").row(-1, named=True)
    baseline = january[-1].baseline_summary.mean
    assert mean["diff"] == mean["window"] - baseline
    assert mean["pct_diff"] == pytest.approx(mean["diff"] / baseline * 100)


def test_without_values_or_bins_or_results() -> None:
    frame = month()
    frame["price"][frame["time"] // 86_400_000 == 3] = float("nan")
    found = AssayResults(results(run(frame, "price", baseline=BASELINE, bin_mode="None")))
    assert found.bins().to_arrow().num_rows == 0
    assert found.windows().to_arrow()["missing"].to_pylist()[2] == 1440
    means = found.statistics().to_polars().filter(statistic="mean")
    assert means["diff"].null_count() == 1
    empty = AssayResults()
    tables = (empty.windows(), empty.bins(), empty.statistics())
    assert [len(each) for each in tables] == [0, 0, 0]


def test_a_notebook_shows_one_row_per_window(january: AssayResults) -> None:
    shown = january._repr_html_()
    assert "<th>status</th>" in shown
    assert "window_summary" not in shown


@needs_recordings
@pytest.mark.parametrize("recorded", load("assay_results.json"))
def test_recorded_results(recorded: dict[str, Any]) -> None:
    found = AssayResults([AssayResult.model_validate(recorded)], "recorded")
    assert found.windows().to_arrow()["score"].to_pylist() == [recorded["score"]]
    assert found.bins().to_arrow()["score"].to_pylist() == recorded["scores"]
    counts = found.statistics().to_polars().filter(statistic="count")
    assert counts["window"].to_list() == [recorded["window_summary"]["count"]]
