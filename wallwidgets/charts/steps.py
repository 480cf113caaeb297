"""A line of steps, one per window, that stops at gaps."""

from __future__ import annotations

import numpy as np

from wallwidgets.charts.records import Times, usual_step
from wallwidgets.drift.checks import Floats, Ints

_GAP = 1.5


def runs(starts: Times) -> Ints:
    """A number for each window that rises where windows are left out.

    Example:
        >>> runs(np.array(["2022-01-01", "2022-01-02", "2022-01-05"], "datetime64[us]")).tolist()
        [0, 0, 1]
    """
    if not len(starts):
        return np.zeros(0, dtype=np.int64)
    gaps = np.diff(starts).astype(np.int64) > _GAP * usual_step(starts)
    return np.concatenate([[0], np.cumsum(gaps)]).astype(np.int64)


def slots(starts: Times, ends: Times, run: Ints) -> tuple[Times, Times]:
    """Where each window is drawn so that none overlap: half-way to the neighbours of its run."""
    middles = starts + (ends - starts) // 2
    borders = middles[:-1] + np.diff(middles) // 2
    alone = np.diff(run) > 0
    lefts, rights = starts.copy(), ends.copy()
    lefts[1:] = np.where(alone, np.maximum(starts[1:], borders), borders)
    rights[:-1] = np.where(alone, np.minimum(ends[:-1], borders), borders)
    return lefts, rights


def wide_gaps(starts: Times, ends: Times, run: Ints, least: float) -> Times:
    """The middles of the gaps that take up at least this part of all the time.

    Example:
        >>> starts = np.array(["2022-01-01", "2022-01-02", "2022-01-05"], "datetime64[us]")
        >>> str(wide_gaps(starts, starts + np.timedelta64(1, "D"), runs(starts), 0.1)[0])
        '2022-01-04T00:00:00.000000'
    """
    at = np.flatnonzero(np.diff(run))
    room = starts[at + 1] - ends[at]
    wide = room > least * (ends.max(initial=starts[0]) - starts[0])
    middles: Times = ends[at][wide] + room[wide] // 2
    return middles


def band_steps(
    starts: Times, ends: Times, run: Ints, heights: Floats, floor: float
) -> tuple[tuple[Times, Floats], tuple[Times, Floats]]:
    """The outline of the area below the steps, and its upper edge, each as x and y."""
    if not len(starts):
        nothing = (np.zeros(0, dtype="datetime64[us]"), np.zeros(0))
        return nothing, nothing
    x = np.column_stack(slots(starts, ends, run)).ravel()
    y = np.repeat(heights, 2)
    gaps = 2 * (np.flatnonzero(np.diff(run)) + 1)
    edge = np.insert(x, gaps, x[gaps]), np.insert(y, gaps, np.nan)
    # At a gap the outline goes down, stops, and begins again at the floor.
    places, down = np.repeat(gaps, 3), np.tile([floor, np.nan, floor], len(gaps))
    turns = np.column_stack([x[gaps - 1], x[gaps - 1], x[gaps]]).ravel()
    x, y = np.insert(x, places, turns), np.insert(y, places, down)
    outline = np.concatenate([x[:1], x, x[-1:]]), np.concatenate([[floor], y, [floor]])
    return outline, edge
