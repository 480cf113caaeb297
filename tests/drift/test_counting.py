"""Counts of chunks add up to counts of the whole, and cells to windows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from wallwidgets.drift import Counts, Series, bins, count, windows
from wallwidgets.errors import InvalidRequest

DAY = 86_400_000


def data(rows: int, days: int) -> tuple[Any, Any]:
    random = np.random.default_rng(rows)
    values = random.normal(size=rows)
    values[random.random(rows) < 0.05] = np.nan
    return np.sort(random.integers(0, days * DAY, rows)), values


def naive(times: Any, values: Any, made: Any, span: Any) -> Any:
    rows, missing, counts = [], [], []
    for start, end in zip(span.starts // 1000, span.ends // 1000, strict=True):
        held = values[(times >= start) & (times < end)]
        rows.append(len(held))
        missing.append(np.isnan(held).sum())
        counts.append(made.count(held))
    return np.array(rows), np.array(missing), np.array(counts)


@pytest.mark.parametrize(
    ("rows", "num_bins", "width", "interval"),
    [(60_000, 5, "1 day", None), (60_000, 5, "24 hours", "7 hours"), (60_000, 50, "6 hours", None),
     (60_000, 300, "1 day", "12 hours"), (5_000, 5, "10 minutes", None),
     (5_000, 5, "1 hour", "5 hours"), (200_000, 40, "1 hour", "20 minutes"), (0, 5, "1 day", None)],
)  # fmt: skip
def test_windows_against_slices(rows: int, num_bins: int, width: str, interval: Any) -> None:
    times, values = data(rows, 6)
    made = bins(np.linspace(-1, 1, 1_000), num_bins=num_bins)
    span = windows("1970-01-02", "1970-01-06", width, interval)
    found = count(Series.of(times, values), made, span.boundaries).over(span)
    expected = naive(times, values, made, span)
    for part, wanted in zip((found.rows, found.missing, found.counts), expected, strict=True):
        assert np.array_equal(part, wanted)
    assert np.array_equal(found.counts.sum(axis=1), found.rows)


@pytest.mark.parametrize("rows", [500, 100_000])
def test_parts_add_up(rows: int) -> None:
    times, values = data(rows, 4)
    made, span = bins(values), windows("1970-01-01", "1970-01-05", "1 day", "8 hours")
    whole = count(Series.of(times, values), made, span.boundaries)
    order = np.random.default_rng(0).permutation(rows)
    total: Counts | None = None
    for part in np.array_split(order, 7):
        one = count(Series.of(times[part], values[part]), made, span.boundaries)
        total = one if total is None else total + one
    assert total is not None
    assert np.array_equal(total.counts, whole.counts)
    assert np.array_equal(total.rows, whole.rows)
    assert np.array_equal(total.missing, whole.missing)


def test_only_like_counts_add_up() -> None:
    series, days = Series.of([0], [1.0]), np.array([0, DAY])
    one = count(series, bins([1, 2]), days)
    for other in (count(series, bins([1, 3]), days), count(series, bins([1, 2]), days * 2)):
        with pytest.raises(ValueError, match="same bins and cells"):
            _ = one + other


def test_without_bins_rows_are_counted_still() -> None:
    times, values = data(30_000, 2)
    for width in ("1 day", "1 hour"):
        span = windows("1970-01-01", "1970-01-03", width)
        found = count(Series.of(times, values), bins([], "None"), span.boundaries)
        assert found.counts.shape == (len(span), 0)
        assert found.rows.sum() == 30_000
        assert found.missing.sum() == np.isnan(values).sum()


def test_too_many_counts_are_refused() -> None:
    series, made = Series.of([0], [1.0]), bins([1, 2], num_bins=10_000)
    with pytest.raises(InvalidRequest, match="num_bins: 10002 bins of 9999 cells"):
        count(series, made, np.arange(10_000))
