"""Chart C: the distribution of the baseline, with the edges of its bins and a window beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from wallwidgets.charts import canvas
from wallwidgets.charts.chart import Chart
from wallwidgets.charts.legend import Key
from wallwidgets.charts.palette import Palette, faint, palette
from wallwidgets.charts.samples import Sample
from wallwidgets.charts.wording import fitted, number_texts, percent, rows_text, text_width
from wallwidgets.drift.checks import Floats
from wallwidgets.drift.columns import numbers
from wallwidgets.schemas.safe_html import figure_text

_HIGHEST_BAR = 0.62
_APART_PX = 34
_HOVER = "<b>%{customdata[0]}</b><br>%{customdata[1]}<extra></extra>"


def distribution(
    baseline_values: Any,
    window_values: Any = None,
    edges: Any = None,
    *,
    name: str = "",
    window_name: str = "",
    dark: bool = False,
    narrow: bool = False,
    width_px: float | None = None,
    selected: tuple[float, float] | None = None,
) -> Chart:
    """How the values of a baseline are spread: a histogram, and the share of rows at most x.

    The bars have no axis of their own; the highest one reaches 62 %. Missing values are not drawn
    but counted in the legend. Of very many values the curve has 5,000 steps, its ends included.

    Args:
        baseline_values: A column of numbers: array, list, pandas, polars or Arrow.
        window_values: The same of a window.
        edges: Of the bins: ``drift.Bins.edges``, or those of a result's summary.
        name: What the values are, such as ``dense_2.0``.
        window_name: Which window, such as ``26 Jan``.
        dark: The colours for a dark ground.
        narrow: The form for about 240 pixels.
        width_px: How wide it is on screen, where that is known; labels that have no room are left
            out.
        selected: A range of values to mark.

    Raises:
        InvalidRequest: A column holds something else than numbers.

    Example:
        >>> chart = distribution(np.arange(1, 101), [40, 60, 80], edges=[1, 50, 100], name="price")
        >>> chart.summary
        'Half of the baseline is at most 50; half of the window is at most 60.'
    """
    marks = [] if edges is None else [e for e in edges if e is not None and abs(e) < 1e300]
    window = np.zeros(0) if window_values is None else numbers(window_values, "window_values")
    parts = (Sample.of(numbers(baseline_values, "baseline_values")), Sample.of(window))
    return _Distribution(
        *parts,
        np.array(marks, dtype=float),
        name,
        window_name,
        palette(dark),
        dark,
        narrow,
        width_px or (canvas.NARROW_PX if narrow else canvas.HALF_PX * 0.8),
        selected,
    ).chart()


@dataclass(frozen=True, eq=False)
class _Distribution:
    """The parts of the chart, each from the same two samples."""

    baseline: Sample
    window: Sample
    edges: Floats
    name: str
    window_name: str
    look: Palette
    dark: bool
    narrow: bool
    width_px: float
    selected: tuple[float, float] | None

    def chart(self) -> Chart:
        look, drawable = self.look, self.limits is not None
        drawing = canvas.figure(
            self._traces(),
            look,
            height=210 if self.narrow else 290,
            margin=(40 if self.narrow else canvas.LEFT, 10, 28 if self.narrow else 42,
                    46 if self.name else 28),
            select=True,
            selectdirection="h",
            newselection={"line": {"color": look.window, "width": 1, "dash": "solid"}},
            activeselection={"fillcolor": look.window, "opacity": 0.16},
            bargap=0,
            xaxis=canvas.axis(
                look, self.narrow, range=self.limits, visible=drawable,
                nticks=canvas.values_shown(self._plot_px),
                showline=True, linecolor=faint(look.text, 0.3),
                title={"text": figure_text(fitted(self.name, self._plot_px)),
                       "standoff": 6, "font": {"size": canvas.TEXT, "color": look.muted}},
            ),
            yaxis=canvas.value_axis(
                look, self.narrow, range=[0, 1.0], dtick=0.25, tickformat=".0%", visible=drawable,
                fixedrange=True,
            ),
            shapes=[*self._edge_lines(), *self._selected_range()],
            annotations=[*self._edge_labels(), *self._selected_limits(), *self._empty()],
        )  # fmt: skip
        return Chart(
            drawing, "Distribution", "", self._legend(), self._summary(), self._table(),
            self.dark,
        )  # fmt: skip

    @cached_property
    def limits(self) -> list[float] | None:
        """The values to show: all finite ones and all edges."""
        ends = [part[[0, -1]] for part in (self.baseline.finite, self.window.finite) if len(part)]
        if not ends:
            return None
        ends += [self.edges[[0, -1]]] if len(self.edges) else []
        low, high = float(np.min(ends)), float(np.max(ends))
        room = (high / 2 - low / 2) * 0.06 or max(abs(low) * 0.02, 0.5)
        return [low - room, high + room]

    def _traces(self) -> Iterator[dict[str, Any]]:
        """Bars, curve of the baseline, curve of the window: always three."""
        borders, rows = self.baseline.bars
        texts = number_texts(borders.tolist()) if len(borders) else []
        told = np.empty((len(rows), 2), dtype=object)
        for at, number in enumerate(rows.tolist()):
            share = percent(number / max(len(self.baseline.values), 1))
            told[at] = [f"{texts[at]} – {texts[at + 1]}", f"{rows_text(int(number))}, {share}"]
        unchanged = {"marker": {"opacity": 1}}
        yield {
            "type": "bar", "name": "baseline rows", "x": borders[:-1] / 2 + borders[1:] / 2,
            "y": rows / max(rows.max(initial=0), 1) * _HIGHEST_BAR, "width": np.diff(borders),
            "marker": {"color": faint(self.look.baseline, 0.38), "line": {"width": 0}},
            "selected": unchanged, "unselected": unchanged,
            "customdata": told, "hovertemplate": _HOVER,
        }  # fmt: skip
        curves = (("baseline", self.baseline, self.look.baseline),
                  ("window", self.window, self.look.window))  # fmt: skip
        for name, sample, colour in curves:
            x, y = self._curve(sample)
            yield {
                "type": "scatter", "mode": "lines", "name": name, "x": x, "y": y,
                "line": {"shape": "hv", "width": 2, "color": colour},
                "hovertemplate":
                    f"<b>%{{y:.1%}}</b> of the {name}<br>at most %{{x}}<extra></extra>",
            }  # fmt: skip

    def _curve(self, sample: Sample) -> tuple[Floats, Floats]:
        """The steps, from the left end of the axis to the right."""
        x, y = sample.steps
        if not len(x) or self.limits is None:
            return x, y
        before = np.searchsorted(sample.values, x[0]) / len(sample.values)
        left, right = self.limits
        return np.concatenate([[left], x, [right]]), np.concatenate([[before], y, y[-1:]])

    def _edge_lines(self) -> list[dict[str, Any]]:
        return [
            {
                "type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": edge, "x1": edge,
                "line": {"color": self.look.muted, "width": 1, "dash": "dot"},
            }
            for edge in np.unique(self.edges).tolist()
        ]  # fmt: skip

    @property
    def _plot_px(self) -> float:
        return self.width_px - (50 if self.narrow else 58)

    def _edge_labels(self) -> list[dict[str, Any]]:
        """Values on top; one too near to the last is left out, first and last are not."""
        if self.limits is None or not len(self.edges):
            return []
        marks = np.unique(self.edges)
        texts = number_texts(marks.tolist())
        places = (marks - self.limits[0]) / (self.limits[1] - self.limits[0]) * self._plot_px
        need = [max(_APART_PX, text_width(text, canvas.SMALL) + 6) for text in texts]
        shown = [0]
        for at in range(1, len(marks) - 1):
            before, after = shown[-1], len(marks) - 1
            left = places[at] - places[before] >= (need[at] + need[before]) / 2
            if left and places[after] - places[at] >= (need[at] + need[after]) / 2:
                shown.append(at)
        anchors = ["center"] * len(shown)
        if len(marks) > 1:
            shown.append(len(marks) - 1)
            near = places[-1] - places[0] < (need[0] + need[-1]) / 2
            anchors = ["right", "left"] if near else [*anchors, "center"]
        return [
            canvas.note(texts[at], self.look, x=float(marks[at]), y=1, yref="paper",
                        xanchor=anchor, yanchor="bottom", yshift=2)
            for at, anchor in zip(shown, anchors, strict=True)
        ]  # fmt: skip

    def _selected_range(self) -> list[dict[str, Any]]:
        if self.selected is None or self.limits is None:
            return []
        return [canvas.span(*self.selected, faint(self.look.window, 0.16))]

    def _selected_limits(self) -> list[dict[str, Any]]:
        if self.selected is None or self.limits is None:
            return []
        texts = number_texts(list(self.selected))
        part = (self.selected[1] - self.selected[0]) / (self.limits[1] - self.limits[0])
        inside = part * self._plot_px > sum(text_width(text, canvas.SMALL) for text in texts) + 8
        sides = ("left", "right") if inside else ("right", "left")
        return [
            canvas.note(text, self.look, color=self.look.window, x=value, y=1, yref="paper",
                        yanchor="top", xanchor=side)
            for text, value, side in zip(texts, self.selected, sides, strict=True)
        ]  # fmt: skip

    def _empty(self) -> list[dict[str, Any]]:
        return [] if self.limits is not None else [canvas.empty_note(self._summary(), self.look)]

    def _legend(self) -> list[Key]:
        look, window = self.look, self.window_name or "the window"
        base = rows_text(len(self.baseline.values) + self.baseline.missing, self.baseline.missing)
        keys = [
            Key("square", faint(look.baseline, 0.38), f"Baseline, {base}"),
            Key("line", look.baseline, "share at most x"),
        ]
        rows = len(self.window.values) + self.window.missing
        if rows:
            name = f"window {window}" if self.window_name else window
            text = f"the same, {name}, {rows_text(rows, self.window.missing)}"
            keys.append(Key("line", look.window, text))
        if len(self.edges):
            keys.append(Key("dashes", look.muted, "edges of the bins"))
        return keys

    def _summary(self) -> str:
        halves = [
            f"half of the {what} is at most {number_texts([sample.median])[0]}"
            for what, sample in (("baseline", self.baseline), ("window", self.window))
            if len(sample.values)
        ]
        if not halves:
            rows = self.baseline.missing + self.window.missing
            return "All rows are missing a value." if rows else "There are no values."
        text = "; ".join(halves)
        return f"{text[0].upper()}{text[1:]}."

    def _table(self) -> pa.Table:
        """Bars, both curves and the edges, one below the other."""
        borders, rows = self.baseline.bars
        parts: list[tuple[str, Floats, Floats, Floats, Floats]] = []
        share = rows / max(len(self.baseline.values), 1)
        parts.append(("histogram", borders[:-1], borders[1:], rows, share))
        for name, sample in (("baseline", self.baseline), ("window", self.window)):
            x, y = sample.steps
            parts.append((f"{name} at most", x, x, np.round(y * len(sample.values)), y))
        nothing = np.full(len(self.edges), np.nan)
        parts.append(("edge", self.edges, self.edges, nothing, nothing))
        names = [name for name, x, *_ in parts for _ in x]
        columns = [np.concatenate([part[at] for part in parts]) for at in range(1, 5)]
        low, high, counts, shares = (pa.array(column, from_pandas=True) for column in columns)
        return pa.table({
            "series": pa.array(names, pa.string()), "from": low, "to": high,
            "rows": counts.cast(pa.int64()), "share": shares,
        })  # fmt: skip
