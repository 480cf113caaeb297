"""Deployments: models loaded in the background, and a state that a caller can wait for."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from weakref import WeakValueDictionary

from sqlalchemy import select

from wallwidgets.errors import DeploymentFailed, InvalidRequest, NotFound, ServiceBusy
from wallwidgets.instance.config import InstanceConfig
from wallwidgets.instance.content import ContentStore
from wallwidgets.instance.engine import LoadedStage, ModelRuntime
from wallwidgets.instance.records import warm_up
from wallwidgets.instance.steps import plan_of, reference, resolve
from wallwidgets.instance.store import Store
from wallwidgets.instance.tables import DeploymentRow, ModelVersionRow
from wallwidgets.schemas.pipelines import (
    ERROR,
    RUNNING,
    STARTING,
    Definition,
    DeploymentStatus,
    EngineStatus,
    ModelState,
    ModelStates,
    PipelineState,
    PipelineStates,
    PodStatus,
)

_log = logging.getLogger(__name__)
_ADDRESS = "127.0.0.1"


@dataclass(frozen=True)
class Running:
    """What a deployment runs, loaded.

    Attributes:
        stages: The models; none in a pipeline that echoes.
        pipeline_version: UUID of the version.
        models: The models' states, as a status tells them.
    """

    stages: tuple[LoadedStage, ...]
    pipeline_version: str
    models: tuple[ModelState, ...]


class Live:
    """A deployment that is starting, running or has failed."""

    def __init__(
        self,
        deployment_id: int,
        deploy_id: str,
        pipeline_id: int,
        pipeline_name: str,
        workspace_id: int,
    ):
        self.deployment_id = deployment_id
        self.deploy_id = deploy_id
        self.pipeline_id = pipeline_id
        self.pipeline_name = pipeline_name
        self.workspace_id = workspace_id
        self.name = f"{deploy_id}-{deployment_id}"
        self.runs: Running | None = None
        self.coming: Running | None = None
        self.starting = True
        self.failure: str | None = None
        self.polls_left = 0
        self.ready_at: datetime | None = None
        self.generation = 0


class Deployments:
    """All deployments of an instance.

    Args:
        store: Tells what is deployed.
        content: Holds the models' files.
        config: Says what a deployment waits for besides its models.
    """

    def __init__(self, store: Store, content: ContentStore, config: InstanceConfig):
        self._store = store
        self._content = content
        self._config = config
        self._lock = threading.Lock()
        self._live: dict[int, Live] = {}
        # A session lives as long as a deployment uses it, and is shared by all that do.
        self._runtimes: WeakValueDictionary[tuple[int, str], ModelRuntime] = WeakValueDictionary()
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="model-loader")

    def restore(self) -> None:
        """Bring back what the store says is deployed."""
        with self._store.read() as session:
            ids = list(session.scalars(select(DeploymentRow.id).where(DeploymentRow.deployed)))
        # Libraries load on their first use: beside the start, not within the first inference.
        threading.Thread(target=warm_up, name="warm-up", daemon=True).start()
        for deployment_id in ids:
            self.deploy(deployment_id)

    def close(self) -> None:
        """Wait for a model that is being loaded, and let go of all."""
        self._loader.shutdown(wait=True, cancel_futures=True)
        with self._lock:
            self._live.clear()

    def deploy(self, deployment_id: int) -> None:
        """Load what a deployment's row says; what it ran before answers until that is ready."""
        with self._store.read() as session:
            row = session.get_one(DeploymentRow, deployment_id)
            pipeline = row.pipeline
            place = (row.deploy_id, pipeline.id, pipeline.name, pipeline.workspace_id)
        startup = self._config.startup
        with self._lock:
            live = self._live.get(deployment_id) or Live(deployment_id, *place)
            self._live[deployment_id] = live
            live.coming = live.failure = None
            live.starting = True
            live.polls_left = startup.polls
            live.ready_at = None
            if startup.seconds:
                live.ready_at = self._config.clock() + timedelta(seconds=startup.seconds)
            live.generation += 1
            generation = live.generation
        loading = self._loader.submit(self._load, deployment_id)
        loading.add_done_callback(lambda done: self._loaded(live, generation, done))

    def undeploy(self, deployment_id: int) -> None:
        """Take no more requests; those under way finish."""
        with self._lock:
            self._live.pop(deployment_id, None)

    def find(self, name: str, pipeline_name: str | None = None) -> Live:
        """The deployment of a name such as ``mypipe-7``.

        Raises:
            NotFound: There is none, or its pipeline has another name.
        """
        number = name.rpartition("-")[2]
        valid = number.isascii() and number.isdigit() and len(number) < 19
        live = self._live.get(int(number)) if valid else None
        if live is None or live.name != name or pipeline_name not in (None, live.pipeline_name):
            raise NotFound("Not found: Deployment not found")
        return live

    def of_pipeline(self, pipeline_id: int) -> Live | None:
        """The deployment of a pipeline, if it is deployed."""
        with self._lock:
            return next((e for e in self._live.values() if e.pipeline_id == pipeline_id), None)

    def running(self, live: Live) -> Running:
        """What takes a deployment's requests.

        Raises:
            ServiceBusy: It is starting or has failed.
        """
        if live.coming is not None:
            with self._lock:
                self._promote(live)
        runs = live.runs
        if runs is None:
            what = "is starting" if live.failure is None else "has failed to start"
            raise ServiceBusy(f"Service unavailable: the pipeline {live.pipeline_name} {what}")
        return runs

    def status(self, live: Live) -> DeploymentStatus:
        """The state of a deployment; asking counts as one poll of its start."""
        with self._lock:
            if live.failure is not None:
                return DeploymentStatus(status=ERROR, details=[live.failure])
            if live.polls_left > 0:
                live.polls_left -= 1
                return DeploymentStatus(status=STARTING)
            self._promote(live)
            if live.runs is None or live.starting:
                return DeploymentStatus(status=STARTING)
            return _running_status(live, live.runs)

    def _promote(self, live: Live) -> None:
        """Starting becomes Running once there is nothing left to wait for."""
        ready = live.ready_at is None or self._config.clock() >= live.ready_at
        if live.coming is not None and live.polls_left == 0 and ready:
            live.runs, live.coming, live.starting = live.coming, None, False

    def _loaded(self, live: Live, generation: int, done: Future[Running]) -> None:
        if done.cancelled():
            return
        error = done.exception()
        with self._lock:
            if live.generation != generation:
                return
            if error is None:
                live.coming = done.result()
                return
            live.runs = None
            live.failure = "the models could not be loaded"
            if isinstance(error, DeploymentFailed | InvalidRequest):
                live.failure = error.message
                return
            _log.error("deployment %s could not be loaded", live.name, exc_info=error)

    def _load(self, deployment_id: int) -> Running:
        with self._store.read() as session:
            row = session.get_one(DeploymentRow, deployment_id)
            named = [
                reference(session.get_one(ModelVersionRow, number))
                for number in row.model_version_ids
            ]
            definition = Definition.model_validate(row.pipeline_version.definition)
            plan = plan_of(definition, named)
            versions = resolve(session, row.pipeline.workspace_id, plan)
            runtimes = [self._runtime(version) for version in versions]
            models = tuple(_model_state(version) for version in versions)
            pipeline_version = row.pipeline_version.version
        following = iter(runtimes)
        stages = tuple(
            LoadedStage(tuple(next(following) for _ in stage.models), stage.weights, stage.hash_key)
            for stage in plan.stages
        )
        return Running(stages, pipeline_version, models)

    def _runtime(self, version: ModelVersionRow) -> ModelRuntime:
        fields = version.configs[-1].tensor_fields if version.configs else None
        key = (version.id, repr(fields))
        runtime = self._runtimes.get(key)
        if runtime is None:
            path = self._content.path(version.sha)
            runtime = ModelRuntime(path, version.model.name, version.version, version.sha, fields)
            self._runtimes[key] = runtime
        return runtime


def _model_state(version: ModelVersionRow) -> ModelState:
    return ModelState(
        name=version.model.name,
        version=version.version,
        sha=version.sha,
        status=RUNNING,
        model_version_id=version.id,
    )


def _running_status(live: Live, runs: Running) -> DeploymentStatus:
    pod = f"{live.name}-{live.generation}"
    pipeline = PipelineState(id=live.pipeline_name, status=RUNNING, version=runs.pipeline_version)
    engine = EngineStatus(
        ip=_ADDRESS,
        name=f"engine-{pod}",
        status=RUNNING,
        pipeline_statuses=PipelineStates(pipelines=[pipeline]),
        model_statuses=ModelStates(models=list(runs.models)),
    )
    balancer = PodStatus(ip=_ADDRESS, name=f"engine-lb-{pod}", status=RUNNING)
    return DeploymentStatus(status=RUNNING, engines=[engine], engine_lbs=[balancer])
