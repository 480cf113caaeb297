"""Pipelines and their versions: find, create, copy, read the log."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from wallwidgets.api.deployments import Deployments
from wallwidgets.api.frames import Frame, Records
from wallwidgets.api.inference import read_log
from wallwidgets.api.models import Models
from wallwidgets.api.references import (
    PipelineLike,
    VersionLike,
    Versions,
    checked,
    id_of,
    listed,
    pipeline_name,
    wrong_kind,
)
from wallwidgets.api.transport import Transport
from wallwidgets.api.wire import Endpoint, Repeat
from wallwidgets.api.workspaces import Workspaces
from wallwidgets.errors import InvalidRequest, NotFound, UnexpectedAnswer
from wallwidgets.schemas.inference import LogQuery, TopicName, TopicNameQuery
from wallwidgets.schemas.models import ModelVersion
from wallwidgets.schemas.pipelines import (
    ModelRef,
    PipelineCopied,
    PipelineCopy,
    PipelineCreate,
    PipelineCreated,
    PipelineRecord,
    PipelineVersionQuery,
    PipelineVersionRecord,
)
from wallwidgets.schemas.workspaces import WorkspaceRecord

CREATE = Endpoint("/v1/api/pipelines/create", Repeat.CREATE, PipelineCreated)
COPY = Endpoint("/v1/api/pipelines/copy", Repeat.CREATE, PipelineCopied)
GET_VERSION = Endpoint("/v1/api/pipelines/get_version", Repeat.READ, PipelineVersionRecord)
GET_TOPIC_NAME = Endpoint("/v1/api/plateau/get_topic_name", Repeat.READ, TopicName)


class Pipelines(Deployments):
    """The pipelines of an instance.

    Most calls need a record: `create` and `copy` give one that names its version, `get` and `list`
    find one in a later session.

    Example:
        >>> def price(client: "Client", workspace: WorkspaceRecord, frame: "pd.DataFrame"):
        ...     version = client.models.upload(workspace, "prices", "prices.onnx")
        ...     pipeline = client.pipelines.create(workspace, "prices", models=version)
        ...     client.pipelines.deploy(pipeline, models=version, wait=True)
        ...     return client.pipelines.infer(pipeline, frame)
    """

    def __init__(self, transport: Transport, workspaces: Workspaces, models: Models):
        super().__init__(transport)
        self._workspaces = workspaces
        self._models = models

    def list(self, workspace: WorkspaceRecord | int) -> Records[PipelineRecord]:
        """The pipelines of a workspace.

        The service tells their ids and, one call each, their names, but no versions: `deploy` of
        such a record leaves the version to the service.
        """
        return Records(PipelineRecord, self._found(workspace))

    def get(self, workspace: WorkspaceRecord | int, name: str) -> PipelineRecord:
        """A pipeline by its name; as from `list`, the record names no version.

        Raises:
            NotFound: The workspace has no pipeline of this name, or you may not see it.
        """
        for record in self._found(workspace):
            if record.name == name:
                return record
        raise NotFound(f"There is no pipeline {name!r} in this workspace.", status=404)

    def create(
        self,
        workspace: WorkspaceRecord | int,
        name: str,
        models: Versions | None = None,
        *,
        weights: Sequence[float] | None = None,
        hash_key: str | None = None,
        definition: Mapping[str, Any] | None = None,
    ) -> PipelineRecord:
        """Make a pipeline, or another version of an existing one of this name.

        Args:
            workspace: Workspace of the pipeline.
            name: Name of the pipeline.
            models: One version, or several: the first answers, the others run in its shadow.
            weights: Instead of a shadow deployment, the share of requests for each version.
            hash_key: With weights: the input field that decides, instead of chance.
            definition: The steps themselves, instead of models.
        """
        if models is not None and definition is not None:
            raise InvalidRequest("Pass models= or definition=, not both.")
        versions = [self._version_of(model) for model in listed(models)]
        steps = _steps(versions, weights, hash_key)
        plain: Mapping[str, Any] = definition or ({"steps": steps} if steps else {})
        workspace_id = id_of(workspace, WorkspaceRecord)
        checked(PipelineCreate, name=name, workspace_id=workspace_id, definition=plain)
        # The tutorial's empty definition is {}, not one without steps.
        request = {"pipeline_id": name, "workspace_id": workspace_id, "definition": dict(plain)}
        created = self._transport.post(CREATE, request)
        return PipelineRecord(
            id=created.pipeline_pk_id,
            name=name,
            workspace_id=workspace_id,
            version_id=created.pipeline_variant_pk_id,
            version=created.pipeline_variant_version,
        )

    def logs(
        self,
        pipeline: PipelineLike,
        *,
        limit: int | None = 1000,
        start: datetime | None = None,
        end: datetime | None = None,
        newest_first: bool = True,
        cancel: threading.Event | None = None,
    ) -> Frame:
        """The inference log, flat columns with an aware ``time``.

        Args:
            pipeline: The pipeline, deployed or not.
            limit: The most records to read; None reads them all.
            start: The first time, inclusive.
            end: The last time.
            newest_first: The order, which also decides what a limit leaves out.
            cancel: Setting it ends the reading between pages' attempts.
        """
        if start is not None or end is not None:
            start = start or datetime(1970, 1, 1, tzinfo=UTC)
            end = end or datetime.now(UTC)
        name = pipeline_name(pipeline)
        query = checked(
            LogQuery,
            # 2023 calls the name pipeline_id, 2026 pipeline_name; both ignore the other.
            pipeline_id=name,
            pipeline_name=name,
            workspace_id=pipeline.workspace_id,
            order="Desc" if newest_first else "Asc",
            start_time=start,
            end_time=end,
        )
        return read_log(self._transport, query, limit=limit, cancel=cancel)

    def copy(
        self,
        pipeline: PipelineRecord | int,
        name: str,
        *,
        workspace: WorkspaceRecord | int | None = None,
    ) -> PipelineRecord:
        """Copy a pipeline under another name in its workspace; with an id, pass the workspace."""
        if isinstance(pipeline, PipelineRecord):
            workspace = pipeline.workspace_id
        if workspace is None:
            raise InvalidRequest("Pass a PipelineRecord, or workspace= beside the pipeline's id.")
        request = checked(
            PipelineCopy,
            name=name,
            workspace_id=id_of(workspace, WorkspaceRecord),
            source_pipeline=id_of(pipeline, PipelineRecord),
        )
        copied = self._transport.post(COPY, request)
        return PipelineRecord(
            id=copied.pipeline_pk_id,
            name=name,
            workspace_id=request.workspace_id,
            version_id=copied.pipeline_variant_pk_id,
            version=copied.pipeline_version,
        )

    def version(self, version: PipelineRecord | str) -> PipelineVersionRecord:
        """A version and its definition, by its UUID or the record of a pipeline that names it."""
        wanted = version.version if isinstance(version, PipelineRecord) else version
        if wanted is None:
            raise InvalidRequest("This record names no version; pass the UUID of one.")
        return self._transport.post(GET_VERSION, checked(PipelineVersionQuery, version=wanted))

    def _found(self, workspace: WorkspaceRecord | int) -> Iterator[PipelineRecord]:
        """The pipelines of a workspace as it is now; the topics of their logs hold their names."""
        now = self._workspaces.get(id_of(workspace, WorkspaceRecord))
        for pipeline_id in now.pipelines:
            request = checked(TopicNameQuery, pipeline_pk_id=pipeline_id)
            topic = self._transport.post(GET_TOPIC_NAME, request).topic_name
            head, end = f"workspace-{now.id}-pipeline-", "-inference"
            name = topic.removeprefix(head).removesuffix(end)
            if not name or topic != head + name + end:
                shown = self._transport.wire.redactor.show(topic)
                raise UnexpectedAnswer(
                    f"The log of pipeline {pipeline_id} has the topic {shown!r}."
                )
            yield PipelineRecord(id=pipeline_id, name=name, workspace_id=now.id)

    def _version_of(self, model: VersionLike) -> ModelVersion:
        version = self._models.version(model) if isinstance(model, int) else model
        if not isinstance(version, ModelVersion):
            raise wrong_kind(version, ModelVersion, id_too=True)
        return version


def _steps(
    versions: Sequence[ModelVersion], weights: Sequence[float] | None, hash_key: str | None
) -> list[dict[str, Any]]:
    """One model alone, several in the shadow of the first, or a random split."""
    models = [
        ModelRef(name=each.name, version=each.version, sha=each.sha).model_dump()
        for each in versions
    ]
    if weights is not None:
        if len(weights) != len(models) or not models:
            raise InvalidRequest(f"Pass one weight per model: {len(models)}, not {len(weights)}.")
        split = [
            {"model": model, "weight": weight}
            for model, weight in zip(models, weights, strict=True)
        ]
        return [{"RandomSplit": {"hash_key": hash_key, "weights": split}}]
    if not models:
        return []
    steps: list[dict[str, Any]] = [{"ModelInference": {"models": models}}]
    if len(models) > 1:
        steps += [{"AuditResults": {"from": 1, "to": None}}, {"MultiOut": {}}]
    return steps
