"""The values of a baseline or window, sorted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from wallwidgets.drift import bins
from wallwidgets.drift.checks import Floats
from wallwidgets.schemas.assays import BinMode

_MOST_BARS = 50
_MOST_STEPS = 5_000


@dataclass(frozen=True, eq=False)
class Sample:
    """Sorted values without the missing ones; infinite ones stay, as they are rows."""

    values: Floats
    missing: int

    @classmethod
    def of(cls, column: Any) -> Sample:
        present = np.sort(column[~np.isnan(column)]).astype(np.float64)
        return cls(present, len(column) - len(present))

    @cached_property
    def finite(self) -> Floats:
        return self.values[np.isfinite(self.values)]

    @property
    def median(self) -> float:
        """The smallest value that half of the rows do not exceed."""
        return float(self.values[(len(self.values) - 1) // 2])

    @cached_property
    def bars(self) -> tuple[Floats, Floats]:
        """Borders and rows of a histogram."""
        values = self.finite
        if not len(values):
            return np.zeros(0), np.zeros(0)
        number = min(max(math.isqrt(len(values)), 1), _MOST_BARS)
        low, high = float(values[0]), float(values[-1])
        if not high / number - low / number > abs(high) * 1e-12:
            room = max(abs(low) * 0.005, 0.1)
            return np.array([low - room, low + room]), np.array([float(len(values))])
        made = bins(values, BinMode.EQUAL, number)
        return made.edges, made.count(values)[1:-1].astype(float)

    @cached_property
    def steps(self) -> tuple[Floats, Floats]:
        """Values and the share of rows at most as large, from the first of them."""
        number = len(self.values)
        if not number:
            return np.zeros(0), np.zeros(0)
        ranks = np.flatnonzero(np.append(self.values[1:] > self.values[:-1], True))
        if len(ranks) > _MOST_STEPS:
            ranks = ranks[np.linspace(0, len(ranks) - 1, _MOST_STEPS).round().astype(int)]
        x, y = self.values[ranks], (ranks + 1) / number
        held = np.isfinite(x)
        return x[held], y[held]
