"""Chart B: baseline and window, bin by bin, and what each bin adds to the score."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from wallwidgets.charts import canvas
from wallwidgets.charts.bin_labels import tick_labels
from wallwidgets.charts.bin_values import BinValues
from wallwidgets.charts.chart import Chart
from wallwidgets.charts.finding import leading, window_finding
from wallwidgets.charts.legend import Key
from wallwidgets.charts.palette import Palette, faint, palette
from wallwidgets.charts.records import Track, records
from wallwidgets.charts.wording import (
    fitted,
    percent,
    rows_text,
    score_text,
    text_width,
    window_name,
)
from wallwidgets.drift import chance_band
from wallwidgets.drift.checks import refusal
from wallwidgets.drift.rules import CHANCE
from wallwidgets.schemas.assays import Aggregation, AssayResult, Metric, Summary
from wallwidgets.schemas.safe_html import figure_text

_BAR = 0.34
_TOP, _BOTTOM = (0.43, 1.0), (0.0, 0.25)
_HOVER = (
    "<b>%{customdata[0]}</b><br>%{customdata[1]}<br>%{customdata[2]}%{customdata[3]}<extra></extra>"
)
_LABELLED_PX, _NAME_PX = 32, 500
_NUMBERED_PX, _LABELLED_PX = 26, 32


def bins(
    result: Any,
    *,
    dark: bool = False,
    narrow: bool = False,
    width_px: float | None = None,
    confidence: float = CHANCE,
) -> Chart:
    """Baseline against window in each bin, and each bin's share of the score.

    Outlier bins are hatched. Missing values, which the service counts in the first bin, are shown
    once more as a bar of their own that is outlined only. The largest shares of the score that
    together make half of it have the colour of the status.

    Args:
        result: The result of one window.
        dark: The colours for a dark ground.
        narrow: The form for about 240 pixels.
        width_px: How wide it is on screen, where that is known; labels that have no room are left
            out.
        confidence: Of the no-drift band that the finding compares with.

    Raises:
        InvalidRequest: It is not one result.

    Example:
        >>> from wallwidgets import drift
        >>> day = 86_400_000
        >>> frame = {"time": [0, 1, 2, 3, day, day + 1, day + 2], "x": [1, 2, 3, 4, 3, 4, 9]}
        >>> found = drift.run(frame, "x", baseline=("1970-01-01", "1970-01-02"), num_bins=2,
        ...     until="1970-01-03", metric="MaxDiff")
        >>> chart = bins(drift.results(found)[0])
        >>> chart.table.column("bin").to_pylist()
        ['< 1', '1–2', '2–4', '> 4']
    """
    found = list(records(result))
    if len(found) != 1:
        raise refusal("result", f"needs the result of one window, not {len(found)}")
    wide = width_px or (canvas.NARROW_PX if narrow else canvas.HALF_PX)
    return _Bins(found[0], palette(dark), dark, narrow, wide, confidence).chart()


@dataclass(frozen=True, eq=False)
class _Bins:
    """The parts of the chart, each from the same result."""

    result: AssayResult
    look: Palette
    dark: bool
    narrow: bool
    width_px: float
    confidence: float

    def chart(self) -> Chart:
        labels = tick_labels(self.values.names, self.values.outlier, self._bin_px())
        drawing = canvas.figure(
            self._traces(),
            self.look,
            height=230 if self.narrow else 290,
            margin=(36 if self.narrow else canvas.LEFT, 8, 26, 28),
            bargap=0,
            barmode="overlay",
            xaxis=canvas.axis(
                self.look, True, anchor="y2", tickmode="array", tickangle=0, ticklen=0,
                tickvals=list(labels), ticktext=list(labels.values()),
                range=[-0.6, len(self.values.names) - 0.4], visible=bool(len(self.values.names)),
                showline=True, linecolor=faint(self.look.text, 0.3),
            ),
            yaxis=self._top_axis(),
            yaxis2=canvas.value_axis(
                self.look, self.narrow, domain=list(_BOTTOM), range=[0, self._share_top()],
                showticklabels=False, showgrid=False, fixedrange=True,
            ),
            annotations=[*self._headings(), *self._empty_bins()],
        )  # fmt: skip
        return Chart(
            drawing,
            "Bins",
            self._context(),
            self._legend(),
            self._summary(),
            self.values.table(),
            self.dark,
        )

    @cached_property
    def values(self) -> BinValues:
        return BinValues(self.result)

    def _traces(self) -> Iterator[dict[str, Any]]:
        """Baseline, window, the floor ticks of both, shares of the score: always five."""
        words = self._words()
        colours = (self.look.baseline, self.look.window)
        names = ("baseline", "window")
        sides = zip(names, self.values.sides, colours, (-_BAR, 0.0), strict=True)
        ticks = []
        for name, values, colour, offset in sides:
            at = np.arange(len(values), dtype=float)
            bars = values * np.nan if self.values.edges_drawn else values
            yield {
                "type": "bar", "name": name, "x": at, "y": bars, "offset": offset,
                "width": _BAR - 0.01, "marker": self._fill(colour, len(values)),
                "customdata": words, "hovertemplate": _HOVER,
            }  # fmt: skip
            other = self.values.sides[1] if name == "baseline" else self.values.sides[0]
            marked = np.isfinite(values) if self.values.edges_drawn else (values == 0) & (other > 0)
            ticks.append({
                "type": "scatter", "mode": "markers", "name": f"{name} at the floor",
                "x": at[marked] + offset + _BAR / 2, "y": values[marked],
                "customdata": words[marked], "hovertemplate": _HOVER, "cliponaxis": False,
                "marker": {"symbol": "line-ew-open", "size": self._bin_px() * _BAR * 0.75,
                           "color": colour, "opacity": 1, "line": {"width": 2, "color": colour}},
            })  # fmt: skip
        yield from ticks
        shown = np.flatnonzero(np.isfinite(self.values.shares))
        yield {
            "type": "bar", "name": "share of the score", "x": shown.astype(float),
            "y": self.values.shares[shown], "yaxis": "y2", "offset": -0.2, "width": 0.4,
            "marker": {"color": [self._share_colour(at) for at in shown.tolist()]},
            "text": self._share_labels(shown.tolist()), "textposition": "outside",
            "textangle": 0, "constraintext": "none", "cliponaxis": False,
            "textfont": {"size": canvas.SMALL, "color": self.look.text},
            "customdata": words[shown], "hovertemplate": _HOVER,
        }  # fmt: skip

    def _fill(self, colour: str, number: int) -> dict[str, Any]:
        """Plain bins, hatched outliers, and missing values as an outline."""
        missing = [at >= self.values.binned for at in range(number)]
        return {
            "color": ["rgba(0,0,0,0)" if each else colour for each in missing],
            "line": {"color": colour, "width": [1.25 if each else 0 for each in missing]},
            "pattern": {
                "shape": ["/" if at < self.values.binned and self.values.outlier[at] else ""
                          for at in range(number)],
                "fillmode": "overlay", "size": 6, "solidity": 0.35,
                "fgcolor": self.look.ground,
            },
        }  # fmt: skip

    def _share_colour(self, at: int) -> str:
        status = self.look.of(self.result.status)
        return status if at in leading(self.values.shares) else self.look.baseline

    def _share_labels(self, shown: list[int]) -> list[str]:
        """Percent above each bar; where there is little room, above the large ones only."""
        least = 0 if self._bin_px() > _LABELLED_PX else 0.1
        if self.result.bin_index is not None:
            return [score_text(self.result.score) if self.values.shares[at] else "" for at in shown]
        shares = self.values.shares[shown].tolist()
        return [percent(share) if share > least else "" for share in shares]

    def _share_top(self) -> float:
        highest = np.nanmax(self.values.shares) if np.isfinite(self.values.shares).any() else 0
        return float(highest) * (1.5 if self.narrow else 1.35) or 1.0

    def _bin_px(self) -> float:
        return (self.width_px - (44 if self.narrow else 56)) / max(len(self.values.names), 1)

    def _top_axis(self) -> dict[str, Any]:
        place = {"domain": list(_TOP), "visible": bool(self.values.binned)}
        values = np.concatenate(self.values.sides)
        values = values[np.isfinite(values)]
        if self.values.edges_drawn and len(values):
            room = float(np.ptp(values)) * 0.1 or 1.0
            ends = [float(values.min()) - room, float(values.max()) + room]
            return canvas.value_axis(self.look, self.narrow, **place, range=ends, tickformat="~g")
        top = max(float(values.max()) if len(values) else 0, 0.01) * 1.08
        form = ".0%" if top > 0.05 else "~%"
        return canvas.value_axis(
            self.look, self.narrow, **place, range=[0, top], tickformat=form, nticks=4,
            fixedrange=True,
        )  # fmt: skip

    def _headings(self) -> list[dict[str, Any]]:
        if not self.values.binned:
            text = "There are no bins, only statistics; see the table."
            return [canvas.empty_note(text, self.look)]
        rows = {
            Aggregation.EDGES: "Position of the edges",
            Aggregation.CUMULATIVE: "Share of rows up to the bin",
        }.get(self.values.aggregation, "Share of rows")
        largest = self._metric() is Metric.MAX_DIFF
        score = "Largest difference" if largest else "Share of the score"
        place = {"xref": "paper", "yref": "paper", "x": 0, "xanchor": "left", "yanchor": "bottom"}
        notes = [
            canvas.note(rows, self.look, size=canvas.TEXT, y=1, yshift=6, **place),
            canvas.note(score, self.look, size=canvas.TEXT, y=_BOTTOM[1], yshift=8, **place),
        ]
        if not np.nansum(self.values.shares) > 0:
            text = "no score" if self.result.score is None else "none: the score is 0"
            middle = place | {"x": 0.5, "xanchor": "center", "y": 0}
            notes.append(canvas.note(text, self.look, yshift=6, **middle))
        return notes

    def _empty_bins(self) -> list[dict[str, Any]]:
        """The word "empty" where neither side has rows, if it has room."""
        if self.values.edges_drawn or self._bin_px() < text_width("empty", canvas.SMALL) + 4:
            return []
        neither = (self.values.sides[0] == 0) & (self.values.sides[1] == 0)
        return [
            canvas.note("empty", self.look, x=at, y=0, yanchor="bottom", yshift=1)
            for at in np.flatnonzero(neither).tolist()
        ]

    def _words(self) -> Any:
        """Range, baseline, window and part of the score of each bin."""
        words = np.empty((len(self.values.names), 4), dtype=object)
        for at, name in enumerate(self.values.names):
            both = zip(self.values.both, self.values.sides, strict=True)
            sides = [self._side_words(summary, float(values[at])) for summary, values in both]
            adds = "<br>counted in the first bin" if at >= self.values.binned else ""
            if not adds and np.isfinite(self.values.shares[at]):
                part = score_text(self.result.scores[at])
                adds = f"<br>adds {part}, {percent(float(self.values.shares[at]))} of the score"
            words[at] = [figure_text(name), f"baseline {sides[0]}", f"window {sides[1]}", adds]
        return words

    def _side_words(self, summary: Summary, value: float) -> str:
        if self.values.edges_drawn:
            return f"edge {value:.4g}" if np.isfinite(value) else "has no edge"
        if not np.isfinite(value):
            return "is not told"
        return f"{value:.1%} ({rows_text(round(value * summary.count))})"

    def _name(self) -> str:
        start = self.result.window_start
        return window_name(start, self.result.window_summary.end or start)

    def _metric(self) -> Metric | None:
        return self.result.summarizer.metric if self.result.summarizer else None

    def _context(self) -> str:
        return fitted(Track(self.result.iopath or "", []).label, _NAME_PX)

    def _legend(self) -> list[Key]:
        rows = [rows_text(self.result.baseline_summary.count),
                rows_text(self.result.window_summary.count)]  # fmt: skip
        keys = [
            Key("square", self.look.baseline, f"Baseline, {rows[0]}"),
            Key("square", self.look.window, f"Window {self._name()}, {rows[1]}"),
        ]
        if any(self.values.outlier):
            keys.append(Key("hatched", self.look.muted, "outside of the baseline's edges"))
        return keys

    def _summary(self) -> str:
        if not self.values.binned:
            means = [
                side.mean for side in (self.result.baseline_summary, self.result.window_summary)
            ]
            told = [f"{mean:.4g}" if mean is not None else "none" for mean in means]
            return f"{self._name()}: no bins; the mean is {told[1]}, in the baseline {told[0]}."
        band = chance_band([self.result], self.confidence)[0]
        return window_finding(self.result, self._name(), float(band))
