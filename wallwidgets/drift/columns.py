"""Columns of any kind (numpy, Arrow, pandas, polars, lists) as arrays, without a copy where it can.

Times become integer ticks in the column's own unit; a time without a zone is in UTC.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wallwidgets.drift.checks import Ints, refusal, shown

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICKS = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_MICROS = _TICKS["us"]
_NO_TIME = np.iinfo(np.int64).min  # numpy's NaT
_BLOCK = 1 << 16


def numbers(column: Any, field: str = "values") -> NDArray[np.floating[Any]]:
    """A column of numbers as a float32 or float64 array; missing values are NaN.

    Args:
        column: An array, a list, or a column of a pandas, polars or Arrow frame.
        field: The name that an error gives it.

    Raises:
        InvalidRequest: It holds something else than numbers.

    Example:
        >>> numbers([1, None, 2.5])
        array([1. , nan, 2.5])
    """
    array = _array(column)
    if array.ndim != 1:
        raise refusal(field, f"has {array.ndim} dimensions, needs one number per row")
    if array.dtype in (np.float32, np.float64):
        return array
    if array.dtype.kind == "O" and not any(isinstance(v, str | bytes) for v in array):
        try:
            return array.astype(np.float64)
        except (TypeError, ValueError, OverflowError):
            raise refusal(field, "holds values that are no numbers") from None
    if array.dtype.kind not in "biuf":
        raise refusal(field, f"holds {array.dtype} values, not numbers")
    return array.astype(np.float64)


def _array(column: Any) -> NDArray[Any]:
    if isinstance(column, np.ma.MaskedArray):
        return np.where(np.ma.getmaskarray(column), np.nan, column.data.astype(np.float64))
    if isinstance(column, np.ndarray):
        return column
    if hasattr(column, "null_count") and hasattr(column, "type"):  # Arrow
        return np.asarray(column.to_numpy(zero_copy_only=False))
    if hasattr(column, "hasnans") and hasattr(column.dtype, "na_value"):  # pandas, nullable
        if column.dtype.kind in "biuf":
            return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
        return np.asarray(column.to_numpy())
    if hasattr(column, "to_numpy"):
        return np.asarray(column.to_numpy())
    return (
        np.array(column) if len(column) and None not in column else np.array(column, dtype=object)
    )


def instant(value: Any, field: str) -> int:
    """A time as microseconds since 1970: a datetime, or its text; without a zone it is in UTC.

    Example:
        >>> instant("1970-01-01T01:00:00+00:00", "start")
        3600000000
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise refusal(
                field, f"{shown(value)} is no time such as 2022-01-31T00:00:00Z"
            ) from None
    if isinstance(value, np.datetime64) and not np.isnat(value):
        return int(value.astype("datetime64[us]").astype(np.int64))
    if not isinstance(value, datetime) or value != value:
        raise refusal(field, f"{shown(value)} is no time such as 2022-01-31T00:00:00Z")
    aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value
    return (aware - _EPOCH) // timedelta(microseconds=1)


def moment(micros: int) -> datetime:
    """The aware UTC datetime of microseconds since 1970.

    Example:
        >>> moment(3_600_000_000).isoformat()
        '1970-01-01T01:00:00+00:00'
    """
    return _EPOCH + timedelta(microseconds=micros)


def ticks(column: Any, field: str = "time") -> tuple[Ints, str]:
    """A column of times as integers since 1970, and their unit: s, ms, us or ns.

    Whole numbers are milliseconds, as in the records of the service.

    Example:
        >>> ticks(np.array(["1970-01-02"], dtype="datetime64[s]"))
        (array([86400]), 's')
    """
    if not isinstance(column, np.ndarray) and (hasattr(column, "dtype") or hasattr(column, "type")):
        return _arrow_ticks(column, field)
    array: Any = _millis(column, field) if _all_integers(column) else column
    if not isinstance(array, np.ndarray) or array.dtype.kind == "O":
        return np.array([instant(value, field) for value in array], dtype=np.int64), "us"
    if array.ndim != 1:
        raise refusal(field, f"has {array.ndim} dimensions, needs one time per row")
    if array.dtype.kind in "iu":
        return array.astype(np.int64, copy=False), "ms"
    if array.dtype.kind != "M":
        raise refusal(field, f"holds {array.dtype} values, not times")
    unit, step = np.datetime_data(array.dtype)
    if unit not in _TICKS or step != 1:
        array, unit = array.astype("datetime64[us]"), "us"
    whole = array.astype(array.dtype.newbyteorder("="), copy=False).view(np.int64)
    return whole, unit


def _millis(column: Any, field: str) -> Ints:
    try:
        return np.array(column, dtype=np.int64)
    except OverflowError:
        raise refusal(field, "holds a number that is no time in milliseconds") from None


def _all_integers(column: Any) -> bool:
    """Whether a list holds whole numbers only."""
    return isinstance(column, list | tuple | range) and all(type(v) is int for v in column)


