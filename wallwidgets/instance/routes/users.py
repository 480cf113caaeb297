"""Users (contract section 3)."""

from __future__ import annotations

import secrets
from typing import Any

from fastapi import APIRouter
from sqlalchemy import select

from wallwidgets.instance.accounts import account_of
from wallwidgets.instance.context import Admin, Ctx, User
from wallwidgets.instance.tables import AccountRow
from wallwidgets.schemas.users import (
    UserByEmail,
    UserInvite,
    UserInvited,
    UserRecord,
    UsersAnswer,
    UsersQuery,
)

router = APIRouter(tags=["users"])


@router.post("/v1/api/users/query", response_model=UsersAnswer, response_model_exclude_none=True)
def query(body: UsersQuery, ctx: Ctx, user: User) -> Any:
    """All users, or those with the given ids; an unknown id maps to null."""
    with ctx.store.read() as session:
        if body.user_ids is None:
            return UsersAnswer(
                users={row.id: representation(row) for row in session.scalars(select(AccountRow))}
            )
        found = session.scalars(select(AccountRow).where(AccountRow.id.in_(body.user_ids)))
        users: dict[str, UserRecord | None] = dict.fromkeys(body.user_ids)
        # Two forms, because the service asks Keycloak in two ways.
        users |= {row.id: representation(row, federated_identities=[]) for row in found}
        return UsersAnswer(users=users)


@router.post("/v1/api/users/invite", response_model=UserInvited)
def invite(body: UserInvite, ctx: Ctx, admin: Admin) -> Any:
    """A new user, with a password of the caller's or a temporary one."""
    password = body.password or secrets.token_urlsafe(12)
    with ctx.store.write() as session:
        account = ctx.accounts.add(session, body.email, password, temporary=body.password is None)
        return UserInvited(id=account.id, password=password)


@router.post("/v1/api/users/activate", response_model=dict[str, Any])
def activate(body: UserByEmail, ctx: Ctx, admin: Admin) -> Any:
    """Let a user log in again."""
    return _set_enabled(ctx, body, enabled=True)


@router.post("/v1/api/users/deactivate", response_model=dict[str, Any])
def deactivate(body: UserByEmail, ctx: Ctx, admin: Admin) -> Any:
    """Keep a user from logging in, and end what they are doing."""
    return _set_enabled(ctx, body, enabled=False)


def _set_enabled(ctx: Ctx, body: UserByEmail, *, enabled: bool) -> dict[str, Any]:
    with ctx.store.write() as session:
        account = account_of(session, email=body.email)
        ctx.accounts.set_enabled(session, account, enabled=enabled)
    return {}


def representation(account: AccountRow, **more: Any) -> UserRecord:
    """Keycloak's representation of an account."""
    rights = ("view", "manage", "manageGroupMembership", "mapRoles")
    return UserRecord(
        id=account.id,
        username=account.username,
        email=account.email,
        first_name=account.first_name,
        last_name=account.last_name,
        enabled=account.enabled,
        email_verified=True,
        created_at=account.created_at,
        required_actions=account.required_actions,
        access={**dict.fromkeys(rights, True), "impersonate": False},
        **more,
    )
