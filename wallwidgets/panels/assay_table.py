"""The windows of AssayChart as a table: the scores chart for the keyboard."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ipywidgets import VBox

from wallwidgets.panels.parts.table import NOTHING, Table
from wallwidgets.panels.parts.table_rows import Column
from wallwidgets.panels.parts.wishes import Mute

if TYPE_CHECKING:
    from wallwidgets.panels.assay_state import AssayState

_COLUMNS = [
    Column("start", "Window from (UTC)", "name"),
    Column("score", "Score", "number"),
    Column("status", "Status", "chip"),
    Column("rows", "Rows", "number", rank=2),
    Column("missing", "Missing", "number", rank=3),
    Column("no_drift_below", "No drift below", "number", rank=3),
]


class WindowTable(VBox):
    """One row per window, with the selection of the charts.

    Args:
        chosen: Called with the start of the window whose row is selected.

    Example:
        >>> WindowTable(print).table.noun
        'windows'
    """

    def __init__(self, chosen: Callable[[datetime], object]):
        self._chosen, self._mute, self._shown = chosen, Mute(), None
        self.table = Table(_COLUMNS, noun="windows", key="start")
        super().__init__([self.table])
        self.table.observe(self._selected, "chosen")

    def draw(self, state: AssayState) -> None:
        """Show the windows of a state and which one is selected."""
        with self._mute:
            if self._shown is not state.results:
                self._shown = state.results
                self._starts = [each.window_start for each in state.results or ()]
                self.table.show(self._rows(state))
            value = state.value
            at = self._starts.index(value.window_start) if value is not None else NOTHING
            if at != self.table.chosen:
                self.table.choose(at) if at >= 0 else setattr(self.table, "chosen", NOTHING)

    def _rows(self, state: AssayState) -> list[dict[str, Any]]:
        if not state.results:
            return []
        chart = state.pictures.get("scores")
        rows = chart.table.to_pylist() if chart is not None else []
        self._starts = [row["start"] for row in rows]
        return [
            {name: row[name] for name in row if name not in ("start", "score", "no_drift_below")}
            | {"start": f"{row['start']:%Y-%m-%d %H:%M}", "score": _short(row["score"]),
               "no_drift_below": _short(row["no_drift_below"])}
            for row in rows
        ]  # fmt: skip

    def _selected(self, change: Any) -> None:
        if not self._mute.here and 0 <= change["new"] < len(self._starts):
            self._chosen(self._starts[change["new"]])


def _short(number: float | None) -> float | None:
    return None if number is None else round(number, 4)
