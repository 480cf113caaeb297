"""Chart A: the score of every window over true time."""

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
from wallwidgets.charts.finding import track_finding, window_finding
from wallwidgets.charts.hover import HOVER, hover_words
from wallwidgets.charts.legend import Key
from wallwidgets.charts.palette import Palette, faint, palette
from wallwidgets.charts.records import Times, Track, as_times, start_of, tracks
from wallwidgets.charts.score_scale import Scale
from wallwidgets.charts.steps import band_steps, runs, wide_gaps
from wallwidgets.charts.tables import window_table
from wallwidgets.charts.thinning import kept
from wallwidgets.charts.thresholds import Limit, labels, limits, lines
from wallwidgets.charts.wording import days, fitted, percent, window_name
from wallwidgets.drift import chance_band
from wallwidgets.drift.checks import Floats, Ints, refusal
from wallwidgets.drift.rules import CHANCE
from wallwidgets.schemas.assays import AssayResult, ResultStatus

_SYMBOLS = {
    ResultStatus.OK: ("disc", "circle", 7, 4),
    ResultStatus.WARNING: ("triangle", "triangle-up", 10, 7),
    ResultStatus.ALERT: ("diamond", "diamond", 10, 7),
}
_MANY = 300
_LABEL_PX = 15
_NAME_PX = 500


def scores(
    results: Any,
    *,
    dark: bool = False,
    narrow: bool = False,
    width_px: float | None = None,
    confidence: float = CHANCE,
    selected: AssayResult | datetime | str | None = None,
) -> Chart:
    """The score of each window over time, with thresholds and the no-drift band.

    Windows without rows stay gaps. The band is what chance alone could score in a window with so
    many rows; a Warning or Alert inside of it is drawn hollow. Scores far above the alert threshold
    make the axis logarithmic. Above 10,000 windows fewer are drawn, with every extreme kept; the
    table has them all.

    Args:
        results: The results of one column's assay: records or a frame of them. Those of a baseline
            run are left out.
        dark: The colours for a dark ground.
        narrow: The form for about 240 pixels.
        width_px: How wide it is on screen, where that is known; labels that have no room are left
            out.
        confidence: How many windows without drift stay in the band.
        selected: The window to mark: its result, or its start.

    Raises:
        InvalidRequest: The results are of several columns; see ``features``.

    Example:
        >>> from wallwidgets import drift
        >>> frame = {"time": np.arange(0, 30 * 86_400_000, 3_600_000), "x": np.arange(720) % 24}
        >>> found = drift.run(frame, "x", baseline=("1970-01-01", "1970-01-02"))
        >>> chart = scores(drift.results(found, iopath="output x 0"))
        >>> chart.summary
        '0 of 28 windows are Alert. The highest score is 0.00, 2 Jan.'
    """
    found = tracks(results)
    if len(found) > 1:
        raise refusal("results", f"are of {len(found)} columns; charts.features draws them")
    track = found[0] if found else Track("", [])
    wide = width_px or (canvas.NARROW_PX if narrow else canvas.WIDE_PX)
    return _Scores(track, palette(dark), dark, narrow, wide, confidence, selected).chart()


