"""Data connections of workspaces."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from wallwidgets.api.frames import Records
from wallwidgets.api.references import checked, id_of, made_since, wrong_kind
from wallwidgets.api.transport import Transport
from wallwidgets.api.wire import Endpoint, Repeat
from wallwidgets.errors import OutcomeUnknown
from wallwidgets.schemas.connections import (
    ConnectionById,
    ConnectionByName,
    ConnectionCreate,
    ConnectionCreated,
    ConnectionLink,
    ConnectionLinked,
    ConnectionRecord,
    ConnectionsAnswer,
    ConnectionsList,
    Details,
)
from wallwidgets.schemas.workspaces import WorkspaceRecord

CREATE = Endpoint("/v1/api/connections/create", Repeat.CREATE, ConnectionCreated)
LIST = Endpoint("/v1/api/connections/list", Repeat.READ, ConnectionsAnswer)
GET = Endpoint("/v1/api/connections/get", Repeat.READ, ConnectionRecord)
GET_BY_ID = Endpoint("/v1/api/connections/get_by_id", Repeat.READ, ConnectionRecord)
ADD = Endpoint("/v1/api/connections/add_to_workspace", Repeat.SET, ConnectionLinked)
REMOVE = Endpoint("/v1/api/connections/remove_from_workspace", Repeat.SET, object)
DELETE = Endpoint("/v1/api/connections/delete", Repeat.SET, object)


class Connections:
    """The data connections of an instance.

    Example:
        >>> def add_warehouse(client: "Client", workspace: WorkspaceRecord) -> None:
        ...     warehouse = client.connections.create("warehouse", "BIGQUERY", {"project": "p"})
        ...     client.connections.add_to_workspace(warehouse, workspace)
    """

    def __init__(self, transport: Transport):
        self._transport = transport

    def create(
        self, name: str, type: str, details: Mapping[str, Any] | None = None
    ) -> ConnectionRecord:
        """Make a connection; ``details`` may hold secrets and are masked wherever they show."""
        details = None if details is None else Details(details)
        started = datetime.now(UTC)
        request = checked(ConnectionCreate, name=name, type=type, details=details)
        try:
            created = self._transport.post(CREATE, request)
        except OutcomeUnknown:
            for record in self.list():
                if record.name == name and made_since(started, record.created_at):
                    return record
            raise
        return self.get_by_id(created.id)

    def list(self, workspace: WorkspaceRecord | int | None = None) -> Records[ConnectionRecord]:
        """All connections, or those of a workspace."""
        wanted = None if workspace is None else id_of(workspace, WorkspaceRecord)
        request = checked(ConnectionsList, workspace_id=wanted)
        answer = self._transport.post(LIST, request)
        return Records(ConnectionRecord, answer.connections)

    def get(self, connection: ConnectionRecord | str) -> ConnectionRecord:
        """A connection by its name, or the newest state of a record."""
        request = checked(ConnectionByName, name=_part(connection, "name"))
        return self._transport.post(GET, request)

    def get_by_id(self, connection: ConnectionRecord | str) -> ConnectionRecord:
        """A connection by its id, or the newest state of a record."""
        request = checked(ConnectionById, id=_part(connection, "id"))
        return self._transport.post(GET_BY_ID, request)

    def add_to_workspace(
        self, connection: ConnectionRecord | str, workspace: WorkspaceRecord | int
    ) -> str:
        """Give a workspace a connection (a record or its id); returns the id of the link."""
        return self._transport.post(ADD, _link(connection, workspace)).id

    def remove_from_workspace(
        self, connection: ConnectionRecord | str, workspace: WorkspaceRecord | int
    ) -> None:
        """Take a connection (a record or its id) out of a workspace."""
        self._transport.post(REMOVE, _link(connection, workspace))

    def delete(self, connection: ConnectionRecord | str) -> None:
        """Delete a connection: a record or its *name*."""
        request = checked(ConnectionByName, name=_part(connection, "name"))
        self._transport.post(DELETE, request)


def _link(connection: ConnectionRecord | str, workspace: WorkspaceRecord | int) -> ConnectionLink:
    return checked(
        ConnectionLink,
        connection_id=_part(connection, "id"),
        workspace_id=id_of(workspace, WorkspaceRecord),
    )


def _part(connection: ConnectionRecord | str, field: str) -> str:
    if isinstance(connection, ConnectionRecord):
        value: str = getattr(connection, field)
        return value
    if isinstance(connection, str):
        return connection
    raise wrong_kind(connection, ConnectionRecord)
