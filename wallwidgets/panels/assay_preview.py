"""The middle of AssayChart: settings give windows, of which one is selected."""

from __future__ import annotations

import dataclasses
import time
from datetime import datetime
from typing import Any

import numpy as np
from traitlets import Any as AnyTrait
from traitlets import Bool, Dict, Int, List, Unicode

from wallwidgets.api.assay_results import AssayResults
from wallwidgets.errors import InvalidRequest
from wallwidgets.panels import assay_reads
from wallwidgets.panels.assay_form import (
    Bins,
    Form,
    call,
    first_day,
    kept,
    read_range,
    refused_field,
    settings_names,
)
from wallwidgets.panels.assay_pictures import SCORES, Pictures
from wallwidgets.panels.panel import PanelState
from wallwidgets.panels.parts.job import Job
from wallwidgets.panels.parts.status_line import Said
from wallwidgets.panels.parts.wishes import REST_S, Mute, Wishes
from wallwidgets.schemas.assays import AssayResult, BinMode, ResultStatus
from wallwidgets.schemas.pipelines import DeploymentRecord, PipelineRecord
from wallwidgets.schemas.workspaces import WorkspaceRecord

WINDOWS, FEATURES, TABLE = "Windows", "All features", "Table"
VIEWS = (WINDOWS, FEATURES, TABLE)
LOG_IN = "Log in first."
_KINDS = {ResultStatus.WARNING: "warning", ResultStatus.ALERT: "alert"}


