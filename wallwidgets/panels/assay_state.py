"""What AssayChart knows and does: the preview, a scan of all columns, an assay that is watched."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from traitlets import Any as AnyTrait
from traitlets import Bool, Unicode

from wallwidgets.api.assay_results import AssayResults
from wallwidgets.api.assay_scan import Scan
from wallwidgets.errors import InvalidRequest, WallwidgetsError
from wallwidgets.panels.assay_form import call
from wallwidgets.panels.assay_pictures import label, name_of
from wallwidgets.panels.assay_preview import FEATURES, AssayPreview
from wallwidgets.panels.parts.job import Job
from wallwidgets.panels.parts.status_line import Said
from wallwidgets.schemas.assays import AssayRecord

POLL_S = 5.0
_REPORT_S = 0.2


class AssayState(AssayPreview):
    """The preview, and what one does with it.

    Args:
        client: Who reads; may be set later.
        assay: A pipeline, a workspace for its first one, or an assay: a configuration, a record or
            its id.
        **options: As of `AssayPreview`.

    Attributes:
        scanned: How many columns of how many a running scan has done, or None.
        asking: What is asked for in place of the toolbar: "watch", "export" or "".
        name: The name of the assay to create.
        name_error: Why it cannot have this name.
        watched: The assay on the instance that has these settings, or None.
        stored: Its stored results, in words.
        shown: Whether anybody sees the panel; only then stored results are asked for.

    Example:
        >>> AssayState().why_no_watch
        'Watch needs a login.'
    """

    scanned = AnyTrait(None)
    asking = Unicode()
    name = Unicode()
    name_error = Unicode()
    watched = AnyTrait(None)
    stored = Unicode()
    shown = Bool(False)
    path = Unicode()
    path_error = Unicode()
    picture = Unicode("scores")

    def __init__(self, client: Any = None, *, assay: Any = None, **options: Any):
        # Not of the jobs that make the panel busy: it runs all the time.
        self._poll_job = Job()
        self._scanned_with: Any = None
        self._scan_settings: dict[str, Any] = {}
        self.poll_s = options.pop("poll_s", POLL_S)
        super().__init__(client, assay=assay, **options)
        self.scan_job, self.watch_job = self.new_job(), self.new_job()
        self.observe(self._poll, ["shown", "watched"])
        self.observe(lambda change: setattr(self, "name_error", ""), "name")
        self.observe(lambda change: setattr(self, "path_error", ""), ["path", "picture"])

    def settle(self, timeout_s: float) -> bool:
        """Wait until everything asked is answered; for tests and scripts."""
        jobs = (self.scan_job, self.watch_job)
        return super().settle(timeout_s) and all(job.wait(timeout_s) for job in jobs)

    def stop(self) -> None:
        """End what runs, and ask for stored results no more."""
        super().stop()
        self._poll_job.cancel()

    # All features

    @property
    def scan_is_old(self) -> bool:
        """Whether the settings have changed since the scan."""
        return self.scan is not None and self._scan_key() != self._scanned_with

    def start_scan(self) -> bool:
        """Run these settings over every column."""
        settings = self.form.read()[0] | self._extra
        if self.client is None or self.pipeline is None or self.refused:
            return False
        pipeline, key, began = self.pipeline, self._scan_key(), time.monotonic()
        last = [0.0]

        def report(done: int, total: int) -> None:
            if done < total and time.monotonic() - last[0] < _REPORT_S:
                return
            last[0] = time.monotonic()
            self.scanned = (done, total)

        def work(job: Job) -> Scan:
            return self.client.assays.scan(  # type: ignore[no-any-return]
                pipeline, progress=report, cancel=job.cancelled, **settings
            )

        def done(found: Scan) -> Said:
            self.scanned, self.scan, self._scanned_with = None, found, key
            self._scan_settings = settings
            scan = call("scan = client.assays.scan", "pipeline", settings=settings)
            self.did(f"{self._code_begin()}{scan}\nww.charts.features(scan.results)")
            return self._scan_said(f"{time.monotonic() - began:.1f} s")

        def failed(error: Exception) -> Said:
            self.scanned = None
            return Said.of_error(error)

        return self.run("Scanning all features …", work, done, failed=failed, job=self.scan_job)

    def cancel_scan(self) -> None:
        """End the scan; what was shown stays."""
        if self.scan_job.busy:
            self.scan_job.cancel()
            self.said = Said.busy("Cancelling the scan …")

    def _scan_key(self) -> Any:
        return self.pipeline and self.pipeline.id, repr(self.form.read()[0] | self._extra)

    def choose_cell(self, start: datetime, column: str) -> None:
        """Select a window of a column that the scan has; its settings are those of the scan."""
        if column != self.column and self.scan_is_old:
            self.column = column
        elif column != self.column:
            with self._mute:
                bins = self.form.read()[1]
                # A brushed range is one of the other column's values.
                self.bins = str(replace(bins, within=None))
                self.column, self.settings = column, self._scan_settings
            self._take(AssayResults(each for each in self.scan.results if each.iopath == column))
        self.choose(start)

    def _scan_said(self, note: str = "") -> Said:
        """All columns in words, with the sign of the worst."""
        self.says_scan = True
        chart = self.pictures.get("features")
        skipped = self.scan.skipped
        left = f" {len(skipped)} could not be compared." if skipped else ""
        details = "\n".join(f"{label(path)}: {why}" for path, why in skipped.items())
        text = f"{chart.summary if chart else ''}{left}"
        return Said(self.pictures.chip(self.scan.results)[1], text, note=note, details=details)

    def _viewed(self, change: object) -> None:
        if self.view == FEATURES and self.scan is None:
            self.start_scan()
        elif self.view == FEATURES and not self.busy:
            self.said = self._scan_said()
        else:
            super()._viewed(change)

    # Watching

    @property
    def why_no_watch(self) -> str:
        """Why nothing can be watched now, or ""."""
        if self.client is None:
            return "Watch needs a login."
        if self.value is None:
            return "Watch needs windows with records."
        return "Watch needs settings that can be used." if self.refused else ""

    def ask(self, what: str) -> None:
        """Ask for a name or a file in place of the toolbar, or stop asking."""
        if what == "watch" and not self.name:
            self.name = f"{self.pipeline.name} {self.column}"
        if what == "export":
            self.picture = "features" if self.view == FEATURES else "scores"
            self.path = self.path or f"drift-{_plain(self.pipeline.name)}.html"
        self.asking = what

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
            create = call(
                "assay = client.assays.create", "pipeline", repr(column),
                settings={"name": name, **settings},
            )  # fmt: skip
            self.did(self._code_begin() + create)
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
            job.cancelled.wait(self.poll_s)

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

    # Export

    def download(self) -> tuple[str, str] | None:
        """Name and text of a file for the browser; None if the field says why there is none."""
        path = Path(self.path.strip())
        write = self._writer(path)
        if write is None:
            return None
        text = write(None)
        self._exported(path.name, f"{path.name} goes to the downloads of the browser.")
        return path.name, text

    def export(self) -> bool:
        """Write the file on the server, never over another one."""
        path = Path(self.path.strip()).expanduser()
        write = self._writer(path)
        if write is None:
            return False
        if path.exists():
            self.path_error = f"{path.name} exists already; choose another name."
            return False
        try:
            write(path)
        except OSError as error:
            self.path_error = f"{path.name} cannot be written: {error.strerror}."
            return False
        self._exported(str(path), f"Written to {path.absolute()}.")
        return True

    def _writer(self, path: Path) -> Callable[[Path | None], str] | None:
        """What makes the file: a page of its own that works offline, or the table as CSV."""
        chart = self.pictures.get(self.picture)
        if chart is None:
            self.path_error = "This chart is not drawn yet."
        elif path.suffix not in (".html", ".csv"):
            self.path_error = "The file ends in .html for the chart or .csv for its numbers."
        else:
            return chart.to_html if path.suffix == ".html" else chart.to_csv
        return None

    def _exported(self, path: str, words: str) -> None:
        self.asking = ""
        self.did(f"{self._code()}.to_{path.rpartition('.')[2]}({path!r})")
        self.said = Said("ok", words)


def _plain(name: str) -> str:
    """A name as a part of a file's: letters, digits and dashes only."""
    kept = "".join(char if char.isascii() and char.isalnum() else "-" for char in name)
    return kept.strip("-")[:60] or "pipeline"
