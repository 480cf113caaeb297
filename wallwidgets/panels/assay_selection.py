"""The windows of AssayChart, of which one is selected, and what they say."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
from traitlets import Any as AnyTrait
from traitlets import Bool, Int, Unicode

from wallwidgets.api.assay_results import AssayResults
from wallwidgets.panels import assay_code
from wallwidgets.panels.assay_pictures import SCORES, Pictures
from wallwidgets.panels.panel import PanelState
from wallwidgets.panels.parts.job import Job
from wallwidgets.panels.parts.status_line import Said
from wallwidgets.panels.parts.wishes import Wishes
from wallwidgets.schemas.assays import AssayResult, ResultStatus

WINDOWS, FEATURES, TABLE = "Windows", "All features", "Table"
VIEWS = (WINDOWS, FEATURES, TABLE)
LOG_IN = "Log in first."
_KINDS = {ResultStatus.WARNING: "warning", ResultStatus.ALERT: "alert"}


class WindowSelection(PanelState):
    """Windows, one of them selected, and the values behind it.

    Attributes:
        value: The selected result, or None.
        pipeline: The chosen record.
        column: The chosen iopath.
        view: What is shown: Windows, All features or Table.
        results: The windows of the column.
        scan: What the last scan of all columns found, or None.
        says_scan: Whether what is said is about all columns of the scan, not about one.
        values: Values of the baseline and of the selected window.
        dark, narrow, width_px: For which screen charts are drawn; a width of 0 is not known.
        settings: Those of the results, as ``client.assays`` takes them.

    Example:
        >>> WindowSelection().said.text
        'Log in first.'
    """

    pipeline = AnyTrait(None)
    column = Unicode()
    view = Unicode(WINDOWS)
    results = AnyTrait(None)
    scan = AnyTrait(None)
    says_scan = Bool(False)
    values = AnyTrait(None)
    dark = Bool(False)
    narrow = Bool(False)
    width_px = Int(0)

    def __init__(self) -> None:
        super().__init__(LOG_IN)
        self.settings: dict[str, Any] = {}
        # What an assay sets beside that.
        self._extra: dict[str, Any] = {}
        self._samples: Any = None
        self.pictures = Pictures(self)
        self._sample_job = Job()
        self._sampling = Wishes(self._sample_job, self._start_sampling)
        self.observe(self._viewed, "view")

    @property
    def brushed(self) -> tuple[float, float] | None:
        """The range of values that the bins span, if one was chosen."""
        return None

    def _take(self, results: AssayResults, chosen: AssayResult | None = None) -> None:
        """Show these windows; the selection stays on its time, else it is the last one."""
        start = self.value.window_start if self.value is not None else None
        self.results = results
        same = [each for each in results if each.window_start == start]
        self._choose(chosen or (same or [*results][-1:] or [None])[0])

    def choose(self, start: datetime) -> None:
        """Select a window by its start."""
        for result in self.results or ():
            if result.window_start == start:
                self._choose(result)
                self.code = self._code()
                if not self.busy:
                    self.said = self._finding()

    def _choose(self, result: AssayResult | None) -> None:
        self.value = result
        if result is not None:
            self._sampling.want(rest_s=0)
        else:
            self.values = None

    def _start_sampling(self) -> bool:
        return self._sample_job.start(
            lambda job: self._sampling.answer(job, self._read_values), failed=self._unread
        )

    def _read_values(self) -> None:
        """Values of baseline and window, for the distribution; after the click was answered."""
        result = self.value
        if result is None or self.pipeline is None or not self.settings:
            return
        column = result.iopath or self.column
        baseline = self._values(column, *map(datetime.fromisoformat, self.settings["baseline"]))
        values: Any = np.zeros(0)
        if result.window_summary.end is not None:
            values = self._values(column, result.window_start, result.window_summary.end)
        if not self._sampling.superseded and self.value is not None:
            self.values = (baseline, values, result)

    def _values(self, column: str, start: datetime, end: datetime) -> Any:
        model = self._extra.get("model")
        return self._samples.values(self.pipeline, column, start, end, model)

    def _unread(self, error: Exception) -> None:
        self.values = None
        self.said = Said.of_error(error)

    def _viewed(self, change: object) -> None:
        if not self.busy and self.value is not None:
            self.said = self._finding()

    def _finding(self, note: str = "") -> Said:
        """The selected window in words, in the colour of its status."""
        self.says_scan = False
        chart = self.pictures.get(SCORES)
        if self.value is None or chart is None:
            return Said("off", "There are no windows with records after the baseline.", note=note)
        kind = _KINDS.get(self.value.status, "ok")
        return Said(kind, chart.summary, note=note)

    def _code(self, picture: str = SCORES) -> str:
        """The Python that draws what is shown."""
        if self.pipeline is None or not self.settings:
            return ""
        return assay_code.chart(
            picture, self.pipeline, self.column, self.settings, self.value, self.brushed
        )
