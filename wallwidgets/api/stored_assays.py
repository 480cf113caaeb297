"""Assays as the service keeps them: their records, activity and stored results."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Unpack

from wallwidgets.api.assay_configs import AssaySettings, When, plain_config
from wallwidgets.api.assay_results import AssayResults
from wallwidgets.api.frames import Records
from wallwidgets.api.references import (
    PipelineLike,
    checked,
    id_of,
    made_since,
    pipeline_id,
    wrong_kind,
)
from wallwidgets.api.transport import Transport
from wallwidgets.api.wire import Endpoint, Repeat
from wallwidgets.api.workspaces import Workspaces
from wallwidgets.errors import InvalidRequest, NotFound, OutcomeUnknown
from wallwidgets.schemas.assays import (
    AssayActive,
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
from wallwidgets.schemas.pipelines import PipelineRecord
from wallwidgets.schemas.workspaces import WorkspaceRecord

CREATE = Endpoint("/v1/api/assays/create", Repeat.CREATE, AssayCreated)
LIST = Endpoint("/v1/api/assays/list", Repeat.READ, list[AssayRecord])
FILTER = Endpoint("/v1/api/assays/filter", Repeat.READ, list[AssayRecord])
SET_ACTIVE = Endpoint("/v1/api/assays/set_active", Repeat.SET, AssayActive)
GET_RESULTS = Endpoint("/v1/api/assays/get_assay_results", Repeat.READ, list[AssayResult])


class StoredAssays:
    """The assays that an instance keeps; a part of `Assays`.

    Example:
        >>> def stop_all(client: "Client", pipeline: "PipelineRecord"):
        ...     for assay in client.assays.list(pipeline):
        ...         client.assays.deactivate(assay)
    """

    def __init__(self, transport: Transport, workspaces: Workspaces):
        self._transport = transport
        self._workspaces = workspaces

    def create(
        self,
        assay: AssayConfig | PipelineLike,
        iopath: str | None = None,
        **settings: Unpack[AssaySettings],
    ) -> AssayRecord:
        """Store an assay, which the service then runs window by window; its name is unique."""
        config = plain_config(assay, iopath, settings)
        if not isinstance(config, AssayConfig):
            raise wrong_kind(config, AssayConfig, PipelineRecord)
        started = datetime.now(UTC)
        try:
            assay_id = self._transport.post(CREATE, config).assay_id
        except OutcomeUnknown:
            for record in self.list(config.pipeline_id):
                if record.name == config.name and made_since(started, record.updated_at):
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
        start: When | None = None,
        end: When | None = None,
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

    def results(
        self,
        assay: AssayRecord | int,
        *,
        start: When | None = None,
        end: When | None = None,
        limit: int | None = None,
    ) -> AssayResults:
        """The stored results of an assay whose windows start between ``start`` and ``end``."""
        request = checked(
            AssayResultsQuery,
            assay_id=id_of(assay, AssayRecord),
            start=start or datetime(1970, 1, 1, tzinfo=UTC),
            end=end or datetime.now(UTC),
            limit=limit,
        )
        name = assay.name if isinstance(assay, AssayRecord) else None
        return AssayResults(self._transport.post(GET_RESULTS, request), name)

    def _find(self, assay_id: int, pipeline_id: int | None) -> AssayRecord:
        for record in self.list(pipeline_id):
            if record.id == assay_id:
                return record
        raise NotFound(f"There is no assay {assay_id} that you may see.", status=404)

    def _whole(self, assay: AssayRecord) -> AssayRecord:
        for workspace in self._workspaces.list():
            if assay.pipeline_id in workspace.pipelines:
                for record in self.filter(workspace, assay.pipeline_id):
                    if record.id == assay.id:
                        return record
        raise NotFound(f"The configuration of assay {assay.id} is not there.", status=404)
