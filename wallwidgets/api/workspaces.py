"""Workspaces and their members."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from wallwidgets.api.frames import Records
from wallwidgets.api.references import checked, id_of, made_since
from wallwidgets.api.transport import Transport
from wallwidgets.api.users import UserLike, user_id
from wallwidgets.api.wire import Endpoint, Repeat
from wallwidgets.errors import NotFound, OutcomeUnknown
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

LIST = Endpoint("/v1/api/workspaces/list", Repeat.READ, WorkspacesAnswer)
CREATE = Endpoint("/v1/api/workspaces/create", Repeat.CREATE, WorkspaceCreated)
ADD_USER = Endpoint("/v1/api/workspaces/add_user", Repeat.SET, object)
LIST_USERS = Endpoint("/v1/api/workspaces/list_users", Repeat.READ, MembersAnswer)
REMOVE_USER = Endpoint("/v1/api/workspaces/remove_user", Repeat.SET, AffectedRows)

Role = Literal["owner", "collaborator"]


class Workspaces:
    """The workspaces that the account may see.

    Example:
        >>> def first_members(client: "Client") -> Records[MemberRecord]:
        ...     return client.workspaces.users(client.workspaces.list()[0])
    """

    def __init__(self, transport: Transport):
        self._transport = transport

    def list(self, user: UserLike | None = None) -> Records[WorkspaceRecord]:
        """All workspaces that you may see, or those in which a user is a member."""
        request = checked(WorkspacesList, user_id=None if user is None else user_id(user))
        answer = self._transport.post(LIST, request)
        return Records(WorkspaceRecord, answer.workspaces)

    def get(self, workspace: WorkspaceRecord | int | str) -> WorkspaceRecord:
        """A workspace by its id or name, or the newest state of a record.

        Raises:
            NotFound: It is not among those that you may see.
        """
        wanted = workspace if isinstance(workspace, str) else id_of(workspace, WorkspaceRecord)
        for record in self.list():
            if wanted in (record.id, record.name):
                return record
        raise NotFound(f"There is no workspace {wanted!r} that you may see.", status=404)

    def create(self, name: str) -> WorkspaceRecord:
        """Make a workspace; you become its owner. The name is unique on the instance."""
        started = datetime.now(UTC)
        request = checked(WorkspaceCreate, workspace_name=name)
        try:
            created = self._transport.post(CREATE, request)
        except OutcomeUnknown:
            for record in self.list():
                if record.name == name and made_since(started, record.created_at):
                    return record
            raise
        return self.get(created.workspace_id)

    def add_user(
        self,
        workspace: WorkspaceRecord | int,
        user: UserLike,
        role: Role = "collaborator",
    ) -> None:
        """Make a user (a record, an id or an e-mail address) a member, or change the role."""
        request = checked(
            WorkspaceAddUser,
            workspace_id=id_of(workspace, WorkspaceRecord),
            user_type=role.upper(),
            **_by_id_or_email(user),
        )
        self._transport.post(ADD_USER, request)

    def users(self, workspace: WorkspaceRecord | int) -> Records[MemberRecord]:
        """The members of a workspace and their roles."""
        request = checked(WorkspaceUsersQuery, workspace_id=id_of(workspace, WorkspaceRecord))
        return Records(MemberRecord, self._transport.post(LIST_USERS, request).users)

    def remove_user(self, workspace: WorkspaceRecord | int, user: UserLike) -> bool:
        """Take a user (a record, an id or an e-mail address) out; False if it was no member."""
        request = checked(
            WorkspaceRemoveUser,
            workspace_id=id_of(workspace, WorkspaceRecord),
            **_by_id_or_email(user),
        )
        return self._transport.post(REMOVE_USER, request).affected_rows > 0


def _by_id_or_email(user: UserLike) -> dict[str, str]:
    wanted = user_id(user)
    return {"email": wanted} if "@" in wanted else {"user_id": wanted}
