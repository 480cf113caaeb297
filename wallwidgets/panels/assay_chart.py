"""AssayChart: see drift, and set an assay that watches for it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd
from ipywidgets import Box, Dropdown, HBox, Text, VBox
from traitlets import dlink

from wallwidgets.api.assay_results import AssayResults
from wallwidgets.panels.assay_fields import Settings
from wallwidgets.panels.assay_figures import ChartBox, on_brush, on_cell, start_of
from wallwidgets.panels.assay_form import settings_names
from wallwidgets.panels.assay_pictures import BINS, FEATURES, SCORES, SPREAD, label
from wallwidgets.panels.assay_selection import FEATURES as ALL_FEATURES
from wallwidgets.panels.assay_selection import TABLE, VIEWS, WINDOWS
from wallwidgets.panels.assay_state import AssayState
from wallwidgets.panels.assay_table import WindowTable
from wallwidgets.panels.panel import Panel
from wallwidgets.panels.parts import words
from wallwidgets.panels.parts.download import Download
from wallwidgets.panels.parts.fields import Actions, Field, button, segments, show
from wallwidgets.panels.parts.progress import Progress
from wallwidgets.panels.parts.wishes import Mute

_PICTURES = (("Score per window", SCORES), ("Bins", BINS), ("Distribution", SPREAD),
             ("All features", FEATURES))  # fmt: skip


class AssayChart(Panel):
    """Choose what to compare, see window by window how far it drifted, and let it be watched.

    Args:
        client: Who is logged in; may be set later.
        assay: A pipeline, a workspace for its first one, or an assay: a configuration, a record or
            its id.
        workspace: Only the pipelines of this one are offered.
        state: A state to show instead of a new one.

    Attributes:
        value: The selected `AssayResult`.

    Example:
        >>> AssayChart().status
        'Log in first.'
    """

    state: AssayState

    def __init__(
        self,
        client: Any = None,
        assay: Any = None,
        *,
        workspace: Any = None,
        state: AssayState | None = None,
    ):
        state = state or AssayState(client, assay=assay, workspace=workspace)
        self._mute = Mute()
        self.settings = Settings(state)
        self._make_toolbar(state)
        self._make_charts(state)
        super().__init__(
            state,
            controls=[self.settings, self._toolbar, self._watch_row, self._export_row],
            result=[self._watched, self._empty, self._scan_box, self._main, self._pair],
            observe=[
                *("client", "pipelines", "pipeline", "columns", "column", *settings_names()),
                *("refused", "view", "scan", "scanned", "values", "others", "asking"),
                *("dark", "narrow", "width_px", "shown"),
                *("name_error", "watched", "stored", "path_error"),
            ],
        )
        dlink((self.frame, "dark"), (state, "dark"))
        dlink((self.frame, "width_class"), (state, "narrow"), lambda name: name == "narrow")
        dlink((self.frame, "width_px"), (state, "width_px"))
        # Last: nothing is drawn before, so not for another width or theme.
        dlink((self.frame, "shown"), (state, "shown"))
        for name, control in (("view", self.view), ("name", self.name), ("path", self.path),
                              ("picture", self.picture)):  # fmt: skip
            self.bind(name, control)

    @property
    def client(self) -> Any:
        """Who is logged in, or None; setting it begins anew."""
        return self.state.client

    @client.setter
    def client(self, client: Any) -> None:
        self.state.client = client

    @property
    def df(self) -> pd.DataFrame:
        """The windows, one per row."""
        return AssayResults(self.state.results or ()).windows().to_pandas()

    def _make_toolbar(self, state: AssayState) -> None:
        self.view = segments("What is shown", list(VIEWS))
        self.export = button("Export", lambda: state.ask("export"))
        self.scan = button("Scan again", state.start_scan)
        self.cancel = button("Cancel scan", state.cancel_scan)
        self.watch = button("Watch from now on", lambda: state.ask("watch"), look="primary")
        self.unwatch = button("Stop watching", lambda: state.turn(False))
        self._actions = Actions([self.cancel, self.scan, self.export, self.unwatch, self.watch])
        self._actions.add_class("ww-right")
        self._toolbar = HBox([self.view, self._actions])
        self._toolbar.add_class("ww-toolbar")
        self.name = Text(description="Name of the assay")
        self.create = button("Watch from now on", self._create, look="primary")
        self._name = Field(self.name)
        self._watch_row = self._ask_row([self._name, self.create, self._close_button()])
        self.picture = Dropdown(description="Chart", options=_PICTURES)
        self.path = Text(description="File (.html or .csv)")
        self._path = Field(self.path)
        self.download = button("Download", self._download, look="primary")
        self.save = button("Write on the server", self._save)
        self.file = Download()
        self.file.add_class("ww-gone")
        self._export_row = self._ask_row(
            [Field(self.picture), self._path, self.download, self.save, self._close_button(),
             self.file]
        )  # fmt: skip

    def _ask_row(self, children: list[Any]) -> HBox:
        row = HBox(children)
        row.add_class("ww-ask-row")
        row.add_class("ww-form")
        return row

    def _close_button(self) -> Any:
        return button("Cancel", lambda: self.state.ask(""))

    def _make_charts(self, state: AssayState) -> None:
        self._watched, self._empty = words.Words(), words.Words()
        self._progress = Progress("Scan")
        self._old_scan = words.Words()
        self._scan_box = VBox([self._progress, self._old_scan])
        self.charts = {
            SCORES: ChartBox(pick=lambda words: self._pick(start_of(words))),
            BINS: ChartBox(),
            SPREAD: ChartBox(lambda figure: on_brush(figure, state.brush)),
            FEATURES: ChartBox(lambda figure: on_cell(figure, self._pick_cell)),
        }
        self.table = WindowTable(self._pick)
        self._main = VBox([self.charts[SCORES], self.charts[FEATURES], self.table])
        self._pair = Box([self.charts[BINS], self.charts[SPREAD]])
        self._pair.add_class("ww-pair")

    def _pick(self, start: datetime) -> None:
        self.state.choose(start)

    def _pick_cell(self, row: int, start: datetime) -> None:
        features = self.state.scan.features
        self.state.choose_cell(start, features[row].iopath)

    def _create(self) -> None:
        if not self.state.watch():
            self.frame.focus_first_bad()

    def _download(self) -> None:
        made = self.state.download()
        if made is None:
            self.frame.focus_first_bad()
        else:
            self.file.give(*made)

    def _save(self) -> None:
        if not self.state.export():
            self.frame.focus_first_bad()

    def draw(self) -> None:
        """Show the settings, the windows and the selected one."""
        self.settings.draw()
        self._draw_header()
        self._draw_toolbar()
        self._draw_scan()
        self._draw_charts()

    def _draw_header(self) -> None:
        state = self.state
        if state.pipeline is None:
            self.header.content = words.header("Drift")
            return
        scanned = state.says_scan and state.scan is not None
        results = state.scan.results if scanned else state.results
        chip, kind = state.pictures.chip(results or ())
        chart = state.pictures.get(FEATURES if scanned else SCORES) if results else None
        context = chart.context if chart is not None else state.column
        title = f"Drift: {state.pipeline.name}"
        self.header.content = words.header(title, context, state=chip, kind=kind)

    def _draw_toolbar(self) -> None:
        state = self.state
        show(self._toolbar, not state.asking)
        show(self._watch_row, state.asking == "watch")
        show(self._export_row, state.asking == "export")
        self._name.error, self._path.error = state.name_error, state.path_error
        self.create.disabled = state.watch_job.busy
        watched = state.is_watched and state.watched.active
        show(self.unwatch, watched)
        show(self.watch, not watched)
        self._actions.turn(self.watch, state.why_no_watch)
        self.export.disabled = state.value is None
        self.unwatch.disabled = state.watch_job.busy
        record = state.watched
        told = [] if record is None else [
            words.piece("Watched as " if record.active else "Not watched now: "),
            words.piece(record.name, tag="strong"),
            words.piece(f"; {state.stored or 'reading its stored results …'}."),
            words.piece("" if state.is_watched else " The settings shown are others."),
        ]  # fmt: skip
        self._watched.content = words.sentence(*told, css="ww-muted") if told else []

    def _draw_scan(self) -> None:
        state = self.state
        features = state.view == ALL_FEATURES
        running = state.scan_job.busy
        show(self.cancel, running)
        show(self.scan, features and not running and (state.scan is None or state.scan_is_old))
        show(self._scan_box, features)
        show(self._progress, running)
        if state.scanned is not None:
            done, total = state.scanned
            percent = int(100 * done / max(total, 1))
            told = [f"{percent} %", f"{done} of {total} features", "", ""]
            self._progress.shown = {"percent": percent, "words": told}
        old = features and state.scan_is_old and not running
        text = "The settings have changed since this scan."
        self._old_scan.content = words.sentence(text, css="ww-muted") if old else []

    def _draw_charts(self) -> None:
        state = self.state
        any_windows = bool(state.results)
        waits = state.view == ALL_FEATURES and state.scan is None and state.scan_job.busy
        self._empty.content = [] if any_windows and not waits else self._nothing()
        shown = {
            SCORES: state.view == WINDOWS and any_windows,
            FEATURES: state.view == ALL_FEATURES and state.scan is not None,
            BINS: state.value is not None and state.view != ALL_FEATURES,
            SPREAD: state.values is not None and state.view != ALL_FEATURES,
        }
        show(self.table, state.view == TABLE and any_windows)
        if state.view == TABLE:
            self.table.draw(state)
        # Plotly and its data are sent only to who looks.
        for kind, box in self.charts.items():
            show(box, shown[kind])
            if shown[kind] and state.shown:
                chart = state.pictures.get(kind)
                if chart is not None:
                    box.draw(chart)

    def _nothing(self) -> list[words.Piece]:
        state = self.state
        if state.busy and state.client is not None:
            return [words.piece(css="ww-ghost", tag="div")]
        if state.client is None:
            return words.empty("Nobody is logged in.", "Log in, and pass the client to this panel.")
        if state.pipeline is None:
            advice = "Deploy one and send it records"
            advice += ", or choose another one." if state.pipelines or state.others else "."
            return words.empty("There are no pipelines yet.", advice)
        if not state.columns:
            return words.empty("There are no inference records yet.", "Send the pipeline some.")
        advice = "Records after the baseline make windows; an earlier baseline may help."
        return words.empty(f"{label(state.column)} has no windows.", advice)
