"""What every chart is: a figure, the words around it, and the same as a table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import plotly.graph_objects as go
from plotly.basedatatypes import BaseFigure, BasePlotlyType

from wallwidgets.charts.export import csv_text, page
from wallwidgets.charts.lab_style import LAB_STYLE
from wallwidgets.charts.legend import Key, heading
from wallwidgets.charts.palette import Palette, palette
from wallwidgets.schemas.safe_html import safe_text

if TYPE_CHECKING:
    import pyarrow as pa

_SIZES = {"autosize", "height", "width"}


@dataclass(frozen=True, eq=False)
class Chart:
    """A chart of drift. In a notebook its heading and figure are shown.

    A chart of one kind always has the same traces in the same order, so one figure on screen can
    take over another chart's data.

    Attributes:
        drawing: The traces and the layout of its figure, in plain words.
        title: What the chart shows.
        context: Of what: a column, a time range.
        legend: The entries of the legend, with counts.
        summary: The finding, in words.
        table: What is drawn, as an Arrow table; ``.table.to_pandas()`` makes it a frame.
        dark: Whether it has the dark palette.

    Example:
        >>> import wallwidgets as ww
        >>> chart = ww.charts.distribution([1.0, 2.0, 2.5], name="price")
        >>> chart.title, chart.summary
        ('Distribution', 'Half of the baseline is at most 2.')
        >>> chart.to_csv().splitlines()[1]
        'histogram,1,2.5,3,1'
    """

    drawing: dict[str, Any]
    title: str
    context: str
    legend: Sequence[Key]
    summary: str
    table: pa.Table
    dark: bool

    @cached_property
    def figure(self) -> go.Figure:
        """The Plotly figure, without title and legend."""
        # Made when it is asked for: to check its parts takes as long as to make them.
        return go.Figure(self.drawing)

    @property
    def heading(self) -> str:
        """Title and legend as HTML, to stand above the figure. Names in it are inert."""
        return heading(self.title, self.context, self.legend)

    def draw_on(self, figure: BaseFigure) -> None:
        """Make a figure on screen show this chart, in one step and without building it anew.

        One that fills its place by ``autosize`` goes on to do so.

        Args:
            figure: A figure or figure widget made from a chart of the same kind.
        """
        layout = _changes(figure.layout, self.drawing["layout"])
        if figure.layout.autosize:
            layout = {name: layout[name] for name in layout.keys() - _SIZES}
        with figure.batch_update():
            for old, new in zip(figure.data, self.drawing["data"], strict=True):
                old.update(_changes(old, new), overwrite=True)
            figure.layout.update(layout, overwrite=True)

    def to_html(
        self, path: str | Path | None = None, *, plotlyjs: Literal["inline", "cdn"] = "inline"
    ) -> str:
        """A page of its own: heading, finding, figure and table.

        Args:
            path: Where to write it; only the text is returned, if None.
            plotlyjs: ``inline`` works offline (about 5 MB); ``cdn`` is small and loads the library
                from the net.
        """
        text = page(self, plotlyjs)
        if path is not None:
            Path(path).write_text(text, encoding="utf-8")
        return text

    def to_csv(self, path: str | Path | None = None) -> str:
        """The table as CSV in which no cell is a formula.

        Args:
            path: Where to write it; only the text is returned, if None.
        """
        text = csv_text(self.table)
        if path is not None:
            Path(path).write_text(text, encoding="utf-8", newline="")
        return text

    @property
    def palette(self) -> Palette:
        """The colours it is drawn in."""
        return palette(self.dark)

    @property
    def config(self) -> dict[str, Any]:
        """Plotly's settings that are no part of a figure."""
        name = self.title.lower().replace(" ", "-")
        return {
            "responsive": True,
            "displaylogo": False,
            "toImageButtonOptions": {"filename": name, "scale": 2},
        }

    def _ipython_display_(self) -> None:
        from IPython.display import display

        said = f'<div style="font-size: 13px">{safe_text(self.summary)}</div>'
        drawn = {**json.loads(self.figure.to_json()), "config": self.config}
        display({"text/html": LAB_STYLE + self.heading + said, "text/plain": self.title}, raw=True)  # type: ignore[no-untyped-call]
        display(  # type: ignore[no-untyped-call]
            {"application/vnd.plotly.v1+json": drawn, "text/plain": self.summary}, raw=True
        )

    def __repr__(self) -> str:
        return f"Chart({self.title}: {self.summary})"


def _changes(old: BasePlotlyType, wanted: dict[str, Any]) -> dict[str, Any]:
    """What makes one part of a figure the wanted one; None for what only the old one has."""
    gone = dict.fromkeys(old.to_plotly_json().keys() - wanted.keys())
    return {name: value for name, value in (gone | wanted).items() if name not in ("type", "uid")}
