"""Chart C: histogram and curves of the values themselves."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.charts.made import traces
from wallwidgets import charts
from wallwidgets.errors import InvalidRequest


@settings(max_examples=60, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=60))
def test_the_curve_is_the_share_of_rows_at_most_x(values) -> None:
    chart = charts.distribution(values)
    present = np.array([value for value in values if not math.isnan(value)])
    curve = traces(chart)["baseline"]
    if not np.isfinite(present).any():
        assert len(chart.figure.layout.annotations) == 1
        return
    for x, y in zip(curve.x, curve.y, strict=True):
        assert y == pytest.approx((present <= x).mean())
    rows = chart.table.filter(pa.compute.equal(chart.table["series"], "histogram"))["rows"]
    assert sum(rows.to_pylist()) == np.isfinite(present).sum()
    assert max(traces(chart)["baseline rows"].y) == pytest.approx(0.62)


@pytest.mark.parametrize("kind", [list, np.array, pd.Series, pl.Series, pa.array])
def test_columns_of_every_kind(kind) -> None:
    chart = charts.distribution(kind([1.0, 2.0, 4.0]), kind([2.0, 4.0]))
    assert chart.summary == "Half of the baseline is at most 2; half of the window is at most 2."
    assert traces(chart)["window"].y.tolist() == [0, 0.5, 1, 1]


def test_a_million_values_keep_their_ends() -> None:
    values = np.random.default_rng(0).lognormal(size=1_000_000)
    curve = traces(charts.distribution(values))["baseline"]
    assert len(curve.x) < 6_000
    assert (curve.x[1], curve.x[-2]) == (values.min(), values.max())
    middle = float(np.interp(0.5, curve.y, curve.x))
    assert middle == pytest.approx(np.median(values), rel=1e-3)


def test_edges_are_lines_and_labels_that_do_not_touch() -> None:
    edges = [0.0, 1.0, 50.0, 51.0, 99.0, 100.0, None]
    chart = charts.distribution(np.linspace(0, 100, 50), edges=edges)
    assert [line.x0 for line in chart.figure.layout.shapes] == edges[:-1]
    labels = chart.figure.layout.annotations
    assert [(note.x, note.text) for note in labels] == [(0, "0"), (50, "50"), (100, "100")]


def test_a_range_is_marked_with_its_limits() -> None:
    chart = charts.distribution(np.linspace(0, 100, 50), selected=(20, 60))
    assert (chart.figure.layout.shapes[0].x0, chart.figure.layout.shapes[0].x1) == (20, 60)
    assert [note.text for note in chart.figure.layout.annotations] == ["20", "60"]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([], "There are no values."),
        ([None, math.nan], "All rows are missing a value."),
        ([7.0] * 9, "Half of the baseline is at most 7."),
    ],
)
def test_little_to_draw(values, sentence) -> None:
    assert charts.distribution(values).summary == sentence


def test_texts_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="baseline_values"):
        charts.distribution(["a"])
