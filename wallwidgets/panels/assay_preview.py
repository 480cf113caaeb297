"""The settings of AssayChart, which give windows."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

import numpy as np
from traitlets import Any as AnyTrait
from traitlets import Dict, List, Unicode

from wallwidgets.api.assay_results import AssayResults
from wallwidgets.errors import InvalidRequest
from wallwidgets.panels import assay_reads
from wallwidgets.panels.assay_form import (
    Bins,
    Form,
    kept,
    refused_field,
    settings_names,
)
from wallwidgets.panels.assay_reads import Samples
from wallwidgets.panels.assay_selection import LOG_IN, WindowSelection
from wallwidgets.panels.assay_times import first_day, read_range
from wallwidgets.panels.parts.status_line import Said
from wallwidgets.panels.parts.wishes import REST_S, Mute, Wishes
from wallwidgets.schemas.assays import BinMode
from wallwidgets.schemas.pipelines import DeploymentRecord, PipelineRecord
from wallwidgets.schemas.workspaces import WorkspaceRecord


class AssayPreview(WindowSelection):
    """Settings, and the windows that they give.

    Args:
        client: Who reads; may be set later.
        assay: A pipeline, a workspace for its first one, or an assay: a configuration, a record or
            its id.
        workspace: Only pipelines of this one.
        rest_s: How long typing rests before anything is asked.

    Attributes:
        client: Who reads; another one begins anew.
        pipelines: Names and records to choose from.
        others: Workspaces whose pipelines are not among them; `select` reads those of one.
        columns: Iopaths to choose from.
        baseline, windows, bins, metric, thresholds: The settings, as typed.
        refused: Sentences for fields, by name.

    Example:
        >>> AssayPreview().said.text
        'Log in first.'
    """

    client = AnyTrait(None)
    pipelines: Any = List()
    others: Any = List()
    columns: Any = List()
    baseline = Unicode()
    windows = Unicode(Form.windows)
    bins = Unicode(Form.bins)
    metric = Unicode(Form.metric)
    thresholds = Unicode(Form.thresholds)
    refused: Any = Dict()

    def __init__(
        self,
        client: Any = None,
        *,
        assay: Any = None,
        workspace: Any = None,
        rest_s: float = REST_S,
    ):
        super().__init__()
        # A list of its own for each wish, so that the same one can be wished again.
        self._wanted, self._workspace, self._rest_s = [assay], workspace, rest_s
        self._read_for: dict[str, Any] = {}
        self._mute = Mute()
        self._preview = Wishes(self.job, self._start_preview)
        self.observe(self._new_client, "client")
        self.observe(self._edited, ["pipeline", "column", *settings_names()])
        self.client = client

    @property
    def form(self) -> Form:
        """What is typed in."""
        return Form(**{name: getattr(self, name) for name in settings_names()})

    def _scan_key(self) -> Any:
        return self.pipeline and self.pipeline.id, repr(self.form.read()[0] | self._extra)

    def settle(self, timeout_s: float) -> bool:
        """Wait until everything asked is answered; for tests and scripts."""
        return self._preview.wait(timeout_s) and self._sampling.wait(timeout_s)

    # The preview

    def _new_client(self, change: object) -> None:
        self._samples = Samples(self.client)
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

    def brush(self, low: float, high: float) -> None:
        """Let the bins span a part of the baseline's values; beyond it rows are outliers."""
        bins = self.form.read()[1]
        mode = bins.mode if bins.mode in (BinMode.QUANTILE, BinMode.EQUAL) else BinMode.QUANTILE
        self.bins = str(Bins(mode, bins.number, within=(low, high)))

    @property
    def brushed(self) -> tuple[float, float] | None:
        """The range of values that the bins span, if one was chosen."""
        return self.form.read()[1].within
