"""The columns of a heat map over true time, and the class of each of its cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from wallwidgets.charts.records import Times, Track, as_times
from wallwidgets.charts.steps import runs, slots
from wallwidgets.drift.checks import Floats, Ints
from wallwidgets.schemas.assays import ResultStatus

_MOST_CELLS = 40_000
_MOST_COLUMNS, _FEWEST_COLUMNS = 500, 100


@dataclass(frozen=True, eq=False)
class Grid:
    """The windows of all tracks, of which there is at least one, side by side."""

    tracks: Sequence[Track]

    @cached_property
    def starts(self) -> Times:
        """The start of every window of any feature."""
        return np.unique(np.concatenate([as_times(track.starts) for track in self.tracks]))

    @cached_property
    def slots(self) -> tuple[Times, Times, Ints]:
        """Where each window is drawn, and a number that rises at every gap."""
        ends = {
            start: end for t in self.tracks for start, end in zip(t.starts, t.ends, strict=True)
        }
        run = runs(self.starts)
        lefts, rights = slots(self.starts, as_times(ends[start] for start in sorted(ends)), run)
        return lefts, rights, run

    @cached_property
    def columns(self) -> tuple[Times, Ints]:
        """Borders of the columns, and the column of each window; a gap is a column without any."""
        lefts, rights, run = self.slots
        place = np.arange(len(run)) - np.searchsorted(run, run)
        begins = place % self.merged == 0
        if begins.sum() > 2 * _MOST_COLUMNS:  # gaps all over: they are merged too
            begins = np.arange(len(run)) % self.merged == 0
        gaps = (lefts[1:] > rights[:-1]) & begins[1:]
        borders = np.unique(np.concatenate([lefts[begins], rights[:-1][gaps], rights[-1:]]))
        return borders, np.searchsorted(borders, lefts, side="right") - 1

    @cached_property
    def merged(self) -> int:
        """How many neighbouring windows are drawn as one column."""
        most = min(max(_MOST_CELLS // len(self.tracks), _FEWEST_COLUMNS), _MOST_COLUMNS)
        return -(-len(self.starts) // most)

    def places(self, track: Track) -> Ints:
        """The column of each window of a track."""
        found: Ints = self.columns[1][np.searchsorted(self.starts, as_times(track.starts))]
        return found


def grade(track: Track, band: Floats) -> Floats:
    """The class of each window, 0 to 4; NaN where there is no score.

    An Ok one is inside the band (0) or above it (1), without a known band it is below (1).
    """
    states = np.array([state is ResultStatus.ALERT for state in track.status])
    warned = np.array([state is ResultStatus.WARNING for state in track.status])
    limits = [np.nan if r.alert_threshold is None else r.alert_threshold for r in track.results]
    double = track.score >= 2 * np.array(limits)
    found = np.where(track.score < band, 0.0, 1.0)
    found[warned] = 2.0
    found[states] = np.where(double[states], 4.0, 3.0)
    found[np.isnan(track.score)] = np.nan
    return found


def without_nan(classes: Floats) -> NDArray[np.object_]:
    """The same with None: a matrix with NaN in it is no JSON for a widget."""
    found = classes.astype(object)
    found[np.isnan(classes)] = None
    return found
