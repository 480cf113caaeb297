"""Assays, which watch the values of a pipeline for drift: their configuration and runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar, Unpack

from wallwidgets.api import assay_scan
from wallwidgets.api.assay_configs import AssaySettings, When, assay_config, plain_config
from wallwidgets.api.assay_results import AssayResults
from wallwidgets.api.assay_scan import Scan
from wallwidgets.api.frames import Frame, read_json_records
from wallwidgets.api.references import (
    PipelineLike,
    checked,
    pipeline_name,
    wrong_kind,
)
from wallwidgets.api.stored_assays import StoredAssays
from wallwidgets.api.wire import Endpoint, Repeat
from wallwidgets.errors import InvalidRequest
from wallwidgets.schemas.assays import (
    AssayBaselineQuery,
    AssayConfig,
    AssayRecord,
    AssayResult,
)
from wallwidgets.schemas.iopath import IoPath
from wallwidgets.schemas.pipelines import DeploymentRecord, PipelineRecord

GET_BASELINE = Endpoint("/v1/api/assays/get_baseline", Repeat.READ, bytes)
RUN = Endpoint("/v1/api/assays/run_interactive", Repeat.READ, list[AssayResult])
RUN_BASELINE: Endpoint[AssayResult | None] = Endpoint(
    "/v1/api/assays/run_interactive_baseline", Repeat.READ, AssayResult | None
)

RUN_TIMEOUT_S = 300.0
EVERY = "output every"
"""Stands for the iopath in the configuration of a scan."""

T = TypeVar("T")

AssayLike = AssayConfig | AssayRecord | int
"""A configuration, or an existing assay: its record or its id."""


class Assays(StoredAssays):
    """The assays of an instance.

    What takes an assay also takes a pipeline, an iopath and plain settings, such as ``baseline``
    and ``num_bins``; ``AssaySettings`` lists them.

    Example:
        >>> def scores(client: "Client", pipeline: "PipelineRecord"):
        ...     january = ("2022-01-01", "2022-01-02")
        ...     return client.assays.run(pipeline, "output dense_2 0", baseline=january).windows()
    """

    def config(
        self, pipeline: PipelineLike, iopath: str, **settings: Unpack[AssaySettings]
    ) -> AssayConfig:
        """The configuration of an assay from plain settings; nothing is sent.

        Args:
            pipeline: Whose records it watches.
            iopath: Which values: ``"<input|output> <field> <column>"``.
            **settings: See ``AssaySettings``; ``baseline`` is required.

        Raises:
            InvalidRequest: A field cannot be used; the sentence names it.
        """
        return assay_config(pipeline, iopath, settings)

    def baseline_records(
        self,
        pipeline: PipelineLike,
        *,
        start: When | None = None,
        end: When | None = None,
        model: str | None = None,
        limit: int | None = None,
    ) -> Frame:
        """The inference records of a time range, the oldest first, as a baseline is made from."""
        return self._records(
            pipeline_name=pipeline_name(pipeline), workspace_id=pipeline.workspace_id,
            start=start, end=end, model_name=model, limit=limit,
        )  # fmt: skip

    def config_of(self, assay: AssayLike) -> AssayConfig:
        """The configuration of an existing assay, as `run` and `create` take it."""
        return self._config(assay)

    def values(
        self,
        pipeline: PipelineLike,
        iopath: str,
        *,
        start: When | None = None,
        end: When | None = None,
        model: str | None = None,
        limit: int | None = None,
    ) -> Frame:
        """The values that an assay would watch: a frame of ``time`` and ``value``.

        Raises:
            InvalidRequest: The records have no such field or column.
        """
        path = IoPath.parse(iopath)
        records = self.baseline_records(pipeline, start=start, end=end, model=model, limit=limit)
        return assay_scan.values_of(records, path)

    def run(
        self,
        assay: AssayLike | PipelineLike,
        iopath: str | None = None,
        **settings: Unpack[AssaySettings],
    ) -> AssayResults:
        """Run an assay now, window by window, without storing anything.

        Args:
            assay: A configuration, an existing assay (a record or its id), or a pipeline.
            iopath: With a pipeline: which of its values.
            **settings: With a pipeline: see ``AssaySettings``.
        """
        config = self._config(plain_config(assay, iopath, settings))
        return AssayResults(self._run(RUN, config), config.name)

    def run_baseline(
        self,
        assay: AssayLike | PipelineLike,
        iopath: str | None = None,
        **settings: Unpack[AssaySettings],
    ) -> AssayResult | None:
        """Summarise the baseline of an assay without storing anything; None without records."""
        return self._run(RUN_BASELINE, self._config(plain_config(assay, iopath, settings)))

    def scan(
        self,
        assay: AssayLike | PipelineLike,
        *,
        progress: Callable[[int, int], object] | None = None,
        cancel: threading.Event | None = None,
        **settings: Unpack[AssaySettings],
    ) -> Scan:
        """Run one configuration over every input and output column: which drifted, and since when.

        The first 1,000 records of the baseline tell which columns there are.

        Args:
            assay: Its configuration, whose iopath does not matter, or a pipeline.
            progress: Called with the columns that are done and all of them.
            cancel: Setting it ends the scan.
            **settings: With a pipeline: see ``AssaySettings``.

        Raises:
            InvalidRequest: A setting cannot be used, or the baseline has no records.
            Cancelled: ``cancel`` was set.
        """
        is_pipeline = isinstance(assay, PipelineRecord | DeploymentRecord)
        config = self._config(plain_config(assay, EVERY if is_pipeline else None, settings))
        fixed = config.baseline.fixed
        if fixed is None:
            raise InvalidRequest("baseline: a scan needs a pair of start and end.")
        records = self._records(
            pipeline_name=config.pipeline_name, workspace_id=config.workspace_id,
            start=fixed.start_at, end=fixed.end_at, model_name=fixed.model,
            limit=assay_scan.SAMPLE_ROWS,
        )  # fmt: skip
        if not len(records):
            raise InvalidRequest(
                f"baseline: has no records from {fixed.start_at} until {fixed.end_at}."
            )

        def run(path: IoPath) -> list[AssayResult]:
            one = config.model_copy(update={"iopath": str(path)})
            return self._run(RUN, one, cancel)

        return assay_scan.scan(records, run, progress, cancel)

    def _records(self, **query: Any) -> Frame:
        reply = self._transport.ask(GET_BASELINE, checked(AssayBaselineQuery, **query))
        return Frame(read_json_records(reply.content))

    def _run(
        self, endpoint: Endpoint[T], config: AssayConfig, cancel: threading.Event | None = None
    ) -> T:
        timeout_s = max(RUN_TIMEOUT_S, self._transport.wire.settings.timeout_s)
        return self._transport.post(endpoint, config, timeout_s=timeout_s, cancel=cancel)

    def _config(self, assay: Any) -> AssayConfig:
        """The configuration of an assay, looked up where ``list`` leaves parts of it out."""
        if isinstance(assay, AssayConfig):
            return assay
        if isinstance(assay, int):
            assay = self._find(assay, None)
        if not isinstance(assay, AssayRecord):
            raise wrong_kind(assay, AssayConfig, AssayRecord, PipelineRecord, id_too=True)
        if assay.iopath is None or assay.workspace_id is None:
            assay = self._whole(assay)
        fields: dict[str, Any] = {name: getattr(assay, name) for name in _CONFIG_FIELDS}
        return checked(AssayConfig, **fields)


_CONFIG_FIELDS = AssayConfig.model_fields.keys() & AssayRecord.model_fields.keys()
