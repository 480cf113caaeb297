"""What "Try it" knows and does: send an inference, read the log; without a widget."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
from traitlets import Any as AnyTrait
from traitlets import HasTraits, Instance, Unicode

from wallwidgets.api.frames import Frame
from wallwidgets.errors import Cancelled, InvalidRequest
from wallwidgets.panels.deploy_live import many
from wallwidgets.panels.deploy_state import DeployState, found
from wallwidgets.panels.parts.job import Job, unless_cancelled
from wallwidgets.panels.parts.status_line import Said
from wallwidgets.panels.try_input import file_code, frames_in, parse, read_file, size_of
from wallwidgets.panels.try_result import ELAPSED, to_table, without_metadata
from wallwidgets.schemas.pipelines import RUNNING, PipelineRecord

FRAME, FILE, PASTE = "Frame", "File", "Paste"
SOURCES = (FRAME, FILE, PASTE)
RESULT, LOG = "Result", "Log"
GIVEN = "panel.data"
LOG_ROWS = 10_000
LOG_HOURS = 1


class TryState(HasTraits):
    """An inference on the selected pipeline, and its log.

    Both run in jobs of their own, so that neither waits for a deployment.

    Args:
        state: What is selected, and where is said how it went.

    Attributes:
        source: Where the rows come from: Frame, File or Paste.
        offers: The frames to choose from: what they are called, and their names.
        frame_name: The chosen one.
        path: The file.
        text: The pasted records.
        refused: Why the last rows were refused, naming row and column; shown beside them.
        view: What the table shows: Result or Log.
        result: The last answer as a `Frame`, or None.
        timing: How long that took.
        log: The log that was read last, or None.
    """

    source = Unicode(FRAME)
    offers: Any = AnyTrait(())
    frame_name = Unicode()
    path = Unicode()
    text = Unicode()
    refused = Unicode()
    view = Unicode(RESULT)
    result = Instance(Frame, allow_none=True)
    timing = Unicode()
    log = Instance(Frame, allow_none=True)

    def __init__(self, state: DeployState):
        super().__init__()
        self.state = state
        # No trait: frames compare cell by cell.
        self.frames: dict[str, Any] = {}
        self.job, self.reading = state.new_job(), state.new_job()
        self._pipeline_id: int | None = None
        state.observe(self._on_pipeline, "pipeline")
        self.observe(self._edited, ["source", "frame_name", "path", "text"])

    @property
    def can_send(self) -> bool:
        """Whether the selected pipeline takes inferences."""
        return self.state.state == RUNNING

    @property
    def why_not_send(self) -> str:
        """Why "Send" is off, or ""."""
        if self.source == FRAME and self.frame_name not in self.frames:
            return "Send needs a frame."
        if self.source == FILE and not self.path:
            return "Send needs a file."
        if self.source == PASTE and not self.text.strip():
            return "Send needs records."
        return ""

    def look(self, namespace: Mapping[str, Any]) -> None:
        """Offer the frames of a notebook, beside the one that was given."""
        given = {name: value for name, value in self.frames.items() if name == GIVEN}
        self._offer(given | frames_in(namespace))

    def give(self, frame: Any) -> None:
        """Offer a frame, and choose it."""
        if frame is None:
            self._offer({name: each for name, each in self.frames.items() if name != GIVEN})
            return
        if not hasattr(frame, "shape"):
            raise InvalidRequest(
                "A frame is a pandas or polars DataFrame or an Arrow table, not a"
                f" {type(frame).__name__}."
            )
        self._offer({GIVEN: frame} | {k: v for k, v in self.frames.items() if k != GIVEN})
        self.source, self.frame_name = FRAME, GIVEN

    def send(self) -> bool:
        """Send the rows, and show what comes back."""
        client, pipeline = self.state.client, self.state.pipeline
        if client is None or pipeline is None or not self.can_send or self.why_not_send:
            return False
        source, name, path, text = self.source, self.frame_name, self.path, self.text
        frame = self.frames.get(name)

        def work(job: Job) -> tuple[pa.Table, float]:
            return unless_cancelled(job, infer)

        def infer() -> tuple[pa.Table, float]:
            rows = frame if source == FRAME else read_file(path) if source == FILE else parse(text)
            began_at = time.perf_counter()
            answer = client.pipelines.infer(pipeline, rows, dataset=("*", ELAPSED), exclude=())
            return to_table(answer), 1000 * (time.perf_counter() - began_at)

        def done(answer: tuple[pa.Table, float]) -> Said:
            table, engine_ms = without_metadata(answer[0])
            rows, took = many(table.num_rows, "row"), _ms(answer[1])
            engine = f" · engine {_ms(engine_ms)}" if engine_ms is not None else ""
            if self._is_selected(pipeline):
                self.view, self.timing = RESULT, f"{rows} in {took}{engine}"
                self.result = Frame(table)
            self.state.did(_infer_code(pipeline, source, name, path, text))
            return Said("ok", f"{pipeline.name} answered {rows}.", note=took)

        def failed(error: Exception) -> Said:
            if isinstance(error, InvalidRequest):
                self.refused = error.message[:1].upper() + error.message[1:]
                return Said("error", f"The rows were refused: {error.message.rstrip('.')}.")
            if isinstance(error, Cancelled):
                return Said("warning", f"The wait has ended; what {pipeline.name} answers is lost.")
            return Said.of_error(error)

        self.refused = ""
        words = f"Sending to {pipeline.name} …"
        return self.state.run(words, work, done, failed=failed, job=self.job)

    def stop_waiting(self) -> None:
        """Wait for the answer no longer; the pipeline may still infer."""
        self.job.cancel()

    def read_log(self) -> bool:
        """Show the log of the last hour."""
        client, pipeline = self.state.client, self.state.pipeline
        self.view = LOG
        if client is None or pipeline is None:
            return False
        start = datetime.now(UTC) - timedelta(hours=LOG_HOURS)

        def done(frame: Frame) -> Said:
            if self._is_selected(pipeline):
                self.log = frame
            self.state.did(_log_code(pipeline))
            newest = "the newest " if len(frame) == LOG_ROWS else ""
            rows = many(len(frame), "record")
            return Said("ok", f"{pipeline.name} logged {newest}{rows} in the last hour.")

        return self.state.run(
            f"Reading the log of {pipeline.name} …",
            lambda job: client.pipelines.logs(
                pipeline, limit=LOG_ROWS, start=start, cancel=job.cancelled
            ),
            done,
            job=self.reading,
        )

    def _offer(self, frames: dict[str, Any]) -> None:
        self.frames = frames
        self.offers = tuple((f"{name} ({size_of(each)})", name) for name, each in frames.items())
        if self.frame_name not in frames:
            self.frame_name = next(iter(frames), "")

    def _is_selected(self, pipeline: PipelineRecord) -> bool:
        now = self.state.pipeline
        return now is not None and now.id == pipeline.id

    def _on_pipeline(self, change: Any) -> None:
        now = None if self.state.pipeline is None else self.state.pipeline.id
        if now != self._pipeline_id:
            self._pipeline_id = now
            self.result = self.log = None
            self.timing = self.refused = ""
            self.view = RESULT

    def _edited(self, change: Any) -> None:
        self.refused = ""


def _ms(milliseconds: float) -> str:
    return f"{milliseconds:,.3g} ms" if milliseconds < 1000 else f"{milliseconds / 1000:,.3g} s"


def _infer_code(pipeline: PipelineRecord, source: str, name: str, path: str, text: str) -> str:
    """The Python that sends the same rows."""
    lines = [f"pipeline = {found(pipeline)}"]
    if source == FRAME:
        rows = name
    elif source == FILE:
        rows = file_code(path)
        lines = ["import polars as pl", "", *lines] if rows.startswith("pl.") else lines
    else:
        rows = f"json.loads({text!r})"
        lines = ["import json", "", *lines]
    return "\n".join([*lines, f"result = client.pipelines.infer(pipeline, {rows})"])


def _log_code(pipeline: PipelineRecord) -> str:
    """The Python that reads the same log."""
    return f"""from datetime import UTC, datetime, timedelta

pipeline = {found(pipeline)}
start = datetime.now(UTC) - timedelta(hours={LOG_HOURS})
log = client.pipelines.logs(pipeline, limit={LOG_ROWS}, start=start)"""
