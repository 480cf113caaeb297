"""The assay that AssayChart lets the service run, and its stored results as they come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from traitlets import Any as AnyTrait
from traitlets import Bool, Unicode

from wallwidgets.api.assay_results import AssayResults
from wallwidgets.errors import InvalidRequest, WallwidgetsError
from wallwidgets.panels import assay_code
from wallwidgets.panels.assay_pictures import label, name_of
from wallwidgets.panels.assay_preview import AssayPreview
from wallwidgets.panels.parts.job import Job
from wallwidgets.panels.parts.status_line import Said
from wallwidgets.schemas.assays import AssayRecord

POLL_S = 5.0


class AssayWatch(AssayPreview):
    """The preview, and an assay of its settings on the instance.

    Args:
        client: Who reads; may be set later.
        poll_s: How often newer results are asked for.
        **options: As of `AssayPreview`.

    Attributes:
        asking: What is asked for in place of the toolbar: "watch", "export" or "".
        name: The name of the assay to create.
        name_error: Why it cannot have this name.
        watched: The assay on the instance that has these settings, or None.
        stored: Its stored results, in words.
        shown: Whether anybody sees the panel; only then stored results are asked for.

    Example:
        >>> AssayWatch().why_no_watch
        'Watch needs a login.'
    """

    asking = Unicode()
    name = Unicode()
    name_error = Unicode()
    watched = AnyTrait(None)
    stored = Unicode()
    shown = Bool(False)

    def __init__(self, client: Any = None, *, poll_s: float = POLL_S, **options: Any):
        # Not of the jobs that make the panel busy: it runs all the time.
        self._poll_job, self._poll_s = Job(), poll_s
        super().__init__(client, **options)
        self.watch_job = self.new_job()
        self.observe(self._poll, ["shown", "watched"])
        self.observe(lambda change: setattr(self, "name_error", ""), "name")

    def settle(self, timeout_s: float) -> bool:
        """Wait until everything asked is answered; for tests and scripts."""
        return super().settle(timeout_s) and self.watch_job.wait(timeout_s)

    def stop(self) -> None:
        """End what runs, and ask for stored results no more."""
        super().stop()
        self._poll_job.cancel()

    @property
    def why_no_watch(self) -> str:
        """Why nothing can be watched now, or ""."""
        if self.client is None:
            return "Watch needs a login."
        if self.value is None:
            return "Watch needs windows with records."
        return "Watch needs settings that can be used." if self.refused else ""

    def watch(self) -> bool:
        """Create an assay of these settings, which the service runs from now on."""
        if self.why_no_watch or self.watch_job.busy:
            return False
        name, settings = self.name.strip(), dict(self.settings)
        if not name:
            self.name_error = "An assay needs a name."
            return False
        pipeline, column, key = self.pipeline, self.column, self._watch_key()

        def work(job: Job) -> AssayRecord:
            return self.client.assays.create(  # type: ignore[no-any-return]
                pipeline, column, name=name, **settings
            )

        def done(record: AssayRecord) -> Said:
            self._watched_with, self.watched, self.asking = key, record, ""
            create = assay_code.call(
                "assay = client.assays.create", "pipeline", repr(column),
                settings={"name": name, **settings},
            )  # fmt: skip
            self.did(assay_code.begin(pipeline) + create)
            return Said("ok", f"“{name}” watches {label(column)} from now on.")

        return self.run(
            f"Creating “{name}” …", work, done, failed=self._refuse_name, job=self.watch_job
        )

    def _refuse_name(self, error: Exception) -> Said:
        message = error.message if isinstance(error, InvalidRequest) else ""
        if message.removeprefix("Bad request: ").startswith("name:"):
            taken = "is taken" in message
            text = "An assay of this workspace has this name; choose another one."
            self.name_error = text if taken else message.partition("name: ")[2]
            return Said("error", "The assay was not created.")
        return Said.of_error(error)

    def turn(self, active: bool) -> bool:
        """Let the service run the assay, or stop it; its results stay."""
        record = self.watched
        if record is None:
            return False

        def work(job: Job) -> None:
            assays = self.client.assays
            (assays.activate if active else assays.deactivate)(record)

        def done(nothing: object) -> Said:
            self.watched = record.model_copy(update={"active": active})
            word = "activate" if active else "deactivate"
            self.did(f"client.assays.{word}({record.id})")
            told = "is watched from now on" if active else "is not watched any more; results stay"
            return Said("ok" if active else "off", f"“{record.name}” {told}.")

        words = "Activating" if active else "Deactivating"
        return self.run(f"{words} “{record.name}” …", work, done, job=self.watch_job)

    def assay_found(self, assay: Any) -> None:
        if isinstance(assay, int):
            assay = next(each for each in self.client.assays.list() if each.id == assay)
        if isinstance(assay, AssayRecord):
            self._watched_with, self.watched = self._watch_key(), assay

    def assay_left(self) -> None:
        self.watched, self.scan, self.stored, self.name = None, None, "", ""

    def _watch_key(self) -> Any:
        return (*self._scan_key(), self.bins, self.column)

    @property
    def is_watched(self) -> bool:
        """Whether the assay on the instance has the settings that are shown."""
        return self.watched is not None and self._watch_key() == self._watched_with

    def _poll(self, change: object) -> None:
        if self.shown and self.watched is not None:
            self._poll_job.start(self._keep_polling)
        elif not self.shown:
            self._poll_job.cancel()

    def _keep_polling(self, job: Job) -> None:
        """Ask for newer results now and then; a failure is told where they are counted."""
        found: list[Any] = []
        record = None
        while not job.cancelled.is_set() and self.watched is not None:
            if record is None or record.id != self.watched.id:
                found, record = [], self.watched
            try:
                found += self._newer(record, found)
                self._tell_stored(found)
            except WallwidgetsError as error:
                self.stored = f"Its stored results cannot be read now: {error.message}"
            job.cancelled.wait(self._poll_s)

    def _newer(self, record: AssayRecord, found: list[Any]) -> list[Any]:
        start = found[-1].window_start + timedelta(microseconds=1) if found else None
        # Windows may begin later than this machine's clock says it is.
        end = datetime.now(UTC) + timedelta(days=1)
        newer = self.client.assays.results(record, start=start, end=end)
        return sorted(newer, key=lambda result: result.window_start)

    def _tell_stored(self, found: list[Any]) -> None:
        if not found:
            self.stored = "no results stored yet"
            return
        number = f"{len(found):,} result{'' if len(found) == 1 else 's'} stored"
        self.stored = f"{number}, the last of {name_of(found[-1])}: {found[-1].status.value}"
        last = max((each.window_start for each in self.results or ()), default=None)
        later = [each for each in found if last is not None and each.window_start > last]
        if later and self.is_watched and not self.busy:
            self._take(AssayResults([*self.results, *later]))
