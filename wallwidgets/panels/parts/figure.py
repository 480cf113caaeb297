"""A Plotly figure on screen, which takes over charts and never is built anew."""

from __future__ import annotations

from functools import cache
from typing import Any

import plotly.graph_objects as go
from anywidget import AnyWidget
from plotly.basewidget import BaseFigureWidget
from traitlets import Bool, Unicode

from wallwidgets.charts import Chart
from wallwidgets.charts.lab_style import frame_style
from wallwidgets.panels.parts.front import read


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

    Attributes:
        ready: Whether a browser draws it; what changes earlier waits.

    Example:
        >>> import wallwidgets as ww
        >>> figure = Figure(ww.charts.scores([]))
        >>> figure.draw(ww.charts.scores([], dark=True))
    """

    _esm = read("figure.js")
    _css = frame_style(".ww-panel .ww-figure .js-plotly-plot")
    ready = Bool(False).tag(sync=True)

    def __init__(self, chart: Chart):
        _bundle()
        self._chart = self._last = chart
        super().__init__(chart.figure)
        self._config = {**self._config, **chart.config}  # type: ignore[has-type]
        self.add_class("ww-figure")
        self.observe(self._draw, "ready")

    def draw(self, chart: Chart) -> None:
        """Show this chart."""
        self._chart = chart
        self._draw(None)

    def _draw(self, change: Any) -> None:
        # A browser that still loads Plotly would miss the message.
        if self.ready and self._last is not self._chart:
            self._last = self._chart
            self._chart.draw_on(self)
