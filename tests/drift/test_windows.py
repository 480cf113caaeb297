"""Widths, intervals, windows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from wallwidgets.drift import duration, windows
from wallwidgets.errors import InvalidRequest

MINUTE = 60_000_000


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("1 minute", 1), ("4 minutes", 4), ("1 hour", 60), ("24 hours", 1440), ("1 day", 1440),
     ("2 days", 2880), ("1 week", 10080), ("3 weeks", 30240), ("86400000 ms", 1440),
     (" 24  Hours ", 1440), ("24hours", 1440), ("60 seconds", 1), (timedelta(hours=1), 60)],
)  # fmt: skip
def test_lengths_of_time(text: Any, minutes: int) -> None:
    assert duration(text) == minutes * MINUTE


@pytest.mark.parametrize(
    ("text", "reason"),
    [("1 fortnight", "is no length of time such as '24 hours', '1 day' or '86400000 ms'"),
     ("", "is no length"), ("hours", "is no length"), ("24", "is no length"),
     ("1.5 hours", "is no length"), ("1 mss", "is no length"), (24, "is no length"),
     (None, "is no length"), ("9" * 5000 + " days", "is no length"),
     ("0 hours", "is not longer than zero"), ("-1 days", "is not longer than zero"),
     (timedelta(0), "is not longer than zero"),
     ("5300 weeks", "is longer than a hundred years")],
)  # fmt: skip
def test_what_is_no_length_of_time(text: Any, reason: str) -> None:
    for field in ("width", "interval"):
        with pytest.raises(InvalidRequest) as caught:
            duration(text, field)
        assert caught.value.message.startswith(f"Bad request: {field}: ")
        assert reason in caught.value.message
        assert len(caught.value.message) < 200


@pytest.mark.parametrize(
    ("days", "width", "interval", "number"),
    [(30, "24 hours", None, 30), (30, "24 hours", "12 hours", 59), (30, "24 hours", "1 hour", 697),
     (28, "1 week", None, 4), (1, "24 hours", None, 1), (0, "24 hours", None, 0),
     (30, "1 hour", "1 day", 30), (2, "1 day", "1439 minutes", 2)],
)  # fmt: skip
def test_only_complete_windows(days: int, width: str, interval: str | None, number: int) -> None:
    start = datetime(2022, 1, 1, tzinfo=UTC)
    found = windows(start, start + timedelta(days=days), width, interval)
    assert len(found) == len(list(found)) == len(found.starts) == number
    almost = windows(start, start + timedelta(days=days, microseconds=-1), width, interval)
    assert len(almost) in (max(number - 1, 0), number)
    assert all(window.end <= start + timedelta(days=days) for window in found)


def test_times_of_windows() -> None:
    eastern = timezone(timedelta(hours=-5))
    found = windows(datetime(2022, 1, 1, tzinfo=eastern), "2022-01-05T05:00:00Z", interval="1 day")
    assert found[0].start == datetime(2022, 1, 1, 5, tzinfo=UTC)
    assert found[-1].end == datetime(2022, 1, 5, 5, tzinfo=UTC)
    naive = windows(datetime(2022, 1, 1), "2022-01-02")
    assert naive[0].start == datetime(2022, 1, 1, tzinfo=UTC)
    with pytest.raises(IndexError):
        found[4]


def test_cells_are_never_shorter_than_the_common_divisor() -> None:
    found = windows("2022-01-01", "2022-01-10", "24 hours", "10 hours")
    lengths = set((found.boundaries[1:] - found.boundaries[:-1]).tolist())
    assert min(lengths) >= 2 * 60 * MINUTE
    odd = windows("2022-01-01", "2022-02-01", "86400000 ms", "86399999 ms")
    assert len(odd.boundaries) <= 2 * len(odd)


def test_windows_that_reach_into_the_data() -> None:
    every = windows("1970-01-01", "1970-01-11", "2 days", "1 day")
    day = 1440 * MINUTE
    for first, last in ((0, 0), (3 * day, 5 * day), (day - 1, day), (10 * day, 99 * day)):
        some = every.overlapping(first, last)
        expected = [
            start for start in every.starts.tolist() if start <= last and start + 2 * day > first
        ]
        assert some.starts.tolist() == expected
    assert len(every.overlapping(99 * day, 100 * day)) == 0
    assert len(windows("1970-01-01", "1970-01-01").overlapping(0, day)) == 0


@pytest.mark.parametrize("value", [5, "soon", None, float("nan"), "2022-13-01"])
def test_what_is_no_time(value: Any) -> None:
    with pytest.raises(InvalidRequest, match=r"start: .* is no time such as"):
        windows(value, "2022-01-01")
    with pytest.raises(InvalidRequest, match=r"run_until: .* is no time such as"):
        windows("2022-01-01", value)
