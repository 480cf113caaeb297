"""Workspaces and their members (contract section 4)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from wallwidgets.errors import InvalidRequest, PermissionDenied
from wallwidgets.instance.access import (
    COLLABORATOR,
    OWNER,
    member_of,
    owned_workspace,
    visible_workspaces,
    workspace_for,
)
from wallwidgets.instance.accounts import account_of
from wallwidgets.instance.context import Ctx, User
from wallwidgets.instance.names import check_name
from wallwidgets.instance.tables import MemberRow, WorkspaceRow
from wallwidgets.schemas.workspaces import (
    AffectedRows,
    MemberRecord,
    MembersAnswer,
    WorkspaceAddUser,
    WorkspaceCreate,
    WorkspaceCreated,
    WorkspaceRecord,
    WorkspaceRemoveUser,
    WorkspacesAnswer,
    WorkspacesList,
    WorkspaceUsersQuery,
)

router = APIRouter(tags=["workspaces"])


@router.post("/v1/api/workspaces/list", response_model=WorkspacesAnswer)
def list_workspaces(body: WorkspacesList, ctx: Ctx, user: User) -> Any:
    """The workspaces that the caller may see, or those of them with a certain member."""
    with ctx.store.read() as session:
        rows = visible_workspaces(session, user)
        if body.user_id is not None:
            rows = [row for row in rows if any(m.user_id == body.user_id for m in row.members)]
        return WorkspacesAnswer(workspaces=[_record(row) for row in rows])


@router.post("/v1/api/workspaces/create", response_model=WorkspaceCreated)
def create(body: WorkspaceCreate, ctx: Ctx, user: User) -> Any:
    """A new workspace, owned by the caller; its name is unique in the instance."""
    name = check_name(body.workspace_name, "workspace_name")
    with ctx.store.write() as session:
        if session.scalar(select(WorkspaceRow.id).where(WorkspaceRow.name == name)) is not None:
            raise InvalidRequest(f"Bad request: workspace_name {name} is taken")
        row = WorkspaceRow(name=name, created_by=user.account_id, created_at=ctx.config.clock())
        row.members = [MemberRow(user_id=user.account_id, user_type=OWNER)]
        session.add(row)
        session.flush()
        return WorkspaceCreated(workspace_id=row.id)


@router.post("/v1/api/workspaces/add_user", response_model=dict[str, Any])
def add_user(body: WorkspaceAddUser, ctx: Ctx, user: User) -> Any:
    """Make a user a member, or change the role of one."""
    role = (body.user_type or COLLABORATOR).upper()
    if role not in (OWNER, COLLABORATOR):
        raise InvalidRequest("Bad request: user_type must be owner or collaborator")
    with ctx.store.write() as session:
        workspace = owned_workspace(session, user, body.workspace_id)
        account = account_of(session, email=body.email, user_id=body.user_id)
        member = member_of(session, workspace.id, account.id)
        if member is None:
            session.add(MemberRow(workspace_id=workspace.id, user_id=account.id, user_type=role))
        elif role != member.user_type:
            _keep_an_owner(session, member)
            member.user_type = role
    return {}


@router.post("/v1/api/workspaces/list_users", response_model=MembersAnswer)
def list_users(body: WorkspaceUsersQuery, ctx: Ctx, user: User) -> Any:
    """The members of a workspace and their roles."""
    with ctx.store.read() as session:
        members = workspace_for(session, user, body.workspace_id).members
        return MembersAnswer(
            users=[MemberRecord(user_id=m.user_id, user_type=m.user_type) for m in members]
        )


@router.post("/v1/api/workspaces/remove_user", response_model=AffectedRows)
def remove_user(body: WorkspaceRemoveUser, ctx: Ctx, user: User) -> Any:
    """End a membership; 0 rows when there was none."""
    with ctx.store.write() as session:
        workspace = owned_workspace(session, user, body.workspace_id)
        account = account_of(session, email=body.email, user_id=body.user_id)
        member = member_of(session, workspace.id, account.id)
        if member is None:
            return AffectedRows(affected_rows=0)
        _keep_an_owner(session, member)
        session.delete(member)
        return AffectedRows(affected_rows=1)


def _keep_an_owner(session: Session, member: MemberRow) -> None:
    """Refuse to lose the last owner: nobody could manage the workspace any more."""
    query = select(func.count()).where(
        MemberRow.workspace_id == member.workspace_id, MemberRow.user_type == OWNER
    )
    if member.user_type == OWNER and session.scalar(query) == 1:
        raise PermissionDenied("Forbidden: the last owner of a workspace must stay its owner")


def _record(row: WorkspaceRow) -> WorkspaceRecord:
    return WorkspaceRecord(
        id=row.id,
        name=row.name,
        created_at=row.created_at,
        created_by=row.created_by,
        archived=row.archived,
        models=sorted(version.id for model in row.models for version in model.versions),
        pipelines=[pipeline.id for pipeline in row.pipelines],
    )
