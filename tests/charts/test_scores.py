"""Chart A draws what the records say."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import plotly.graph_objects as go
import pytest

from tests.charts.made import FIRST, january, traces, window
from wallwidgets import charts, drift
from wallwidgets.errors import InvalidRequest

STATES = ("Ok", "Warning", "Alert")


def points(chart: charts.Chart) -> dict[str, float]:
    """Score by the middle of the window, of all markers."""
    drawn = traces(chart)
    return {
        str(x): y for state in STATES for x, y in zip(drawn[state].x, drawn[state].y, strict=True)
    }


def symbols(markers: go.Scatter) -> list[str]:
    """The symbol of each of them."""
    return np.broadcast_to(markers.marker.symbol, len(markers.x)).tolist()


def test_markers_are_the_windows_at_their_middles() -> None:
    results = january()
    chart = charts.scores(results)
    half = timedelta(hours=12)
    assert points(chart) == {
        (each.window_start + half).strftime("%Y-%m-%dT%H:%M:%S.000000"): each.score
        for each in results
    }
    drawn = traces(chart)
    for state in STATES:
        assert len(drawn[state].x) == sum(each.status == state for each in results)
    shapes = {state: set(symbols(drawn[state])) for state in STATES}
    assert shapes["Ok"] == {"circle"}
    assert shapes["Warning"] <= {"triangle-up", "triangle-up-open"}
    assert shapes["Alert"] <= {"diamond", "diamond-open"}
    assert {drawn[state].marker.color for state in STATES} == {"#14806a", "#c05f00", "#c62828"}
    assert {drawn[state].marker.opacity for state in STATES} == {1}
    counts = [f"{state} {len(drawn[state].x)}" for state in STATES]
    assert [key.text for key in chart.legend][:3] == counts


def test_hollow_is_a_warning_or_alert_inside_the_band() -> None:
    results = january()
    chart = charts.scores(results)
    rows = [each.window_summary.count for each in results]
    shares = results[0].baseline_summary.aggregated_values
    band = drift.noise_band(results[0].baseline_summary.count, rows, shares, 0.95)
    expected = {
        each.window_start.isoformat()
        for each, limit in zip(results, band, strict=True)
        if each.status != "Ok" and each.score < limit
    }
    assert expected, "the data must have a case"
    hollow = {
        words[5]
        for state in STATES
        for words, symbol in zip(
            traces(chart)[state].customdata, symbols(traces(chart)[state]), strict=True
        )
        if symbol.endswith("-open")
    }
    assert hollow == expected
    assert f"{len(expected)} of them could be chance alone" in chart.summary
    np.testing.assert_allclose(chart.table.column("no_drift_below").to_numpy(), band)
    edge = traces(chart)["edge of the band"].y
    np.testing.assert_allclose(edge[np.isfinite(edge)], np.repeat(band, 2))


def test_a_surer_band_is_higher() -> None:
    ends = [
        charts.scores(january(), confidence=sure).table["no_drift_below"] for sure in (0.5, 0.99)
    ]
    assert all(low < high for low, high in zip(*(end.to_pylist() for end in ends), strict=True))


def test_cumulative_has_a_band_and_edges_has_none() -> None:
    cumulative = charts.scores(january(aggregation="Cumulative", metric="MaxDiff"))
    shares = np.array([0, *[0.2] * 5, 0])
    rows = cumulative.table.column("rows").to_pylist()
    band = drift.noise_band(500, rows, shares, 0.95, "MaxDiff", "Cumulative")
    np.testing.assert_allclose(cumulative.table.column("no_drift_below").to_numpy(), band)
    for options in ({"aggregation": "Edges"}, {"bin_mode": "None"}):
        chart = charts.scores(january(**options))
        assert chart.table.column("no_drift_below").null_count == len(chart.table)
        assert not any("without drift" in key.text for key in chart.legend)


def test_gaps_stay_gaps() -> None:
    days = [0, 1, 2, 6, 7, 9]
    chart = charts.scores([window(day, 0.02) for day in days])
    line = traces(chart)["score"]
    gaps = np.flatnonzero(np.isnan(line.y))
    assert [str(x)[:10] for x in line.x[gaps]] == ["2022-01-07", "2022-01-10"]
    outline = traces(chart)["no-drift band"]
    assert np.isnan(outline.y).sum() == 2
    assert outline.y[0] == outline.y[-1] == 0
    notes = [note.text for note in chart.figure.layout.annotations]
    assert notes.count("no rows") == 2
    shown = charts.scores([window(day) for day in days], narrow=True)
    assert not shown.figure.layout.annotations


def test_windows_that_overlap_have_one_step_each() -> None:
    chart = charts.scores(january(interval="6 hours"))
    edge = traces(chart)["edge of the band"]
    x = edge.x[np.isfinite(edge.y)].astype("datetime64[us]")
    assert (np.diff(x) >= np.timedelta64(0)).all()
    assert len(x) == 2 * len(chart.table)


def test_thresholds_are_lines_with_labels() -> None:
    both = charts.scores([window(0), window(1)])
    assert [(line.y0, line.line.dash) for line in both.figure.layout.shapes] == [
        (0.25, "solid"),
        (0.1, "dash"),
    ]
    assert [note.text for note in both.figure.layout.annotations] == ["Alert 0.25", "Warning 0.10"]
    alone = charts.scores([window(0, warning=None), window(1, warning=None)])
    assert [line.y0 for line in alone.figure.layout.shapes] == [0.25]
    assert "Warning" not in " ".join(key.text for key in alone.legend)
    narrow = charts.scores([window(0), window(1)], narrow=True)
    texts = [key.text for key in narrow.legend]
    assert {"Alert ≥ 0.25", "Warning ≥ 0.10"} <= set(texts)
    near = charts.scores([window(0, warning=0.249), window(1, warning=0.249)])
    shifts = [note.yshift for note in near.figure.layout.annotations]
    assert shifts[0] - shifts[1] > 13


def test_far_above_the_threshold_the_axis_is_logarithmic() -> None:
    results = [window(0, 0.0), window(1, 0.02), window(2, 1.0)]
    assert charts.scores(results).figure.layout.yaxis.type == "linear"
    chart = charts.scores([*results, window(3, 1.01)])
    assert chart.figure.layout.yaxis.type == "log"
    floor = 10 ** chart.figure.layout.yaxis.range[0]
    ticks = traces(chart)["on the floor"]
    assert ticks.y.tolist() == pytest.approx([floor])
    assert ticks.customdata[0][0] == "0.00"
    assert sorted(points(chart).values()) == [0.02, 1.0, 1.01]
    assert np.nanmin(traces(chart)["score"].y) == pytest.approx(floor)


def test_the_selected_window_is_ringed_and_told() -> None:
    results = january()
    for chosen in (results[-1], results[-1].window_start, "2022-01-31"):
        chart = charts.scores(results, selected=chosen)
        ring = traces(chart)["selected"]
        assert [str(x)[:13] for x in ring.x] == ["2022-01-31T12"]
        span = chart.figure.layout.shapes[-1]
        assert (span.x0[:13], span.x1[:13]) == ("2022-01-31T00", "2022-02-01T00")
        assert chart.summary.startswith(f"31 Jan: score {results[-1].score:.2f}, Alert. The bin")


def test_scores_that_are_not_there() -> None:
    none = charts.scores([window(0, None, "Ok"), window(1, None, "Ok")])
    assert none.figure.layout.annotations[0].text == none.summary
    assert none.summary.startswith("There are no scores")
    some = charts.scores([window(0, 0.3), window(1, None, "Ok"), window(2, 0.02)])
    assert len(points(some)) == 2
    assert some.table.column("score").to_pylist() == [0.3, None, 0.02]
    assert "no score 1" in [key.text for key in some.legend]
    nothing = charts.scores([])
    assert nothing.figure.layout.annotations[0].text == nothing.summary == "There are no windows."
    assert len(nothing.table) == 0


def test_of_many_windows_the_peaks_are_drawn_and_all_are_told() -> None:
    number, hour = 12_000, timedelta(hours=1)
    alarms = {17: 0.3, 9_999: 0.9, 11_998: 0.26}
    results = [
        window(at / 24, alarms.get(at, 0.01 + at % 7 * 1e-3), width=hour) for at in range(number)
    ]
    chart = charts.scores(results)
    drawn = traces(chart)
    assert len(drawn["Alert"].x) == 3
    assert sum(len(drawn[state].x) for state in STATES) < 5_000
    assert len(chart.table) == number
    assert "Alert 3" in [key.text for key in chart.legend]
    assert str(drawn["Ok"].x[0])[:16] == "2022-01-01T00:30"


def test_several_columns_are_refused() -> None:
    with pytest.raises(InvalidRequest, match=r"are of 2 columns; charts\.features"):
        charts.scores([window(0), window(0, iopath="input tensor 1")])


def test_order_and_baseline_runs_do_not_matter() -> None:
    results = [window(day, day / 100) for day in range(5)]
    run = window(0, 0.0, "BaselineRun")
    mixed = charts.scores([run, *reversed(results)])
    assert mixed.figure == charts.scores(results).figure
    assert mixed.table.column("start").to_pylist()[0] == FIRST
