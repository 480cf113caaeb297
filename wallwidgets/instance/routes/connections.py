"""Data connections (contract section 12). Details are for owners; others see masked values."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from wallwidgets.errors import Conflict, NotFound, PermissionDenied
from wallwidgets.instance.access import OWNER, Caller, role_in, workspace_for
from wallwidgets.instance.context import Ctx, User
from wallwidgets.instance.tables import ConnectionRow, WorkspaceConnectionRow
from wallwidgets.schemas.base import Envelope
from wallwidgets.schemas.connections import (
    ConnectionById,
    ConnectionByName,
    ConnectionCreate,
    ConnectionCreated,
    ConnectionDelete,
    ConnectionLink,
    ConnectionLinked,
    ConnectionRecord,
    ConnectionsAnswer,
    ConnectionsList,
)

MASK = "***"

router = APIRouter(tags=["connections"])


@router.post(
    "/v1/api/connections/create",
    response_model=ConnectionCreated,
    responses={409: {"model": Envelope}},
)
def create(body: ConnectionCreate, ctx: Ctx, user: User) -> Any:
    """A new connection; its name is unique in the instance."""
    with ctx.store.write() as session:
        if _by_name(session, body.name) is not None:
            raise Conflict(f"Conflict: name {body.name} is taken by a connection")
        row = ConnectionRow(
            name=body.name,
            type=body.type,
            details=body.details,
            created_by=user.account_id,
            created_at=ctx.config.clock(),
        )
        session.add(row)
        session.flush()
        return ConnectionCreated(id=row.id)


@router.post("/v1/api/connections/list", response_model=ConnectionsAnswer)
def list_connections(body: ConnectionsList, ctx: Ctx, user: User) -> Any:
    """The connections that the caller may see, or those of one workspace."""
    query = select(ConnectionRow).order_by(ConnectionRow.created_at)
    with ctx.store.read() as session:
        if body.workspace_id is not None:
            workspace_for(session, user, body.workspace_id)
            query = query.join(ConnectionRow.links).where(
                WorkspaceConnectionRow.workspace_id == body.workspace_id
            )
        found = [(row, _rights(session, user, row)) for row in session.scalars(query)]
        return ConnectionsAnswer(
            connections=[_record(session, user, *each) for each in found if each[1] is not None]
        )


@router.post("/v1/api/connections/get", response_model=ConnectionRecord)
def get(body: ConnectionByName, ctx: Ctx, user: User) -> Any:
    """A connection by its name."""
    with ctx.store.read() as session:
        found = _visible(session, user, _by_name(session, body.name), "name")
        return _record(session, user, *found)


@router.post("/v1/api/connections/get_by_id", response_model=ConnectionRecord)
def get_by_id(body: ConnectionById, ctx: Ctx, user: User) -> Any:
    """A connection by its id."""
    with ctx.store.read() as session:
        found = _visible(session, user, session.get(ConnectionRow, body.id), "id")
        return _record(session, user, *found)


@router.post("/v1/api/connections/add_to_workspace", response_model=ConnectionLinked)
def add_to_workspace(body: ConnectionLink, ctx: Ctx, user: User) -> Any:
    """Let a workspace use a connection; its owners then read the details."""
    with ctx.store.write() as session:
        workspace = workspace_for(session, user, body.workspace_id)
        row, rights = _visible(
            session, user, session.get(ConnectionRow, body.connection_id), "connection_id"
        )
        if rights != OWNER:
            raise PermissionDenied("Forbidden: only who may read a connection's details shares it")
        link = next((link for link in row.links if link.workspace_id == workspace.id), None)
        if link is None:
            link = WorkspaceConnectionRow(workspace_id=workspace.id)
            row.links.append(link)
            session.flush()
        return ConnectionLinked(id=link.id)


@router.post("/v1/api/connections/remove_from_workspace", status_code=204, response_class=Response)
def remove_from_workspace(body: ConnectionLink, ctx: Ctx, user: User) -> Response:
    """Take a connection from a workspace; nothing happens when it is not there."""
    with ctx.store.write() as session:
        workspace = workspace_for(session, user, body.workspace_id)
        query = select(WorkspaceConnectionRow).where(
            WorkspaceConnectionRow.workspace_id == workspace.id,
            WorkspaceConnectionRow.connection_id == body.connection_id,
        )
        for link in session.scalars(query):
            session.delete(link)
    return Response(status_code=204)


@router.post("/v1/api/connections/delete", status_code=204, response_class=Response)
def delete(body: ConnectionDelete, ctx: Ctx, user: User) -> Response:
    """Delete a connection; nothing happens when it is not there."""
    with ctx.store.write() as session:
        row = _by_name(session, body.name)
        # What the caller cannot see is treated as absent, so that nothing tells the two apart.
        if row is not None and _rights(session, user, row) is not None:
            if not user.is_admin and row.created_by != user.account_id:
                raise PermissionDenied("Forbidden: only who made a connection deletes it")
            session.delete(row)
    return Response(status_code=204)


def _by_name(session: Session, name: str) -> ConnectionRow | None:
    return session.scalars(select(ConnectionRow).where(ConnectionRow.name == name)).one_or_none()


def _rights(session: Session, user: Caller, row: ConnectionRow) -> str | None:
    """OWNER reads the details, COLLABORATOR sees them masked, None does not see the connection."""
    if user.is_admin or row.created_by == user.account_id:
        return OWNER
    roles = {role_in(session, user, link.workspace_id) for link in row.links} - {None}
    return OWNER if OWNER in roles else next(iter(roles), None)


def _visible(
    session: Session, user: Caller, row: ConnectionRow | None, field: str
) -> tuple[ConnectionRow, str]:
    """A connection that the caller sees, and their rights on it."""
    rights = None if row is None else _rights(session, user, row)
    if row is None or rights is None:
        raise NotFound(f"Not found: {field} is no connection")
    return row, rights


def _record(
    session: Session, user: Caller, row: ConnectionRow, rights: str | None
) -> ConnectionRecord:
    details = row.details
    if details is not None and rights != OWNER:
        details = dict.fromkeys(details, MASK)
    links = [link for link in row.links if role_in(session, user, link.workspace_id) is not None]
    return ConnectionRecord(
        id=row.id,
        name=row.name,
        type=row.type,
        created_at=row.created_at,
        workspace_names=sorted(link.workspace.name for link in links),
        details=details,
    )
