"""Where pipelines run: deploy, wait, ask for the status and the address, infer, undeploy."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, Unpack, overload
from urllib.parse import unquote, urlsplit

from wallwidgets.api.inference import InferOptions, Rows, infer
from wallwidgets.api.references import (
    Configs,
    PipelineLike,
    Versions,
    checked,
    ids,
    pipeline_id,
    pipeline_name,
    wrong_kind,
)
from wallwidgets.api.transport import Transport
from wallwidgets.api.waiting import Wait, until_running
from wallwidgets.api.wire import Endpoint, Repeat
from wallwidgets.errors import InvalidRequest, NotFound, UnexpectedAnswer
from wallwidgets.schemas.models import ModelConfigRecord, ModelVersion
from wallwidgets.schemas.pipelines import (
    DeploymentCreated,
    DeploymentQuery,
    DeploymentRecord,
    DeploymentStatus,
    PipelineDeploy,
    PipelineRecord,
    PipelineUndeploy,
    PipelineUrlQuery,
    UrlAnswer,
)

if TYPE_CHECKING:
    import os

    import pandas as pd
    import polars as pl
    import pyarrow as pa

    FrameT = TypeVar("FrameT", pd.DataFrame, pl.DataFrame, pa.Table, pa.RecordBatch, Rows)

DEPLOY = Endpoint("/v1/api/pipelines/deploy", Repeat.SET, DeploymentCreated)
UNDEPLOY = Endpoint("/v1/api/pipelines/undeploy", Repeat.SET, object)
STATUS = Endpoint("/v1/api/status/get_deployment", Repeat.READ, DeploymentStatus)
EXTERNAL_URL = Endpoint("/v1/api/admin/get_pipeline_external_url", Repeat.READ, UrlAnswer)
INTERNAL_URL = Endpoint("/v1/api/admin/get_pipeline_internal_url", Repeat.READ, UrlAnswer)

_DEPLOY_IT = "Deploy it first: client.pipelines.deploy(pipeline, models=...)."
_NAME_A_VERSION = "Create the pipeline again under its name, which adds a version to deploy."
_INFER_MARK = "/pipelines/infer/"


class Deployments:
    """The deployments of an instance, one for each pipeline that runs; a part of `Pipelines`.

    Example:
        >>> def restart(client: "Client", pipeline: PipelineRecord) -> DeploymentRecord:
        ...     client.pipelines.undeploy(pipeline)
        ...     return client.pipelines.deploy(pipeline, wait=True)
    """

    def __init__(self, transport: Transport):
        self._transport = transport
        self._names: dict[tuple[int, str], str] = {}

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

        Where the record names none, the service takes the newest; instances of 2023 may refuse.

        Args:
            pipeline: The record that `create`, `copy`, `get` or `list` gave.
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
        request = checked(
            PipelineDeploy,
            deploy_id=pipeline.name,
            pipeline_version_pk_id=pipeline.version_id,
            pipeline_id=pipeline.id,
            model_ids=ids(models, ModelVersion),
            model_configs=ids(configs, ModelConfigRecord),
            engine_config=None if engine_config is None else dict(engine_config),
        )
        try:
            created = self._transport.post(DEPLOY, request)
        except InvalidRequest as error:
            if pipeline.version_id is None:
                error.advice = _NAME_A_VERSION
            raise
        deployment = DeploymentRecord(
            id=created.id,
            deploy_id=pipeline.name,
            pipeline_id=pipeline.id,
            workspace_id=pipeline.workspace_id,
        )
        self._names[_key(deployment)] = deployment.name
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
        known = None if isinstance(pipeline, DeploymentRecord) else self._names.get(_key(pipeline))
        name = known or self._ask_name(pipeline)
        return self._transport.post(STATUS, checked(DeploymentQuery, name=name))

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
        wait = Wait(timeout_s, poll_s, progress, cancel)
        redactor = self._transport.wire.redactor
        return until_running(lambda: self.status(deployment), deployment.name, wait, redactor)

    def url(self, pipeline: PipelineLike) -> str:
        """The address for inferences from outside of the cluster."""
        return self._transport.post(EXTERNAL_URL, _url_query(pipeline)).url

    def internal_url(self, pipeline: PipelineLike) -> str:
        """The address for inferences from within the cluster."""
        return self._transport.post(INTERNAL_URL, _url_query(pipeline)).url

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
        name, key = pipeline_name(pipeline), _key(pipeline)
        known = self._names.get(key)
        deployment = known or self._ask_name(pipeline)
        try:
            return infer(self._transport, deployment, name, data, **options)
        except NotFound:
            # What was refused did not happen, so it may go to where the pipeline runs now.
            self._names.pop(key, None)
            if known is None or (moved := self._ask_name(pipeline)) == known:
                raise
        return infer(self._transport, moved, name, data, **options)

    def undeploy(self, pipeline: PipelineLike | int) -> None:
        """Stop a pipeline: a record of it or of its deployment, or the pipeline's id."""
        request = checked(
            PipelineUndeploy,
            pipeline_id=pipeline_id(pipeline),
            deployment_id=pipeline.id if isinstance(pipeline, DeploymentRecord) else None,
        )
        self._transport.post(UNDEPLOY, request)
        if not isinstance(pipeline, int):
            self._names.pop(_key(pipeline), None)

    def _ask_name(self, pipeline: PipelineLike) -> str:
        """The name of a pipeline's deployment, from its address; kept for the next call."""
        if isinstance(pipeline, DeploymentRecord):
            return pipeline.name
        try:
            url = self.url(pipeline)
        except (NotFound, InvalidRequest) as error:
            raise NotFound(error.message, remedy=_DEPLOY_IT) from None
        # Only the path counts: the token goes to the origin that this client was given.
        _, _, rest = urlsplit(url).path.partition(_INFER_MARK)
        name = unquote(rest.partition("/")[0])
        if not name:
            raise UnexpectedAnswer(f"The address of {pipeline.name!r} has an unexpected form.")
        self._names[_key(pipeline)] = name
        return name


def _key(pipeline: PipelineLike) -> tuple[int, str]:
    name = pipeline_name(pipeline)
    return pipeline.workspace_id, name


def _url_query(pipeline: PipelineLike) -> PipelineUrlQuery:
    name = pipeline_name(pipeline)
    return checked(PipelineUrlQuery, pipeline_name=name, workspace_id=pipeline.workspace_id)
