"""Workspaces and their members (api-contract section 4)."""

from __future__ import annotations

from pydantic import Field

from wallwidgets.schemas.base import Answer, Id, Name, Request, Text, Timestamp


class WorkspacesList(Request):
    user_id: Text | None = None


class WorkspaceCreate(Request):
    workspace_name: Name


class WorkspaceCreated(Answer):
    workspace_id: Id


class WorkspaceAddUser(Request):
    workspace_id: Id
    email: Text | None = None
    user_id: Text | None = None
    user_type: Text | None = None
    url: Text | None = None


class WorkspaceUsersQuery(Request):
    workspace_id: Id


class WorkspaceRemoveUser(Request):
    workspace_id: Id
    email: Text | None = None
    user_id: Text | None = None


class AffectedRows(Answer):
    affected_rows: int


class WorkspaceRecord(Answer):
    """A workspace; ``models`` holds model *version* ids, ``pipelines`` pipeline ids."""

    id: Id
    name: str
    created_at: Timestamp
    created_by: str
    archived: bool = False
    models: list[int] = Field(default_factory=list)
    pipelines: list[int] = Field(default_factory=list)


class WorkspacesAnswer(Answer):
    workspaces: list[WorkspaceRecord]


class MemberRecord(Answer):
    """A member of a workspace; ``user_type`` is OWNER or COLLABORATOR."""

    user_id: str
    user_type: str | None = None


class MembersAnswer(Answer):
    users: list[MemberRecord]
