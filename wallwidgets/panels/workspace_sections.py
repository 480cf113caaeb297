"""The sections of WorkspaceBrowser: their columns, how they are read, what they say when empty."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from wallwidgets.api.client import Client
from wallwidgets.panels import workspace_items as items
from wallwidgets.panels.parts.table_rows import Column
from wallwidgets.panels.workspace_listing import Item

WORKSPACES, USERS, ATTACHABLE = "Workspaces", "Users", "Connections of the instance"
MODELS, PIPELINES, MEMBERS = "Models", "Pipelines", "Members"
CONNECTIONS, ASSAYS = "Connections", "Assays"
WITHIN = (MODELS, PIPELINES, MEMBERS, CONNECTIONS, ASSAYS)
MONO = ("SHA-256", "Version", "Running version", "Id", "Watches")


def _nothing_more(client: Client, rows: Sequence[Item]) -> list[Item]:
    return list(rows)


@dataclass(frozen=True)
class Section:
    """A kind of things in a workspace, or on the instance.

    Attributes:
        name: What the segmented bar says.
        columns: Of its table.
        read: Lists it with one call.
        code: The Python that reads it.
        one: The same for the selected row.
        complete: Adds to some rows what needs calls of their own.
        empty: What is said where there is nothing, and what to do about it.
        absent: The same where the instance does not know the call.
    """

    name: str
    columns: Sequence[Column]
    read: Callable[[Client, Any], list[Item]]
    code: str
    one: str = ""
    complete: Callable[[Client, Sequence[Item]], list[Item]] = _nothing_more
    empty: tuple[str, str] = ("", "")
    absent: tuple[str, str] | None = None

    @property
    def noun(self) -> str:
        """What its rows are called, in the plural."""
        return self.name.lower()

    @property
    def comes_whole(self) -> bool:
        """Whether one call reads all of it."""
        return self.complete is _nothing_more


_ALL = (
    Section(
        WORKSPACES,
        (
            Column("name", "Workspace", "name"),
            # The service counts the versions of models here, not the models.
            Column("versions", "Versions", "number"),
            Column("pipelines", "Pipelines", "number", rank=2),
        ),
        items.read_workspaces,
        "workspaces = client.workspaces.list()",
        empty=("No workspaces yet", "Make one with “New”; you become its owner."),
    ),
    Section(
        USERS,
        (Column("name", "User", "name"), Column("account", "Account", "chip")),
        items.read_users,
        "users = client.users.list()",
    ),
    Section(
        ATTACHABLE,
        (),
        items.read_attachable,
        "connections = client.connections.list()",
    ),
    Section(
        MODELS,
        (
            Column("name", "Model", "name"),
            Column("status", "Status", "chip"),
            Column("versions", "Versions", "number", rank=2),
            Column("sha", "SHA-256", "hash", rank=3),
            Column("changed", "Changed", "time", rank=2),
        ),
        items.read_models,
        "models = client.models.list(workspace)",
        "versions = client.models.versions({item.key!r})\n"
        "configuration = client.models.configuration(versions[-1])",
        complete=items.complete_models,
        empty=("No models here yet", "Upload one; it lands in this workspace."),
    ),
    Section(
        PIPELINES,
        (
            Column("name", "Pipeline", "name"),
            Column("state", "State", "chip"),
            Column("engines", "Engines", "number", rank=2),
            Column("version", "Version", "hash", rank=3),
        ),
        items.read_pipelines,
        "pipelines = client.pipelines.list(workspace)",
        "pipeline = client.pipelines.get(workspace, {item.name!r})",
        complete=items.complete_pipelines,
        empty=("No pipelines here yet", "Deploy a model; its pipeline lands in this workspace."),
    ),
    Section(
        MEMBERS,
        (
            Column("name", "Member", "name"),
            Column("role", "Role"),
            Column("account", "Account", "chip", rank=2),
        ),
        items.read_members,
        "members = client.workspaces.users(workspace)",
        "member = client.users.list([{item.key!r}])[0]",
        complete=items.complete_members,
        empty=("No members", "Only an administrator sees this workspace; add an owner."),
    ),
    Section(
        CONNECTIONS,
        (
            Column("name", "Connection", "name"),
            Column("type", "Type"),
            Column("created", "Created", "time", rank=2),
        ),
        items.read_connections,
        "connections = client.connections.list(workspace)",
        "connection = client.connections.get({item.name!r})",
        empty=("No connections here yet", "Attach one of the instance's, or create one."),
        absent=("No data connections", "This instance does not know them; those since 2023.2 do."),
    ),
    Section(
        ASSAYS,
        (
            Column("name", "Assay", "name"),
            Column("state", "State", "chip"),
            Column("warning", "Warning", "number", rank=3),
            Column("alert", "Alert", "number", rank=2),
            Column("last_run", "Last run", "time", rank=2),
        ),
        items.read_assays,
        "own = set(workspace.pipelines)\n"
        "assays = [each for each in client.assays.list() if each.pipeline_id in own]",
        empty=("No assays here yet", "An assay watches a pipeline of this workspace for drift."),
        absent=(
            "This instance keeps no assays",
            "It does not know their calls; wallwidgets.drift computes drift here all the same.",
        ),
    ),
)
SECTIONS = {section.name: section for section in _ALL}
