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
        pick: Called with the words of the point that is nearest sideways to a click.

    Example:
        >>> ChartBox().figure is None
        True
    """

    def __init__(
        self,
        made: Callable[[Any], object] | None = None,
        *,
        pick: Callable[[list[Any]], object] | None = None,
    ):
        self._made, self._pick = made, pick
        self.heading = Words()
        self.figure: Any = None
        self._room = VBox()
        super().__init__([self.heading, self._room])
        self.add_class("ww-chart")

    def draw(self, chart: Any) -> None:
        """Show a chart, in the figure that is there."""
        self.heading.content = heading(chart)
        if self.figure is None:
            # Plotly takes half a second to import, so not before something is drawn.
            from wallwidgets.panels.parts.figure import Figure

            self.figure = Figure(chart, self._pick)
            if self._made is not None:
                self._made(self.figure)
            self._room.children = [self.figure]
        else:
            self.figure.draw(chart)


def heading(chart: Any) -> list[Piece]:
    """Title and legend of a chart as text; its context is that of the panel."""
    parts = [piece(chart.title, "ww-section", tag="h3")]
    for key in chart.legend:
        mark = piece(css=f"ww-mark ww-mark-{key.shape}", colour=key.colour)
        marks = [] if key.shape == "none" else [mark | {"hidden": True}]
        parts.append(piece(css="ww-key", parts=[*marks, piece(key.text)]))
    return [piece(css="ww-legend", tag="div", parts=parts)]


def start_of(words: list[Any]) -> datetime:
    """The start of a window from the words of its hover box."""
    return datetime.fromisoformat(str(words[5]))


def on_cell(figure: Any, chosen: Callable[[int, datetime], object]) -> None:
    """Call with the row and the start of the window of a clicked cell."""

    def clicked(trace: Any, points: Any, state: object) -> None:
        if not points.point_inds:
            return
        row, column = points.point_inds[0]
        chosen(int(row), start_of(trace.customdata[row][column]))

    figure.data[0].on_click(clicked)


def on_brush(figure: Any, chosen: Callable[[float, float], object]) -> None:
    """Call with the limits of a sideways selection."""

    def selected(trace: Any, points: Any, selector: Any) -> None:
        ends = getattr(selector, "xrange", None)
        if ends is not None and len(ends) == 2:
            chosen(*sorted(map(float, ends)))

    figure.data[0].on_selection(selected)
