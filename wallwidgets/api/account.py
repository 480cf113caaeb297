"""Who a token is for, and headers of a login made elsewhere."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from wallwidgets.api.wire import Headers, Wire
from wallwidgets.errors import SettingsError
from wallwidgets.settings import Secret

MIN_SECRET = 8
"""Header values of fewer characters, such as a version, are no secrets."""

HeaderCall = Callable[[], Mapping[str, str]]


@dataclass(frozen=True)
class Account:
    """Who a token says it is for; read from the token without checking its signature.

    Attributes:
        kind: ``user``, ``service`` for an inference token, or ``opaque`` if it cannot be read.
        until: When the token ends, as far as is known.
        renews: Whether the client renews it before that; not for headers that somebody else gives.
        is_admin: Whether the token has the role of an administrator.
    """

    kind: str = "opaque"
    username: str | None = None
    email: str | None = None
    user_id: str | None = None
    until: datetime | None = None
    is_admin: bool = False
    renews: bool = True


class HeaderSource:
    """Headers from a function of the caller's, asked for every request."""

    def __init__(self, wire: Wire, call: HeaderCall):
        self._wire = wire
        self._call = call

    def headers(self) -> Headers:
        """What the function gives now.

        Raises:
            SettingsError: It gives something else than a mapping of texts.
        """
        given = self._call()
        headers = _checked_headers(given)
        given = None  # type: ignore[assignment]  # a traceback must not show the bearer
        if headers is None:
            raise SettingsError("headers= must give a mapping of header names to printable texts.")
        for name, value in headers.items():
            if len(value) >= MIN_SECRET:
                self._wire.redactor.know(f"header {name}", Secret(value.rpartition(" ")[2]))
        return headers

    def renewed(self, refused: Headers) -> Headers | None:
        """What the function gives after a 401, unless it is the same."""
        headers = self.headers()
        return headers if headers != refused else None

    def account(self) -> Account:
        """Who the bearer is for."""
        return replace(account_of(self.headers(), None), renews=False)

    def close(self) -> None:
        """Nothing to forget."""


def _checked_headers(given: object) -> Headers | None:
    if not isinstance(given, Mapping):
        return None
    for name, value in given.items():
        if not (isinstance(name, str) and isinstance(value, str)):
            return None
        if not (value.isascii() and value.isprintable() and name.isascii() and name.isprintable()):
            return None
    return Headers(given)


def account_of(headers: Headers, until: datetime | None) -> Account:
    """Who the bearer in these headers is for."""
    bearer = next((text for name, text in headers.items() if name.lower() == "authorization"), "")
    parts = bearer.rpartition(" ")[2].split(".")
    try:
        padded = parts[1] + "=" * (-len(parts[1]) % 4) if len(parts) == 3 else ""
        claims = json.loads(base64.urlsafe_b64decode(padded))
    except (ValueError, binascii.Error, RecursionError):
        claims = None
    if not isinstance(claims, dict):
        return Account(until=until)

    def text(name: str) -> str | None:
        value = claims.get(name)
        return value if isinstance(value, str) else None

    ends = claims.get("exp")
    if until is None and isinstance(ends, int | float) and 0 < ends < 2**33:
        until = datetime.fromtimestamp(ends, UTC)
    username = text("preferred_username")
    service = (username or "").startswith("service-account-")
    return Account(
        "service" if service else "user",
        username,
        text("email"),
        text("sub"),
        until,
        is_admin=_is_admin(claims),
    )


def _is_admin(claims: Mapping[str, object]) -> bool:
    """Whether the roles of Keycloak or, where its mapper leaves them out, of Hasura say so."""
    realm, hasura = claims.get("realm_access"), claims.get("https://hasura.io/jwt/claims")
    roles = realm.get("roles") if isinstance(realm, dict) else None
    allowed = hasura.get("x-hasura-allowed-roles") if isinstance(hasura, dict) else None
    return (isinstance(roles, list) and "admin" in roles) or (
        isinstance(allowed, list) and "admin_user" in allowed
    )
