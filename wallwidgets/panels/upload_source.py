"""The file of an upload, on this server or from the browser, and what it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from traitlets import Enum, Instance, Unicode

from wallwidgets.api.client import Client
from wallwidgets.panels.model_file import FileFacts, look_at, sha256_of, suggested_name
from wallwidgets.panels.parts.drop import Arrival, drop_limit_bytes
from wallwidgets.panels.parts.job import Job
from wallwidgets.panels.parts.latest import Latest
from wallwidgets.panels.parts.status_line import Said
from wallwidgets.panels.upload_form import FRAMEWORKS, ONNX, framework_of
from wallwidgets.panels.upload_target import TargetState, WorkspaceLike


class SourceState(TargetState):
    """A file and where it goes; what the file is, is looked at in the background.

    Args:
        client: Who is logged in; may be set later.
        workspace: A workspace by record, id or name; the only one if there is only one.

    Attributes:
        picked: The path of a file on this server.
        arrival: A file that comes from the browser instead.
        framework: What made the model.
        facts: What the file is.
        file_error: Why it cannot be looked at.

    Example:
        >>> state = SourceState()
        >>> state.picked = "/no/such/model.onnx"
        >>> state.looking.wait(10), state.name, state.facts
        (True, 'model', None)
    """

    picked = Unicode()
    framework = Enum(FRAMEWORKS, ONNX)
    facts = Instance(FileFacts, allow_none=True)
    file_error = Unicode()

    def __init__(self, client: Client | None = None, workspace: WorkspaceLike | None = None):
        self.arrival, self.looking = Arrival(drop_limit_bytes()), Latest()
        self._suggested = ""
        super().__init__(client, workspace)
        self.observe(self._picked, "picked")
        self.arrival.observe(self._offered, "offered")
        self.arrival.observe(self._arrived, "path")

    @property
    def path(self) -> str:
        """The file in use."""
        return self.arrival.path or self.picked

    def _picked(self, change: Any) -> None:
        if self.picked:
            self.arrival.forget()
        self._look()

    def _offered(self, change: Any) -> None:
        # Also a file that is refused takes the place of the one before, or that would be sent.
        self.picked = ""

    def _arrived(self, change: Any) -> None:
        self._look()

    def _look(self) -> None:
        """See what the file is: first its graph, then its hash."""
        path, self.facts, self.file_error = self.path, None, ""
        if not path:
            self.looking.cancel()
            return
        self.framework = framework_of(path) or self.framework
        if self.name in ("", self._suggested):
            self.name = self._suggested = suggested_name(path)

        def work(job: Job) -> FileFacts:
            facts = look_at(path)

            def report(hashed: int) -> None:
                if not job.cancelled.is_set():
                    self.facts = replace(facts, hashed=hashed)

            report(0)
            return replace(facts, sha256=sha256_of(path, report, job.cancelled))

        def take(facts: FileFacts) -> None:
            self.facts = facts

        def fail(error: Exception) -> None:
            self.file_error = Said.of_error(error).text

        self.looking.start(work, done=take, failed=fail)
