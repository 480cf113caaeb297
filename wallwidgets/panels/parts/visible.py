"""Values as the short texts that panels show."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from wallwidgets.schemas.safe_html import visible_text

MAX_TEXT = 300
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400
_RUNNING = {"running"}
_WORDS = {
    "ok": {"ok", "ready", "passed", "active", "logged in"},
    "running": _RUNNING,
    "busy": {"starting", "converting", "uploading", "pending", "pending_conversion", "stopping"},
    "warning": {"warning"},
    "alert": {"alert"},
    "error": {"error", "failed", "broken link"},
}
_KIND_OF = {word: kind for kind, words in _WORDS.items() for word in words}


def chip_kind(word: str) -> str:
    """The colour and shape of a state: ok, running, busy, warning, alert, error, or else off.

    Example:
        >>> chip_kind("Running"), chip_kind("Stopped")
        ('running', 'off')
    """
    return _KIND_OF.get(word.lower(), "off")


def short_text(value: object) -> str:
    """Text from anywhere as it may be shown: no control characters, at most 300 characters."""
    text = str(value)
    return visible_text(text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…")


def relative_time(moment: datetime, now: datetime) -> str:
    """How long ago something was.

    Example:
        >>> now = datetime(2026, 3, 2, 12, tzinfo=UTC)
        >>> relative_time(datetime(2026, 3, 2, 11, 57, tzinfo=UTC), now)
        '3 min ago'
        >>> relative_time(datetime(2026, 3, 1, 9, tzinfo=UTC), now)
        'yesterday'
    """
    passed_s = (now - moment).total_seconds()
    days = (now.date() - moment.astimezone(UTC).date()).days
    if passed_s < 0:
        return moment.strftime("%-d %b %Y")
    if passed_s < _MINUTE_S:
        return "just now"
    if passed_s < _HOUR_S:
        return f"{int(passed_s // _MINUTE_S)} min ago"
    if days == 0 or passed_s < 12 * _HOUR_S:
        return f"{int(passed_s // _HOUR_S)} h ago"
    if days == 1:
        return "yesterday"
    if days < 28:
        return f"{days} d ago"
    return f"{days // 7} wk ago" if days < 365 else f"{days // 365} y ago"


def absolute_time(moment: datetime) -> str:
    """A moment in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def size(size_bytes: float, unit: str | None = None) -> str:
    """An amount of bytes, in a unit of its own or a given one.

    Example:
        >>> size(1_299_227_648), size(768 * 2**20, "MiB"), size(12)
        ('1.21 GiB', '768 MiB', '12 bytes')
    """
    unit = unit or unit_of(size_bytes)
    if unit == "bytes":
        return f"{size_bytes:.0f} bytes"
    number = size_bytes / 1024 ** _UNITS.index(unit)
    return f"{number:.3g} {unit}" if number < 1000 else f"{number:,.0f} {unit}"


def unit_of(size_bytes: float) -> str:
    """The unit that gives an amount one to four digits."""
    power = 0
    while size_bytes >= 1024 and power < len(_UNITS) - 1:
        size_bytes /= 1024
        power += 1
    return _UNITS[power]


_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


def number(value: Any) -> str:
    """A number for a table: digits grouped, floats with at most six significant ones."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.0f}" if abs(value) >= 1e6 and value < 1e15 else f"{value:,.6g}"
