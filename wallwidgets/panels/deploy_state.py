"""What PipelineDeployer does to a pipeline: deploy, wait, undeploy, copy; without a widget."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from traitlets import Bool, Int, Unicode

from wallwidgets.api.client import Client
from wallwidgets.api.references import pipeline_id, pipeline_name
from wallwidgets.errors import Cancelled
from wallwidgets.panels.deploy_choice import LOG_IN_FIRST, DeployChoice
from wallwidgets.panels.deploy_live import STOPPED, Live, live_of, many, said_of
from wallwidgets.panels.deploy_plan import Resources, deploy_code
from wallwidgets.panels.parts.job import Job
from wallwidgets.panels.parts.status_line import Said
from wallwidgets.schemas.names import name_problem
from wallwidgets.schemas.pipelines import (
    RUNNING,
    STARTING,
    DeploymentRecord,
    DeploymentStatus,
    PipelineRecord,
)
from wallwidgets.schemas.workspaces import WorkspaceRecord

STEPS = ("Saved", "Starting", "Running")
SAVING, WAITING, SETTLED = 0, 1, -1
WAIT_S = 300.0


class DeployState(DeployChoice):
    """A plan for a pipeline, and what becomes of it.

    Args:
        client: Who is logged in; may come later.
        workspace: The workspace to begin with: a record, its id or its name.
        pipeline: The pipeline to begin with: a record or its name.
        wait_s: How long to wait until a deployment runs.

    Attributes:
        value: The deployment, once deployed here; else the selected pipeline.
        name: The name of a new pipeline.
        replicas: How many engines, as typed.
        cpus: CPUs of each engine, as typed.
        memory: Memory of each engine, as typed.
        step: Which of `STEPS` is under way, or -1.
        copying: Whether a name for a copy is asked for.
        copy_name: That name.

    Example:
        >>> DeployState().why_not_deploy
        'Log in first.'
    """

    replicas = Unicode("1")
    cpus = Unicode()
    memory = Unicode()
    step = Int(SETTLED)
    copying = Bool(False)
    copy_name = Unicode()

    def __init__(
        self,
        client: Client | None = None,
        workspace: WorkspaceRecord | int | str | None = None,
        pipeline: PipelineRecord | str | None = None,
        *,
        wait_s: float = WAIT_S,
    ):
        super().__init__(client, workspace, pipeline)
        self._wait_s = wait_s

    @property
    def resources(self) -> Resources:
        """What each engine gets, as typed."""
        return Resources(self.replicas, self.cpus, self.memory)

    @property
    def title(self) -> str:
        """The pipeline's name, or that of the new one."""
        return self.pipeline.name if self.pipeline is not None else self.name

    @property
    def name_error(self) -> str:
        """What is wrong with the name of the new pipeline."""
        return name_problem(self.name) if self.name and self.pipeline is None else ""

    @property
    def name_exists(self) -> bool:
        """Whether the new name is that of a pipeline."""
        return any(each.name == self.name for each in self.pipelines)

    @property
    def why_not_deploy(self) -> str:
        """Why "Deploy" is off, or ""."""
        if self.client is None:
            return LOG_IN_FIRST
        if self.job.busy:
            return f"Deploy again once {self.title} has settled."
        if self.workspace is None:
            return "Deploy needs a workspace."
        if self.is_loading:
            return f"{self.workspace.name} is being read."
        if self.pipeline is None and not self.name:
            return "Deploy needs a name for the new pipeline."
        if self.name_error:
            return "Deploy needs a valid name."
        if self.pipeline is None and not self.plan.parts:
            return "Deploy needs a model version."
        if self.plan.parts and self.plan.missing:
            return self.plan.missing
        wrong = next(iter(self.resources.errors()), "")
        return f"Deploy needs another value for {wrong}." if wrong else ""

    @property
    def why_not_copy(self) -> str:
        """Why "Copy the pipeline" is off, or ""."""
        if not self.copy_name:
            return "The copy needs a name."
        if self.copy_error:
            return "The copy needs another name."
        return ""

    @property
    def copy_error(self) -> str:
        """What is wrong with the name of the copy."""
        if any(each.name == self.copy_name for each in self.pipelines):
            return f"There is a pipeline {self.copy_name} already."
        return name_problem(self.copy_name) if self.copy_name else ""

    def deploy(self) -> bool:
        """Save the plan, deploy it and wait until it runs."""
        client, workspace, began = self.client, self.workspace, self.pipeline
        if self.why_not_deploy or client is None or workspace is None:
            return False
        name, plan = self.title, self.plan
        known = began or next((each for each in self.pipelines if each.name == name), None)
        config = self.resources.engine_config(workspace.id)
        code = deploy_code(workspace.name, name, plan, config, self._wait_s)

        def work(job: Job) -> Live:
            self.step = SAVING
            record = known
            if plan.parts or record is None:
                models, options = plan.versions, plan.options
                record = client.pipelines.create(workspace, name, models=models, **options)
            self._select(record, instead_of=began)
            deployment = client.pipelines.deploy(
                record, models=plan.versions or None, engine_config=config
            )
            self.did(code)
            self._show(deployment, Live(DeploymentStatus(status=STARTING)))
            return self._wait(client, deployment, job)

        return self._follow(f"Saving {name} …", name, work)

    def wait(self) -> bool:
        """Wait once more for the selected pipeline, which starts."""
        client, pipeline = self.client, self.pipeline
        if client is None or pipeline is None or self.state in ("", STOPPED, RUNNING):
            return False
        name = pipeline.name
        work = partial(self._wait, client, pipeline)
        return self._follow(f"{name} is starting.", name, work)

    def stop_waiting(self) -> None:
        """End the wait; the deployment goes on."""
        self.job.cancel()

    def undeploy(self) -> bool:
        """Stop the selected pipeline."""
        client, pipeline = self.client, self.pipeline
        if client is None or pipeline is None or self.state in ("", STOPPED):
            return False

        def done(nothing: object) -> Said:
            self._show(pipeline, Live())
            self.did(f"client.pipelines.undeploy({found(pipeline)})")
            return Said("off", f"{pipeline.name} is stopped; requests get an error.")

        return self.run(
            f"Stopping {pipeline.name} …", lambda job: client.pipelines.undeploy(pipeline), done
        )

    def copy(self) -> bool:
        """Copy the selected pipeline under another name, and select the copy."""
        client, pipeline, name = self.client, self.pipeline, self.copy_name
        if client is None or pipeline is None or self.why_not_copy:
            return False

        def done(record: PipelineRecord) -> Said:
            self.did(f"copied = client.pipelines.copy({found(pipeline)}, {name!r})")
            self.copying, self.copy_name = False, ""
            self._select(record, instead_of=pipeline)
            self._show(record, Live())
            return Said("ok", f"{pipeline.name} is copied as {name}, which is not deployed.")

        return self.run(
            f"Copying {pipeline.name} …", lambda job: client.pipelines.copy(pipeline, name), done
        )

    def consequence(self) -> str:
        """What happens if the pipeline is undeployed, in words."""
        engines = self.live.engines if self.live is not None else 0
        stops = f"{many(engines, 'engine')} stop{'s' if engines == 1 else ''}; " if engines else ""
        words = f"{stops}requests get an error until it is deployed again."
        return words[0].upper() + words[1:]

    def _select(self, record: PipelineRecord, *, instead_of: PipelineRecord | None) -> None:
        """Select what was just made, unless something else was selected meanwhile."""
        if self.workspace is None or self.workspace.id != record.workspace_id:
            return
        others = [each for each in self.pipelines if each.id != record.id]
        self.pipelines = tuple(sorted([*others, record], key=lambda each: each.name))
        if _id(self.pipeline) == _id(instead_of):
            # What it runs is the plan on the screen, and need not be read.
            self._live_of = record.id
            self.pipeline = record

    def _show(self, what: PipelineRecord | DeploymentRecord, live: Live) -> None:
        """Take over the state of a pipeline, if it is the selected one."""
        if _id(self.pipeline) == pipeline_id(what):
            self.live = live
            if isinstance(what, DeploymentRecord) or live.status is None:
                self.value = what

    def _wait(self, client: Client, pipeline: PipelineRecord | DeploymentRecord, job: Job) -> Live:
        self.step = WAITING
        began_at = time.monotonic()

        def show(status: DeploymentStatus) -> None:
            url = client.pipelines.url(pipeline) if status.status == RUNNING else ""
            job.report(live_of(status, url))
            self._show(pipeline, job.progress)
            if status.status == STARTING:
                text = starting(status, pipeline_name(pipeline))
                self.said = Said("busy", text, step=1, seconds=time.monotonic() - began_at)

        client.pipelines.wait_until_running(
            pipeline, timeout_s=self._wait_s, progress=show, cancel=job.cancelled
        )
        live: Live = job.progress
        return live

    def _follow(self, words: str, name: str, work: Callable[[Job], Live]) -> bool:
        def settled(live: Live) -> Said:
            self.step = SETTLED
            return said_of(name, live)

        def failed(error: Exception) -> Said:
            was, self.step = self.step, SETTLED
            if isinstance(error, Cancelled) and was == WAITING:
                return Said("warning", f"The wait has ended; {name} goes on starting.")
            return Said.of_error(error)

        return self.run(words, work, settled, failed=failed)


def starting(status: DeploymentStatus, name: str) -> str:
    """How far a deployment is."""
    up = sum(engine.status == RUNNING for engine in status.engines)
    engines = f": {up} of {many(len(status.engines), 'engine')} up" if status.engines else ""
    return f"{name} is starting{engines}. You can go on meanwhile."


def found(pipeline: PipelineRecord) -> str:
    """The Python that finds a pipeline."""
    return f"client.pipelines.get({pipeline.workspace_id}, {pipeline.name!r})"


def _id(pipeline: PipelineRecord | None) -> int | None:
    return None if pipeline is None else pipeline.id
