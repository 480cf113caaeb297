"""Accounts: passwords under argon2id, the administrator of the first start, and creds.json."""

from __future__ import annotations

import hmac
import json
import secrets
from datetime import timedelta

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from wallwidgets.errors import InvalidRequest, NotFound
from wallwidgets.instance.config import InstanceConfig
from wallwidgets.instance.private_file import write_private
from wallwidgets.instance.store import Store
from wallwidgets.instance.tables import AccountRow

ADMIN_EMAIL = "admin@example.com"
CONFIDENTIAL_CLIENT = "api-client"
MAX_FAILED_LOGINS = 30
LOCK_TIME = timedelta(minutes=15)
SHORTEST_PASSWORD, LONGEST_PASSWORD = 8, 128


class Accounts:
    """The people who may log in, and the one confidential client."""

    def __init__(self, store: Store, config: InstanceConfig):
        self._store = store
        self._config = config
        # OWASP's argon2id setting: 19 MiB, two passes, one lane.
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._nobody = self._hasher.hash(secrets.token_urlsafe())
        self.credentials_file = config.data / "creds.json"
        if not self.credentials_file.exists():
            self._make_credentials()
        creds = json.loads(self.credentials_file.read_bytes())
        self._client_secret = str(creds["confidentialPassword"])

    def _make_credentials(self) -> None:
        """The administrator with a new password; deleting creds.json is the way back in."""
        password = secrets.token_urlsafe(16)
        with self._store.write() as session:
            query = select(AccountRow).where(AccountRow.username == ADMIN_EMAIL)
            account = session.scalars(query).one_or_none()
            if account is None:
                account = self.add(session, ADMIN_EMAIL, password)
            account.password_hash = self._hasher.hash(password)
            account.is_admin = account.enabled = True
            account.first_name, account.last_name = "Ada", "Admin"
        creds = {
            "username": ADMIN_EMAIL,
            "password": password,
            "email": ADMIN_EMAIL,
            "confidentialClient": CONFIDENTIAL_CLIENT,
            "confidentialPassword": secrets.token_urlsafe(24),
        }
        write_private(self.credentials_file, json.dumps(creds, indent=2).encode())

    def add(
        self, session: Session, email: str, password: str, *, temporary: bool = False
    ) -> AccountRow:
        """A new account that logs in with its e-mail.

        Raises:
            InvalidRequest: The e-mail is no address or taken, or the password of a wrong length.
        """
        name, at, host = email.partition("@")
        if not (name and at and host) or any(char.isspace() for char in email):
            raise InvalidRequest("Bad request: email is not an e-mail address")
        if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
            raise InvalidRequest(
                f"Bad request: password needs {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters"
            )
        if by_email(session, email) is not None:
            raise InvalidRequest(f"Bad request: email {email} has an account already")
        account = AccountRow(
            username=email,
            email=email,
            password_hash=self._hasher.hash(password),
            required_actions=["UPDATE_PASSWORD"] if temporary else [],
            created_at=self._config.clock(),
        )
        session.add(account)
        session.flush()
        return account

    def log_in(self, username: str, password: str) -> AccountRow | None:
        """The account of a user name or e-mail and its password, or None, for any reason alike."""
        now = self._config.clock()
        with self._store.read() as session:
            account = by_email(session, username)
        usable = (
            account is not None
            and account.enabled
            and not (account.locked_until and now < account.locked_until)
        )
        # The hash is checked in every case, so that the time tells nothing about the account.
        right = self._verify(account.password_hash if account else self._nobody, password)
        if account is None or not usable:
            return None
        if right and not account.failed_logins:
            return account
        return self._count_login(account.id, right=right)

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password[: LONGEST_PASSWORD + 1])
        except VerificationError:
            return False

    def _count_login(self, account_id: str, *, right: bool) -> AccountRow | None:
        with self._store.write() as session:
            account = session.get_one(AccountRow, account_id)
            account.failed_logins = 0 if right else account.failed_logins + 1
            if account.failed_logins >= MAX_FAILED_LOGINS:
                account.locked_until = self._config.clock() + LOCK_TIME
                account.failed_logins = 0
            return account if right else None

    def is_client_secret(self, client_id: str, secret: str) -> bool:
        """Whether these are the confidential client's id and secret."""
        right = hmac.compare_digest(secret.encode(), self._client_secret.encode())
        return right and client_id == CONFIDENTIAL_CLIENT

    def set_enabled(self, session: Session, account: AccountRow, *, enabled: bool) -> None:
        """Let an account log in, or end all that it may do at its next request.

        Raises:
            InvalidRequest: It is the last administrator.
        """
        if not enabled and account.enabled and account.is_admin:
            query = select(func.count()).where(AccountRow.is_admin, AccountRow.enabled)
            if session.scalar(query) == 1:
                raise InvalidRequest(
                    "Bad request: the last administrator cannot be deactivated", status=400
                )
        account.enabled = enabled
        if enabled:
            account.failed_logins, account.locked_until = 0, None


def by_email(session: Session, email: str) -> AccountRow | None:
    """The account with this user name or e-mail."""
    query = select(AccountRow).where(or_(AccountRow.username == email, AccountRow.email == email))
    return session.scalars(query).first()


def account_of(
    session: Session, *, email: str | None = None, user_id: str | None = None
) -> AccountRow:
    """The account that a request names by e-mail or id.

    Raises:
        InvalidRequest: It names neither.
        NotFound: There is no such account.
    """
    if email is None and user_id is None:
        raise InvalidRequest("Bad request: email or user_id is required")
    account = session.get(AccountRow, user_id) if email is None else by_email(session, email)
    if account is None:
        raise NotFound(f"Not found: {'user_id' if email is None else 'email'} is no user")
    return account
