"""Ranges and lengths of time as one types them into AssayChart."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from wallwidgets.drift.timing import duration
from wallwidgets.errors import InvalidRequest

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UNITS = {"ms": "milliseconds", "s": "seconds", "min": "minutes", "h": "hours", "d": "days",
          "w": "weeks"}  # fmt: skip
_LONG = {name.rstrip("s"): name for name in _UNITS.values()}
_LENGTH = r"(\d+)\s*([a-z]+)"
_WINDOWS = re.compile(rf"{_LENGTH}(?:\s+every\s+{_LENGTH})?", re.IGNORECASE)
_BETWEEN = re.compile(r"\s*[–—]\s*|\s+(?:-|to|until)\s+")
_CLOCK = r"(\d{1,2}):(\d\d)(?::(\d\d))?"
_DAY = re.compile(
    rf"(\d{{1,2}})\s+([a-z]{{3}})[a-z]*\.?(?:\s+(\d{{4}}))?(?:\s+{_CLOCK})?", re.IGNORECASE
)


def read_range(text: str) -> tuple[datetime, datetime]:
    """Start and end of a baseline, in UTC.

    Example:
        >>> [str(each) for each in read_range("1 Jan – 2 Jan 2022 05:00")]
        ['2022-01-01 00:00:00+00:00', '2022-01-02 05:00:00+00:00']
    """
    parts = _BETWEEN.split(text.strip())
    if len(parts) != 2:
        raise InvalidRequest("A baseline is a start and an end, such as 1 Jan – 2 Jan 2022.")
    years = [match[3] for match in map(_DAY.fullmatch, parts) if match and match[3]]
    start, end = (_moment(part, years[0] if years else None) for part in parts)
    if end <= start:
        raise InvalidRequest("The end of the baseline is not after its start.")
    return start, end


def _moment(text: str, year: str | None) -> datetime:
    try:
        match = _DAY.fullmatch(text)
        if match is None:
            found = datetime.fromisoformat(text)
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        month = MONTHS.index(match[2].capitalize()) + 1
        hour, minute, second = (int(part or 0) for part in match.groups()[3:])
        day = int(match[3] or year or ""), month, int(match[1])
        return datetime(*day, hour, minute, second, tzinfo=UTC)
    except (ValueError, OverflowError):
        raise InvalidRequest(
            f"“{text[:40]}” is no date; write 1 Jan 2022, with a time if need be: 1 Jan 2022 05:00."
        ) from None


def range_text(start: datetime, end: datetime) -> str:
    """A range as it is shown and typed.

    Example:
        >>> range_text(datetime(2022, 1, 1, 5), datetime(2022, 1, 2, 5))
        '1 Jan 05:00 – 2 Jan 2022 05:00'
    """
    if start.microsecond or end.microsecond:
        return f"{start.isoformat()} – {end.isoformat()}"
    first = _day_text(start, year=start.year != end.year)
    return f"{first} – {_day_text(end, year=True)}"


def _day_text(moment: datetime, *, year: bool) -> str:
    text = f"{moment.day} {MONTHS[moment.month - 1]}{f' {moment.year}' if year else ''}"
    if moment.second:
        return f"{text} {moment:%H:%M:%S}"
    return f"{text} {moment:%H:%M}" if moment.hour or moment.minute else text


def first_day(moment: datetime) -> str:
    """The day of a moment as a baseline: what one begins with."""
    start = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return range_text(start, start + timedelta(days=1))


def read_windows(text: str) -> tuple[str, str | None]:
    """Width and interval; no interval where it is the width.

    Example:
        >>> read_windows("24 h every 6 h"), read_windows("1 day")
        (('24 hours', '6 hours'), ('1 days', None))
    """
    match = _WINDOWS.fullmatch(text.strip())
    units = [_long(unit) for unit in match.groups()[1::2] if unit] if match else [""]
    if match is None or "" in units:
        raise InvalidRequest("Windows are a length and how often, such as 24 h every 6 h.")
    width = f"{int(match[1])} {units[0]}"
    interval = f"{int(match[3])} {units[1]}" if match[3] else width
    for length in (width, interval):
        duration(length, "windows")
    return width, None if duration(interval) == duration(width) else interval


def _long(unit: str) -> str:
    unit = unit.lower()
    return _UNITS.get(unit) or _LONG.get(unit.rstrip("s"), "")


def short_length(text: str) -> str:
    """A length of the wire, in the largest unit that leaves it whole; days from two on.

    Example:
        >>> short_length("24 hours"), short_length("7 days"), short_length("5400000 ms")
        ('24 h', '7 d', '90 min')
    """
    micros = duration(text)
    for unit, name in reversed(_UNITS.items()):
        one = duration(f"1 {name}")
        if micros % one == 0 and (unit not in ("d", "w") or (unit == "d" and micros > one)):
            return f"{micros // one} {unit}"
    return f"{micros // 1000} ms"
