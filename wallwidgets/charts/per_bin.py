"""Chart B: baseline and window, bin by bin, and what each bin adds to the score."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from wallwidgets.charts import canvas
from wallwidgets.charts.chance import CONFIDENCE, bands, density
from wallwidgets.charts.chart import Chart
from wallwidgets.charts.finding import leading, parts_of_score, right_edges, window_finding
from wallwidgets.charts.legend import Key
from wallwidgets.charts.palette import Palette, faint, palette
from wallwidgets.charts.records import Track, records
from wallwidgets.charts.wording import (
    bin_ranges,
    number_texts,
    percent,
    rows_text,
    score_text,
    text_width,
    window_name,
)
from wallwidgets.drift.checks import Floats, refusal
from wallwidgets.schemas.assays import Aggregation, AssayResult, Metric, Summary
from wallwidgets.schemas.safe_html import figure_text

_BAR = 0.34
_TOP, _BOTTOM = (0.43, 1.0), (0.0, 0.25)
_HOVER = (
    "<b>%{customdata[0]}</b><br>%{customdata[1]}<br>%{customdata[2]}%{customdata[3]}<extra></extra>"
)
_OUTLIERS = ("left_outlier", "right_outlier")
_LONG, _SHORT = ("below", "above", "missing"), ("<", ">", "NaN")
_NUMBERED_PX, _LABELLED_PX = 26, 32
_STATISTICS = ("count", "missing", "min", "max", "mean", "median", "std")


def bins(
    result: Any, *, dark: bool = False, narrow: bool = False, confidence: float = CONFIDENCE
) -> Chart:
    """Baseline against window in each bin, and each bin's share of the score.

    Outlier bins are hatched. Missing values, which the service counts in the first bin, are shown
    once more as a bar of their own that is outlined only. The largest shares of the score that
    together make half of it have the colour of the status.

    Args:
        result: The result of one window.
        dark: The colours for a dark ground.
        narrow: The form for about 240 pixels.
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
    return _Bins(found[0], palette(dark), dark, narrow, confidence).chart()


