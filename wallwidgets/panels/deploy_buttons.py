"""The buttons of PipelineDeployer: deploy, wait, copy, undeploy."""

from __future__ import annotations

from typing import Any

from ipywidgets import Text, VBox

from wallwidgets.panels.deploy_live import STOPPED, said_of
from wallwidgets.panels.deploy_state import SETTLED, DeployState
from wallwidgets.panels.parts.confirm import Confirm
from wallwidgets.panels.parts.copy_button import CopyButton
from wallwidgets.panels.parts.fields import Actions, Field, button, show
from wallwidgets.panels.parts.status_line import Said
from wallwidgets.panels.parts.visible import short_text
from wallwidgets.schemas.pipelines import RUNNING, STARTING


class DeployButtons(VBox):
    """Shows what can be done with a `DeployState`.

    Args:
        state: What it shows.
    """

    def __init__(self, state: DeployState):
        self.state = state
        self.deploy = button("Deploy", state.deploy)
        self.cancel = button("Cancel", state.stop_waiting)
        self.wait = button("Wait for it", state.wait)
        self.copy_url = CopyButton(words="Copy URL")
        self.copy_first = button("Copy…", lambda: self._ask_name(True))
        self.undeploy = Confirm("Undeploy", keep="Keep it running", act=state.undeploy)
        self._actions = Actions(
            [
                *(self.deploy, self.cancel, self.wait),
                *(self.copy_url, self.copy_first, self.undeploy),
            ]
        )
        self.copy_name = Field(Text(description="Name of the copy"))
        self.copy = button("Copy the pipeline", state.copy)
        self.no_copy = button("Do not copy", lambda: self._ask_name(False))
        self._copy_row = Actions([self.copy, self.no_copy])
        self._copying = VBox([self.copy_name, self._copy_row])
        super().__init__([self._actions, self._copying])
        self.undeploy.observe(self._asked, "asking")
        # The question is about one pipeline only.
        state.observe(lambda change: self.undeploy.answer(False), "pipeline")

    def draw(self) -> None:
        """Copy the state to the widgets; the panel calls it."""
        state = self.state
        waits, is_running = state.step != SETTLED, state.state == RUNNING
        is_known = state.pipeline is not None and state.live is not None
        is_as_it_was = state.pipeline is not None and not state.plan.parts
        self.deploy.description = "Deploy the saved version" if is_as_it_was else "Deploy"
        primary(self.deploy, not is_running)
        self._actions.turn(self.deploy, state.why_not_deploy)
        show(self.deploy, not waits)
        show(self.cancel, waits)
        show(self.wait, state.state == STARTING and not waits)
        show(self.copy_first, is_known and not state.copying and not waits)
        show(self.undeploy, is_known and state.state != STOPPED and not waits)
        self.copy_url.text = state.live.url if state.live is not None else ""
        for each in (self.copy_first, self.wait, self.undeploy.first, self.undeploy.sure):
            each.disabled = state.job.busy
        self.undeploy.describe(short_text(state.title), state.consequence())
        show(self._copying, is_known and state.copying)
        self.copy_name.error = state.copy_error
        self._copy_row.turn(self.copy, state.why_not_copy, busy=state.job.busy)

    def _ask_name(self, yes: bool) -> None:
        self.state.copying = yes
        (self.copy_name.control if yes else self.copy_first).focus()

    def _asked(self, change: Any) -> None:
        state = self.state
        if change["new"]:
            state.said = Said("warning", f"Waiting for your answer: undeploy {state.title}?")
        elif state.live is not None:
            state.said = said_of(state.title, state.live)


def primary(widget: Any, yes: bool) -> None:
    """Let a button be the one that is meant first, or not."""
    (widget.add_class if yes else widget.remove_class)("ww-primary")
