"""What AssayChart knows and does: windows, an assay that is watched, a scan, exports."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from traitlets import Any as AnyTrait
from traitlets import Unicode

from wallwidgets.api.assay_results import AssayResults
from wallwidgets.api.assay_scan import Scan
from wallwidgets.panels import assay_code
from wallwidgets.panels.assay_pictures import FEATURES as PICTURE_OF_ALL
from wallwidgets.panels.assay_pictures import label
from wallwidgets.panels.assay_selection import FEATURES
from wallwidgets.panels.assay_watch import AssayWatch
from wallwidgets.panels.parts.job import Job
from wallwidgets.panels.parts.status_line import Said

_REPORT_S = 0.2


class AssayState(AssayWatch):
    """The preview, and what one does with it.

    Args:
        client: Who reads; may be set later.
        assay: A pipeline, a workspace for its first one, or an assay: a configuration, a record or
            its id.
        **options: As of `AssayPreview`.

    Attributes:
        scanned: How many columns of how many a running scan has done, or None.

    Example:
        >>> AssayState().why_no_watch
        'Watch needs a login.'
    """

    scanned = AnyTrait(None)
    path = Unicode()
    path_error = Unicode()
    picture = Unicode("scores")

    def __init__(self, client: Any = None, *, assay: Any = None, **options: Any):
        self._scanned_with: Any = None
        self._scan_settings: dict[str, Any] = {}
        super().__init__(client, assay=assay, **options)
        self.scan_job = self.new_job()
        self.observe(lambda change: setattr(self, "path_error", ""), ["path", "picture"])

    def settle(self, timeout_s: float) -> bool:
        """Wait until everything asked is answered; for tests and scripts."""
        return super().settle(timeout_s) and self.scan_job.wait(timeout_s)

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
            self.did(assay_code.scan(pipeline, settings))
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

    def ask(self, what: str) -> None:
        """Ask for a name or a file in place of the toolbar, or stop asking."""
        if what == "watch" and not self.name:
            self.name = f"{self.pipeline.name} {self.column}"
        if what == "export":
            self.picture = "features" if self.view == FEATURES else "scores"
            self.path = self.path or f"drift-{_plain(self.pipeline.name)}.html"
        self.asking = what

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
        chart = self.pictures.page(self.picture)
        if chart is None:
            self.path_error = "This chart is not drawn yet."
        elif path.suffix not in (".html", ".csv"):
            self.path_error = "The file ends in .html for the chart or .csv for its numbers."
        else:
            return chart.to_html if path.suffix == ".html" else chart.to_csv
        return None

    def _exported(self, path: str, words: str) -> None:
        self.asking = ""
        features = self.picture == PICTURE_OF_ALL
        code = assay_code.scan(self.pipeline, self._scan_settings) if features else (
            self._code(self.picture)
        )  # fmt: skip
        self.did(f"{code}.to_{path.rpartition('.')[2]}({path!r})")
        self.said = Said("ok", words)


def _plain(name: str) -> str:
    """A name as a part of a file's: letters, digits and dashes only."""
    kept = "".join(char if char.isascii() and char.isalnum() else "-" for char in name)
    return kept.strip("-")[:60] or "pipeline"
