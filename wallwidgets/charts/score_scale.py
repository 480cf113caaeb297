"""How high a score is drawn: linear, or logarithmic where scores are far above the threshold."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from wallwidgets.charts import canvas
from wallwidgets.charts.palette import Palette
from wallwidgets.charts.records import Track
from wallwidgets.drift.checks import Floats

_HIGH = 4
_FLOOR_PART = 250


@dataclass(frozen=True, eq=False)
class Scale:
    """The y axis of the scores of a track and their no-drift band."""

    track: Track
    band: Floats

    @cached_property
    def empty(self) -> bool:
        """Whether there is no score to draw."""
        return not np.isfinite(self.track.score).any()

    @cached_property
    def logarithmic(self) -> bool:
        alert = self.track.alert_threshold
        return alert is not None and alert > 0 and bool((self.track.score > _HIGH * alert).any())

    @property
    def floor(self) -> float:
        """Where the y axis begins; what is lower lies on it."""
        alert = self.track.alert_threshold
        return alert / _FLOOR_PART if self.logarithmic and alert else 0.0

    @cached_property
    def top(self) -> float:
        """Where the y axis ends; the band of a window with few rows may go beyond."""
        limits = [self.track.warning_threshold, self.track.alert_threshold]
        highest = np.nanmax(self.track.score, initial=0)
        reached = max([highest, *(limit for limit in limits if limit is not None)]) or 1.0
        if np.isfinite(self.band).any():
            reached = max(reached, min(float(np.nanmax(self.band)), 1.6 * reached))
        return float(reached) * (1.6 if self.logarithmic else 1.12)

    def heights(self, scores: Floats) -> Floats:
        """Where scores are drawn."""
        return np.maximum(scores, self.floor) if self.logarithmic else scores

    def axis(self, look: Palette, narrow: bool) -> dict[str, Any]:
        """The y axis: from zero, or logarithmic."""
        if self.empty:
            return canvas.value_axis(look, narrow, visible=False)
        if self.logarithmic:
            ends = [math.log10(self.floor), math.log10(self.top)]
            ticks = {"type": "log", "dtick": 1, "tickformat": "~g"}
            return canvas.value_axis(look, narrow, range=ends, **ticks)
        form = ".1f" if self.top >= 0.3 else "~g"
        return canvas.value_axis(look, narrow, type="linear", range=[0, self.top], tickformat=form)

    def place(self, value: float) -> float:
        """Where an annotation stands, which unlike a shape takes the logarithm."""
        return math.log10(max(value, self.floor)) if self.logarithmic else value
