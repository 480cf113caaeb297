"""What PipelineDeployer has selected, and what it reads about that; without a widget."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from traitlets import Any as AnyTrait
from traitlets import Instance, Unicode

from wallwidgets.api.client import Client
from wallwidgets.errors import NotFound
from wallwidgets.panels.deploy_live import (
    Live,
    many,
    read_live,
    read_versions,
    said_of,
)
from wallwidgets.panels.deploy_plan import ONE, Plan, plan_of
from wallwidgets.panels.panel import PanelState
from wallwidgets.panels.parts.job import Job
from wallwidgets.panels.parts.latest import made_meanwhile
from wallwidgets.panels.parts.status_line import Said
from wallwidgets.schemas.models import ModelVersionRecord
from wallwidgets.schemas.pipelines import PipelineRecord
from wallwidgets.schemas.workspaces import WorkspaceRecord

LOG_IN_FIRST = "Log in first."


class DeployChoice(PanelState):
    """A workspace and a pipeline of it, and the models that there are.

    Whatever is selected is read in the background; what was selected meanwhile is read next.

    Args:
        client: Who is logged in; may come later.
        workspace: The workspace to begin with: a record, its id or its name.
        pipeline: The pipeline to begin with: a record or its name.

    Attributes:
        client: The client; setting it reads anew.
        workspaces: All workspaces.
        workspace: The selected one.
        pipelines: Its pipelines.
        pipeline: The selected one; None for a new one.
        versions: Its model versions, the newest model first.
        plan: What shall run.
        live: What runs; None as long as that is not known.
    """

    client = Instance(Client, allow_none=True)
    workspaces: Any = AnyTrait(())
    workspace = Instance(WorkspaceRecord, allow_none=True)
    pipelines: Any = AnyTrait(())
    pipeline = Instance(PipelineRecord, allow_none=True)
    versions: Any = AnyTrait(())
    plan = Instance(Plan, ())
    live = Instance(Live, allow_none=True)
    name = Unicode()

    def __init__(
        self,
        client: Client | None = None,
        workspace: WorkspaceRecord | int | str | None = None,
        pipeline: PipelineRecord | str | None = None,
    ):
        super().__init__(LOG_IN_FIRST)
        self._wanted: tuple[Any, Any] = (workspace, pipeline)
        self._lists_of: Client | None = None
        self._content_of: int | None = None
        self._live_of: int | None = None
        self._failed_at: tuple[Any, ...] | None = None
        self._proposed: int | None = None
        self.reading = self.new_job()
        self.reading.observe(self._read_more, "busy")
        self.observe(self._on_client, "client")
        self.observe(self._on_workspace, "workspace")
        self.observe(self._on_pipeline, "pipeline")
        self.observe(self._take_proposed, "versions")
        self.client = client

    @property
    def state(self) -> str:
        """The state of the selected pipeline in one word, or "" if it is not known."""
        return self.live.state if self.pipeline is not None and self.live is not None else ""

    @property
    def is_loading(self) -> bool:
        """Whether the selected workspace is being read."""
        return self.workspace is not None and self._content_of != self.workspace.id

    def refresh(self) -> None:
        """Read everything again."""
        self._lists_of = self._content_of = self._live_of = self._failed_at = None
        self._read_more(None)

    def look_again(self) -> None:
        """Read the models and pipelines of the workspace again; the plan stays."""
        self._content_of = self._failed_at = None
        self._read_more(None)

    def propose(self, version: ModelVersionRecord) -> None:
        """Choose a version for a new pipeline, as soon as its workspace is read."""
        self._proposed, self.pipeline = version.id, None
        self._take_proposed(None)
        if self._proposed is not None:
            self.look_again()

    def _take_proposed(self, change: Any) -> None:
        for part in self.versions:
            if part.version.id == self._proposed:
                self._proposed, self.plan = None, Plan(ONE, (part,))

    def _on_client(self, change: Any) -> None:
        if self.client is None:
            self.workspace = None
            self.workspaces = ()
            self._lists_of = None
            self.said = Said("off", LOG_IN_FIRST)
        else:
            self.refresh()

    def _on_workspace(self, change: Any) -> None:
        old, new = change["old"], change["new"]
        if old is not None and new is not None and old.id == new.id:
            return
        if new is not None and all(each.id != new.id for each in self.workspaces):
            # One that was made elsewhere a moment ago.
            self.workspaces = (*self.workspaces, new)
        self._content_of = None
        self.pipelines, self.versions = (), ()
        self.plan, self.name = Plan(), ""
        if self.pipeline is not None and (new is None or self.pipeline.workspace_id != new.id):
            self.pipeline = None
        self._read_more(None)

    def _on_pipeline(self, change: Any) -> None:
        pipeline = self.value = self.pipeline
        if pipeline is not None and self._live_of == pipeline.id:
            return
        self._live_of = self.live = None
        self.plan = Plan(self.plan.mode)
        if pipeline is not None:
            places = {each.id: each for each in self.workspaces}
            self.workspace = places.get(pipeline.workspace_id, self.workspace)
        self._read_more(None)

    def _read_more(self, change: Any) -> None:
        """Begin to read what is selected, unless that is known, under way, or has just failed."""
        if self._next_read() is not None and self._failed_at != self._place():
            self.run("Reading …", self._read, self._summary, failed=self._fail, job=self.reading)

    def _read(self, job: Job) -> None:
        while (read := self._next_read()) is not None:
            read()

    def _next_read(self) -> Callable[[], None] | None:
        client, workspace, pipeline = self.client, self.workspace, self.pipeline
        if client is None:
            return None
        if self._lists_of is not client:
            return partial(self._read_workspaces, client)
        if workspace is not None and self._content_of != workspace.id:
            return partial(self._read_content, client, workspace)
        if pipeline is not None and self._live_of != pipeline.id:
            return partial(self._read_live, client, pipeline)
        return None

    def _place(self) -> tuple[Any, ...]:
        workspace, pipeline = self.workspace, self.pipeline
        return (self.client, workspace and workspace.id, pipeline and pipeline.id)

    def _fail(self, error: Exception) -> Said:
        self._failed_at = self._place()
        return Said.of_error(error)

    def _read_workspaces(self, client: Client) -> None:
        self.said = Said.busy("Reading the workspaces …")
        before = self.workspace
        found = tuple(sorted(client.workspaces.list(), key=lambda each: each.name.lower()))
        if self.client is not client or made_meanwhile(self.workspace, before, found):
            return
        self.workspaces = found
        self._lists_of = client
        wanted, self._wanted = self._wanted[0], (None, self._wanted[1])
        if self.workspace is not None:
            wanted = self.workspace
        elif wanted is None and len(found) == 1:
            wanted = found[0]
        wanted = getattr(wanted, "id", wanted)
        self.workspace = next((each for each in found if wanted in (each.id, each.name)), None)
        if self.workspace is None and wanted is not None:
            raise NotFound(f"There is no workspace {wanted!r} that you may see.")

    def _read_content(self, client: Client, workspace: WorkspaceRecord) -> None:
        self.said = Said.busy(f"Reading {workspace.name} …")
        before = self.pipeline
        pipelines = client.pipelines.list(workspace)
        versions = read_versions(client, workspace)
        if self.workspace is None or self.workspace.id != workspace.id:
            return
        if made_meanwhile(self.pipeline, before, pipelines):
            return
        self.versions = versions
        self.pipelines = tuple(sorted(pipelines, key=lambda each: each.name))
        self._content_of = workspace.id
        wanted, self._wanted = self._wanted[1], (None, None)
        if self.pipeline is not None:
            wanted = self.pipeline
        wanted = getattr(wanted, "name", wanted)
        self.pipeline = next((each for each in self.pipelines if each.name == wanted), None)
        if self.pipeline is None and wanted is not None:
            raise NotFound(f"There is no pipeline {wanted!r} in {workspace.name}.")

    def _read_live(self, client: Client, pipeline: PipelineRecord) -> None:
        self.said = Said.busy(f"Reading {pipeline.name} …")
        live = read_live(client, pipeline)
        plan = self._plan_that_runs(client, live)
        if self.pipeline is None or self.pipeline.id != pipeline.id:
            return
        self._live_of = pipeline.id
        self.live = live
        if plan is not None:
            self.plan = plan

    def _plan_that_runs(self, client: Client, live: Live) -> Plan | None:
        if not live.version:
            return None
        try:
            definition = client.pipelines.version(live.version).definition
        except NotFound:
            # Instances of early 2023 do not tell it.
            return None
        plan = plan_of(definition, self.versions)
        if plan is None and not (definition or {}).get("steps"):
            # An empty pipeline runs what the deploy call named.
            named = [part for part in self.versions if part.version.version in live.models()]
            return Plan(ONE, tuple(named)) if len(named) == 1 else None
        return plan

    def _summary(self, nothing: object) -> Said:
        if self.workspace is None:
            count = len(self.workspaces)
            return Said("off", f"{count:,} workspaces; choose one." if count else "No workspaces.")
        if self.pipeline is None or self.live is None:
            return Said(
                "off",
                f"{self.workspace.name}: {many(len(self.versions), 'model version')}, "
                f"{many(len(self.pipelines), 'pipeline')}.",
            )
        return said_of(self.pipeline.name, self.live)
