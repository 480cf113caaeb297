"""What ModelUploader knows and does, without a widget."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from traitlets import Bool, Enum, Unicode

from wallwidgets.api.client import Client
from wallwidgets.panels.parts.job import Job
from wallwidgets.panels.parts.latest import Latest
from wallwidgets.panels.parts.status_line import Said
from wallwidgets.panels.upload_form import ONNX, UploadForm
from wallwidgets.panels.upload_source import SourceState
from wallwidgets.panels.upload_target import IDLE, LOG_IN, WorkspaceLike
from wallwidgets.panels.upload_words import (
    is_settled,
    may_send_again,
    not_converted,
    not_sent,
    took,
)
from wallwidgets.schemas.models import ModelVersionRecord

PAUSES_S = (4.0, 8.0, 16.0)
"""Seconds before a broken upload is sent again unasked."""

FIELDS = (
    *("workspace", "name", "picked", "framework", "visibility"),
    *("inputs", "outputs", "requirements"),
)


class UploadState(SourceState):
    """A form for one file, what the file is, and what became of it.

    Args:
        client: Who is logged in; may be set later.
        workspace: A workspace by record, id or name; the only one if there is only one.
        pauses_s: Seconds before each time that a broken upload is sent again unasked.

    Attributes:
        value: The version that was uploaded.
        visibility: Who may see it.
        inputs: The input schema as text, where the framework needs one.
        outputs: The output schema.
        requirements: Python packages, one a line.
        broken: Whether the last upload did not get there.
        cancelling: Whether the upload that runs was asked to end.

    Example:
        >>> state = UploadState()
        >>> state.missing
        'Log in first.'
    """

    visibility: Any = Enum(("private", "public"), "private")
    inputs = Unicode()
    outputs = Unicode()
    requirements = Unicode()
    broken = Bool(False)
    cancelling = Bool(False)

    def __init__(
        self,
        client: Client | None = None,
        workspace: WorkspaceLike | None = None,
        *,
        pauses_s: Sequence[float] = PAUSES_S,
    ):
        self.again = Latest()
        self._pauses_s, self._tries = tuple(pauses_s), 0
        self._starting = threading.RLock()
        self._sent_form: UploadForm | None = None
        super().__init__(client, workspace)
        self.observe(self._edited, [*FIELDS, "client"])

    @property
    def form(self) -> UploadForm | None:
        """What is filled in, once there is a workspace."""
        if self.workspace is None:
            return None
        return UploadForm(
            self.workspace.name,
            self.workspace.id,
            self.name,
            self.path,
            framework=self.framework,
            visibility=self.visibility,
            inputs=self.inputs,
            outputs=self.outputs,
            requirements=self.requirements,
        )

    @property
    def is_sent(self) -> bool:
        """Whether just this is a version already: clicks that come late do not make another."""
        return self._sent_form is not None and self._sent_form == self.form

    @property
    def name_help(self) -> str:
        """What the name means."""
        if self.is_sent:
            return f"This is version {self.number - 1}." if self.number else ""
        return super().name_help

    @property
    def missing(self) -> str:
        """Why "Upload" is off, or ""."""
        form = self.form
        if self.client is None:
            return LOG_IN.text
        if not self.path:
            return "Upload needs a file."
        if self.file_error:
            return "Upload needs a file that can be read."
        if form is None:
            return "Upload needs a workspace."
        if not self.name or self.name_error:
            return "Upload needs a valid model name."
        if self.is_sent:
            return "This file is sent."
        return form.missing()

    def upload(self) -> bool:
        """Send the file, unless it is on its way; a broken upload is sent again."""
        self._tries = 0
        return self._upload()

    def cancel(self) -> None:
        """End the upload, or the wait for its conversion."""
        self.cancelling = True
        self.job.cancel()

    def stop(self) -> None:
        """End the upload, and all that is read or looked at."""
        super().stop()
        for each in (*self._latest, self.again):
            each.cancel()

    def settle(self, timeout_s: float) -> bool:
        """Wait until an upload has ended, and all is read and looked at."""
        done = super().settle(timeout_s)
        return all(each.wait(timeout_s) for each in self._latest) and done

    @property
    def _latest(self) -> tuple[Latest, ...]:
        """What is read in an order: each may begin the next."""
        return (self.looking, self.reading, self.listing, self.counting)

    def discard(self) -> None:
        """Forget the file and its name."""
        if not self.busy:
            self.arrival.forget()
            self.picked = self.name = ""

    def start_over(self) -> None:
        """Look at the file again, which may be another by now, and read what the service has."""
        if self.busy:
            return
        self._sent_form, self.error, self.broken = None, None, False
        self._look()
        self.read()

    def look_again(self) -> bool:
        """Wait once more until the version is ready."""
        client, version = self.client, self.value
        if client is None or version is None or is_settled(version):
            return False
        self.cancelling = False
        return self.run(
            f"Waiting for {version.name} …",
            lambda job: self._wait(client, version, job),
            lambda nothing: self._ready(version.name, ""),
            failed=lambda error: not_converted(error, version.name),
        )

    def _upload(self) -> bool:
        # Two clicks must not both see that nothing is sent yet.
        with self._starting:
            return self._start()

    def _start(self) -> bool:
        client, form = self.client, self.form
        if self.busy or self.missing or client is None or form is None:
            return False
        self.again.cancel()
        self.broken = self.cancelling = False
        title, began_at = self.title, time.monotonic()
        subject = f"Version {self.number} of {self.name}" if self.number else self.name

        def work(job: Job) -> str:
            version = form.send(client, progress=job.report, cancel=job.cancelled)
            note = took(job.progress[1], time.monotonic() - began_at)
            self.number, self._sent_form, self.value = 0, form, version
            self.did(form.code())
            self._read_models()
            self._wait(client, version, job)
            return note

        def failed(error: Exception) -> Said:
            is_stored = self._sent_form == form
            return not_converted(error, subject) if is_stored else self._broke(error)

        return self.run(
            f"Uploading {title}.", work, lambda note: self._ready(subject, note), failed=failed
        )

    def _wait(self, client: Client, version: ModelVersionRecord, job: Job) -> None:
        if is_settled(version):
            return
        self.said = Said.busy(f"Converting {version.name} …")

        def take(state: ModelVersionRecord) -> None:
            self.value = state

        client.models.wait_until_ready(version, progress=take, cancel=job.cancelled)

    def _ready(self, subject: str, note: str) -> Said:
        version = self.value
        # What a service converts it may keep in another form.
        is_same = self.is_sent and self.framework == ONNX
        here = self.facts.sha256 if self.facts is not None and is_same else ""
        if here and version.sha and here != version.sha:
            words = f"{subject} is stored, but its hash is not that of the file here."
            return Said("warning", words, details=f"stored  {version.sha}\nhere    {here}")
        return Said("ok", f"{subject} is {version.status or 'stored'}.", note=note)

    def _broke(self, error: Exception) -> Said:
        """The form stays; where only the way was broken it is sent again after a while."""
        facts = self.facts
        sent, total = self.job.progress or (0, facts.size_bytes if facts else 0)
        self.broken = True
        said = not_sent(error, facts.name if facts else self.path, sent, total)
        if not may_send_again(error, sent, total) or self._tries >= len(self._pauses_s):
            return said
        pause_s = self._pauses_s[self._tries]
        self._tries += 1
        # The job that broke is just ending.
        self.again.start(
            lambda job: not job.cancelled.wait(pause_s) and self.job.wait(60),
            done=lambda go_on: go_on and self._upload(),
        )
        return replace(said, step=-1, seconds=pause_s)

    def _arrived(self, change: Any) -> None:
        super()._arrived(change)
        self._edited(change)

    def _look(self) -> None:
        self._sent_form = None
        super()._look()

    def _edited(self, change: Any) -> None:
        self.again.cancel()
        if self.broken and not self.busy:
            self.broken, self.error, self.said = False, None, IDLE
        form = self.form
        if form is not None and form.path and form.name and not form.missing():
            self.code = form.code()
