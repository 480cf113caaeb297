"""The demo's content: what the tutorial's printed examples name, with records to look at."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from wallwidgets.instance import demo_records
from wallwidgets.instance.access import COLLABORATOR, OWNER
from wallwidgets.instance.accounts import ADMIN_EMAIL, by_email
from wallwidgets.instance.content import Stored
from wallwidgets.instance.context import Context
from wallwidgets.instance.demo_assays import add_assays
from wallwidgets.instance.demo_models import fraud_model, house_price_model
from wallwidgets.instance.demo_records import (
    DRIFT_PIPELINE,
    FRAUD_PIPELINE,
    LIVE_PIPELINE,
    MADE_AT,
    SHADOW_PIPELINE,
    DemoPipeline,
    demo_uuid,
)
from wallwidgets.instance.engine import ModelRuntime
from wallwidgets.instance.models import ONNX, RECORDED_OWNER
from wallwidgets.instance.pipelines import deploy_row
from wallwidgets.instance.tables import (
    ConnectionRow,
    MemberRow,
    ModelConfigRow,
    ModelRow,
    ModelVersionRow,
    PipelineRow,
    PipelineVersionRow,
    WorkspaceConnectionRow,
    WorkspaceRow,
)
from wallwidgets.schemas.models import READY
from wallwidgets.schemas.onnx_file import OnnxSignature, inspect

DEFAULT, FRAUD, LIVE, DRIFT = 1, 2, 3, 4
WORKSPACES = {
    DEFAULT: f"{ADMIN_EMAIL} - Default Workspace",
    FRAUD: "ccfraud",
    LIVE: "housepricelive",
    DRIFT: "housepricedrift",
}
PEOPLE = (
    ("ben@example.com", "Ben", "Okafor", True),
    ("carla@example.com", "Carla", "Diaz", True),
    ("dana@example.com", "Dana", "Weber", False),
)
"""E-mail, names, and whether they may log in. Their passwords are random and kept nowhere."""


@dataclass(frozen=True)
class DemoModel:
    """A model of the demo, in the content store."""

    name: str
    workspace_id: int
    stored: Stored
    signature: OnnxSignature
    runtime: ModelRuntime

    @property
    def reference(self) -> dict[str, str]:
        """How steps name it."""
        return {"name": self.name, "version": self.runtime.version, "sha": self.stored.sha}


def fill(context: Context) -> bool:
    """Make the demo's content in an empty instance.

    Models and records come first and the rest in one transaction, so an interrupted fill is
    finished by the next one.

    Returns:
        Whether the instance holds the demo; False if it has content of its own, which stays as it
        is.
    """
    with context.store.read() as session:
        found = session.get(WorkspaceRow, DRIFT)
        is_empty = session.scalar(select(func.count(WorkspaceRow.id))) == 0
    if found is not None or not is_empty:
        return found is not None and found.name == WORKSPACES[DRIFT]
    models = {
        name: _model(context, name, workspace_id, content)
        for name, workspace_id, content in _models()
    }
    _fill_log(context, {name: model.runtime for name, model in models.items()})
    with context.store.write() as session:
        admin = by_email(session, ADMIN_EMAIL)
        assert admin is not None  # noqa: S101  the first start made it
        _add_people_and_workspaces(context, session, admin.id)
        for model in models.values():
            _add_model(session, admin.id, model)
        _add_pipelines(session, models)
        add_assays(context, session)
        _add_connections(session, admin.id)
    return True


def _models() -> Iterator[tuple[str, int, bytes]]:
    """Name, workspace and content of each model."""
    yield "ccfraud", FRAUD, fraud_model(1)
    yield "ccfraud-challenger", FRAUD, fraud_model(2)
    yield "houseprice-live", LIVE, house_price_model(3)
    yield "housepricemodel", DRIFT, house_price_model(1)
    yield "houseprice-model-yns", DRIFT, house_price_model(2)


def _model(context: Context, name: str, workspace_id: int, content: bytes) -> DemoModel:
    stored = context.content.add([content])
    path = context.content.path(stored.sha)
    runtime = ModelRuntime(path, name, demo_uuid("model", name), stored.sha)
    return DemoModel(name, workspace_id, stored, inspect(path), runtime)


def _fill_log(context: Context, models: dict[str, ModelRuntime]) -> None:
    """Records of the pipelines that have none: an interrupted fill may have left some."""

    def is_empty(pipeline: DemoPipeline) -> bool:
        first, end = context.log.extent(pipeline.id)
        return first == end

    if is_empty(FRAUD_PIPELINE):
        demo_records.fraud_records(context, models["ccfraud"])
    if is_empty(LIVE_PIPELINE):
        demo_records.live_records(context, models["houseprice-live"])
    if is_empty(DRIFT_PIPELINE):
        split = [models["housepricemodel"], models["houseprice-model-yns"]]
        demo_records.drift_records(context, split)


def _add_people_and_workspaces(context: Context, session: Session, admin_id: str) -> None:
    ids = []
    for email, first_name, last_name, enabled in PEOPLE:
        account = by_email(session, email)
        if account is None:
            account = context.accounts.add(session, email, secrets.token_urlsafe(24))
            account.first_name, account.last_name, account.enabled = first_name, last_name, enabled
        ids.append(account.id)
    ben, carla, _ = ids
    members = {DEFAULT: [], FRAUD: [ben, carla], LIVE: [carla], DRIFT: [ben]}
    for workspace_id, name in WORKSPACES.items():
        row = WorkspaceRow(id=workspace_id, name=name, created_by=admin_id, created_at=MADE_AT)
        row.members = [MemberRow(user_id=admin_id, user_type=OWNER)]
        row.members += [
            MemberRow(user_id=each, user_type=COLLABORATOR) for each in members[workspace_id]
        ]
        session.add(row)
    session.flush()


def _add_model(session: Session, admin_id: str, model: DemoModel) -> None:
    parent = ModelRow(
        workspace_id=model.workspace_id,
        name=model.name,
        owner_id=RECORDED_OWNER,
        created_at=MADE_AT,
        updated_at=MADE_AT,
    )
    version = ModelVersionRow(
        model=parent,
        version=model.runtime.version,
        sha=model.stored.sha,
        size_bytes=model.stored.size_bytes,
        file_name=f"{model.name}.onnx",
        visibility="private",
        status=READY,
        signature=model.signature.as_json(),
        created_by=admin_id,
        created_at=MADE_AT,
    )
    version.configs = [ModelConfigRow(runtime=ONNX)]
    session.add(version)
    session.flush()


def _add_pipelines(session: Session, models: dict[str, DemoModel]) -> None:
    """Four pipelines; all but the shadow deployment are deployed."""

    def inference(*names: str) -> dict[str, Any]:
        return {"ModelInference": {"models": [models[name].reference for name in names]}}

    shadow = [
        inference("ccfraud", "ccfraud-challenger"),
        {"AuditResults": {"from": 1, "to": None}},
        {"MultiOut": {}},
    ]
    weights = [
        {"model": models[name].reference, "weight": 1.0}
        for name in ("housepricemodel", "houseprice-model-yns")
    ]
    split = [{"RandomSplit": {"hash_key": None, "weights": weights}}]
    _add_pipeline(session, FRAUD_PIPELINE, FRAUD, [inference("ccfraud")], deployed=True)
    _add_pipeline(session, SHADOW_PIPELINE, FRAUD, shadow, deployed=False)
    _add_pipeline(session, LIVE_PIPELINE, LIVE, [inference("houseprice-live")], deployed=True)
    _add_pipeline(session, DRIFT_PIPELINE, DRIFT, split, deployed=True)


def _add_pipeline(
    session: Session,
    demo: DemoPipeline,
    workspace_id: int,
    steps: list[dict[str, Any]],
    *,
    deployed: bool,
) -> None:
    pipeline = PipelineRow(
        id=demo.id,
        workspace_id=workspace_id,
        name=demo.name,
        owner_id=RECORDED_OWNER,
        created_at=MADE_AT,
        updated_at=MADE_AT,
    )
    version = PipelineVersionRow(
        pipeline=pipeline,
        version=demo.version,
        definition={"id": demo.name, "steps": steps},
        created_at=MADE_AT,
    )
    session.add(version)
    session.flush()
    if deployed:
        deploy_row(session, version, named=(), engine_config=None, now=MADE_AT)


def _add_connections(session: Session, admin_id: str) -> None:
    for name, kind, workspace_id, details in (
        ("houseprice-warehouse", "BIGQUERY", DRIFT, {"project_id": "demo", "dataset": "houses"}),
        ("fraud-archive", "POSTGRESQL", FRAUD, {"host": "db.example.com", "user": "reader"}),
    ):
        row = ConnectionRow(
            id=demo_uuid("connection", name),
            name=name,
            type=kind,
            details={**details, "password": secrets.token_urlsafe(16)},
            created_by=admin_id,
            created_at=MADE_AT,
        )
        row.links = [WorkspaceConnectionRow(workspace_id=workspace_id)]
        session.add(row)
