"""The right side of PipelineDeployer: try an inference, and look at the log."""

from __future__ import annotations

from typing import Any

from ipywidgets import HBox, Textarea, VBox

from wallwidgets.panels.parts import words
from wallwidgets.panels.parts.choice import Choice
from wallwidgets.panels.parts.fields import Actions, Field, button, segments, show
from wallwidgets.panels.parts.files import FilePicker
from wallwidgets.panels.parts.table import Table
from wallwidgets.panels.parts.table_rows import Column
from wallwidgets.panels.try_input import SUFFIXES
from wallwidgets.panels.try_result import shown
from wallwidgets.panels.try_state import FILE, FRAME, LOG, PASTE, RESULT, SOURCES, TryState

_NO_FRAME = "No DataFrame in this notebook yet: make one in a cell, or set panel.data."
_HINT = '[{"tensor": [0.1, 0.2, 0.3]}]'


class TryIt(VBox):
    """Shows a `TryState`.

    Args:
        trial: What it shows.
    """

    def __init__(self, trial: TryState):
        self.trial = trial
        self._title, self._not_yet = words.Words(), words.Words()
        self.source = segments("Where the rows come from", list(SOURCES))
        self.frames = Choice("Frame of the notebook", self._pick)
        self.file = FilePicker(
            "File on this server", SUFFIXES, help="JSON records, Arrow, Parquet or CSV."
        )
        self.paste = Textarea(description="JSON records", placeholder=_HINT, rows=5)
        self._paste = Field(self.paste)
        self.send = button("Send", trial.send)
        self.stop = button("Stop waiting", trial.stop_waiting)
        # Most answers are there before it is seen.
        self.stop.add_class("ww-late")
        self._send_row = Actions([self.send, self.stop])
        self._sources = VBox([self.source, self.frames, self.file, self._paste, self._send_row])
        self.view = segments("What the table shows", [RESULT, LOG])
        self.again = button("Read again", trial.read_log)
        self._view_row = HBox([self.view, self.again])
        self.table = Table([Column("row", "Row", "number")], selectable=False)
        self.table.add_class("ww-wide-table")
        self._table = VBox([self.table])
        self._below = words.Words()
        self._shown: Any = None
        super().__init__(
            [
                self._title,
                self._not_yet,
                self._sources,
                self._view_row,
                self._table,
                self._below,
            ]
        )
        self.source.observe(lambda change: setattr(trial, "source", change["new"]), "value")
        self.paste.observe(lambda change: setattr(trial, "text", change["new"]), "value")
        self.file.observe(lambda change: setattr(trial, "path", change["new"]), "value")
        self.view.observe(self._switch, "value")

    def draw(self) -> None:
        """Copy the state to the widgets; the panel calls it."""
        trial = self.trial
        self._title.content = words.section("Try it", f"last: {trial.timing}" * bool(trial.timing))
        can_send, has_pipeline = trial.can_send, trial.state.pipeline is not None
        self._not_yet.content = [] if can_send else words.empty(*_why_not_yet(trial))
        show(self._sources, can_send)
        self._draw_sources()
        self.view.value = trial.view
        show(self._view_row, has_pipeline)
        show(self.again, trial.view == LOG)
        self.again.disabled = trial.reading.busy
        self._draw_table(has_pipeline)

    def _draw_sources(self) -> None:
        trial = self.trial
        self.source.value = trial.source
        for each, source in ((self.frames, FRAME), (self.file, FILE), (self._paste, PASTE)):
            show(each, trial.source == source)
        self.frames.put(trial.offers or [("No frame", "")], trial.frame_name)
        self.frames.help = "" if trial.offers else _NO_FRAME
        for field, source in (
            (self.frames, FRAME),
            (self.file.field, FILE),
            (self._paste, PASTE),
        ):
            if trial.source == source:
                field.error = trial.refused or (self.file.files.error if source == FILE else "")
        why = trial.why_not_send
        self._send_row.turn(self.send, why, busy=trial.job.busy)
        show(self.stop, trial.job.busy)

    def _draw_table(self, has_pipeline: bool) -> None:
        trial = self.trial
        is_log = trial.view == LOG
        table = trial.log if is_log else trial.result
        is_reading = trial.reading.busy if is_log else trial.job.busy
        show(self._table, table is not None or (is_reading and has_pipeline))
        if table is None:
            self._shown = None
            if is_reading:
                self.table.loading()
            elif has_pipeline:
                self._say(_nothing(trial))
        elif table is not self._shown:
            self._shown = table
            rows, columns, left = shown(table.to_arrow())
            self.table.noun = "records" if is_log else "rows"
            self.table.set_columns(columns)
            self.table.show(rows)
            self._say(f"{left} more columns are in panel.df." if left else "")

    def _say(self, text: str) -> None:
        self._below.content = words.sentence(text, css="ww-muted") if text else []

    def _pick(self, name: str) -> None:
        self.trial.frame_name = name

    def _switch(self, change: Any) -> None:
        trial = self.trial
        if change["new"] == trial.view:
            return
        trial.view = change["new"]
        if trial.view == LOG and trial.log is None:
            trial.read_log()


def _why_not_yet(trial: TryState) -> tuple[str, str]:
    """What is missing for an inference, and what to do about it."""
    state = trial.state
    if state.pipeline is None:
        return "Nothing deployed yet", "Deploy a pipeline, or choose one that runs."
    if state.state in ("Stopped", "Error"):
        return "Not running", f"Deploy {state.pipeline.name} to send an inference."
    return "Not running yet", "An inference can be sent when the pipeline runs."


def _nothing(trial: TryState) -> str:
    """What the empty table would show."""
    if trial.view == LOG:
        return "The log has not been read."
    return "Inputs and outputs will be here." if trial.can_send else ""
