"""Widths, intervals and windows of time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np

from wallwidgets.drift.checks import Ints, refusal, shown
from wallwidgets.drift.columns import instant, moment
from wallwidgets.drift.rules import DEFAULT_WIDTH, MAX_WINDOWS

_UNITS = {
    "millisecond": 1_000,
    "second": 1_000_000,
    "minute": 60_000_000,
    "hour": 3_600_000_000,
    "day": 86_400_000_000,
    "week": 604_800_000_000,
}
_SPELLINGS = {"ms": 1_000, **_UNITS, **{f"{name}s": micros for name, micros in _UNITS.items()}}
_LONGEST = 36_525 * _UNITS["day"]
_TEXT = re.compile(r"\s*([+-]?[0-9]{1,15})\s*([a-z]+)\s*", re.IGNORECASE)


def duration(value: str | timedelta, field: str = "width") -> int:
    """A width or interval in microseconds: ``"24 hours"``, ``"1 day"``, ``"86400000 ms"``.

    Args:
        value: A text of the wire, or a timedelta.
        field: The name that an error gives it.

    Raises:
        InvalidRequest: It is no length of time, or not longer than zero.

    Example:
        >>> duration("24 hours") == duration("1 day") == duration("86400000 ms")
        True
    """
    if isinstance(value, timedelta):
        micros = value // timedelta(microseconds=1)
    else:
        match = _TEXT.fullmatch(value) if isinstance(value, str) else None
        unit = _SPELLINGS.get(match[2].lower()) if match else None
        if match is None or unit is None:
            examples = "'24 hours', '1 day' or '86400000 ms'"
            raise refusal(field, f"{shown(value)} is no length of time such as {examples}")
        micros = int(match[1]) * unit
    if micros <= 0:
        raise refusal(field, f"{shown(value)} is not longer than zero")
    if micros > _LONGEST:
        raise refusal(field, f"{shown(value)} is longer than a hundred years")
    return micros


class Window(NamedTuple):
    """One window: ``start`` is in it, ``end`` is not.

    Example:
        >>> windows("2022-01-01", "2022-01-02", "12 hours")[1].start.hour
        12
    """

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Windows:
    """Windows of one width, one interval apart; times are microseconds since 1970.

    Example:
        >>> january = windows("2022-01-01", "2022-01-31")
        >>> len(january), january[0].end.isoformat()
        (30, '2022-01-02T00:00:00+00:00')
    """

    start: int
    width: int
    interval: int
    number: int

    def __len__(self) -> int:
        return self.number

    def __getitem__(self, index: int) -> Window:
        place = range(self.number)[index]
        begin = self.start + place * self.interval
        return Window(moment(begin), moment(begin + self.width))

    def __iter__(self) -> Iterator[Window]:
        return (self[index] for index in range(self.number))

    @property
    def starts(self) -> Ints:
        """The start of each window."""
        return self.start + self.interval * np.arange(self.number, dtype=np.int64)

    @property
    def ends(self) -> Ints:
        """The end of each window."""
        return self.starts + self.width

    @property
    def boundaries(self) -> Ints:
        """Where any window starts or ends: between two of them lies a cell, counted once.

        Cells are never shorter than gcd(width, interval), and never more than twice the windows.
        """
        return np.union1d(self.starts, self.ends)

    def overlapping(self, first: int, last: int) -> Windows:
        """Those of the windows that reach into the time from ``first`` to ``last``."""
        low = max((first - self.start - self.width) // self.interval + 1, 0)
        high = min((last - self.start) // self.interval, self.number - 1)
        begin = self.start + low * self.interval
        return replace(self, start=begin, number=max(high - low + 1, 0))

    def checked(self) -> Windows:
        """The same, refused if they are too many to be meant."""
        if self.number > MAX_WINDOWS:
            raise refusal(
                "interval", f"gives {self.number} windows, at most {MAX_WINDOWS} can be run"
            )
        return self


def windows(
    start: Any,
    until: Any,
    width: str | timedelta = DEFAULT_WIDTH,
    interval: str | timedelta | None = None,
) -> Windows:
    """The complete windows between two times.

    Window k is ``[start + k * interval, start + k * interval + width)``; it is made only if its end
    is not after ``until``. Source: recorded numbers of windows (30 of 24 hours in 30 days; 59 every
    12 hours).

    Args:
        start: Start of the first window, a datetime or its text.
        until: The last instant to look at: ``run_until``, or now.
        width: Length of a window.
        interval: Time between two starts; the width, if None.

    Raises:
        InvalidRequest: A time or a length cannot be used.

    Example:
        >>> len(windows("2022-01-01", "2022-01-31", "24 hours", interval="12 hours"))
        59
    """
    length = duration(width, "width")
    step = length if interval is None else duration(interval, "interval")
    begin, end = instant(start, "start"), instant(until, "run_until")
    return Windows(begin, length, step, max((end - begin - length) // step + 1, 0))
