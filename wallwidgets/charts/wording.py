"""Numbers, times and names as readers of a chart want them. English, whatever the locale."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAY = timedelta(days=1)


def day(moment: datetime, *, year: bool = False) -> str:
    """A date.

    Example:
        >>> day(datetime(2022, 1, 26)), day(datetime(2022, 1, 26), year=True)
        ('26 Jan', '26 Jan 2022')
    """
    text = f"{moment.day} {MONTHS[moment.month - 1]}"
    return f"{text} {moment.year}" if year else text


def days(start: datetime, end: datetime) -> str:
    """From which day to which, the last one whole.

    Example:
        >>> days(datetime(2022, 1, 2), datetime(2022, 2, 1))
        '2 Jan – 31 Jan 2022'
    """
    last = end - timedelta(microseconds=1)
    if start.date() == last.date():
        return day(last, year=True)
    return f"{day(start, year=start.year != last.year)} – {day(last, year=True)}"


def window_name(start: datetime, end: datetime, *, year: bool = False) -> str:
    """A window by its start, with the time of day where days are not enough.

    Example:
        >>> window_name(datetime(2022, 1, 26, 5), datetime(2022, 1, 26, 9))
        '26 Jan 05:00'
    """
    short = end - start < DAY
    return day(start, year=year) + (f" {start:%H:%M}" if short else "")


def time_range(start: datetime, end: datetime) -> str:
    """From when to when a window goes.

    Example:
        >>> time_range(datetime(2022, 1, 26, 5), datetime(2022, 1, 27, 5))
        '26 Jan 2022 05:00 – 27 Jan 05:00 UTC'
    """
    form = "%H:%M:%S" if start.second or end.second else "%H:%M"
    last = "" if start.date() == end.date() else f"{day(end, year=start.year != end.year)} "
    return f"{day(start, year=True)} {start:{form}} – {last}{end:{form}} UTC"


def score_text(score: float | None) -> str:
    """A score or threshold with two decimals; more where it is very small.

    Example:
        >>> score_text(0.4123), score_text(0.1), score_text(0.0031), score_text(None)
        ('0.41', '0.10', '0.003', 'none')
    """
    if score is None or not math.isfinite(score):
        return "none"
    return f"{score:.1g}" if 0 < abs(score) < 0.01 else f"{score:,.2f}"


def percent(share: float) -> str:
    """A share, where a tenth of a percent does not matter.

    Example:
        >>> percent(0.323), percent(0.004), percent(0)
        ('32%', '<1%', '0%')
    """
    return "<1%" if 0 < share < 0.005 else f"{share:.0%}"


def rows_text(rows: int, missing: int | None = None) -> str:
    """How many rows there are.

    Example:
        >>> rows_text(1212, 3), rows_text(1)
        ('1,212 rows, 3 missing', '1 row')
    """
    text = f"{rows:,} row{'' if rows == 1 else 's'}"
    return f"{text}, {missing:,} missing" if missing else text


def number_texts(numbers: Sequence[float]) -> list[str]:
    """Numbers as short as they can be while different ones stay different.

    Example:
        >>> number_texts([11.8119, 12.69, 554321.0, 0.00026])
        ['11.81', '12.69', '554,321', '0.00026']
        >>> number_texts([1.00001, 1.00002])
        ['1.00001', '1.00002']
    """
    if all(math.isfinite(number) and number == round(number) for number in numbers):
        return [_number(number, 0) for number in numbers]
    different = len(set(numbers))
    for digits in range(4, 18):
        texts = [_number(number, digits) for number in numbers]
        if len(set(texts)) == different:
            break
    return texts


def _number(number: float, digits: int) -> str:
    if not math.isfinite(number):
        return {math.inf: "∞", -math.inf: "−∞"}.get(number, "missing")
    if number and not 1e-4 <= abs(number) < 1e9:
        mantissa, _, exponent = f"{number:.{max(digits - 2, 2)}e}".partition("e")
        text = f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    else:
        decimals = digits - 1 - math.floor(math.log10(abs(number))) if number else 0
        text = f"{number:,.{max(decimals, 0)}f}"
        text = text.rstrip("0").rstrip(".") if decimals > 2 else text
    return text.replace("-", "−")


def bin_ranges(edges: Sequence[float]) -> list[str]:
    """Names of the bins between right edges, of which the last is infinite.

    Example:
        >>> bin_ranges([11.81, 12.69, 15.25, math.inf])
        ['< 11.81', '11.81–12.69', '12.69–15.25', '> 15.25']
        >>> bin_ranges([-1, 1, math.inf])
        ['< −1', '−1 to 1', '> 1']
    """
    texts = number_texts(edges[:-1])
    if not texts:
        return ["all"]
    between = " to " if any("−" in text for text in texts) else "–"
    inner = [f"{low}{between}{high}" for low, high in pairwise(texts)]
    return [f"< {texts[0]}", *inner, f"> {texts[-1]}"]


def joined(texts: Sequence[str]) -> str:
    """Words as a list in a sentence.

    Example:
        >>> joined(["a", "b", "c"])
        'a, b and c'
    """
    return " and ".join([", ".join(texts[:-1]), texts[-1]]) if len(texts) > 1 else "".join(texts)


def text_width(text: str, size: float = 12) -> float:
    """About how many pixels wide a text is; wide letters of Asia count twice."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return (len(text) + 0.7 * wide) * size * 0.6


def fitted(text: str, width: float, size: float = 12) -> str:
    """The text, or its two ends with an ellipsis in the middle, in so many pixels.

    Example:
        >>> fitted("sqft_living", 200), fitted("a_very_long_name_of_a_feature", 80)
        ('sqft_living', 'a_ver…ature')
    """
    if text_width(text[:2000], size) <= width:
        return text
    for kept in range(min(len(text), int(width)), 1, -1):
        short = f"{text[: kept // 2]}…{text[len(text) - (kept - kept // 2) :]}"
        if text_width(short, size) <= width:
            return short
    return "…"


def utc(moment: datetime | str) -> datetime:
    """A time that a caller gives, in UTC; one without a zone is UTC.

    Example:
        >>> utc("2022-01-26T05:00Z").isoformat()
        '2022-01-26T05:00:00+00:00'
    """
    found = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
