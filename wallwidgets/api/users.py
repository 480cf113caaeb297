"""Accounts: list, invite, activate, deactivate."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from wallwidgets.api.frames import Records
from wallwidgets.api.references import checked, made_since, wrong_kind
from wallwidgets.api.transport import Transport
from wallwidgets.api.wire import Endpoint, Repeat
from wallwidgets.errors import InvalidRequest, OutcomeUnknown
from wallwidgets.schemas.users import (
    UserByEmail,
    UserInvited,
    UserRecord,
    UsersAnswer,
    UsersQuery,
)
from wallwidgets.schemas.workspaces import MemberRecord
from wallwidgets.settings import Secret

QUERY = Endpoint("/v1/api/users/query", Repeat.READ, UsersAnswer)
INVITE = Endpoint("/v1/api/users/invite", Repeat.CREATE, UserInvited)
ACTIVATE = Endpoint("/v1/api/users/activate", Repeat.SET, object)
DEACTIVATE = Endpoint("/v1/api/users/deactivate", Repeat.SET, object)

UserLike = UserRecord | MemberRecord | str
"""A user's record or a member's, or an id; where a call says so, an e-mail address."""


class Users:
    """The accounts of an instance.

    Example:
        >>> def emails(client: "Client") -> list[str | None]:
        ...     return [user.email for user in client.users.list()]
    """

    def __init__(self, transport: Transport):
        self._transport = transport

    def list(self, users: Iterable[UserLike] | None = None) -> Records[UserRecord]:
        """All accounts, or those of these ids; ids that do not exist are left out."""
        ids = None if users is None else [user_id(user) for user in users]
        answer = self._transport.post(QUERY, checked(UsersQuery, user_ids=ids))
        return Records(UserRecord, (user for user in answer.users.values() if user is not None))

    def invite(self, email: str, password: str | Secret | None = None) -> UserInvited:
        """Make an account; without a password the answer holds a temporary one."""
        password = Secret(password) if isinstance(password, str) else password
        started = datetime.now(UTC)
        request = {"email": email} | ({"password": password} if password else {})
        try:
            return self._transport.post(INVITE, request)
        except OutcomeUnknown:
            made = [user for user in self.list() if user.email == email]
            if password and made and made_since(started, made[0].created_at):
                return UserInvited(id=made[0].id, password=password.reveal())
            raise

    def activate(self, user: UserLike) -> None:
        """Let an account (a record, or an e-mail address) log in again."""
        self._transport.post(ACTIVATE, checked(UserByEmail, email=_email(user)))

    def deactivate(self, user: UserLike) -> None:
        """Keep an account (a record, or an e-mail address) from logging in."""
        self._transport.post(DEACTIVATE, checked(UserByEmail, email=_email(user)))


def user_id(user: UserLike) -> str:
    """The id of a user or member, or the id itself."""
    if isinstance(user, UserRecord):
        return user.id
    if isinstance(user, MemberRecord):
        return user.user_id
    if isinstance(user, str):
        return user
    raise wrong_kind(user, UserRecord, MemberRecord, id_too=True)


def _email(user: UserLike) -> str:
    email = user.email if isinstance(user, UserRecord) else user
    if not isinstance(email, str):
        raise InvalidRequest("Pass an e-mail address, or the record of a user who has one.")
    return email
