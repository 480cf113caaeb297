"""Assays, which watch the values of a pipeline for drift."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter

from wallwidgets.api.frames import Frame, Records, read_json_records
from wallwidgets.api.references import checked, id_of, made_since, wrong_kind
from wallwidgets.api.transport import JSON, Transport
from wallwidgets.api.wire import Body, Endpoint, Headers, Repeat
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
from wallwidgets.schemas.pipelines import DeploymentRecord, PipelineRecord
from wallwidgets.schemas.workspaces import WorkspaceRecord

CREATE = Endpoint("/v1/api/assays/create", Repeat.CREATE)
LIST = Endpoint("/v1/api/assays/list", Repeat.READ)
FILTER = Endpoint("/v1/api/assays/filter", Repeat.READ)
SET_ACTIVE = Endpoint("/v1/api/assays/set_active", Repeat.SET)
GET_BASELINE = Endpoint("/v1/api/assays/get_baseline", Repeat.READ)
RUN = Endpoint("/v1/api/assays/run_interactive", Repeat.READ)
RUN_BASELINE = Endpoint("/v1/api/assays/run_interactive_baseline", Repeat.READ)
GET_RESULTS = Endpoint("/v1/api/assays/get_assay_results", Repeat.READ)

_CREATED = TypeAdapter(AssayCreated)
_RECORDS = TypeAdapter(list[AssayRecord])
_ACTIVE = TypeAdapter(AssayActive)
_RESULTS = TypeAdapter(list[AssayResult])
_RESULT: TypeAdapter[AssayResult | None] = TypeAdapter(AssayResult | None)

RUN_TIMEOUT_S = 300.0

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
            assay_id = self._transport.post(CREATE, config, _CREATED).assay_id
        except OutcomeUnknown:
            made = [
                record for record in self.list(config.pipeline_id) if record.name == config.name
            ]
            if made and made_since(started, made[0].next_run):
                return made[0]
            raise
        return self._find(assay_id, config.pipeline_id)

    def list(
        self, pipeline: PipelineRecord | DeploymentRecord | int | None = None
    ) -> Records[AssayRecord]:
        """The assays of a pipeline (a record or its id), or all; the newest first."""
        wanted = None if pipeline is None else _pipeline_id(pipeline)
        request = checked(AssaysList, pipeline_id=wanted)
        found = self._transport.post(LIST, request, _RECORDS)
        return Records(AssayRecord, found)

    def filter(
        self,
        workspace: WorkspaceRecord | int,
        pipeline: PipelineRecord | DeploymentRecord | int,
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
            pipeline_id=_pipeline_id(pipeline),
            name=name,
            active=active,
            drift_window=window,
            sort_by=sort_by,
        )
        found = self._transport.post(FILTER, request, _RECORDS)
        return Records(AssayRecord, found)

    def activate(self, assay: AssayRecord | int) -> None:
        """Let the service run an assay."""
        self._set_active(assay, active=True)

    def deactivate(self, assay: AssayRecord | int) -> None:
        """Keep the service from running an assay; its results stay."""
        self._set_active(assay, active=False)

    def baseline_records(
        self,
        pipeline: PipelineRecord | DeploymentRecord,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        model: str | None = None,
        limit: int | None = None,
    ) -> Frame:
        """The inference records of a time range, the oldest first, as a baseline is made from."""
        name = pipeline.deploy_id if isinstance(pipeline, DeploymentRecord) else pipeline.name
        request = checked(
            AssayBaselineQuery,
            pipeline_name=name,
            workspace_id=pipeline.workspace_id,
            start=start,
            end=end,
            model_name=model,
            limit=limit,
        )
        content = request.model_dump_json(exclude_none=True).encode()
        reply = self._transport.send(
            GET_BASELINE,
            make_body=lambda: Body(content),
            headers=Headers({"Content-Type": JSON}),
        )
        return Frame(read_json_records(reply.content))

    def run(self, assay: AssayLike) -> Records[AssayResult]:
        """Run an assay now, window by window, without storing anything.

        Args:
            assay: A configuration, or an existing assay (a record or its id).
        """
        results = self._transport.post(
            RUN, self._config(assay), _RESULTS, timeout_s=self._run_timeout_s
        )
        return Records(AssayResult, results)

    def run_baseline(self, assay: AssayLike) -> AssayResult | None:
        """Summarise the baseline of an assay without storing anything; None without records."""
        return self._transport.post(
            RUN_BASELINE, self._config(assay), _RESULT, timeout_s=self._run_timeout_s
        )

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
        found = self._transport.post(GET_RESULTS, request, _RESULTS)
        return Records(AssayResult, found)

    @property
    def _run_timeout_s(self) -> float:
        return max(RUN_TIMEOUT_S, self._transport.wire.settings.timeout_s)

    def _set_active(self, assay: AssayRecord | int, *, active: bool) -> None:
        request = checked(AssaySetActive, id=id_of(assay, AssayRecord), active=active)
        self._transport.post(SET_ACTIVE, request, _ACTIVE)

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


def _pipeline_id(pipeline: PipelineRecord | DeploymentRecord | int) -> int:
    if isinstance(pipeline, DeploymentRecord):
        return pipeline.pipeline_id
    return id_of(pipeline, PipelineRecord)


_CONFIG_FIELDS = AssayConfig.model_fields.keys() & AssayRecord.model_fields.keys()
