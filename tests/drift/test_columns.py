"""Columns of every kind give the same arrays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from wallwidgets.drift.columns import Series, numbers, ticks
from wallwidgets.errors import InvalidRequest

VALUES = [1.5, None, -2.0]


@pytest.mark.parametrize(
    "column",
    [
        VALUES,
        tuple(VALUES),
        np.array([1.5, np.nan, -2.0]),
        np.array([1.5, np.nan, -2.0], dtype=">f8"),
        np.array([1.5, np.nan, -2.0], dtype=np.float16),
        np.array(VALUES, dtype=object),
        np.ma.masked_array([1.5, 9.0, -2.0], [0, 1, 0]),
        pd.Series(VALUES),
        pd.Series(VALUES, dtype="Float64"),
        pd.Series(VALUES, dtype="double[pyarrow]"),
        pl.Series(VALUES),
        pl.Series(VALUES, dtype=pl.Float32),
        pa.array(VALUES),
        pa.chunked_array([[1.5], [None, -2.0]]),
        [Decimal("1.5"), None, Decimal(-2)],
    ],
)  # fmt: skip
def test_numbers(column: Any) -> None:
    assert np.array_equal(numbers(column), [1.5, np.nan, -2.0], equal_nan=True)


@pytest.mark.parametrize(
    "column",
    [[1, 0], [True, False], range(1, -1, -1), np.array([1, 0], dtype=np.uint8),
     pd.Series([1, 0], dtype="Int64"), pl.Series([True, False]), pa.array([1, 0])],
)  # fmt: skip
def test_whole_numbers_and_truths_are_numbers(column: Any) -> None:
    found = numbers(column)
    assert found.tolist() == [1, 0]
    assert found.dtype == np.float64


def test_no_copy_of_plain_columns() -> None:
    values = np.arange(5.0)
    assert numbers(values) is values
    for column in (pd.Series(values, copy=False), pa.array(values), pl.Series(values)):
        assert not numbers(column).flags.owndata
    assert numbers(np.zeros(2, np.float32)).dtype == np.float32


def test_empty_columns() -> None:
    for column in ([], np.array([]), pl.Series([], dtype=pl.Float64), pa.array([], pa.float64())):
        assert len(numbers(column)) == 0


@pytest.mark.parametrize(
    "column",
    [["1", "2"], np.array(["1"]), pa.array(["1"]), pl.Series(["1"]), pd.Series(["1"]),
     [[1.0], [2.0]], np.zeros((2, 1)), pa.array([[1.0], [2.0]]), np.array([1j]),
     [datetime(2022, 1, 1)], [object()], [10**400, None]],
)  # fmt: skip
def test_what_is_no_number(column: Any) -> None:
    with pytest.raises(InvalidRequest, match="Bad request: price: h"):
        numbers(column, "price")


MOMENT = datetime(2022, 1, 1, 5, tzinfo=UTC)
EASTERN = MOMENT.astimezone(timezone(timedelta(hours=-5)))
NAIVE = datetime(2022, 1, 1, 5)
MILLIS = 1_641_013_200_000


@pytest.mark.parametrize(
    "column",
    [
        [MOMENT],
        [EASTERN],
        [NAIVE],
        ["2022-01-01T00:00:00-05:00"],
        [MILLIS],
        np.array([MILLIS]),
        np.array([NAIVE], dtype="datetime64[ns]"),
        np.array([NAIVE], dtype="datetime64[h]"),
        np.array([MOMENT], dtype=object),
        pd.Series([NAIVE]),
        pd.Series([EASTERN]),
        pd.Series([MILLIS]),
        pl.Series([NAIVE]),
        pl.Series([MOMENT]),
        pl.Series([MILLIS]),
        pa.array([EASTERN]),
        pa.array([MILLIS]),
        pa.array([NAIVE], pa.timestamp("s")),
        pa.chunked_array([pa.array([NAIVE], pa.timestamp("ns", "UTC"))]),
    ],
)  # fmt: skip
def test_times(column: Any) -> None:
    series = Series.of(column, [1.0])
    assert series.first == series.last == MILLIS * 1000
    # Half-open at both sides, in every unit.
    at = np.array([-1, 0, 1]) + MILLIS * 1000
    assert series.rows_at(at).tolist() == [0, 0, 1]


def test_dates_are_their_midnight() -> None:
    days = pa.array([MOMENT.date()])
    for column in (days, np.array(["2022-01-01"], dtype="datetime64[D]"), pl.Series(days)):
        assert Series.of(column, [1.0]).first == 1_640_995_200_000_000


@pytest.mark.parametrize(
    "column",
    [[None], [1.5], ["soon"], np.array([1.5]), np.zeros((1, 1), dtype=int), pl.Series(["x"]),
     pa.array([None], pa.timestamp("us")), pd.Series([pd.NaT]), [2**70],
     np.array(["NaT"], "datetime64[us]")],
)  # fmt: skip
def test_what_is_no_time(column: Any) -> None:
    with pytest.raises(InvalidRequest, match="Bad request: time: "):
        Series.of(column, [1.0])


def test_rows_without_a_time_are_counted_in_the_refusal() -> None:
    times = np.array(["2022-01-01", "NaT", "NaT"], "datetime64[us]")
    with pytest.raises(InvalidRequest, match="time: 2 rows have no time"):
        Series.of(times, [1, 2, 3])


def test_rows_are_sorted_by_time_and_stay_in_order_within_one() -> None:
    series = Series.of([3, 1, 3, 2, 1], [0, 1, 2, 3, 4])
    assert series.times.tolist() == [1, 1, 2, 3, 3]
    assert series.values.tolist() == [1, 4, 3, 0, 2]
    late = np.arange(200_000)
    late[-1] = 0
    assert Series.of(late, late).times[1] == 0


def test_columns_of_different_length() -> None:
    with pytest.raises(InvalidRequest, match="values: has 1 rows, time has 2"):
        Series.of([1, 2], [1])


def test_boundaries_beyond_what_nanoseconds_can_say() -> None:
    series = Series.of(np.array([0], dtype="datetime64[ns]"), [1.0])
    assert series.rows_at(np.array([-(2**62), 2**62])).tolist() == [0, 1]
    assert ticks([])[0].tolist() == []
