"""PipelineDeployer: choose what runs, deploy it, try it."""

from __future__ import annotations

from typing import Any

import pandas as pd
from IPython.core.getipython import get_ipython
from ipywidgets import Box, VBox
from traitlets import Instance

from wallwidgets.api.client import Client
from wallwidgets.panels.deploy_buttons import DeployButtons, primary
from wallwidgets.panels.deploy_state import SETTLED, STEPS, DeployState
from wallwidgets.panels.panel import Panel
from wallwidgets.panels.parts import words
from wallwidgets.panels.parts.tie import tie
from wallwidgets.panels.try_it import TryIt
from wallwidgets.panels.try_state import GIVEN, TryState
from wallwidgets.panels.what_runs import WhatRuns
from wallwidgets.schemas.pipelines import PipelineRecord
from wallwidgets.schemas.workspaces import WorkspaceRecord


class PipelineDeployer(Panel):
    """Deploy model versions as a pipeline, follow it until it runs, and try it.

    Args:
        client: Who is logged in; may be set later.
        workspace: The workspace to begin with: a record, its id or its name.
        pipeline: The pipeline to begin with: a record or its name.
        state: A state to show instead of a new one.

    Attributes:
        value: The deployment, once deployed here; else the selected pipeline.
        client: The client; setting it reads anew.
        workspace: The selected workspace, to be set or observed.
        pipeline: The selected pipeline, to be set or observed; None for a new one.
        data: A frame to try the pipeline with, to be set.

    Example:
        >>> panel = PipelineDeployer()
        >>> panel.status
        'Log in first.'
    """

    state: DeployState

    client = Instance(Client, allow_none=True)
    workspace = Instance(WorkspaceRecord, allow_none=True)
    pipeline = Instance(PipelineRecord, allow_none=True)

    def __init__(
        self,
        client: Client | None = None,
        workspace: WorkspaceRecord | int | str | None = None,
        pipeline: PipelineRecord | str | None = None,
        *,
        state: DeployState | None = None,
    ):
        state = state or DeployState(client, workspace, pipeline)
        self.trial = TryState(state)
        self.what_runs, self.buttons = WhatRuns(state), DeployButtons(state)
        self.try_it = TryIt(self.trial)
        self._steps = words.Words()
        columns = Box([VBox([self.what_runs, self.buttons]), self.try_it])
        columns.add_class("ww-columns")
        super().__init__(
            state,
            controls=[self._steps, columns],
            observe=[
                *("client", "workspaces", "workspace", "pipelines", "pipeline", "versions"),
                *("plan", "live", "name", "replicas", "cpus", "memory", "step"),
                *("copying", "copy_name"),
            ],
        )
        for name in ("client", "workspace", "pipeline"):
            tie((state, name), (self, name))
        self.bind("name", self.what_runs.name.control)
        self.bind("copy_name", self.buttons.copy_name.control)
        for name, field in self.what_runs.resources.items():
            self.bind(name, field.control)
        self.trial.observe(self._redraw)
        self._follow_notebook()

    @property
    def df(self) -> pd.DataFrame:
        """The last inference result."""
        result = self.trial.result
        return pd.DataFrame() if result is None else result.to_pandas()

    @property
    def data(self) -> Any:
        """A frame to try the pipeline with, beside those of the notebook; None takes it back."""
        return self.trial.frames.get(GIVEN)

    @data.setter
    def data(self, frame: Any) -> None:
        self.trial.give(frame)

    def draw(self) -> None:
        """Show what is selected, what runs of it and what can be done."""
        state = self.state
        version = state.live.version[:8] if state.live is not None else ""
        self.header.content = words.header(
            state.title or "Deploy a pipeline",
            f"version {version}" if version else "",
            state=state.state,
        )
        is_moving = state.step != SETTLED
        self._steps.content = words.steps(STEPS, state.step) if is_moving else []
        self.what_runs.draw()
        self.buttons.draw()
        self.try_it.draw()
        primary(self.try_it.send, self.trial.can_send and not self.buttons.undeploy.asking)

    def _follow_notebook(self) -> None:
        """Offer the frames that the notebook has, after every cell that runs."""
        shell = get_ipython()
        if shell is None:
            return

        def look(*result: object) -> None:
            if self.comm is None:
                shell.events.unregister("post_run_cell", look)
            else:
                self.trial.look(shell.user_ns)

        shell.events.register("post_run_cell", look)
        look()
