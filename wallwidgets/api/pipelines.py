"""Pipelines: create, deploy, infer, read the log, undeploy, copy."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar, Unpack, overload
from urllib.parse import unquote, urlsplit

from pydantic import TypeAdapter

from wallwidgets.api.frames import Frame
from wallwidgets.api.inference import InferOptions, Rows, infer, path_of, read_log
from wallwidgets.api.models import Models, VersionLike
from wallwidgets.api.references import checked, id_of, wrong_kind
from wallwidgets.api.transport import Transport
from wallwidgets.api.waiting import states
from wallwidgets.api.wire import Endpoint, Repeat
from wallwidgets.errors import (
    DeploymentFailed,
    InvalidRequest,
    NotFound,
    ServiceError,
    UnexpectedAnswer,
)
from wallwidgets.schemas.inference import LogQuery
from wallwidgets.schemas.models import ModelConfigRecord, ModelVersion
from wallwidgets.schemas.pipelines import (
    ERROR,
    RUNNING,
    DeploymentCreated,
    DeploymentQuery,
    DeploymentRecord,
    DeploymentStatus,
    ModelRef,
    PipelineCopied,
    PipelineCopy,
    PipelineCreate,
    PipelineCreated,
    PipelineDeploy,
    PipelineRecord,
    PipelineUndeploy,
    PipelineUrlQuery,
    PipelineVersionQuery,
    PipelineVersionRecord,
    UrlAnswer,
)
from wallwidgets.schemas.workspaces import WorkspaceRecord

if TYPE_CHECKING:
    import os

    import pandas as pd
    import polars as pl
    import pyarrow as pa

    FrameT = TypeVar("FrameT", pd.DataFrame, pl.DataFrame, pa.Table, pa.RecordBatch, Rows)

CREATE = Endpoint("/v1/api/pipelines/create", Repeat.CREATE)
DEPLOY = Endpoint("/v1/api/pipelines/deploy", Repeat.SET)
UNDEPLOY = Endpoint("/v1/api/pipelines/undeploy", Repeat.SET)
COPY = Endpoint("/v1/api/pipelines/copy", Repeat.CREATE)
GET_VERSION = Endpoint("/v1/api/pipelines/get_version", Repeat.READ)
STATUS = Endpoint("/v1/api/status/get_deployment", Repeat.READ)
EXTERNAL_URL = Endpoint("/v1/api/admin/get_pipeline_external_url", Repeat.READ)
INTERNAL_URL = Endpoint("/v1/api/admin/get_pipeline_internal_url", Repeat.READ)

_CREATED = TypeAdapter(PipelineCreated)
_DEPLOYED = TypeAdapter(DeploymentCreated)
_COPIED = TypeAdapter(PipelineCopied)
_VERSION = TypeAdapter(PipelineVersionRecord)
_STATUS = TypeAdapter(DeploymentStatus)
_URL = TypeAdapter(UrlAnswer)
_ANYTHING: TypeAdapter[object] = TypeAdapter(object)

_DEPLOY_IT = "Deploy it first: client.pipelines.deploy(pipeline, models=...)."
_INFER_MARK = "/pipelines/infer/"

PipelineLike = PipelineRecord | DeploymentRecord
Versions = VersionLike | Sequence[VersionLike]
Configs = ModelConfigRecord | int | Sequence[ModelConfigRecord | int]


class Pipelines:
    """The pipelines of an instance.

    The service offers no list of pipelines by name, so most calls need a record: the one that
    `create` gave, or ``PipelineRecord(id=4, name="mypipe", workspace_id=1)``.

    Example:
        >>> def price(client: "Client", workspace: WorkspaceRecord, frame: "pd.DataFrame"):
        ...     version = client.models.upload(workspace, "prices", "prices.onnx")
        ...     pipeline = client.pipelines.create(workspace, "prices", models=version)
        ...     client.pipelines.deploy(pipeline, models=version, wait=True)
        ...     return client.pipelines.infer(pipeline, frame)
    """

    def __init__(self, transport: Transport, models: Models):
        self._transport = transport
        self._models = models
        self._paths: dict[tuple[int, str], str] = {}

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
        steps = _steps([self._ref(model) for model in _listed(models)], weights, hash_key)
        plain: Mapping[str, Any] = definition or ({"steps": steps} if steps else {})
        workspace_id = id_of(workspace, WorkspaceRecord)
        checked(PipelineCreate, name=name, workspace_id=workspace_id, definition=plain)
        # The tutorial's empty definition is {}, not one without steps.
        request = {"pipeline_id": name, "workspace_id": workspace_id, "definition": dict(plain)}
        created = self._transport.post(CREATE, request, _CREATED)
        return PipelineRecord(
            id=created.pipeline_pk_id,
            name=name,
            workspace_id=workspace_id,
            version_id=created.pipeline_variant_pk_id,
            version=created.pipeline_variant_version,
        )

    def deploy(
        self,
        pipeline: PipelineRecord,
        models: Versions | None = None,
        *,
        configs: Configs | None = None,
        engine_config: Mapping[str, Any] | None = None,
        wait: bool = False,
        timeout_s: float = 45,
        progress: Callable[[DeploymentStatus], object] | None = None,
        cancel: threading.Event | None = None,
    ) -> DeploymentRecord:
        """Deploy the version of a pipeline that the record names.

        Args:
            pipeline: The record that `create` or `copy` gave.
            models: Versions of the models in its steps; an empty pipeline runs these.
            configs: Their configurations, if not the newest.
            engine_config: Resources, as the service takes them.
            wait: Whether to wait until it runs; the rest is for `wait_until_running`.
            timeout_s: Seconds to wait.
            progress: Called with every status.
            cancel: Setting it ends the wait; the deployment goes on.
        """
        if not isinstance(pipeline, PipelineRecord):
            raise wrong_kind(pipeline, PipelineRecord)
        if pipeline.version_id is None:
            raise InvalidRequest(
                f"The record of {pipeline.name!r} names no version to deploy.",
                remedy="Create the pipeline again under its name, which adds a version.",
            )
        request = checked(
            PipelineDeploy,
            deploy_id=pipeline.name,
            pipeline_version_pk_id=pipeline.version_id,
            pipeline_id=pipeline.id,
            model_ids=_ids(models, ModelVersion),
            model_configs=_ids(configs, ModelConfigRecord),
            engine_config=None if engine_config is None else dict(engine_config),
        )
        created = self._transport.post(DEPLOY, request, _DEPLOYED)
        deployment = DeploymentRecord(
            id=created.id,
            deploy_id=pipeline.name,
            pipeline_id=pipeline.id,
            workspace_id=pipeline.workspace_id,
        )
        self._paths[_key(pipeline)] = path_of(deployment.name, pipeline.name)
        if wait:
            self.wait_until_running(
                deployment, timeout_s=timeout_s, progress=progress, cancel=cancel
            )
        return deployment

    def status(self, pipeline: PipelineLike) -> DeploymentStatus:
        """The state of a deployment.

        Raises:
            NotFound: It is not deployed.
        """
        request = checked(DeploymentQuery, name=self._deployment_name(pipeline))
        return self._transport.post(STATUS, request, _STATUS)

    def wait_until_running(
        self,
        deployment: PipelineLike,
        *,
        timeout_s: float = 45,
        poll_s: float = 1,
        progress: Callable[[DeploymentStatus], object] | None = None,
        cancel: threading.Event | None = None,
    ) -> DeploymentStatus:
        """Wait until a deployment takes inferences.

        Raises:
            DeploymentFailed: It went into the state Error, or did not run in time.
            Cancelled: ``cancel`` was set; the deployment goes on.
        """
        name = deployment.name
        last = "the service does not know it yet"
        for state in states(lambda: self._status_so_far(deployment), timeout_s, poll_s, cancel):
            if state is None:
                continue
            if progress is not None:
                progress(state)
            if state.status == RUNNING:
                return state
            last = f"it is {state.status}"
            if state.status == ERROR:
                why = self._transport.wire.redactor.show(_reasons(state)) or "no reason given"
                raise DeploymentFailed(f"The deployment {name!r} failed: {why}.")
        raise DeploymentFailed(
            f"The deployment {name!r} did not run within {timeout_s:g} s: {last}.",
            remedy="Wait longer with timeout_s=, or look at its status.",
        )

    def url(self, pipeline: PipelineLike) -> str:
        """The address for inferences from outside of the cluster."""
        return self._transport.post(EXTERNAL_URL, _url_query(pipeline), _URL).url

    def internal_url(self, pipeline: PipelineLike) -> str:
        """The address for inferences from within the cluster."""
        return self._transport.post(INTERNAL_URL, _url_query(pipeline), _URL).url

    @overload
    def infer(
        self, pipeline: PipelineLike, data: FrameT, **options: Unpack[InferOptions]
    ) -> FrameT: ...
    @overload
    def infer(
        self,
        pipeline: PipelineLike,
        data: str | os.PathLike[str],
        **options: Unpack[InferOptions],
    ) -> pd.DataFrame: ...
    def infer(self, pipeline: PipelineLike, data: Any, **options: Unpack[InferOptions]) -> Any:
        """Infer; a frame in, the same kind of frame out.

        Args:
            pipeline: A deployed pipeline, or its deployment.
            data: A pandas or polars frame, an Arrow table or batch, a list of dicts, or the path of
                a .json or .arrow file, which gives a pandas frame. One row per inference.
            **options: ``dataset=``, the parts to answer with (``*`` is time, inputs, outputs and
                checks); ``exclude=``, parts to leave out; ``timeout_s=``.

        Raises:
            ServiceBusy: The pipeline is not running yet.
        """
        known = self._paths.get(_key(pipeline))
        path = known or self._ask_path(pipeline)

        try:
            return infer(self._transport, path, data, **options)
        except NotFound:
            # What was refused did not happen, so it may go to where the pipeline runs now.
            self._paths.pop(_key(pipeline), None)
            if known is None or (moved := self._ask_path(pipeline)) == known:
                raise
        return infer(self._transport, moved, data, **options)

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
        name, workspace_id = _name(pipeline), pipeline.workspace_id
        query = checked(
            LogQuery,
            # 2023 calls the name pipeline_id, 2026 pipeline_name; both ignore the other.
            pipeline_id=name,
            pipeline_name=name,
            workspace_id=workspace_id,
            order="Desc" if newest_first else "Asc",
            start_time=start,
            end_time=end,
        )
        try:
            return read_log(self._transport, query, limit=limit, cancel=cancel)
        except InvalidRequest as error:
            if "variant" not in error.message:
                raise
        # The service spells the order with a small letter since 2025 and takes no other spelling.
        query = query.model_copy(update={"order": "desc" if newest_first else "asc"})
        return read_log(self._transport, query, limit=limit, cancel=cancel)

    def undeploy(self, pipeline: PipelineLike | int) -> None:
        """Stop a pipeline: a record of it or of its deployment, or the pipeline's id."""
        if isinstance(pipeline, DeploymentRecord):
            request = checked(
                PipelineUndeploy, pipeline_id=pipeline.pipeline_id, deployment_id=pipeline.id
            )
        else:
            request = checked(PipelineUndeploy, pipeline_id=id_of(pipeline, PipelineRecord))
        self._transport.post(UNDEPLOY, request, _ANYTHING)
        if not isinstance(pipeline, int):
            self._paths.pop(_key(pipeline), None)

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
        copied = self._transport.post(COPY, request, _COPIED)
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
        return self._transport.post(
            GET_VERSION, checked(PipelineVersionQuery, version=wanted), _VERSION
        )

    def _ref(self, model: VersionLike) -> dict[str, str]:
        version = self._models.version(model) if isinstance(model, int) else model
        if not isinstance(version, ModelVersion):
            raise wrong_kind(version, ModelVersion, id_too=True)
        return ModelRef(name=version.name, version=version.version, sha=version.sha).model_dump()

    def _status_so_far(self, deployment: PipelineLike) -> DeploymentStatus | None:
        try:
            return self.status(deployment)
        except (NotFound, ServiceError):
            return None

    def _ask_path(self, pipeline: PipelineLike) -> str:
        if isinstance(pipeline, DeploymentRecord):
            return path_of(pipeline.name, pipeline.deploy_id)
        absent = None
        try:
            url = self.url(pipeline)
        except (NotFound, InvalidRequest) as error:
            absent = NotFound(error.message, remedy=_DEPLOY_IT)
        if absent is not None:
            raise absent
        # Only the path counts: the token goes to the origin that this client was given.
        _, mark, rest = urlsplit(url).path.partition(_INFER_MARK)
        name = unquote(rest.partition("/")[0])
        if not mark or not name:
            raise UnexpectedAnswer(f"The address of {pipeline.name!r} has an unexpected form.")
        path = self._paths[_key(pipeline)] = path_of(name, pipeline.name)
        return path

    def _deployment_name(self, pipeline: PipelineLike) -> str:
        if isinstance(pipeline, DeploymentRecord):
            return pipeline.name
        if not isinstance(pipeline, PipelineRecord):
            raise wrong_kind(pipeline, PipelineRecord, DeploymentRecord)
        path = self._paths.get(_key(pipeline)) or self._ask_path(pipeline)
        return unquote(path.partition("/")[0])