@dataclass(frozen=True, eq=False)
class _Scores:
    """The parts of the chart, each from the same windows."""

    track: Track
    look: Palette
    dark: bool
    narrow: bool
    width_px: float
    confidence: float
    selected: AssayResult | datetime | str | None

    def chart(self) -> Chart:
        track, look = self.track, self.look
        # When narrow the legend has them.
        names = [] if self.narrow else labels(self.limits, look, self.scale)
        drawing = canvas.figure(
            self._traces(),
            look,
            height=180 if self.narrow else 250,
            margin=(*self.sides, 24, 26),
            xaxis=canvas.time_axis(
                look,
                self.narrow,
                canvas.around(track.starts, track.ends) if len(track) else None,
                self.room_px,
            ),
            yaxis=self.scale.axis(look, self.narrow),
            shapes=[*lines(self.limits), *self._selected_span()],
            annotations=[*names, *self._gap_notes(), *self._empty()],
        )
        return Chart(
            drawing, "Score per window", self._context(), self._legend(), self._summary(),
            window_table([track], [self.band], [self.hollow]), self.dark,
        )  # fmt: skip

    @property
    def sides(self) -> tuple[int, int]:
        """The margins left and right."""
        return (36, 8) if self.narrow else (canvas.LEFT, 92)

    @property
    def room_px(self) -> float:
        """How wide the plot is."""
        return self.width_px - sum(self.sides)

    @cached_property
    def band(self) -> Floats:
        return chance_band(self.track.results, self.confidence)

    @cached_property
    def hollow(self) -> NDArray[np.bool_]:
        return hollow(self.track, self.band)

    @cached_property
    def starts(self) -> Times:
        return as_times(self.track.starts)

    @cached_property
    def ends(self) -> Times:
        return as_times(self.track.ends)

    @cached_property
    def middles(self) -> Times:
        return self.starts + (self.ends - self.starts) // 2

    @cached_property
    def runs(self) -> Ints:
        return runs(self.starts)

    @cached_property
    def drawn(self) -> Ints:
        return kept(self.track.score, np.where(self.hollow, -np.inf, self.track.score))

    @cached_property
    def scale(self) -> Scale:
        return Scale(self.track, self.band)

    def _traces(self) -> Iterator[dict[str, Any]]:
        """Band, its edge, line, one per status, zeros of a logarithmic axis, ring: always eight."""
        base, look = {"type": "scatter", "hoverinfo": "skip", "mode": "lines"}, self.look
        drawn = self.drawn
        known = drawn[np.isfinite(self.band[drawn])]
        outline, edge = band_steps(
            self.starts[known], self.ends[known], self.runs[known],
            self.scale.heights(self.band[known]), self.scale.floor,
        )  # fmt: skip
        yield base | {
            "name": "no-drift band", "x": outline[0], "y": outline[1], "fill": "toself",
            "fillcolor": faint(look.baseline, look.band), "line": {"width": 0},
        }  # fmt: skip
        yield base | {
            "name": "edge of the band", "x": edge[0], "y": edge[1],
            "line": {"width": 1, "dash": "dot", "color": look.baseline},
        }  # fmt: skip
        breaks = np.flatnonzero(np.diff(self.runs[drawn])) + 1
        middles = self.middles[drawn]
        heights = np.insert(self.scale.heights(self.track.score[drawn]), breaks, np.nan)
        yield base | {
            "name": "score", "x": np.insert(middles, breaks, middles[breaks]),
            "y": heights, "connectgaps": False, "line": {"width": 1.5, "color": look.baseline},
        }  # fmt: skip
        scored = np.isfinite(self.track.score[drawn])
        on_floor = self.scale.logarithmic & (self.track.score[drawn] <= self.scale.floor)
        for status in _SYMBOLS:
            of_status = np.array([self.track.status[at] is status for at in drawn], dtype=bool)
            yield self._markers(status, drawn[of_status & scored & ~on_floor])
        yield self._points("on the floor", drawn[on_floor]) | {
            "marker": {"symbol": "line-ns-open", "size": 8, "color": look.ok, "opacity": 1,
                       "line": {"width": 1.5, "color": look.ok}},
        }  # fmt: skip
        yield self._points("selected", np.flatnonzero(self._is_selected())) | {
            "hoverinfo": "skip", "hovertemplate": None,
            "marker": {"symbol": "circle-open", "size": 17, "color": look.text, "opacity": 1,
                       "line": {"width": 2, "color": look.text}},
        }  # fmt: skip

    def _markers(self, status: ResultStatus, indices: Ints) -> dict[str, Any]:
        _, symbol, wide, small = _SYMBOLS[status]
        hollow = self.hollow[indices]
        # Plotly checks every symbol of a list, so one is told where all are alike.
        symbols: Any = np.where(hollow, f"{symbol}-open", symbol) if hollow.any() else symbol
        crowded = self.narrow or len(self.drawn) > _MANY
        return self._points(status.value, indices) | {
            "marker": {
                "symbol": symbols,
                "size": small if crowded else wide,
                "color": self.look.of(status),
                "opacity": 1,
                "line": {"width": np.where(hollow, 1.75, 0), "color": self.look.of(status)},
            },
        }  # fmt: skip

    def _points(self, name: str, indices: Ints) -> dict[str, Any]:
        words = np.empty((len(indices), 6), dtype=object)
        for row, at in enumerate(indices.tolist()):
            words[row] = hover_words(self.track, at, self.band[at], self.confidence)
        return {
            "type": "scatter", "mode": "markers", "name": name, "x": self.middles[indices],
            "y": self.scale.heights(self.track.score[indices]), "customdata": words,
            "hovertemplate": HOVER, "cliponaxis": False,
        }  # fmt: skip

    @cached_property
    def limits(self) -> list[Limit]:
        if self.scale.empty:
            return []
        found = limits(self.track, self.look)
        return [each for each in found if each.at > 0 or not self.scale.logarithmic]

    def _gap_notes(self) -> list[dict[str, Any]]:
        """Where there were no rows, as far as there is room to say so."""
        if self.narrow or self.scale.empty:
            return []
        middles = wide_gaps(self.starts, self.ends, self.runs, _LABEL_PX / self.room_px)
        return canvas.gap_notes(middles, self.look, y=0, yanchor="bottom", yshift=2)

    def _empty(self) -> list[dict[str, Any]]:
        """The reason, where there is nothing to draw."""
        return [canvas.empty_note(self._summary(), self.look)] if self.scale.empty else []

    def _is_selected(self) -> list[bool]:
        start = None if self.selected is None else start_of(self.selected)
        return [each == start for each in self.track.starts]

    def _selected_span(self) -> list[dict[str, Any]]:
        at = np.flatnonzero(self._is_selected())[:1]
        spans = zip(canvas.iso(self.starts[at]), canvas.iso(self.ends[at]), strict=True)
        return [canvas.span(*span, faint(self.look.window, 0.1)) for span in spans]

    def _context(self) -> str:
        track = self.track
        if not len(track):
            return ""
        whole = days(track.starts[0], max(track.ends))
        return f"{fitted(track.label, _NAME_PX)} · {whole}" if track.label else whole

    def _legend(self) -> list[Key]:
        look, track = self.look, self.track
        if not len(track):
            return []
        scored = [state for state, score in zip(track.status, track.score, strict=True)
                  if np.isfinite(score)]  # fmt: skip
        keys = [
            Key(shape, look.of(status), f"{status.value} {scored.count(status):,}")
            for status, (shape, *_) in _SYMBOLS.items()
            if status is not ResultStatus.WARNING
            or track.warning_threshold is not None
            or status in scored
        ]
        if self.narrow:
            keys += [each.key for each in self.limits]
        if np.isfinite(self.band).any():
            text = f"{percent(self.confidence)} of windows without drift"
            keys.append(Key("band", look.baseline, text))
        if self.hollow.any():
            keys.append(Key("hollow", look.warning, "hollow: chance alone could do it"))
        if self.scale.logarithmic:
            keys.append(Key("none", "", "logarithmic axis"))
        if len(scored) < len(track):
            keys.append(Key("none", "", f"no score {len(track) - len(scored):,}"))
        if len(self.drawn) < len(track):
            keys.append(Key("none", "", f"{len(self.drawn):,} of {len(track):,} windows drawn"))
        return keys

    def _summary(self) -> str:
        chosen = np.flatnonzero(self._is_selected())
        if len(chosen) or len(self.track) == 1:
            at = int(chosen[0]) if len(chosen) else 0
            name = window_name(self.track.starts[at], self.track.ends[at])
            return window_finding(self.track.results[at], name, float(self.band[at]))
        return track_finding(self.track, self.hollow, self.confidence)