class AssayPreview(PanelState):
    """Settings, the windows that they give, and one selected window.

    Args:
        client: Who reads; may be set later.
        assay: A pipeline, a workspace for its first one, or an assay: a configuration, a record or
            its id.
        workspace: Only pipelines of this one.
        rest_s: How long typing rests before anything is asked.

    Attributes:
        value: The selected result, or None.
        client: Who reads; another one begins anew.
        pipelines: Names and records to choose from.
        others: Workspaces whose pipelines are not among them; `select` reads those of one.
        pipeline: The chosen record.
        columns: Iopaths to choose from.
        column: The chosen iopath.
        baseline, windows, bins, metric, thresholds: The settings, as typed.
        refused: Sentences for fields, by name.
        view: What is shown: Windows, All features or Table.
        results: The windows of the column.
        scan: What the last scan of all columns found, or None.
        says_scan: Whether what is said is about all columns of the scan, not about one.
        values: Values of the baseline and of the selected window.
        dark, narrow, width_px: For which screen charts are drawn; a width of 0 is not known.

    Example:
        >>> AssayPreview().said.text
        'Log in first.'
    """

    client = AnyTrait(None)
    pipelines: Any = List()
    others: Any = List()
    pipeline = AnyTrait(None)
    columns: Any = List()
    column = Unicode()
    baseline = Unicode()
    windows = Unicode(Form.windows)
    bins = Unicode(Form.bins)
    metric = Unicode(Form.metric)
    thresholds = Unicode(Form.thresholds)
    refused: Any = Dict()
    view = Unicode(WINDOWS)
    results = AnyTrait(None)
    scan = AnyTrait(None)
    says_scan = Bool(False)
    values = AnyTrait(None)
    dark = Bool(False)
    narrow = Bool(False)
    width_px = Int(0)

    def __init__(
        self,
        client: Any = None,
        *,
        assay: Any = None,
        workspace: Any = None,
        rest_s: float = REST_S,
    ):
        super().__init__(LOG_IN)
        # A list of its own for each wish, so that the same one can be wished again.
        self._wanted, self._workspace, self._rest_s = [assay], workspace, rest_s
        self._extra: dict[str, Any] = {}
        self._read_for: dict[str, Any] = {}
        self._mute = Mute()
        self.pictures = Pictures(self)
        self.settings: dict[str, Any] = {}
        self._sample_job = Job()
        self._preview = Wishes(self.job, self._start_preview)
        self._sampling = Wishes(self._sample_job, self._start_sampling)
        self.observe(self._new_client, "client")
        self.observe(self._edited, ["pipeline", "column", *settings_names()])
        self.observe(self._viewed, "view")
        self.client = client

    @property
    def form(self) -> Form:
        """What is typed in."""
        return Form(**{name: getattr(self, name) for name in settings_names()})

    def settle(self, timeout_s: float) -> bool:
        """Wait until everything asked is answered; for tests and scripts."""
        return self._preview.wait(timeout_s) and self._sampling.wait(timeout_s)

    # The preview

    def _new_client(self, change: object) -> None:
        self._samples = assay_reads.Samples(self.client)
        self._read_for, self.scan, self.values = {}, None, None
        with self._mute:
            # What is chosen first: it is always one of what is offered.
            self.pipeline, self.column = None, ""
            self.pipelines, self.others, self.columns = [], [], []
        self._take(AssayResults())
        if self.client is None:
            self.said = Said("off", LOG_IN)
        if self.client is not None or self.job.busy:
            self._preview.want(rest_s=0)

    def _edited(self, change: Any) -> None:
        if self._mute.here:
            return
        name = change["name"]
        if name == "pipeline":
            with self._mute:
                self.pipelines, _ = assay_reads.add(self.pipelines, self.pipeline)
                self._forget()
            self._take(AssayResults())
        refused = {key: text for key, text in self.refused.items() if key != name}
        self.refused = refused | ({} if name == "pipeline" else self.form.read()[2])
        choice = name in ("pipeline", "column", "metric")
        self._preview.want(rest_s=0 if choice else self._rest_s)

    def _forget(self) -> None:
        self._read_for.pop("pipeline", None)
        self._extra, self.columns, self.column, self.baseline = {}, [], "", ""
        self.assay_left()

    def assay_left(self) -> None:
        """Another pipeline was chosen; what belonged to an assay is over."""

    def again(self) -> None:
        """Read and compute once more."""
        self._read_for.pop("pipeline", None)
        self._preview.want(rest_s=0)

    def select(self, assay: Any) -> None:
        """Show a pipeline, the first one of a workspace, or an assay."""
        self._wanted = [assay]
        if self.client is not None:
            self._preview.want(rest_s=0)

    def _start_preview(self) -> bool:
        return self.run(
            "Computing windows …",
            lambda job: self._preview.answer(job, self._answer),
            lambda said: said,
            failed=self._refuse,
        )

    def _answer(self) -> Said:
        """Read what is missing and compute the windows; what they say."""
        client: Any = self.client
        if client is None:
            return Said("off", LOG_IN)
        if self._read_for.get("client") is not client:
            self.said = Said.busy("Reading pipelines …")
            self._list()
        if self._read_for.get("wanted") is not self._wanted:
            self._open()
        if self.pipeline is None:
            self._take(AssayResults())
            where = [each.name for each in self._wanted if isinstance(each, WorkspaceRecord)]
            told = f"{where[0]} has no pipelines yet" if where else "There are no pipelines yet"
            return Said("off", f"{told}; deploy one first.")
        if self._read_for.get("pipeline") != self.pipeline.id:
            self.said = Said.busy(f"Reading the columns of {self.pipeline.name} …")
            self._read_columns()
        if not self.columns:
            self._take(AssayResults())
            return Said("off", f"{self.pipeline.name} has no inference records yet.")
        settings, bins, self.refused = self.form.read()
        if self.refused:
            return Said("off", "The charts show the settings before these.")
        self.said = Said.busy("Computing windows …")
        settings |= self._extra
        if bins.within:
            settings |= self._edges(bins)
        began = time.perf_counter()
        results = client.assays.run(self.pipeline, self.column, **settings)
        passed_ms = (time.perf_counter() - began) * 1000
        if self._preview.superseded:
            return self.said
        self.settings = settings
        self._take(results)
        self.code = self._code()
        return self._finding(f"computed in {passed_ms:,.0f} ms")

    def _list(self) -> None:
        client = self.client
        named, others = assay_reads.pipelines(client, self._workspace)
        with self._mute:
            self.pipelines, self.others = named, others
        self._read_for = {"client": client}

    def _open(self) -> None:
        """Take over what is wanted; if that is nothing, the first pipeline."""
        client, wanted, named = self.client, self._wanted, self.pipelines
        assay, config = wanted[0], None
        if isinstance(assay, WorkspaceRecord):
            named = assay_reads.within(client, assay, named)
            chosen = next((each for _, each in named if each.workspace_id == assay.id), None)
        elif isinstance(assay, PipelineRecord | DeploymentRecord):
            named, chosen = assay_reads.add(named, assay_reads.the_pipeline(assay))
        elif assay is not None:
            config = client.assays.config_of(assay)
            named, chosen = assay_reads.add(named, assay_reads.the_pipeline(config))
        else:
            chosen = named[0][1] if named else None
        with self._mute:
            self._forget()
            if isinstance(assay, WorkspaceRecord):
                self.others = [each for each in self.others if each.id != assay.id]
            self.pipelines, self.pipeline = named, chosen
            if config is not None:
                self._fill(config)
        self._read_for["wanted"] = wanted
        self.assay_found(assay)

    def _fill(self, config: Any) -> None:
        self._extra = kept(config)
        for name, text in dataclasses.asdict(Form.of(config)).items():
            setattr(self, name, text)
        self.column = config.iopath or ""

    def assay_found(self, assay: Any) -> None:
        """The assay that was passed is one of the client's."""

    def _read_columns(self) -> None:
        pipeline = self.pipeline
        columns, began = assay_reads.sample(self.client, pipeline, self._extra.get("model"))
        if self._preview.superseded and pipeline is not self.pipeline:
            return
        with self._mute:
            extra = [self.column] if self.column and self.column not in columns else []
            self.columns = [*extra, *columns]
            self.column = self.column or (columns[0] if columns else "")
            if not self.baseline and began is not None:
                self.baseline = first_day(began)
            self._read_for["pipeline"] = pipeline.id

    def _edges(self, bins: Bins) -> dict[str, Any]:
        """Bins over a part of the baseline's values, as edges that the service takes."""
        from wallwidgets.drift import bins as bins_of

        low, high = bins.within or (-np.inf, np.inf)
        values = self._values(self.column, *read_range(self.baseline))
        inside = values[(values >= low) & (values <= high)]
        if len(inside) < 2:
            raise InvalidRequest(f"bins: The baseline has no values from {low:g} to {high:g}.")
        edges = np.unique(bins_of(inside, bins.mode.value, bins.number).edges).tolist()
        return {"bin_mode": BinMode.PROVIDED.value, "num_bins": len(edges) - 1, "edges": edges}

    def _refuse(self, error: Exception) -> Said:
        found = refused_field(error.message) if isinstance(error, InvalidRequest) else None
        if found is None:
            return Said.of_error(error)
        self.refused = dict([found])
        return Said("error", "The charts show the settings before these.", details=found[1])

    # The selected window

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
        if not self._sampling.superseded:
            self.values = (baseline, values, result)

    def _values(self, column: str, start: datetime, end: datetime) -> Any:
        model = self._extra.get("model")
        return self._samples.values(self.pipeline, column, start, end, model)

    def _unread(self, error: Exception) -> None:
        self.values = None
        self.said = Said.of_error(error)

    def brush(self, low: float, high: float) -> None:
        """Let the bins span a part of the baseline's values; beyond it rows are outliers."""
        bins = self.form.read()[1]
        mode = bins.mode if bins.mode in (BinMode.QUANTILE, BinMode.EQUAL) else BinMode.QUANTILE
        self.bins = str(Bins(mode, bins.number, within=(low, high)))

    @property
    def brushed(self) -> tuple[float, float] | None:
        """The range of values that the bins span, if one was chosen."""
        return self.form.read()[1].within

    # What it says

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

    def _code(self) -> str:
        """The Python that draws what is shown."""
        if self.pipeline is None or not self.settings:
            return ""
        run = call(
            "results = client.assays.run", "pipeline", repr(self.column), settings=self.settings
        )
        start = self.value.window_start.isoformat() if self.value is not None else None
        selected = f", selected={start!r}" if start else ""
        return f"{self._code_begin()}{run}\nww.charts.scores(results{selected})"

    def _code_begin(self) -> str:
        at = f"{self.pipeline.workspace_id}, {self.pipeline.name!r}"
        return f"import wallwidgets as ww\n\npipeline = client.pipelines.get({at})\n"
