"""What stands below each bin, in the room that there is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from wallwidgets.charts import canvas
from wallwidgets.charts.wording import text_width
from wallwidgets.schemas.safe_html import figure_text

_LONG, _SHORT = ("below", "above", "missing"), ("<", ">", "NaN")
_NUMBERED_PX = 26


def tick_labels(names: Sequence[str], outlier: Sequence[bool], width: float) -> dict[int, str]:
    """Ranges where they fit; else below, 1, 2 ..., above; of many bins only some numbers.

    Args:
        names: The range of each bin, then "missing" if there is such a bar.
        outlier: Which bins lie beyond the baseline's edges.
        width: Pixels for each bin.

    Example:
        >>> tick_labels(["< 1", "1 to 2", "> 2"], [True, False, True], 90.0)
        {0: '&lt; 1', 1: '1 to 2', 2: '&gt; 2'}
        >>> list(tick_labels(["< 1", "1 to 2", "> 2"], [True, False, True], 33.0).values())
        ['below', '1', 'above']
    """
    for labels in (names, _numbered(names, outlier, _LONG), _numbered(names, outlier, _SHORT)):
        widths = [text_width(label, canvas.SMALL) for label in labels]
        if all((one + other) / 2 + 5 < width for one, other in pairwise(widths)):
            return {at: figure_text(label) for at, label in enumerate(labels)}
    every = math.ceil(_NUMBERED_PX / width)
    return {at: text for at, text in enumerate(labels) if text.isdigit() and not at % every}


def _numbered(
    names: Sequence[str], outlier: Sequence[bool], words: tuple[str, str, str]
) -> list[str]:
    """Numbers for the bins, and words for the outliers and the missing values."""
    below, above, missing = words
    labels = [str(at) for at in range(1, len(outlier) + 1)]
    if len(outlier) > 2 and outlier[0] and outlier[-1]:
        labels = [below, *labels[: len(outlier) - 2], above]
    return [*labels, missing] if len(names) > len(outlier) else labels
