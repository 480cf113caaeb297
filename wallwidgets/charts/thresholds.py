"""The warning and the alert threshold on a chart of scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wallwidgets.charts import canvas
from wallwidgets.charts.legend import Key
from wallwidgets.charts.palette import Palette
from wallwidgets.charts.records import Track
from wallwidgets.charts.score_scale import Scale
from wallwidgets.charts.wording import score_text

_LABEL_PX = 15
_PLOT_PX = 200


@dataclass(frozen=True)
class Limit:
    """A threshold as it is drawn; a word needs another colour than a line."""

    name: str
    at: float
    colour: str
    word_colour: str
    dash: str

    @property
    def key(self) -> Key:
        """Its entry in a legend, where it has no label."""
        shape = "line" if self.dash == "solid" else "dashes"
        return Key(shape, self.colour, f"{self.name} ≥ {score_text(self.at)}")


def limits(track: Track, look: Palette) -> list[Limit]:
    """The thresholds that there are, the alert first."""
    found = []
    if track.alert_threshold is not None:
        found.append(Limit("Alert", track.alert_threshold, look.alert, look.alert, "solid"))
    if track.warning_threshold is not None:
        words = look.warning_text
        found.append(Limit("Warning", track.warning_threshold, look.warning, words, "dash"))
    return found


def lines(found: Sequence[Limit]) -> list[dict[str, Any]]:
    """Lines across the plot."""
    return [
        {
            "type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": limit.at, "y1": limit.at,
            "layer": "below", "line": {"color": limit.colour, "width": 1.25, "dash": limit.dash},
        }
        for limit in found
    ]  # fmt: skip


def labels(found: Sequence[Limit], look: Palette, scale: Scale) -> list[dict[str, Any]]:
    """Words at the right end of the lines, pushed apart where the lines are near."""
    heights, shifts = [scale.place(limit.at) for limit in found], [0.0, 0.0]
    if len(found) == 2:
        part = (heights[0] - heights[1]) / (scale.place(scale.top) - scale.place(scale.floor))
        push = max(_LABEL_PX - part * _PLOT_PX, 0) / 2
        shifts = [push, -push]
    return [
        canvas.note(
            f"{limit.name} {score_text(limit.at)}", look, size=canvas.TEXT,
            color=limit.word_colour, xref="paper", x=1, xanchor="left", xshift=6, y=height,
            yanchor="middle", yshift=shift,
        )
        for limit, height, shift in zip(found, heights, shifts, strict=False)
    ]  # fmt: skip
