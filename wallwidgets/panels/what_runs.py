"""The left side of PipelineDeployer: workspace, pipeline, model versions, resources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ipywidgets import Box, HBox, Text, VBox

from wallwidgets.panels.deploy_live import facts
from wallwidgets.panels.deploy_plan import MODES, SHADOW, SPLIT, number_in
from wallwidgets.panels.deploy_state import DeployState
from wallwidgets.panels.parts import words
from wallwidgets.panels.parts.choice import Choice
from wallwidgets.panels.parts.fields import Field, button, segments, show
from wallwidgets.panels.parts.table import NOTHING, Table
from wallwidgets.panels.parts.table_rows import Column

_COLUMNS = [
    Column("name", "Model version", "name"),
    Column("share", "Share", "number"),
    Column("status", "Status", "chip"),
]


class WhatRuns(VBox):
    """Shows what a `DeployState` has selected and plans, and changes it.

    Args:
        state: What it shows.
    """

    def __init__(self, state: DeployState):
        self.state = state
        self._rows: list[dict[str, Any]] | None = None
        title = words.Words(content=words.section("What runs"))
        self._facts = words.Words()
        super().__init__(
            [title, self._make_choices(), self._make_plan(), self._make_resources(), self._facts]
        )

    def draw(self) -> None:
        """Copy the state to the widgets; the panel calls it."""
        # What is being deployed stays as it is; no workspace, nothing to choose from.
        locked = self.state.job.busy or self.state.client is None
        is_off = locked or self.state.workspace is None or self.state.is_loading
        self._draw_choices(locked, is_off)
        self._draw_table()
        self._draw_plan(is_off)
        errors = self.state.resources.errors()
        for name, field in self.resources.items():
            field.error = errors.get(name, "")
            field.control.disabled = locked
        self._facts.content = words.facts(facts(self.state.live), mono=["Inference URL"])

    def _make_choices(self) -> VBox:
        self.workspaces = Choice("Workspace", self._pick_workspace)
        self.refresh = button("Refresh", self.state.refresh)
        row = HBox([self.workspaces, self.refresh])
        row.add_class("ww-pick")
        self.pipelines = Choice("Pipeline", self._pick_pipeline)
        self.name = Field(Text(description="Name of the new pipeline"))
        fields = Box([self.pipelines, self.name])
        fields.add_class("ww-fields")
        return VBox([row, fields])

    def _make_plan(self) -> VBox:
        self.mode = segments("How requests go to the models", list(MODES))
        self.parts = Table(_COLUMNS, noun="model versions", key="id")
        self.parts.add_class("ww-parts")
        self.lead, self.remove = button("Let it answer", self._lead), button("Remove", self._remove)
        self._part_row = HBox([self.lead, self.remove])
        self.versions = Choice("Model version", self._add)
        self.weight = Field(Text(description="Weight of the selected version"))
        self.hash_key = Field(Text(description="Split by input field"), help="Empty: by chance.")
        self._split = Box([self.weight, self.hash_key])
        self._split.add_class("ww-fields")
        self.mode.observe(self._switch, "value")
        self.parts.observe(lambda change: self.draw(), "chosen")
        self.weight.control.observe(self._weigh, "value")
        self.hash_key.control.observe(self._split_by, "value")
        return VBox([self.mode, self.parts, self._part_row, self.versions, self._split])

    def _make_resources(self) -> Box:
        labels = {"replicas": "Replicas", "cpus": "CPUs each", "memory": "Memory each"}
        self.resources = {
            name: Field(Text(description=label, placeholder="default"))
            for name, label in labels.items()
        }
        box = Box(list(self.resources.values()))
        box.add_class("ww-few")
        return box

    def _draw_choices(self, locked: bool, is_off: bool) -> None:
        state = self.state
        workspace, pipeline = state.workspace, state.pipeline
        self.workspaces.put(
            _offers("Choose a workspace", state.workspaces, workspace),
            workspace.id if workspace is not None else NOTHING,
        )
        self.pipelines.put(
            _offers("New pipeline", state.pipelines, pipeline),
            pipeline.id if pipeline is not None else NOTHING,
        )
        self.workspaces.control.disabled = self.refresh.disabled = locked
        self.pipelines.control.disabled = self.name.control.disabled = is_off
        show(self.name, state.pipeline is None)
        self.name.help = "Exists: this becomes its next version." if state.name_exists else ""
        self.name.error = state.name_error

    def _draw_table(self) -> None:
        state, plan = self.state, self.state.plan
        if state.is_loading:
            self._rows = None
            self.parts.loading()
            return
        running = state.live.models() if state.live is not None else {}
        rows = [
            {
                "id": part.version.id,
                "name": part.label,
                "share": share,
                "status": running.get(part.version.version) or part.version.status or "",
            }
            for part, share in zip(plan.parts, plan.shares(), strict=True)
        ]
        if rows != self._rows:
            self._rows = rows
            self.parts.show(rows)

    def _draw_plan(self, is_off: bool) -> None:
        plan, at = self.state.plan, self._at
        self.mode.value = plan.mode
        title = "Choose another version" if plan.parts else "Choose a version"
        versions = [(part.label, part.version.id) for part in self.state.versions]
        self.versions.put([(title, NOTHING), *versions], NOTHING)
        show(self._part_row, at != NOTHING)
        show(self.lead, plan.mode == SHADOW and at > 0)
        show(self._split, plan.mode == SPLIT)
        if at != NOTHING and number_in(self.weight.control.value) != plan.parts[at].weight:
            self.weight.control.value = f"{plan.parts[at].weight:g}"
        self.weight.help = "" if at != NOTHING else "Select a version in the table."
        self.weight.control.disabled = is_off or at == NOTHING
        self.hash_key.control.value = plan.hash_key
        for each in (self.mode, self.versions.control, self.lead, self.remove):
            each.disabled = is_off
        self.hash_key.control.disabled = is_off

    @property
    def _at(self) -> int:
        """Which version of the plan is selected."""
        chosen: int = self.parts.chosen
        return chosen if 0 <= chosen < len(self.state.plan.parts) else NOTHING

    def _pick_workspace(self, number: int) -> None:
        found = (each for each in self.state.workspaces if each.id == number)
        self.state.workspace = next(found, None)

    def _pick_pipeline(self, number: int) -> None:
        found = (each for each in self.state.pipelines if each.id == number)
        self.state.pipeline = next(found, None)

    def _switch(self, change: Any) -> None:
        if change["new"] != self.state.plan.mode:
            self.state.plan = self.state.plan.switched(change["new"])

    def _add(self, number: int) -> None:
        for part in self.state.versions:
            if part.version.id == number:
                self.state.plan = self.state.plan.adding(part)
        # The drop-down shows its title again, also if nothing changed.
        self.draw()

    def _lead(self) -> None:
        if self._at != NOTHING:
            self.state.plan = self.state.plan.led_by(self._at)

    def _remove(self) -> None:
        if self._at != NOTHING:
            self.state.plan = self.state.plan.without(self._at)

    def _weigh(self, change: Any) -> None:
        weight = number_in(change["new"])
        self.weight.error = "" if weight >= 0 else "A number from 0 on, such as 9."
        if self._at != NOTHING and weight >= 0:
            self.state.plan = self.state.plan.weighing(self._at, weight)

    def _split_by(self, change: Any) -> None:
        self.state.plan = replace(self.state.plan, hash_key=change["new"].strip())


def _offers(title: str, records: Sequence[Any], selected: Any) -> list[tuple[str, int]]:
    """What a drop-down offers; the selected record also before the others were read."""
    known = {each.id: each.name for each in records}
    if selected is not None:
        known.setdefault(selected.id, selected.name)
    return [(title, NOTHING), *((name, number) for number, name in known.items())]