@dataclass(frozen=True, eq=False)
class _Bins:
    """The parts of the chart, each from the same result."""

    result: AssayResult
    look: Palette
    dark: bool
    narrow: bool
    confidence: float

    def chart(self) -> Chart:
        labels = self._tick_labels()
        figure = canvas.figure(
            self._traces(),
            self.look,
            height=230 if self.narrow else 290,
            margin=(36 if self.narrow else canvas.LEFT, 8, 26, 28),
            bargap=0,
            barmode="overlay",
            xaxis=canvas.axis(
                self.look, True, anchor="y2", tickmode="array", tickangle=0, ticklen=0,
                tickvals=list(labels), ticktext=list(labels.values()),
                range=[-0.6, len(self.names) - 0.4], visible=bool(len(self.names)),
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
            figure,
            "Bins",
            self._context(),
            self._legend(),
            self._summary(),
            self._table(),
            self.dark,
        )

    @property
    def binned(self) -> int:
        """The number of bins, without the bar of missing values."""
        return len(self.result.window_summary.aggregated_values)

    @property
    def aggregation(self) -> Aggregation:
        """What the aggregated values are."""
        return self.result.window_summary.aggregation or Aggregation.DENSITY

    @property
    def edges_drawn(self) -> bool:
        """Whether the aggregated values are positions of edges, not shares."""
        return self.aggregation is Aggregation.EDGES

    @cached_property
    def missing(self) -> tuple[float, float] | None:
        """The shares of rows without a value, if any is known to be."""
        both = (self.result.baseline_summary, self.result.window_summary)
        shares = [(each.missing or 0) / max(each.count, 1) for each in both]
        return (shares[0], shares[1]) if self.binned and any(shares) else None

    @cached_property
    def names(self) -> list[str]:
        """The range of each bin, as a reader wants it."""
        edges = right_edges(self.result.window_summary)
        named = self.result.window_summary.edge_names
        ranges = bin_ranges(edges) if edges else (named + [""] * self.binned)[: self.binned]
        if self.edges_drawn:
            ranges = [*(f"edge {at}" for at in range(self.binned - 1)), "largest"]
        if self.aggregation is Aggregation.CUMULATIVE and edges:
            ranges = [ranges[0], *(f"≤ {text}" for text in number_texts(edges[1:-1])), "all"]
        return [*ranges, "missing"] if self.missing else ranges

    @cached_property
    def outlier(self) -> list[bool]:
        """Which bins lie beyond the baseline's edges."""
        if self.aggregation is not Aggregation.DENSITY:
            return [False] * self.binned
        names = self.result.window_summary.edge_names
        if len(names) != self.binned:
            return [at in (0, self.binned - 1) for at in range(self.binned)]
        return [name in _OUTLIERS for name in names]

    def _values(self, summary: Summary) -> Floats:
        """The aggregated values, and the share of missing values behind them."""
        values = np.array(summary.aggregated_values, dtype=float)
        if len(values) != self.binned:
            values = np.full(self.binned, np.nan)
        return values

    @cached_property
    def sides(self) -> tuple[Floats, Floats]:
        """Baseline and window: a number per bin, then the missing values."""
        both = (self.result.baseline_summary, self.result.window_summary)
        return tuple(  # type: ignore[return-value]
            np.append(self._values(side), self.missing[at] if self.missing else [])
            for at, side in enumerate(both)
        )

    @cached_property
    def shares(self) -> Floats:
        """Of the score; NaN where a bar has no part of it."""
        parts = parts_of_score(self.result)
        return parts if len(parts) == self.binned else np.full(self.binned, np.nan)

    def _traces(self) -> Iterator[dict[str, Any]]:
        """Baseline, window, the floor ticks of both, shares of the score: always five."""
        words = self._words()
        sides = zip(("baseline", "window"), self.sides, (self.look.baseline, self.look.window),
                    (-_BAR, 0.0), strict=True)  # fmt: skip
        ticks = []
        for name, values, colour, offset in sides:
            at = np.arange(len(values), dtype=float)
            bars = values * np.nan if self.edges_drawn else values
            yield {
                "type": "bar", "name": name, "x": at, "y": bars, "offset": offset,
                "width": _BAR - 0.01, "marker": self._fill(colour, len(values)),
                "customdata": words, "hovertemplate": _HOVER,
            }  # fmt: skip
            other = self.sides[1] if name == "baseline" else self.sides[0]
            marked = np.isfinite(values) if self.edges_drawn else (values == 0) & (other > 0)
            ticks.append({
                "type": "scatter", "mode": "markers", "name": f"{name} at the floor",
                "x": at[marked] + offset + _BAR / 2, "y": values[marked],
                "customdata": words[marked], "hovertemplate": _HOVER, "cliponaxis": False,
                "marker": {"symbol": "line-ew-open", "size": self._bin_px() * _BAR * 0.75,
                           "color": colour, "opacity": 1, "line": {"width": 2, "color": colour}},
            })  # fmt: skip
        yield from ticks
        shown = np.flatnonzero(np.isfinite(self.shares))
        yield {
            "type": "bar", "name": "share of the score", "x": shown.astype(float),
            "y": self.shares[shown], "yaxis": "y2", "offset": -0.2, "width": 0.4,
            "marker": {"color": [self._share_colour(at) for at in shown.tolist()]},
            "text": self._share_labels(shown.tolist()), "textposition": "outside",
            "textangle": 0, "constraintext": "none", "cliponaxis": False,
            "textfont": {"size": canvas.SMALL, "color": self.look.text},
            "customdata": words[shown], "hovertemplate": _HOVER,
        }  # fmt: skip

    def _fill(self, colour: str, number: int) -> dict[str, Any]:
        """Plain bins, hatched outliers, and missing values as an outline."""
        missing = [at >= self.binned for at in range(number)]
        return {
            "color": ["rgba(0,0,0,0)" if each else colour for each in missing],
            "line": {"color": colour, "width": [1.25 if each else 0 for each in missing]},
            "pattern": {
                "shape": ["/" if at < self.binned and self.outlier[at] else ""
                          for at in range(number)],
                "fillmode": "overlay", "size": 6, "solidity": 0.35,
                "fgcolor": self.look.ground,
            },
        }  # fmt: skip

    def _share_colour(self, at: int) -> str:
        status = self.look.of(self.result.status)
        return status if at in leading(self.shares) else self.look.baseline

    def _share_labels(self, shown: list[int]) -> list[str]:
        """Percent above each bar; where there is little room, above the large ones only."""
        least = 0 if self._bin_px() > _LABELLED_PX else 0.1
        if self.result.bin_index is not None:
            return [score_text(self.result.score) if self.shares[at] else "" for at in shown]
        shares = self.shares[shown].tolist()
        return [percent(share) if share > least else "" for share in shares]

    def _share_top(self) -> float:
        highest = np.nanmax(self.shares) if np.isfinite(self.shares).any() else 0
        return float(highest) * (1.5 if self.narrow else 1.35) or 1.0

    def _bin_px(self) -> float:
        width = canvas.NARROW_PX - 44 if self.narrow else canvas.HALF_PX - 56
        return width / max(len(self.names), 1)

    def _tick_labels(self) -> dict[int, str]:
        """Ranges where they fit; else below, 1, 2 ..., above; of many only some."""
        for names in (self.names, self._numbered(_LONG), self._numbered(_SHORT)):
            widths = [text_width(name, canvas.SMALL) for name in names]
            if all((one + next_) / 2 + 5 < self._bin_px() for one, next_ in pairwise(widths)):
                return {at: figure_text(name) for at, name in enumerate(names)}
        every = int(np.ceil(_NUMBERED_PX / self._bin_px()))
        return {at: name for at, name in enumerate(names) if name.isdigit() and not at % every}

    def _numbered(self, words: tuple[str, str, str]) -> list[str]:
        """Numbers for the bins and words for the outliers and the missing values."""
        below, above, missing = words
        names = [str(at) for at in range(1, self.binned + 1)]
        if self.binned > 2 and self.outlier[0] and self.outlier[-1]:
            names = [below, *names[: self.binned - 2], above]
        return [*names, missing] if self.missing else names

    def _top_axis(self) -> dict[str, Any]:
        place = {"domain": list(_TOP), "visible": bool(self.binned)}
        values = np.concatenate(self.sides)
        values = values[np.isfinite(values)]
        if self.edges_drawn and len(values):
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
        if not self.binned:
            text = "There are no bins, only statistics; see the table."
            return [canvas.empty_note(text, self.look)]
        rows = {
            Aggregation.EDGES: "Position of the edges",
            Aggregation.CUMULATIVE: "Share of rows up to the bin",
        }.get(self.aggregation, "Share of rows")
        largest = self._metric() is Metric.MAX_DIFF
        score = "Largest difference" if largest else "Share of the score"
        place = {"xref": "paper", "yref": "paper", "x": 0, "xanchor": "left", "yanchor": "bottom"}
        notes = [
            canvas.note(rows, self.look, size=canvas.TEXT, y=1, yshift=6, **place),
            canvas.note(score, self.look, size=canvas.TEXT, y=_BOTTOM[1], yshift=8, **place),
        ]
        if not np.nansum(self.shares) > 0:
            text = "no score" if self.result.score is None else "none: the score is 0"
            middle = place | {"x": 0.5, "xanchor": "center", "y": 0}
            notes.append(canvas.note(text, self.look, yshift=6, **middle))
        return notes

    def _empty_bins(self) -> list[dict[str, Any]]:
        """The word "empty" where neither side has rows, if it has room."""
        if self.edges_drawn or self._bin_px() < text_width("empty", canvas.SMALL) + 4:
            return []
        neither = (self.sides[0] == 0) & (self.sides[1] == 0)
        return [
            canvas.note("empty", self.look, x=at, y=0, yanchor="bottom", yshift=1)
            for at in np.flatnonzero(neither).tolist()
        ]

    def _words(self) -> Any:
        """Range, baseline, window and part of the score of each bin."""
        words = np.empty((len(self.names), 4), dtype=object)
        both = (self.result.baseline_summary, self.result.window_summary)
        for at, name in enumerate(self.names):
            sides = [self._side_words(summary, float(values[at]))
                     for summary, values in zip(both, self.sides, strict=True)]  # fmt: skip
            adds = ""
            if at < self.binned and np.isfinite(self.shares[at]) and len(self.result.scores) > at:
                part = score_text(self.result.scores[at])
                adds = f"<br>adds {part}, {percent(float(self.shares[at]))} of the score"
            elif at >= self.binned:
                adds = "<br>counted in the first bin"
            words[at] = [figure_text(name), f"baseline {sides[0]}", f"window {sides[1]}", adds]
        return words

    def _side_words(self, summary: Summary, value: float) -> str:
        if self.edges_drawn:
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
        return Track(self.result.iopath or "", []).label

    def _legend(self) -> list[Key]:
        rows = [rows_text(self.result.baseline_summary.count),
                rows_text(self.result.window_summary.count)]  # fmt: skip
        keys = [
            Key("square", self.look.baseline, f"Baseline, {rows[0]}"),
            Key("square", self.look.window, f"Window {self._name()}, {rows[1]}"),
        ]
        if any(self.outlier):
            keys.append(Key("hatched", self.look.muted, "outside of the baseline's edges"))
        return keys

    def _summary(self) -> str:
        if not self.binned:
            means = [
                side.mean for side in (self.result.baseline_summary, self.result.window_summary)
            ]
            told = [f"{mean:.4g}" if mean is not None else "none" for mean in means]
            return f"{self._name()}: no bins; the mean is {told[1]}, in the baseline {told[0]}."
        band = bands(Track("", [self.result]), self.confidence)[0]
        return window_finding(self.result, self._name(), float(band))

    def _table(self) -> pa.Table:
        both = (self.result.baseline_summary, self.result.window_summary)
        if not self.binned:
            numbers = [pa.array([getattr(side, name) for name in _STATISTICS], pa.float64())
                       for side in both]  # fmt: skip
            return pa.table({"statistic": list(_STATISTICS), "baseline": numbers[0],
                             "window": numbers[1]})  # fmt: skip
        extra = len(self.names) - self.binned
        columns: dict[str, Any] = {"bin": pa.array(self.names, pa.string())}
        for name, side, values in zip(("baseline", "window"), both, self.sides, strict=True):
            counts = np.append(density(side), values[self.binned :]) * side.count
            told = len(counts) == len(values) and not self.edges_drawn
            columns[name] = pa.array(values, from_pandas=True)
            columns[f"{name}_rows"] = pa.array(
                counts.round() if told else values * np.nan, pa.float64(), from_pandas=True
            ).cast(pa.int64())
        parts = [*self.result.scores, *[None] * (self.binned - len(self.result.scores) + extra)]
        columns["score_part"] = pa.array(parts[: len(self.names)], pa.float64())
        shares = np.append(self.shares, [np.nan] * extra)
        columns["score_share"] = pa.array(shares, from_pandas=True)
        return pa.table(columns)
