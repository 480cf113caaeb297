"""Users (api-contract section 3): Keycloak's representation, by way of the Wallaroo API."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from wallwidgets.schemas.base import Answer, Millis, Name, Request, Text


class UsersQuery(Request):
    user_ids: list[Text] | None = None


class UserInvite(Request):
    email: Name
    password: Text | None = Field(default=None, repr=False)


class UserByEmail(Request):
    email: Name


class UserRecord(Answer):
    """An account. The built-in ``admin`` has no e-mail; unset names are absent on the wire."""

    id: str
    username: str
    email: str | None = None
    first_name: str | None = Field(default=None, alias="firstName")
    last_name: str | None = Field(default=None, alias="lastName")
    enabled: bool = True
    email_verified: bool = Field(default=False, alias="emailVerified")
    created_at: Millis | None = Field(default=None, alias="createdTimestamp")
    not_before: int = Field(default=0, alias="notBefore")
    required_actions: list[str] = Field(default_factory=list, alias="requiredActions")
    disableable_credential_types: list[str] = Field(
        default_factory=list, alias="disableableCredentialTypes"
    )
    access: dict[str, bool] = Field(default_factory=dict)
    federated_identities: list[Any] | None = Field(default=None, alias="federatedIdentities")


class UsersAnswer(Answer):
    users: dict[str, UserRecord | None]


class UserInvited(Answer):
    """A new account; ``password`` is the initial one, given once."""

    id: str
    password: str = Field(repr=False)
