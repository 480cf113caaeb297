"""Tokens as Keycloak makes them: RS256, with rotating refresh tokens (RFC 6749, RFC 7519)."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from sqlalchemy import delete

from wallwidgets.errors import AuthenticationError
from wallwidgets.instance.access import Caller
from wallwidgets.instance.accounts import CONFIDENTIAL_CLIENT, Accounts
from wallwidgets.instance.config import InstanceConfig
from wallwidgets.instance.private_file import write_private
from wallwidgets.instance.store import Store
from wallwidgets.instance.tables import AccountRow, SessionRow, new_uuid
from wallwidgets.schemas.auth import TokenAnswer

PUBLIC_CLIENT = "sdk-client"
SERVICE_SUBJECT = "service-account-api-client"
AUDIENCE = ["master-realm", "account"]
# Recorded lifetimes of access tokens; a public client's are short, because it keeps no secret.
ACCESS_LIFETIME_S = {CONFIDENTIAL_CLIENT: 3600, PUBLIC_CLIENT: 60}
REFRESH_LIFETIME_S = 1800
OFFLINE_LIFETIME_S = 30 * 24 * 3600
LONGEST_TOKEN = 8192


class Tokens:
    """Makes and checks tokens with a key that lasts as long as the data folder."""

    def __init__(self, store: Store, accounts: Accounts, config: InstanceConfig):
        self._store = store
        self._accounts = accounts
        self._clock = config.clock
        self._base = config.issuer
        self.issuer = f"{config.issuer}/auth/realms/master"
        path = config.data / "signing-key.pem"
        if not path.exists():
            write_private(path, RSAKey.generate_key(2048).as_pem(private=True))
        self._key = RSAKey.import_key(path.read_bytes())
        self._key_id = self._key.thumbprint()

    def jwks(self) -> dict[str, Any]:
        """The public key (RFC 7517)."""
        public = self._key.as_dict(private=False)
        return {"keys": [{**public, "kid": self._key_id, "use": "sig", "alg": "RS256"}]}

    def caller(self, authorization: str | None) -> Caller:
        """Who sent an Authorization header.

        Raises:
            AuthenticationError: No token, or not one of ours that is valid now.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise AuthenticationError("Unauthorized: a bearer token is missing")
        claims = self._claims(token.strip(), "Bearer")
        if claims.get("preferred_username") == SERVICE_SUBJECT:
            return Caller(account_id=claims["sub"], is_service=True)
        with self._store.read() as session:
            account = session.get(AccountRow, claims["sub"])
        if account is None or not account.enabled:
            raise AuthenticationError("Unauthorized: the account is not active")
        return Caller(account_id=account.id, is_admin=account.is_admin)

    def _claims(self, token: str, kind: str) -> dict[str, Any]:
        """The claims of a token of ours, checked.

        Raises:
            AuthenticationError: Anything about it is wrong.
        """
        refused = AuthenticationError("Unauthorized: the token is not valid")
        if len(token) > LONGEST_TOKEN:
            raise refused
        try:
            decoded = jwt.decode(token, self._key, algorithms=["RS256"])
            jwt.JWTClaimsRegistry(
                now=int(self._clock().timestamp()),
                iss={"essential": True, "value": self.issuer},
                aud={"essential": True, "value": "account" if kind == "Bearer" else self.issuer},
                exp={"essential": True},
                sub={"essential": True},
                typ={"essential": True, "value": kind},
            ).validate(decoded.claims)
        except (JoseError, ValueError, TypeError):
            raise refused from None
        if decoded.header.get("kid") != self._key_id:
            raise refused
        return decoded.claims

    def for_account(self, account: AccountRow, client_id: str, *, offline: bool) -> TokenAnswer:
        """The tokens of a new login."""
        now = self._clock()
        lifetime = timedelta(seconds=OFFLINE_LIFETIME_S if offline else REFRESH_LIFETIME_S)
        row = SessionRow(
            id=new_uuid(),
            account_id=account.id,
            client_id=client_id,
            current_jti=new_uuid(),
            expires_at=now + lifetime,
        )
        with self._store.write() as session:
            session.execute(delete(SessionRow).where(SessionRow.expires_at < now))
            session.add(row)
        return self._answer(account, row, now)

    def refreshed(self, refresh_token: str, client_id: str) -> TokenAnswer | None:
        """New tokens for a refresh token, or None when it is not (or no longer) good.

        A token that was used before ends its whole family: one of the two users is a thief.
        """
        try:
            claims = self._claims(refresh_token, "Refresh")
        except AuthenticationError:
            return None
        now = self._clock()
        with self._store.write() as session:
            row = session.get(SessionRow, claims["sid"])
            account = session.get(AccountRow, claims["sub"])
            if row is None or account is None or row.client_id != client_id:
                return None
            if row.current_jti != claims["jti"] or now >= row.expires_at or not account.enabled:
                session.delete(row)
                return None
            row.current_jti = new_uuid()
            if row.expires_at - now < timedelta(seconds=REFRESH_LIFETIME_S):
                row.expires_at = now + timedelta(seconds=REFRESH_LIFETIME_S)
        return self._answer(account, row, now)

    def end(self, refresh_token: str) -> None:
        """Log out: the family of this refresh token is over."""
        try:
            claims = self._claims(refresh_token, "Refresh")
        except AuthenticationError:
            return
        with self._store.write() as session:
            session.execute(delete(SessionRow).where(SessionRow.id == claims["sid"]))

    def for_service(self) -> TokenAnswer:
        """An inference token: the confidential client itself, without a refresh token."""
        now = self._clock()
        lifetime = ACCESS_LIFETIME_S[CONFIDENTIAL_CLIENT]
        claims = self._access_claims(SERVICE_SUBJECT, CONFIDENTIAL_CLIENT, now, lifetime) | {
            "preferred_username": SERVICE_SUBJECT,
            "clientId": CONFIDENTIAL_CLIENT,
            "clientHost": "127.0.0.1",
            "clientAddress": "127.0.0.1",
            "realm_access": {"roles": ["default-roles-master"]},
        }
        return TokenAnswer(
            access_token=self._sign(claims), expires_in=lifetime, scope="profile email"
        )

    def _answer(self, account: AccountRow, row: SessionRow, now: datetime) -> TokenAnswer:
        lifetime = ACCESS_LIFETIME_S[row.client_id]
        refresh_lifetime = int((row.expires_at - now).total_seconds())
        access = self._access_claims(account.id, row.client_id, now, lifetime)
        access |= _profile(account) | {"session_state": row.id, "sid": row.id}
        refresh = {
            **_times(now, refresh_lifetime),
            "jti": row.current_jti,
            "iss": self.issuer,
            "aud": self.issuer,
            "sub": account.id,
            "typ": "Refresh",
            "azp": row.client_id,
            "session_state": row.id,
            "scope": "profile email",
            "sid": row.id,
        }
        return TokenAnswer(
            access_token=self._sign(access),
            expires_in=lifetime,
            refresh_token=self._sign(refresh),
            refresh_expires_in=refresh_lifetime,
            session_state=row.id,
            scope="profile email",
        )

    def _access_claims(
        self, subject: str, client_id: str, now: datetime, lifetime_s: int
    ) -> dict[str, Any]:
        return {
            **_times(now, lifetime_s),
            "jti": secrets.token_hex(16),
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": subject,
            "typ": "Bearer",
            "azp": client_id,
            "acr": "1",
            "allowed-origins": [self._base],
            "resource_access": {"account": {"roles": ["view-profile"]}},
            "scope": "profile email",
            "email_verified": True,
        }

    def _sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": "RS256", "kid": self._key_id}, claims, self._key)


def _times(now: datetime, lifetime_s: int) -> dict[str, int]:
    seconds = int(now.timestamp())
    return {"iat": seconds, "exp": seconds + lifetime_s}


def _profile(account: AccountRow) -> dict[str, Any]:
    """The claims about a person, with the block that the service's GraphQL engine reads."""
    roles = ["default-roles-master", "offline_access", "uma_authorization"]
    role = "admin_user" if account.is_admin else "user"
    names = {
        "given_name": account.first_name,
        "family_name": account.last_name,
        "name": " ".join(filter(None, (account.first_name, account.last_name))) or None,
        "email": account.email,
    }
    return {
        "preferred_username": account.username,
        "realm_access": {"roles": roles + (["admin", "create-realm"] if account.is_admin else [])},
        "https://hasura.io/jwt/claims": {
            "x-hasura-user-id": account.id,
            "x-hasura-default-role": role,
            "x-hasura-allowed-roles": ["user", "admin_user"] if account.is_admin else ["user"],
            "x-hasura-user-groups": "{}",
        },
        **{key: value for key, value in names.items() if value},
    }
