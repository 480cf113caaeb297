"""Which alarms chance alone could have made."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wallwidgets.charts.records import ALARMS, Track
from wallwidgets.drift.checks import Floats


def hollow(track: Track, band: Floats) -> NDArray[np.bool_]:
    """Which windows alarm, though chance alone could have made their score."""
    alarms = np.array([state in ALARMS for state in track.status], dtype=bool)
    return alarms & (track.score < band)
