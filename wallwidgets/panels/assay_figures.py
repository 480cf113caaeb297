"""The charts of AssayChart on screen: headings, figures, and what clicks on them mean."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from ipywidgets import VBox

from wallwidgets.panels.parts.words import Piece, Words, piece


class ChartBox(VBox):
    """One chart: its heading, and below it a figure that is made when it is first shown.

    Args:
        made: Called once with the figure, to listen to it.
        room_px: Its height, kept free until it is there.

    Example:
        >>> ChartBox().figure is None
        True
    """

    def __init__(self, made: Callable[[Any], object] | None = None):
        self._made = made
        self.heading = Words()
        self.figure: Any = None
        self._room = VBox()
        self._room.add_class("ww-chart-room")
        super().__init__([self.heading, self._room])
        self.add_class("ww-chart")

    def draw(self, chart: Any) -> None:
        """Show a chart, in the figure that is there."""
        self.heading.content = heading(chart)
        if self.figure is None:
            # Plotly takes half a second to import, so not before something is drawn.
            from wallwidgets.panels.parts.figure import Figure

            self.figure = Figure(chart)
            if self._made is not None:
                self._made(self.figure)
            self._room.children = [self.figure]
        else:
            self.figure.draw(chart)


def heading(chart: Any) -> list[Piece]:
    """Title, context and legend of a chart as text."""
    parts = [piece(chart.title, "ww-section", tag="h3")]
    if chart.context:
        parts.append(piece(chart.context, "ww-context"))
    for key in chart.legend:
        mark = piece(css=f"ww-mark ww-mark-{key.shape}", colour=key.colour)
        marks = [] if key.shape == "none" else [mark | {"hidden": True}]
        parts.append(piece(css="ww-key", parts=[*marks, piece(key.text)]))
    return [piece(css="ww-legend", tag="div", parts=parts)]


def on_window(figure: Any, chosen: Callable[[datetime], object]) -> None:
    """Call with the start of the window whose marker, or span, is clicked."""

    def clicked(trace: Any, points: Any, state: object) -> None:
        if points.point_inds and trace.customdata is not None:
            chosen(datetime.fromisoformat(str(trace.customdata[points.point_inds[0]][5])))

    for trace in figure.data:
        if trace.customdata is not None or "markers" in (trace.mode or ""):
            trace.on_click(clicked)


def on_cell(figure: Any, chosen: Callable[[int, datetime], object]) -> None:
    """Call with the row and the start of the window of a clicked cell."""

    def clicked(trace: Any, points: Any, state: object) -> None:
        if not points.point_inds:
            return
        row, column = points.point_inds[0]
        words = trace.customdata[row][column]
        chosen(int(row), datetime.fromisoformat(str(words[5])))

    figure.data[0].on_click(clicked)


def on_brush(figure: Any, chosen: Callable[[float, float], object]) -> None:
    """Call with the limits of a sideways selection."""

    def selected(trace: Any, points: Any, selector: Any) -> None:
        ends = getattr(selector, "xrange", None)
        if ends is not None and len(ends) == 2:
            chosen(*sorted(map(float, ends)))

    figure.data[0].on_selection(selected)
