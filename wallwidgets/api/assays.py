"""Assays, which watch the values of a pipeline for drift."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeVar

from wallwidgets.api.frames import Frame, Records, read_json_records
from wallwidgets.api.references import (
    PipelineLike,
    checked,
    id_of,
    made_since,
    pipeline_id,
    pipeline_name,
    wrong_kind,
)
from wallwidgets.api.transport import Transport
from wallwidgets.api.wire import Endpoint, Repeat
from wallwidgets.api.workspaces import Workspaces
from wallwidgets.errors import InvalidRequest, NotFound, OutcomeUnknown
from wallwidgets.schemas.assays import (
    AssayActive,
    AssayBaselineQuery,
    AssayConfig,
    AssayCreated,
    AssayFilter,
    AssayRecord,
    AssayResult,
    AssayResultsQuery,
    AssaySetActive,
    AssaysList,
    DriftWindow,
    SortBy,
)
from wallwidgets.schemas.workspaces import WorkspaceRecord

CREATE = Endpoint("/v1/api/assays/create", Repeat.CREATE, AssayCreated)
LIST = Endpoint("/v1/api/assays/list", Repeat.READ, list[AssayRecord])
FILTER = Endpoint("/v1/api/assays/filter", Repeat.READ, list[AssayRecord])
SET_ACTIVE = Endpoint("/v1/api/assays/set_active", Repeat.SET, AssayActive)
GET_BASELINE = Endpoint("/v1/api/assays/get_baseline", Repeat.READ, bytes)
RUN = Endpoint("/v1/api/assays/run_interactive", Repeat.READ, list[AssayResult])
RUN_BASELINE: Endpoint[AssayResult | None] = Endpoint(
    "/v1/api/assays/run_interactive_baseline", Repeat.READ, AssayResult | None
)
GET_RESULTS = Endpoint("/v1/api/assays/get_assay_results", Repeat.READ, list[AssayResult])

RUN_TIMEOUT_S = 300.0

T = TypeVar("T")

AssayLike = AssayConfig | AssayRecord | int


class Assays:
    """The assays of an instance.

    Example:
        >>> def scores(client: "Client", config: AssayConfig):
        ...     return client.assays.run(config).to_polars()["score"]
    """

    def __init__(self, transport: Transport, workspaces: Workspaces):
        self._transport = transport
        self._workspaces = workspaces

    def create(self, config: AssayConfig) -> AssayRecord:
        """Store an assay, which the service then runs window by window; its name is unique."""
        started = datetime.now(UTC)
        try:
            assay_id = self._transport.post(CREATE, config).assay_id
        except OutcomeUnknown:
            for record in self.list(config.pipeline_id):
                if record.name == config.name and made_since(started, record.next_run):
                    return record
            raise
        return self._find(assay_id, config.pipeline_id)

    def list(self, pipeline: PipelineLike | int | None = None) -> Records[AssayRecord]:
        """The assays of a pipeline (a record or its id), or all; the newest first."""
        wanted = None if pipeline is None else pipeline_id(pipeline)
        request = checked(AssaysList, pipeline_id=wanted)
        return Records(AssayRecord, self._transport.post(LIST, request))

    def filter(
        self,
        workspace: WorkspaceRecord | int,
        pipeline: PipelineLike | int,
        *,
        name: str | None = None,
        active: bool | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        sort_by: SortBy | str = SortBy.CREATION_DATE_DESC,
    ) -> Records[AssayRecord]:
        """The assays of a pipeline with their whole configuration, by name, activity or time."""
        if (start is None) != (end is None):
            raise InvalidRequest("start= and end= belong together.")
        window = None if start is None else checked(DriftWindow, start=start, end=end)
        request = checked(
            AssayFilter,
            workspace_id=id_of(workspace, WorkspaceRecord),
            pipeline_id=pipeline_id(pipeline),
            name=name,
            active=active,
            drift_window=window,
            sort_by=sort_by,
        )
        return Records(AssayRecord, self._transport.post(FILTER, request))

    def activate(self, assay: AssayRecord | int) -> None:
        """Let the service run an assay."""
        request = checked(AssaySetActive, id=id_of(assay, AssayRecord), active=True)
        self._transport.post(SET_ACTIVE, request)

    def deactivate(self, assay: AssayRecord | int) -> None:
        """Keep the service from running an assay; its results stay."""
        request = checked(AssaySetActive, id=id_of(assay, AssayRecord), active=False)
        self._transport.post(SET_ACTIVE, request)

    def baseline_records(
        self,
        pipeline: PipelineLike,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        model: str | None = None,
        limit: int | None = None,
    ) -> Frame:
        """The inference records of a time range, the oldest first, as a baseline is made from."""
        request = checked(
            AssayBaselineQuery,
            pipeline_name=pipeline_name(pipeline),
            workspace_id=pipeline.workspace_id,
            start=start,
            end=end,
            model_name=model,
            limit=limit,
        )
        reply = self._transport.ask(GET_BASELINE, request)
        return Frame(read_json_records(reply.content))

    def run(self, assay: AssayLike) -> Records[AssayResult]:
        """Run an assay now, window by window, without storing anything.

        Args:
            assay: A configuration, or an existing assay (a record or its id).
        """
        results = self._run(RUN, assay)
        return Records(AssayResult, results)

    def run_baseline(self, assay: AssayLike) -> AssayResult | None:
        """Summarise the baseline of an assay without storing anything; None without records."""
        return self._run(RUN_BASELINE, assay)

    def results(
        self,
        assay: AssayRecord | int,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        limit: int | None = None,
    ) -> Records[AssayResult]:
        """The stored results of an assay whose windows start between ``start`` and ``end``."""
        request = checked(
            AssayResultsQuery,
            assay_id=id_of(assay, AssayRecord),
            start=start or datetime(1970, 1, 1, tzinfo=UTC),
            end=end or datetime.now(UTC),
            limit=limit,
        )
        return Records(AssayResult, self._transport.post(GET_RESULTS, request))

    def _run(self, endpoint: Endpoint[T], assay: AssayLike) -> T:
        timeout_s = max(RUN_TIMEOUT_S, self._transport.wire.settings.timeout_s)
        return self._transport.post(endpoint, self._config(assay), timeout_s=timeout_s)

    def _find(self, assay_id: int, pipeline_id: int | None) -> AssayRecord:
        for record in self.list(pipeline_id):
            if record.id == assay_id:
                return record
        raise NotFound(f"There is no assay {assay_id} that you may see.", status=404)

    def _config(self, assay: AssayLike) -> AssayConfig:
        """The configuration of an assay, looked up where ``list`` leaves parts of it out."""
        if isinstance(assay, AssayConfig):
            return assay
        if isinstance(assay, int):
            assay = self._find(assay, None)
        if not isinstance(assay, AssayRecord):
            raise wrong_kind(assay, AssayConfig, AssayRecord, id_too=True)
        if assay.iopath is None or assay.workspace_id is None:
            assay = self._whole(assay)
        fields: dict[str, Any] = {name: getattr(assay, name) for name in _CONFIG_FIELDS}
        return checked(AssayConfig, **fields)

    def _whole(self, assay: AssayRecord) -> AssayRecord:
        for workspace in self._workspaces.list():
            if assay.pipeline_id in workspace.pipelines:
                for record in self.filter(workspace, assay.pipeline_id):
                    if record.id == assay.id:
                        return record
        raise NotFound(f"The configuration of assay {assay.id} is not there.", status=404)


_CONFIG_FIELDS = AssayConfig.model_fields.keys() & AssayRecord.model_fields.keys()
