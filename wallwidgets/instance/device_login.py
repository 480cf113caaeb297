"""Logging in on another screen: the device grant (RFC 8628)."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import delete, select

from wallwidgets.instance.config import InstanceConfig
from wallwidgets.instance.store import Store
from wallwidgets.instance.tables import AccountRow, DeviceGrantRow
from wallwidgets.schemas.auth import DeviceAnswer

LIFETIME = timedelta(minutes=10)
INTERVAL = timedelta(seconds=5)
# Without vowels and look-alikes: codes are read aloud, and should spell nothing.
ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"


class DeviceLogin:
    """Codes that wait for a person to approve them in a browser."""

    def __init__(self, store: Store, config: InstanceConfig):
        self._store = store
        self._clock = config.clock
        self.page = f"{config.issuer}/auth/realms/master/device"

    def begin(self, client_id: str) -> DeviceAnswer:
        """A device code for the program and a user code for the person."""
        device_code = secrets.token_urlsafe(32)
        letters = "".join(secrets.choice(ALPHABET) for _ in range(8))
        user_code = f"{letters[:4]}-{letters[4:]}"
        now = self._clock()
        with self._store.write() as session:
            session.execute(delete(DeviceGrantRow).where(DeviceGrantRow.expires_at < now))
            session.add(
                DeviceGrantRow(
                    device_code_hash=_hash(device_code),
                    user_code=user_code,
                    client_id=client_id,
                    expires_at=now + LIFETIME,
                )
            )
        return DeviceAnswer(
            device_code=device_code,
            user_code=user_code,
            verification_uri=self.page,
            verification_uri_complete=f"{self.page}?user_code={user_code}",
            expires_in=int(LIFETIME.total_seconds()),
            interval=int(INTERVAL.total_seconds()),
        )

    def approve(self, user_code: str, account: AccountRow) -> bool:
        """Let the program that shows this code log in as the account; False for an unknown code."""
        query = select(DeviceGrantRow).where(
            DeviceGrantRow.user_code == user_code.strip().upper(),
            DeviceGrantRow.expires_at > self._clock(),
            DeviceGrantRow.account_id.is_(None),
        )
        with self._store.write() as session:
            grant = session.scalars(query).one_or_none()
            if grant is None:
                return False
            grant.account_id = account.id
            return True

    def poll(self, device_code: str, client_id: str) -> AccountRow | str:
        """The account that approved, once; else the error of RFC 8628 section 3.5."""
        now = self._clock()
        with self._store.write() as session:
            grant = session.get(DeviceGrantRow, _hash(device_code))
            if grant is None or grant.client_id != client_id:
                return "invalid_grant"
            if now >= grant.expires_at:
                session.delete(grant)
                return "expired_token"
            if grant.account_id is None:
                early = grant.polled_at is not None and now - grant.polled_at < INTERVAL
                grant.polled_at = now
                return "slow_down" if early else "authorization_pending"
            account = session.get_one(AccountRow, grant.account_id)
            session.delete(grant)
            return account if account.enabled else "access_denied"


def _hash(device_code: str) -> str:
    return hashlib.sha256(device_code.encode()).hexdigest()
