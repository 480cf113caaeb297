"""Keycloak's token answers (OAuth 2.0, RFC 6749 and RFC 8628)."""

from __future__ import annotations

from pydantic import Field

from wallwidgets.schemas.base import Answer


class TokenAnswer(Answer):
    """What the token endpoint gives (RFC 6749 section 5.1); lifetimes in seconds."""

    access_token: str = Field(min_length=1, repr=False)
    token_type: str = "Bearer"  # noqa: S105  a scheme, no secret
    expires_in: int | float | None = None
    refresh_token: str | None = Field(default=None, repr=False)
    refresh_expires_in: int | float | None = None
    not_before_policy: int = Field(default=0, alias="not-before-policy")
    session_state: str | None = None
    scope: str = ""


class OAuthError(Answer):
    """An error of a login endpoint (RFC 6749 section 5.2); key on ``error``, not on the status."""

    error: str
    error_description: str | None = None


class DeviceAnswer(Answer):
    """The start of a device login (RFC 8628 section 3.2); times in seconds."""

    device_code: str = Field(repr=False)
    user_code: str = ""
    verification_uri: str = ""
    verification_uri_complete: str
    expires_in: int | float
    interval: int | float = 5
