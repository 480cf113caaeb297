"""What bad input gets: one sentence that names the field, the same here and from the instance."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from wallwidgets.drift.rules import MAX_BINS
from wallwidgets.errors import InvalidRequest

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
E = TypeVar("E", bound=StrEnum)


def refusal(field: str, reason: str) -> InvalidRequest:
    """The error for a field that cannot be used.

    Example:
        >>> str(refusal("width", "is required"))
        '[400] Bad request: width: is required.'
    """
    return InvalidRequest(f"Bad request: {field}: {reason}")


def shown(value: object) -> str:
    """A value as a sentence quotes it, cut if long."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def choice(kind: type[E], value: Any, field: str) -> E:
    """A member of an enumeration, by itself or by the wire's spelling."""
    try:
        return kind(value)
    except ValueError:
        names = ", ".join(kind)
        raise refusal(field, f"{shown(value)} is none of {names}") from None


def whole(value: object, field: str, least: int, most: int) -> int:
    """A whole number within limits."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise refusal(field, f"{shown(value)} is no whole number")
    if not least <= value <= most:
        raise refusal(field, f"{shown(value)} is not between {least} and {most}")
    return int(value)


def bin_number(value: object, field: str = "num_bins") -> int:
    """The number of bins between the outlier bins."""
    return whole(value, field, 1, MAX_BINS)


def threshold(value: object, field: str) -> float | None:
    """A threshold, or None, which is never reached."""
    if value is None:
        return None
    plain = isinstance(value, int | float | np.integer | np.floating)
    if isinstance(value, bool) or not plain or not math.isfinite(float(value)):  # type: ignore[arg-type]
        raise refusal(field, f"{shown(value)} is no finite number")
    return float(value)  # type: ignore[arg-type]


def thresholds(warning: object, alert: object) -> tuple[float | None, float | None]:
    """Both thresholds; a warning comes before an alert."""
    first = threshold(warning, "warning_threshold")
    second = threshold(alert, "alert_threshold")
    if first is not None and second is not None and first > second:
        raise refusal("warning_threshold", f"{first} is above the alert_threshold of {second}")
    return first, second


def finite_list(values: Any, field: str) -> Floats:
    """A list of finite numbers as an array."""
    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise refusal(field, f"{shown(values)} is no list of numbers") from None
    if array.ndim != 1:
        raise refusal(field, f"{shown(values)} is no list of numbers")
    if not np.isfinite(array).all():
        raise refusal(field, "holds a value that is no finite number")
    return array


def weights(values: Any, bins: int) -> Floats:
    """One weight per bin, outlier bins included: none negative, not all zero."""
    array = finite_list(values, "bin_weights")
    if len(array) != bins:
        raise refusal("bin_weights", f"has {len(array)} weights, needs {bins}, one per bin")
    if (array < 0).any():
        raise refusal("bin_weights", "holds a negative weight")
    if not array.any():
        raise refusal("bin_weights", "are all zero")
    return array


def provided_edges(values: Any, num_bins: int | None) -> Floats:
    """Edges in rising order: as many as bins, or one more."""
    if values is None:
        raise refusal("provided_edges", "are required with bin_mode Provided")
    edges = finite_list(values, "provided_edges")
    if len(edges) < 2 and num_bins is None:
        raise refusal("provided_edges", f"has {len(edges)} edges, needs at least 2")
    if num_bins is not None and len(edges) not in (num_bins, num_bins + 1):
        needs = f"needs {num_bins} or {num_bins + 1} for num_bins {num_bins}"
        raise refusal("provided_edges", f"has {len(edges)} edges, {needs}")
    if (np.diff(edges) < 0).any():
        raise refusal("provided_edges", "are not in rising order")
    return edges
