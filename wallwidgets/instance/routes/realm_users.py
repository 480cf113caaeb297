"""The three of Keycloak's admin calls that the official SDK makes (contract 2.2)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy import select

from wallwidgets.instance.accounts import account_of
from wallwidgets.instance.context import Admin, Ctx
from wallwidgets.instance.routes.users import representation
from wallwidgets.instance.tables import AccountRow
from wallwidgets.schemas.base import Request
from wallwidgets.schemas.users import UserRecord

USERS = "/auth/admin/realms/master/users"

router = APIRouter(tags=["login"])


class AccountChange(Request):
    """A full representation comes back; only ``enabled`` is looked at."""

    enabled: bool


@router.get(USERS, response_model=list[UserRecord], response_model_exclude_none=True)
def find(ctx: Ctx, admin: Admin, email: str | None = None) -> Any:
    """The users with an e-mail, or all."""
    query = select(AccountRow).order_by(AccountRow.created_at)
    if email is not None:
        query = query.where(AccountRow.email == email)
    with ctx.store.read() as session:
        return [representation(account) for account in session.scalars(query)]


@router.get(f"{USERS}/{{user_id}}", response_model=UserRecord, response_model_exclude_none=True)
def get(user_id: str, ctx: Ctx, admin: Admin) -> Any:
    """One user."""
    with ctx.store.read() as session:
        return representation(account_of(session, user_id=user_id))


@router.put(f"{USERS}/{{user_id}}", status_code=204, response_class=Response)
def change(user_id: str, body: AccountChange, ctx: Ctx, admin: Admin) -> Response:
    """Activate or deactivate a user."""
    with ctx.store.write() as session:
        account = account_of(session, user_id=user_id)
        ctx.accounts.set_enabled(session, account, enabled=body.enabled)
    return Response(status_code=204)
