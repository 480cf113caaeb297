"""Chart D: the score of every feature in every window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallwidgets.charts import canvas
from wallwidgets.charts.chance import hollow
from wallwidgets.charts.chart import Chart
from wallwidgets.charts.finding import NO_SCORES, NO_WINDOWS, since_text
from wallwidgets.charts.grid import Grid, grade, without_nan
from wallwidgets.charts.hover import HOVER, hover_words
from wallwidgets.charts.legend import Key
from wallwidgets.charts.palette import Palette, palette, steps_of
from wallwidgets.charts.records import Times, Track, start_of, tracks
from wallwidgets.charts.steps import wide_gaps
from wallwidgets.charts.tables import window_table
from wallwidgets.charts.wording import days, fitted, joined, score_text, text_width
from wallwidgets.drift import chance_band
from wallwidgets.drift.checks import Floats
from wallwidgets.drift.rules import CHANCE
from wallwidgets.schemas.assays import AssayResult
from wallwidgets.schemas.safe_html import figure_text

_WORDS = (
    "inside no-drift band",
    "below warning",
    "Warning",
    "Alert",
    "Alert ×2 and more",
)
_HOLLOW_PX, _NAME_PX = 9, 400
_NOTED_ROWS, _NOTED_PART = 3, 0.015
_MOST_NAMED = 3


def features(
    results: Any,
    *,
    dark: bool = False,
    narrow: bool = False,
    width_px: float | None = None,
    confidence: float = CHANCE,
    selected: AssayResult | datetime | str | None = None,
) -> Chart:
    """The scores of many columns over time, as a map of five classes, the last score on top.

    The class is that of the status, so nothing that alarms is hidden; a cell with a hole is one
    that chance alone could have made. At the right is the last score, and since when there is
    drift. Where windows are more than columns of pixels, the worst of neighbours is drawn; the
    table has them all.

    Args:
        results: The results of several columns, one list or frame of them.
        dark: The colours for a dark ground.
        narrow: The form for about 240 pixels.
        width_px: How wide it is on screen, where that is known; labels that have no room are left
            out.
        confidence: How many windows without drift stay in the band.
        selected: What to frame: the cell of a result, or all of the window with this start.

    Example:
        >>> from wallwidgets import drift
        >>> hours = np.arange(0, 3 * 86_400_000, 3_600_000)
        >>> frame = {"time": hours, "a": np.arange(72) % 24, "b": np.arange(72)}
        >>> found = [drift.results(drift.run(frame, name, baseline=("1970-01-01", "1970-01-02")),
        ...     iopath=f"input {name} 0") for name in "ab"]
        >>> features(found[0] + found[1]).summary
        'In the last window 1 of 2 columns shows drift: b.0.'
    """
    found = [track for track in tracks(results) if len(track)]
    wide = width_px or (canvas.NARROW_PX if narrow else canvas.WIDE_PX)
    return _Features(found, palette(dark), dark, narrow, wide, confidence, selected).chart()


@dataclass(frozen=True, eq=False)
class _Features:
    """The parts of the chart, each from the same tracks."""

    unsorted: list[Track]
    look: Palette
    dark: bool
    narrow: bool
    width_px: float
    confidence: float
    selected: AssayResult | datetime | str | None

    def chart(self) -> Chart:
        look, number = self.look, len(self.tracks)
        row = 20 if self.narrow else 24
        drawing = canvas.figure(
            self._traces(),
            look,
            height=row * max(number, 1) + 46,
            margin=(round(self.left), round(self.right), 22, 24),
            xaxis=canvas.time_axis(look, self.narrow, self.between, self.room_px),
            yaxis=canvas.axis(
                look, self.narrow, range=[number - 0.5, -0.5], visible=bool(number), ticklen=0,
                tickmode="array", tickvals=list(range(number)), ticktext=self._names(),
            ),
            annotations=[*self._last_scores(), *self._gap_notes(), *self._empty()],
        )  # fmt: skip
        return Chart(
            drawing, "Score of each feature in each window", self._context(), self._legend(),
            self._summary(), window_table(self.tracks, self.bands, self.hollow), self.dark,
        )  # fmt: skip

    @cached_property
    def tracks(self) -> list[Track]:
        """The highest last score first; without a score last."""

        def key(track: Track) -> float:
            last = track.score[-1]
            return -last if np.isfinite(last) else np.inf

        return sorted(self.unsorted, key=key)

    @cached_property
    def between(self) -> tuple[datetime, datetime] | None:
        """From when to when there are windows."""
        if not self.tracks:
            return None
        return min(t.starts[0] for t in self.tracks), max(max(t.ends) for t in self.tracks)

    @cached_property
    def bands(self) -> list[Floats]:
        return [chance_band(track.results, self.confidence) for track in self.tracks]

    @cached_property
    def hollow(self) -> list[NDArray[np.bool_]]:
        return [hollow(*pair) for pair in zip(self.tracks, self.bands, strict=True)]

    @cached_property
    def grid(self) -> Grid:
        return Grid(self.tracks)

    @cached_property
    def cells(self) -> tuple[Floats, NDArray[Any], NDArray[np.bool_]]:
        """Class, words and hole of each cell; of windows that share one, the worst's."""
        shape = (len(self.tracks), len(self.grid.columns[0]) - 1)
        classes, holes = np.full(shape, np.nan), np.zeros(shape, dtype=bool)
        words = np.full((*shape, 7), "", dtype=object)
        for row, track in enumerate(self.tracks):
            band, inside, grades = self.bands[row], self.hollow[row], grade(track, self.bands[row])
            name = figure_text(fitted(track.label, _NAME_PX))
            # Later ones win: the worst of each cell, a certain one before a hollow one.
            order = np.lexsort((~inside, np.nan_to_num(grades, nan=-1)))
            for column, at in dict(zip(self.grid.places(track)[order], order, strict=True)).items():
                classes[row, column], holes[row, column] = grades[at], inside[at]
                told = hover_words(track, at, float(band[at]), self.confidence)
                words[row, column] = [*told, name]
        return classes, words, holes

    def _traces(self) -> Iterator[dict[str, Any]]:
        """Cells, holes of the hollow ones, frame of the selected ones: always three."""
        if not self.tracks:
            nothing = np.zeros(0, dtype="datetime64[us]")
            borders, classes, holes = nothing, np.zeros((0, 0)), np.zeros((0, 0), dtype=bool)
            words = np.zeros((0, 0, 7), dtype=object)
        else:
            borders = self.grid.columns[0]
            classes, words, holes = self.cells
        gap = 2 if self._cell_px(len(borders)) > 7 else 0
        yield {
            "type": "heatmap", "name": "cells", "x": borders,
            "y": np.arange(len(classes), dtype=float), "zmin": -0.5, "zmax": 4.5,
            "z": without_nan(classes),
            "colorscale": steps_of(self.look.classes), "showscale": False, "xgap": gap, "ygap": 2,
            "hoverongaps": False, "customdata": words,
            "hovertemplate": HOVER.replace("<b>", "%{customdata[6]}<br><b>", 1),
        }  # fmt: skip
        rows, columns = np.nonzero(holes)
        middles = borders[:-1] + np.diff(borders) // 2
        yield {
            "type": "scatter", "mode": "markers", "name": "chance alone could do it",
            "x": middles[columns], "y": rows.astype(float), "hoverinfo": "skip",
            "marker": {"symbol": "square", "opacity": 1, "line": {"width": 0},
                       "size": min(_HOLLOW_PX, max(self._cell_px(len(borders)) - 4, 2)),
                       "color": self.look.classes[0]},
        }  # fmt: skip
        x, y = self._frame(borders)
        yield {
            "type": "scatter", "mode": "lines", "name": "selected", "x": x, "y": y,
            "hoverinfo": "skip", "cliponaxis": False, "line": {"width": 2, "color": self.look.text},
        }  # fmt: skip

    @property
    def room_px(self) -> float:
        """How wide all cells together are."""
        return self.width_px - self.left - self.right

    def _cell_px(self, borders: int) -> float:
        return self.room_px / max(borders - 1, 1)

    def _frame(self, borders: Times) -> tuple[Times, Floats]:
        """Around the selected cell, or the whole window."""
        nothing = np.zeros(0, dtype="datetime64[us]"), np.zeros(0)
        chosen = self.selected
        if chosen is None or not self.tracks:
            return nothing
        start = start_of(chosen)
        rows = [at for at, track in enumerate(self.tracks) if start in track.starts]
        if isinstance(chosen, AssayResult):
            rows = [at for at in rows if self.tracks[at].iopath == (chosen.iopath or "")]
        if not rows:
            return nothing
        column = self.grid.places(self.tracks[rows[0]])[self.tracks[rows[0]].starts.index(start)]
        left, right = borders[column], borders[column + 1]
        low, high = rows[0] - 0.5, rows[-1] + 0.5
        return (
            np.array([left, right, right, left, left]),
            np.array([low, low, high, high, low], dtype=float),
        )

    @property
    def left(self) -> float:
        """The margin that the names need, within limits."""
        widest = max((text_width(track.label) for track in self.tracks), default=0)
        return min(widest + 14, 92 if self.narrow else min(190, self.width_px / 4))

    def _names(self) -> list[str]:
        size = canvas.SMALL if self.narrow else canvas.TEXT
        return [figure_text(fitted(t.label, self.left - 10, size)) + " " for t in self.tracks]

    @cached_property
    def right(self) -> float:
        """The margin that the last scores need."""
        return 16 + max((text_width(text) for text, _ in self.last), default=20)

    @cached_property
    def last(self) -> list[tuple[str, bool]]:
        """The last score of each column, and since when it is over its threshold, if it is."""
        found = []
        for track in self.tracks:
            begun, text = since_text(track, self.confidence), score_text(float(track.score[-1]))
            found.append((f"{text}  {begun}" if begun and not self.narrow else text, bool(begun)))
        return found

    def _last_scores(self) -> list[dict[str, Any]]:
        """At the right of each row; muted where it is not over its threshold."""
        return [
            canvas.note(
                text, self.look, color=self.look.text if over else self.look.muted,
                size=canvas.SMALL if self.narrow else canvas.TEXT, xref="paper", x=1,
                xanchor="left", xshift=6, y=row, yanchor="middle",
            )
            for row, (text, over) in enumerate(self.last)
        ]  # fmt: skip

    def _gap_notes(self) -> list[dict[str, Any]]:
        """Where there were no rows, as far as there is room to say so."""
        if self.narrow or len(self.tracks) < _NOTED_ROWS:
            return []
        lefts, rights, run = self.grid.slots
        middles = wide_gaps(lefts, rights, run, _NOTED_PART)
        return canvas.gap_notes(middles, self.look, y=0.5, yanchor="middle")

    def _empty(self) -> list[dict[str, Any]]:
        if any(np.isfinite(track.score).any() for track in self.tracks):
            return []
        return [canvas.empty_note(self._summary(), self.look)]

    def _context(self) -> str:
        if self.between is None:
            return ""
        number = len(self.tracks)
        return f"{number:,} column{'' if number == 1 else 's'} · {days(*self.between)}"

    def _legend(self) -> list[Key]:
        if not self.tracks:
            return []
        keys = [Key("square", *each) for each in zip(self.look.classes, _WORDS, strict=True)]
        if any(part.any() for part in self.hollow):
            keys.append(Key("outline", self.look.classes[3], "hollow: chance alone could do it"))
        if self.grid.merged > 1:
            keys.append(Key("none", "", f"each column the worst of {self.grid.merged:,} windows"))
        return keys

    def _summary(self) -> str:
        if not self.tracks:
            return NO_WINDOWS
        if all(np.isnan(track.score).all() for track in self.tracks):
            return NO_SCORES
        over = [track for track in self.tracks if since_text(track, self.confidence)]
        of = f"In the last window {len(over):,} of {len(self.tracks):,} columns"
        if not over:
            return f"{of} show drift."
        verb = "shows drift" if len(over) == 1 else "show drift"
        named = [fitted(track.label, _NAME_PX) for track in over[:_MOST_NAMED]]
        more = [f"{len(over) - _MOST_NAMED} more"] if len(over) > _MOST_NAMED else []
        return f"{of} {verb}: {joined([*named, *more])}."
