"""What WorkspaceBrowser reads: each kind of record as rows and facts. No state, no widget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from wallwidgets.api.client import Client
from wallwidgets.errors import (
    InvalidRequest,
    NotFound,
    PermissionDenied,
    ServiceError,
    UnexpectedAnswer,
)
from wallwidgets.panels.parts.visible import absolute_time, number
from wallwidgets.panels.workspace_listing import Facts, Item, given
from wallwidgets.schemas.assays import AssayRecord
from wallwidgets.schemas.connections import ConnectionRecord, Details
from wallwidgets.schemas.models import ModelConfigDetail, ModelRecord, ModelVersionRecord
from wallwidgets.schemas.pipelines import DeploymentStatus, PipelineRecord
from wallwidgets.schemas.users import UserRecord
from wallwidgets.schemas.workspaces import MemberRecord, WorkspaceRecord

AT_ONCE = 8
STOPPED, UNKNOWN = "Stopped", "Unknown"


def read_workspaces(client: Client, nothing: None) -> list[Item]:
    """The workspaces that the account may see."""
    return [
        Item(
            record.id,
            record,
            # The service counts versions here, not models.
            {"id": record.id, "name": record.name, "versions": len(record.models),
             "pipelines": len(record.pipelines)},
        )
        for record in client.workspaces.list()
        if not record.archived
    ]  # fmt: skip


def read_users(client: Client, nothing: None) -> list[Item]:
    """All accounts of the instance."""
    return [_user(record) for record in client.users.list()]


def _user(record: UserRecord) -> Item:
    state = "active" if record.enabled else "inactive"
    name = record.email or record.username
    facts: Facts = [
        ("User", name),
        ("Name", person(record)),
        ("Account", state),
        ("Id", record.id),
        ("Created", _time(record.created_at)),
        ("At the next login", ", ".join(record.required_actions)),
    ]
    return Item(record.id, record, {"id": record.id, "name": name, "account": state}, given(facts))


def read_models(client: Client, workspace: WorkspaceRecord) -> list[Item]:
    """The models of a workspace, still without their versions."""
    return [_model(record, ()) for record in client.models.list(workspace)]


def _model(record: ModelRecord, versions: Sequence[ModelVersionRecord]) -> Item:
    newest = versions[-1] if versions else None
    row = {
        "id": record.id,
        "name": record.name,
        "status": newest.status if newest else None,
        "versions": len(versions) or None,
        "sha": newest.sha if newest else None,
        "changed": record.updated_at or record.created_at,
    }
    return Item(record.id, record, row, [("Selected", record.name)], versions)


def complete_models(client: Client, items: Sequence[Item]) -> list[Item]:
    """With their versions."""
    return _each(items, lambda item: _model(item.value, client.models.versions(item.value)))


def version_facts(
    version: ModelVersionRecord, number_: int, of: int, config: ModelConfigDetail | None
) -> Facts:
    """What is known about a version and how it runs."""
    facts: Facts = [
        ("Selected", f"{version.name}, version {number_} of {of}"),
        ("Version", version.version),
        ("Version id", version.id),
        ("SHA-256", version.sha),
        ("Status", version.status),
        ("File", version.file_name),
    ]
    if config is not None:
        fields = config.tensor_fields
        facts += [
            ("Runtime", config.runtime),
            ("Tensor fields", ", ".join(fields) if fields else None),
            ("Filter threshold", config.filter_threshold),
            ("Batching", config.batch_config),
        ]
    return given(facts)


def read_pipelines(client: Client, workspace: WorkspaceRecord) -> list[Item]:
    """The pipelines of a workspace, still without their state."""
    return [_pipeline(record, None, "") for record in client.pipelines.list(workspace)]


def complete_pipelines(client: Client, items: Sequence[Item]) -> list[Item]:
    """With the state of their deployments."""

    def ask(item: Item) -> Item:
        try:
            status = client.pipelines.status(item.value)
        except NotFound:
            return _pipeline(item.value, None, STOPPED)
        except (ServiceError, UnexpectedAnswer, InvalidRequest, PermissionDenied) as error:
            # One that cannot tell its state hides none of the others.
            return _pipeline(item.value, None, UNKNOWN, error.message)
        return _pipeline(item.value, status, status.status)

    return _each(items, ask)


def _pipeline(
    record: PipelineRecord, status: DeploymentStatus | None, state: str, why: str = ""
) -> Item:
    engines = status.engines if status else []
    version = next(
        (each.version for engine in engines if engine.pipeline_statuses
         for each in engine.pipeline_statuses.pipelines if each.version), None,
    )  # fmt: skip
    models = {
        f"{each.name} {each.sha[:8]}": each.status
        for engine in engines if engine.model_statuses
        for each in engine.model_statuses.models
    }  # fmt: skip
    row = {
        "id": record.id,
        "name": record.name,
        "state": state or None,
        "engines": len(engines) if status else None,
        "version": version or record.version,
    }
    facts: Facts = [
        ("Selected", record.name),
        ("Pipeline id", record.id),
        ("Why", why or next((engine.reason for engine in engines if engine.reason), None)),
        ("Running version", version),
        ("Models", ", ".join(f"{name}: {state}" for name, state in models.items())),
        ("Engines", ", ".join(engine.status for engine in engines)),
    ]
    return Item(record.id, record, row, given(facts))


def read_members(client: Client, workspace: WorkspaceRecord) -> list[Item]:
    """The members of a workspace and their roles, still without names."""
    return [_member(record, None) for record in client.workspaces.users(workspace)]


def complete_members(client: Client, items: Sequence[Item]) -> list[Item]:
    """With their e-mail addresses and names."""
    users = {user.id: user for user in client.users.list([item.key for item in items])}
    return [_member(item.value, users.get(item.key)) for item in items]


def _member(record: MemberRecord, user: UserRecord | None) -> Item:
    role = (record.user_type or "").lower()
    name = (user.email or user.username) if user else record.user_id
    account = ("active" if user.enabled else "inactive") if user else None
    facts: Facts = [
        ("Selected", name),
        ("Name", person(user) if user else None),
        ("Role", role),
        ("Account", account),
        ("Id", record.user_id),
    ]
    row = {"id": record.user_id, "name": name, "role": role, "account": account}
    return Item(record.user_id, record, row, given(facts))


def read_connections(client: Client, workspace: WorkspaceRecord) -> list[Item]:
    """The connections of a workspace."""
    return [_connection(record) for record in client.connections.list(workspace)]


def read_attachable(client: Client, nothing: None) -> list[Item]:
    """All connections that the account may see."""
    return [_connection(record) for record in client.connections.list()]


def _connection(record: ConnectionRecord) -> Item:
    # A panel needs no secret, so it keeps none: not even in the record that it gives out.
    details = None if record.details is None else Details.fromkeys(record.details, "***")
    record = record.model_copy(update={"details": details})
    row = {"id": record.id, "name": record.name, "type": record.type, "created": record.created_at}
    facts: Facts = [
        ("Selected", record.name),
        ("Type", record.type),
        ("Id", record.id),
        ("Workspaces", ", ".join(record.workspace_names)),
        ("Details", ", ".join(f"{key} ***" for key in details) if details else "none"),
        ("Created", _time(record.created_at)),
    ]
    return Item(record.id, record, row, given(facts))


def read_assays(client: Client, workspace: WorkspaceRecord) -> list[Item]:
    """The assays on the pipelines of a workspace; the service lists them by pipeline only."""
    own = set(workspace.pipelines)
    return [_assay(record) for record in client.assays.list() if record.pipeline_id in own]


def _assay(record: AssayRecord) -> Item:
    state = "active" if record.active else "inactive"
    bins, window = record.summarizer, record.window
    row = {
        "id": record.id,
        "name": record.name,
        "state": state,
        "warning": record.warning_threshold,
        "alert": record.alert_threshold,
        "last_run": record.last_run,
        "pipeline": record.pipeline_name,
    }
    facts: Facts = [
        ("Selected", record.name),
        ("Assay id", record.id),
        ("Pipeline", record.pipeline_name),
        ("Watches", record.iopath),
        ("State", f"{state}, {record.status}"),
        ("Score", f"{bins.metric.value} of {bins.num_bins} {bins.bin_mode.value} bins"),
        ("Window", window.width + (f" every {window.interval}" if window.interval else "")),
        ("Thresholds", _thresholds(record)),
        ("Last run", _time(record.last_run)),
        ("Next run", _time(record.next_run) if record.active else None),
    ]
    return Item(record.id, record, row, given(facts))


def _thresholds(record: AssayRecord) -> str:
    alert = f"alert from {number(record.alert_threshold)}"
    warning = record.warning_threshold
    return alert if warning is None else f"warning from {number(warning)}, {alert}"


def person(user: UserRecord) -> str:
    """The given and the family name."""
    return " ".join(part for part in (user.first_name, user.last_name) if part)


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else absolute_time(moment)


def _each(items: Sequence[Item], ask: Callable[[Item], Item]) -> list[Item]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(ask, items))
