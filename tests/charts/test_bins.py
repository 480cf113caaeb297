"""Chart B: what is drawn is the aggregated values and the parts of the score."""

from __future__ import annotations

import numpy as np
import pytest

from tests.charts.made import QUARTERS, january, traces, window
from wallwidgets import charts
from wallwidgets.errors import InvalidRequest

SHARES = [0.1, 0.0, 0.3, 0.5, 0.1]
PARTS = [0.1, 0.5, 0.0, 0.3, 0.1]


def test_bars_are_the_aggregated_values_and_parts() -> None:
    result = window(25, 1.0, rows=200, shares=SHARES, scores=PARTS)
    chart = charts.bins(result)
    drawn = traces(chart)
    assert drawn["baseline"].y.tolist() == QUARTERS
    assert drawn["window"].y.tolist() == SHARES
    np.testing.assert_allclose(drawn["share of the score"].y, PARTS)
    assert chart.figure.layout.xaxis.ticktext == ("&lt; 1", "1–2", "2–3", "3–4", "&gt; 4")
    assert list(drawn["window"].marker.pattern.shape) == ["/", "", "", "", "/"]
    # The largest that make half have the colour of the status.
    assert list(drawn["share of the score"].marker.color) == [
        "#6b7785", "#c62828", "#6b7785", "#6b7785", "#6b7785",
    ]  # fmt: skip
    assert chart.summary == (
        "26 Jan: score 1.00, Alert. The bin 1–2 makes 50% of it;"
        " 20 rows lie below the baseline; 20 rows lie above the baseline."
    )
    assert list(drawn["window"].customdata[3]) == [
        "3–4",
        "baseline 33.3% (333 rows)",
        "window 50.0% (100 rows)",
        "<br>adds 0.30, 30% of the score",
    ]
    assert chart.table.column("window_rows").to_pylist() == [20, 0, 60, 100, 20]


def test_one_empty_side_is_a_tick_and_two_are_a_word() -> None:
    chart = charts.bins(window(0, 0.3, shares=[0.0, 0.0, 0.5, 0.4, 0.1], scores=PARTS))
    drawn = traces(chart)
    assert np.floor(drawn["window at the floor"].x).tolist() == [1]
    assert np.ceil(drawn["baseline at the floor"].x).tolist() == [4]
    empty = [note.x for note in chart.figure.layout.annotations if note.text == "empty"]
    assert empty == [0]


def test_missing_values_are_a_bar_of_their_own_without_a_part() -> None:
    result = window(
        0, 1.0, rows=10, shares=[0.5, 0.1, 0.2, 0.2, 0.0], scores=PARTS, summary={"missing": 4}
    )
    chart = charts.bins(result)
    bar = traces(chart)["window"]
    assert bar.y.tolist()[-1] == 0.4
    assert bar.marker.color[-1] == "rgba(0,0,0,0)"
    assert len(traces(chart)["share of the score"].x) == 5
    assert "1 row lies below the baseline; 4 rows have no value" in chart.summary
    assert chart.table.column("score_share").to_pylist()[-1] is None
    service = window(0, 1.0, shares=SHARES, scores=PARTS)  # a real one does not tell
    assert "missing" not in charts.bins(service).table.column("bin").to_pylist()


def test_max_diff_has_one_bar() -> None:
    result = window(0, 0.17, shares=SHARES, scores=[0.1, 0.33, 0.03, 0.17, 0.1], bin_index=1)
    shares = traces(charts.bins(result))["share of the score"]
    assert shares.y.tolist() == [0, 1, 0, 0, 0]
    assert "The bin 1–2 differs most" in charts.bins(result).summary


@pytest.mark.parametrize(
    ("options", "heading", "first"),
    [
        ({"aggregation": "Cumulative"}, "Share of rows up to the bin", "< "),
        ({"aggregation": "Edges"}, "Position of the edges", "edge 0"),
        ({"num_bins": 300}, "Share of rows", "< "),
        ({"bin_mode": "Equal"}, "Share of rows", "< "),
    ],
)
def test_other_kinds_of_values(options, heading, first) -> None:
    chart = charts.bins(january(**options)[-1])
    assert chart.figure.layout.annotations[0].text == heading
    assert chart.table.column("bin")[0].as_py().startswith(first)
    values = chart.table.column("window").to_pylist()
    drawn = traces(chart)["window at the floor" if "edge" in first else "window"].y
    np.testing.assert_allclose(drawn, values)
    labels = chart.figure.layout.xaxis.ticktext
    assert len(labels) <= 30


def test_without_bins_there_are_statistics() -> None:
    result = january(bin_mode="None")[-1]
    chart = charts.bins(result)
    found = dict(
        zip(*chart.table.select(["statistic", "window"]).to_pydict().values(), strict=True)
    )
    assert found["mean"] == result.window_summary.mean
    assert found["count"] == result.window_summary.count
    assert "no bins" in chart.figure.layout.annotations[0].text
    assert "no bins; the mean is" in chart.summary


def test_one_result_is_needed() -> None:
    with pytest.raises(InvalidRequest, match="needs the result of one window, not 2"):
        charts.bins([window(0), window(1)])
