"""Pipelines and deployments in the store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from wallwidgets.errors import InvalidRequest, NotFound
from wallwidgets.instance.access import Caller, pipeline_for, role_in, version_for
from wallwidgets.instance.steps import plan_of, reference, resolve, version_of
from wallwidgets.instance.tables import (
    DeploymentRow,
    ModelConfigRow,
    ModelVersionRow,
    PipelineRow,
    PipelineVersionRow,
    WorkspaceRow,
)
from wallwidgets.schemas.pipelines import Definition, PipelineDeploy


def add_version(
    session: Session,
    workspace: WorkspaceRow,
    name: str,
    definition: dict[str, Any],
    caller: Caller,
    now: datetime,
) -> PipelineVersionRow:
    """A new version of the workspace's pipeline of this name, which is made if it is not there."""
    query = select(PipelineRow).where(
        PipelineRow.workspace_id == workspace.id, PipelineRow.name == name
    )
    pipeline = session.scalars(query).one_or_none()
    if pipeline is None:
        pipeline = PipelineRow(
            workspace_id=workspace.id,
            name=name,
            owner_id=caller.account_id,
            created_at=now,
            updated_at=now,
        )
        session.add(pipeline)
    pipeline.updated_at = now
    version = PipelineVersionRow(pipeline=pipeline, definition=definition, created_at=now)
    session.add(version)
    session.flush()
    return version


def version_to_deploy(session: Session, caller: Caller, body: PipelineDeploy) -> PipelineVersionRow:
    """The version that a deploy call means: by its number or UUID, or the pipeline's newest.

    Raises:
        NotFound: It is not there, or not the caller's.
        InvalidRequest: The call names none, or a version of another pipeline.
    """
    if body.pipeline_version_pk_id is not None:
        field, value = "pipeline_version_pk_id", str(body.pipeline_version_pk_id)
        row = session.get(PipelineVersionRow, body.pipeline_version_pk_id)
    elif body.pipeline_version is not None:
        field, value = "pipeline_version", body.pipeline_version
        query = select(PipelineVersionRow).where(PipelineVersionRow.version == value)
        row = session.scalars(query).one_or_none()
    elif body.pipeline_id is not None:
        return pipeline_for(session, caller, body.pipeline_id).versions[-1]
    else:
        raise InvalidRequest("Bad request: pipeline_version_pk_id: is required")
    if row is None or role_in(session, caller, row.pipeline.workspace_id) is None:
        raise NotFound(f"Not found: {field} {value[:100]}")
    if body.pipeline_id not in (None, row.pipeline_id):
        raise InvalidRequest(f"Bad request: {field} {value[:100]} is of another pipeline_id")
    return row


def named_versions(
    session: Session, caller: Caller, workspace_id: int, body: PipelineDeploy
) -> list[ModelVersionRow]:
    """The model versions that a deploy call names, in any of its three ways."""
    found = [version_of(session, workspace_id, model) for model in body.models or ()]
    found += [version_for(session, caller, number, "model_ids:") for number in body.model_ids or ()]
    for number in body.model_configs or ():
        config = session.get(ModelConfigRow, number)
        if config is None or role_in(session, caller, config.version.model.workspace_id) is None:
            raise NotFound(f"Not found: model_configs: {number}")
        found.append(config.version)
    for version in found:
        if version.model.workspace_id != workspace_id:
            raise InvalidRequest(
                f"Bad request: model version {version.id} is not of workspace_id {workspace_id}"
            )
    return list(dict.fromkeys(found))


def deploy_row(
    session: Session,
    version: PipelineVersionRow,
    named: Sequence[ModelVersionRow],
    engine_config: dict[str, Any] | None,
    now: datetime,
) -> DeploymentRow:
    """The pipeline's one deployment, set to this version.

    Raises:
        InvalidRequest: The steps name a model that is not there.
    """
    pipeline = version.pipeline
    definition = Definition.model_validate(version.definition)
    plan = plan_of(definition, [reference(each) for each in named])
    models = resolve(session, pipeline.workspace_id, plan)
    row = pipeline.deployment
    if row is None:
        row = DeploymentRow(pipeline=pipeline, deploy_id=pipeline.name, created_at=now)
        session.add(row)
    row.pipeline_version = version
    row.deployed = True
    row.model_version_ids = [model.id for model in models]
    row.engine_config = engine_config or {}
    row.updated_at = now
    session.flush()
    return row