def _arrow_ticks(column: Any, field: str) -> tuple[Ints, str]:
    import pyarrow as pa

    array = column if isinstance(column, pa.Array | pa.ChunkedArray) else pa.array(column)
    _refuse_absent(array.null_count, field)
    kind = array.type
    if pa.types.is_date(kind):
        array, kind = array.cast(pa.timestamp("ms")), pa.timestamp("ms")
    if pa.types.is_integer(kind):
        return array.to_numpy(zero_copy_only=False).astype(np.int64, copy=False), "ms"
    if not pa.types.is_timestamp(kind):
        raise refusal(field, f"holds {kind} values, not times")
    return array.cast(pa.int64()).to_numpy(zero_copy_only=False), str(kind.unit)


class Extent(NamedTuple):
    """The earliest and latest of some times, and whether they are in order."""

    first: int
    last: int
    ordered: bool


def extent(column: Any, field: str = "time") -> Extent:
    """What a column of times spans, in whole microseconds since 1970.

    Example:
        >>> extent([7, 3])
        Extent(first=3000, last=7000, ordered=False)
    """
    times, unit = ticks(column, field)
    ordered = _rising(times)
    low, high = (times[0], times[-1]) if ordered else (times.min(), times.max())
    per_second = _TICKS[unit]
    return Extent(int(low) * _MICROS // per_second, int(high) * _MICROS // per_second, ordered)


def _refuse_absent(absent: int, field: str) -> None:
    if absent:
        raise refusal(field, f"{absent} rows have no time")


@dataclass(frozen=True, eq=False)
class Series:
    """Values with their times, in the order of time.

    Example:
        >>> series = Series.of([3_000, 1_000], [0.3, 0.1])
        >>> series.values.tolist(), series.first, series.last
        ([0.1, 0.3], 1000000, 3000000)
    """

    times: Ints
    unit: str
    values: NDArray[np.floating[Any]]

    @classmethod
    def of(
        cls,
        time: Any,
        value: Any,
        time_field: str = "time",
        field: str = "values",
        ordered: bool = False,
    ) -> Series:
        """Read two columns; rows out of order are sorted, those of one time keep their order.

        Args:
            time: A column of times.
            value: A column of numbers.
            time_field: The name that an error gives the times.
            field: The name that an error gives the values.
            ordered: Whether times are known to be in order, so that nobody needs to look.
        """
        (times, unit), values = ticks(time, time_field), numbers(value, field)
        if len(times) != len(values):
            raise refusal(field, f"has {len(values)} rows, {time_field} has {len(times)}")
        if not ordered:
            times, values = _in_order(times, values)
        if len(times) and times[0] == _NO_TIME:  # in order, they come first
            _refuse_absent(int(np.searchsorted(times, _NO_TIME, side="right")), time_field)
        return cls(times, unit, values)

    @classmethod
    def joined(cls, parts: list[Series]) -> Series:
        """One series of several of the same unit; rows of one time stay in the order of parts."""
        if not parts:
            return cls(np.zeros(0, np.int64), "us", np.zeros(0))
        times = np.concatenate([part.times for part in parts])
        values = np.concatenate([part.values for part in parts])
        times, values = _in_order(times, values)
        return cls(times, parts[0].unit, values)

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.times)

    def read(self) -> Iterator[Series]:
        """Itself: a series is a piece that is in memory already."""
        yield self

    def rows_at(self, micros: Ints) -> Ints:
        """The first row at or after each instant (microseconds since 1970)."""
        per_second = _TICKS[self.unit]
        if per_second > _MICROS:
            factor = per_second // _MICROS
            most = np.iinfo(np.int64).max // factor
            instants = np.clip(micros, -most, most) * factor
        else:
            instants = -(-micros // (_MICROS // per_second))
        return np.searchsorted(self.times, instants).astype(np.int64)

    def between(self, start: int, end: int) -> Series:
        """The rows from ``start`` until before ``end``, microseconds since 1970."""
        low, high = self.rows_at(np.array([start, end], dtype=np.int64))
        return self[low:high]

    def __getitem__(self, rows: slice) -> Series:
        return Series(self.times[rows], self.unit, self.values[rows])

    @property
    def first(self) -> int:
        """The time of the first row, in whole microseconds."""
        return int(self.times[0]) * _MICROS // _TICKS[self.unit]

    @property
    def last(self) -> int:
        """The time of the last row, in whole microseconds."""
        return int(self.times[-1]) * _MICROS // _TICKS[self.unit]


def _in_order(
    times: Ints, values: NDArray[np.floating[Any]]
) -> tuple[Ints, NDArray[np.floating[Any]]]:
    """Rows in the order of time, sorted only if they are not."""
    if _rising(times):
        return times, values
    order = np.argsort(times, kind="stable")
    return times[order], values[order]


def _rising(times: Ints) -> bool:
    """Whether no time is before the one above it, a block at a time to stay in the cache."""
    last = len(times) - 1
    for low in range(0, last, _BLOCK):
        high = min(low + _BLOCK, last)
        if not (times[low + 1 : high + 1] >= times[low:high]).all():
            return False
    return True
