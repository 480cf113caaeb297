"""A Plotly figure on screen, which takes over charts and never is built anew."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import plotly.graph_objects as go
from anywidget import AnyWidget
from plotly.basewidget import BaseFigureWidget
from traitlets import Bool, Int, Unicode

from wallwidgets.charts import Chart
from wallwidgets.charts.lab_style import frame_style
from wallwidgets.panels.parts.front import read
from wallwidgets.panels.parts.visible import short_text

_PLOT = ".ww-panel .ww-figure.js-plotly-plot"


class Bundle(AnyWidget):
    """Plotly's script, sent once for all figures: with each it would be 5 MB a figure."""

    _esm = read("bundle.js")
    code = Unicode().tag(sync=True)


@cache
def _bundle() -> Bundle:
    return Bundle(code=str(BaseFigureWidget._esm))


class Figure(go.FigureWidget):
    """Shows a chart, and then others of its kind, each by what differs.

    Args:
        chart: The first one.
        pick: Called with the words of the point that is nearest sideways to a click; those are the
            point's customdata.

    Attributes:
        ready: Whether a browser draws it; what changes earlier waits.

    Example:
        >>> import wallwidgets as ww
        >>> figure = Figure(ww.charts.scores([]))
        >>> figure.draw(ww.charts.scores([], dark=True))
    """

    _esm = read("figure.js")
    # What was brushed the chart marks itself, and no longer once it does not count.
    _css = f"{frame_style(_PLOT)}\n{_PLOT} .selectionlayer {{ display: none }}"
    ready = Bool(False).tag(sync=True)
    label = Unicode().tag(sync=True)
    height_px = Int(0).tag(sync=True)
    picks = Bool(False).tag(sync=True)

    def __init__(self, chart: Chart, pick: Callable[[list[Any]], object] | None = None):
        _bundle()
        self._chart = self._last = chart
        # Told a height, Plotly keeps the width that it has at the time.
        fluid = chart.drawing["layout"] | {"height": None, "autosize": True}
        super().__init__(chart.drawing["data"], fluid)
        self._tell(chart)
        self._config = {**self._config, **chart.config}  # type: ignore[has-type]
        self.add_class("ww-figure")
        self._pick, self.picks = pick, pick is not None
        self.on_msg(self._heard)
        self.observe(self._draw, "ready")

    def draw(self, chart: Chart) -> None:
        """Show this chart."""
        self._chart = chart
        self._draw(None)

    def _heard(self, widget: object, content: Any, buffers: object) -> None:
        words = content.get("words")
        if self._pick is not None and content.get("do") == "pick" and isinstance(words, list):
            self._pick(words)

    def _draw(self, change: Any) -> None:
        # A browser that still loads Plotly would miss the message.
        if self.ready and self._last is not self._chart:
            self._last = self._chart
            self._chart.draw_on(self)
            self._tell(self._chart)

    def _tell(self, chart: Chart) -> None:
        self.height_px = chart.drawing["layout"]["height"]
        self.label = short_text(f"{chart.title}. {chart.summary}")
