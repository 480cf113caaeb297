"""Who may do what. "Not yours" and "not there" get the same answer."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from wallwidgets.errors import NotFound, PermissionDenied
from wallwidgets.instance.tables import (
    AssayRow,
    MemberRow,
    ModelRow,
    ModelVersionRow,
    PipelineRow,
    WorkspaceRow,
)

OWNER = "OWNER"
COLLABORATOR = "COLLABORATOR"


@dataclass(frozen=True)
class Caller:
    """Who sent a request: an account, or the confidential client itself (an inference token)."""

    account_id: str
    is_admin: bool = False
    is_service: bool = False


def role_in(session: Session, caller: Caller, workspace_id: int) -> str | None:
    """The caller's role in a workspace, None for an outsider; an admin is an owner everywhere."""
    if caller.is_admin:
        return OWNER
    member = member_of(session, workspace_id, caller.account_id)
    return member.user_type if member else None


def member_of(session: Session, workspace_id: int, account_id: str) -> MemberRow | None:
    """The membership of an account in a workspace."""
    query = select(MemberRow).where(
        MemberRow.workspace_id == workspace_id, MemberRow.user_id == account_id
    )
    return session.scalars(query).one_or_none()


def visible_workspaces(session: Session, caller: Caller) -> list[WorkspaceRow]:
    """The caller's workspaces, or all for an admin, by id."""
    query = select(WorkspaceRow).order_by(WorkspaceRow.id)
    if not caller.is_admin:
        query = query.join(WorkspaceRow.members).where(MemberRow.user_id == caller.account_id)
    return list(session.scalars(query))


def workspace_for(session: Session, caller: Caller, workspace_id: int) -> WorkspaceRow:
    """A workspace of which the caller is a member.

    Raises:
        NotFound: It does not exist, or the caller is not a member.
    """
    workspace = session.get(WorkspaceRow, workspace_id)
    if workspace is None or role_in(session, caller, workspace_id) is None:
        raise NotFound(f"Not found: workspace_id {workspace_id}")
    return workspace


def owned_workspace(session: Session, caller: Caller, workspace_id: int) -> WorkspaceRow:
    """A workspace of which the caller is an owner.

    Raises:
        NotFound: It does not exist, or the caller is not a member.
        PermissionDenied: The caller is a collaborator.
    """
    workspace = workspace_for(session, caller, workspace_id)
    if role_in(session, caller, workspace_id) != OWNER:
        raise PermissionDenied("Forbidden: only an owner of the workspace may do this")
    return workspace


def model_for(session: Session, caller: Caller, model_id: int, field: str = "id") -> ModelRow:
    """A model (parent) in a workspace of the caller; ``field`` names it in the error."""
    model = session.get(ModelRow, model_id)
    if model is None or role_in(session, caller, model.workspace_id) is None:
        raise NotFound(f"Not found: model {field} {model_id}")
    return model


def version_for(session: Session, caller: Caller, version_id: int, field: str) -> ModelVersionRow:
    """A model version in a workspace of the caller; ``field`` names it in the error."""
    version = session.get(ModelVersionRow, version_id)
    if version is None or role_in(session, caller, version.model.workspace_id) is None:
        raise NotFound(f"Not found: {field} {version_id} is no model version")
    return version


def pipeline_for(
    session: Session, caller: Caller, pipeline_id: int, field: str = "pipeline_id"
) -> PipelineRow:
    """A pipeline in a workspace of the caller; ``field`` names it in the error."""
    pipeline = session.get(PipelineRow, pipeline_id)
    if pipeline is None or role_in(session, caller, pipeline.workspace_id) is None:
        raise NotFound(f"Not found: {field} {pipeline_id}")
    return pipeline


def pipeline_named(
    session: Session, caller: Caller, workspace_id: int | None, name: str | None
) -> PipelineRow:
    """A pipeline by its name, in a workspace of the caller or the only one in all of them."""
    query = select(PipelineRow).where(PipelineRow.name == name)
    if workspace_id is not None:
        workspace_for(session, caller, workspace_id)
        pipeline = session.scalars(query.filter_by(workspace_id=workspace_id)).one_or_none()
        if pipeline is None:
            raise NotFound(f"Not found: pipeline {name!r} in workspace_id {workspace_id}")
        return pipeline
    found = [row for row in session.scalars(query) if role_in(session, caller, row.workspace_id)]
    if len(found) != 1:
        raise NotFound("Not found: one pipeline of this pipeline_name")
    return found[0]


def pipeline_in(
    session: Session, caller: Caller, workspace_id: int, pipeline_id: int
) -> PipelineRow:
    """A pipeline by its id, in a workspace of the caller that is named too."""
    workspace_for(session, caller, workspace_id)
    pipeline = pipeline_for(session, caller, pipeline_id)
    if pipeline.workspace_id != workspace_id:
        raise NotFound(f"Not found: pipeline_id {pipeline_id} in workspace_id {workspace_id}")
    return pipeline


def assay_for(session: Session, caller: Caller, assay_id: int, field: str = "id") -> AssayRow:
    """An assay in a workspace of the caller; ``field`` names it in the error."""
    assay = session.get(AssayRow, assay_id)
    if assay is None or role_in(session, caller, assay.workspace_id) is None:
        raise NotFound(f"Not found: assay {field} {assay_id}")
    return assay