def _key(pipeline: PipelineLike) -> tuple[int, str]:
    return pipeline.workspace_id, _name(pipeline)


def _name(pipeline: PipelineLike) -> str:
    """The name of the pipeline; a deployment is called after it."""
    if isinstance(pipeline, PipelineRecord):
        return pipeline.name
    if isinstance(pipeline, DeploymentRecord):
        return pipeline.deploy_id
    raise wrong_kind(pipeline, PipelineRecord, DeploymentRecord)


def _url_query(pipeline: PipelineLike) -> PipelineUrlQuery:
    return checked(
        PipelineUrlQuery, pipeline_name=_name(pipeline), workspace_id=pipeline.workspace_id
    )


def _listed(values: Any) -> list[Any]:
    if values is None:
        return []
    return list(values) if isinstance(values, Sequence) else [values]


def _ids(values: Any, kind: type) -> list[int] | None:
    return [id_of(value, kind) for value in _listed(values)] or None


def _steps(
    models: list[dict[str, str]], weights: Sequence[float] | None, hash_key: str | None
) -> list[dict[str, Any]]:
    """One model alone, several in the shadow of the first, or a random split."""
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


def _reasons(state: DeploymentStatus) -> str:
    """Why a deployment failed, from its details and those of its processes."""
    pods = [*state.engines, *state.engine_lbs, *state.sidekicks]
    found = [*state.details, *(part for pod in pods for part in (pod.reason, *pod.details))]
    return "; ".join(str(part) for part in found if part)
