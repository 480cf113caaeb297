"""Tokens of a login, renewed once for all threads."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from wallwidgets.api.account import Account, account_of
from wallwidgets.api.login import MAX_LIFETIME_S, DeviceCall, LoginService
from wallwidgets.api.wire import Headers, Wire
from wallwidgets.errors import AuthenticationError, WallwidgetsError
from wallwidgets.schemas.auth import TokenAnswer
from wallwidgets.settings import Identity, Secret

AHEAD_S = 30.0
AHEAD_SHARE = 0.2
RETRY_S = 5.0
ENDED = "The login has ended and cannot be renewed."


@dataclass(frozen=True)
class _Held:
    """The tokens in use; moments are of ``time.monotonic()``."""

    headers: Headers
    refresh: Secret | None
    renew_at: float
    ends_at: float
    refresh_ends_at: float


class TokenSource:
    """Tokens of a login. They live in memory only.

    Example:
        >>> from wallwidgets.settings import Settings
        >>> wire = Wire(Settings("https://api.example", "https://api.example", Identity()))
        >>> TokenSource(wire, Identity("u", Secret("canary"))).account().kind
        'opaque'
    """

    def __init__(
        self,
        wire: Wire,
        identity: Identity,
        *,
        refresh_token: Secret | None = None,
        device: DeviceCall | None = None,
    ):
        self._service = LoginService(wire, identity)
        self._redactor = wire.redactor
        self._first_refresh = refresh_token
        self._device = device
        # A refresh token or a device logs in a user: the client alone would be somebody else.
        by_client = identity.client_secret and not (refresh_token or device)
        self._can_log_in = bool((identity.username and identity.password) or by_client)
        self._held: _Held | None = None
        self._ended: str | None = None
        self._lock = threading.Lock()
        self._round = 0
        self._latest: _Held | WallwidgetsError = AuthenticationError(ENDED)
        self._redactor.know("refresh token", refresh_token)

    def start(self) -> None:
        """Log in.

        Raises:
            AuthenticationError: The instance refuses.
        """
        self._renew(self._round, None)

    def headers(self) -> Headers:
        """The bearer, renewed if it ends soon.

        Raises:
            AuthenticationError: The login has ended.
        """
        seen, held = self._round, self._held
        if held is not None and time.monotonic() < held.renew_at:
            return held.headers
        return self._renew(seen, None)

    def renewed(self, refused: Headers) -> Headers | None:
        """The bearer that replaces one that was answered with 401."""
        return self._renew(self._round, refused)

    def account(self) -> Account:
        """Who the token is for."""
        held = self._held
        if held is None:
            return Account()
        left_s = held.ends_at - time.monotonic()
        until = datetime.now(UTC) + timedelta(seconds=left_s) if left_s < math.inf else None
        return account_of(held.headers, until)

    def close(self) -> None:
        """Forget the tokens."""
        self._held, self._ended = None, "This client is closed."
        self._latest = AuthenticationError(self._ended)

    def _renew(self, seen: int, refused: Headers | None) -> Headers:
        """One renewal for all who wait; each of them gets its result, an error included."""
        with self._lock:
            held = self._held
            if self._ended is not None:
                outcome: _Held | BaseException = AuthenticationError(self._ended)
            elif refused is not None and held is not None and held.headers is not refused:
                outcome = held
            elif self._round != seen:
                outcome = _again(self._latest)
            else:
                outcome = self._obtain(held, forced=refused is not None)
                if isinstance(outcome, _Held | WallwidgetsError):
                    self._latest = outcome
                    self._round += 1
        if isinstance(outcome, _Held):
            return outcome.headers
        raise outcome

    def _obtain(self, held: _Held | None, *, forced: bool) -> _Held | BaseException:
        outcome = self._refresh_or_log_in(held)
        now = time.monotonic()
        if isinstance(outcome, _Held):
            self._held = outcome
        elif isinstance(outcome, AuthenticationError):
            self._held, self._ended = None, outcome.message
        elif held is not None and not forced and now < held.ends_at:
            # Renewing ahead of time failed on the way; the token is good for a while yet.
            self._held = outcome = replace(held, renew_at=min(held.ends_at, now + RETRY_S))
        return outcome

    def _refresh_or_log_in(self, held: _Held | None) -> _Held | BaseException:
        outcome: _Held | BaseException = AuthenticationError(ENDED)
        refresh = self._first_refresh if held is None else held.refresh
        if refresh and (held is None or time.monotonic() < held.refresh_ends_at):
            self._first_refresh = None
            outcome = self._hold(self._service.refresh(refresh), refresh)
        if isinstance(outcome, _Held):
            return outcome
        if self._can_log_in:
            return self._hold(self._service.log_in())
        if self._device is not None and held is None:
            return self._hold(self._service.log_in_by_device(self._device))
        return outcome

    def _hold(
        self, answer: TokenAnswer | BaseException, old: Secret | None = None
    ) -> _Held | BaseException:
        if isinstance(answer, BaseException):
            return answer
        refresh = Secret(answer.refresh_token) if answer.refresh_token else old
        self._redactor.know("token", Secret(answer.access_token))
        self._redactor.know("refresh token", refresh)
        now = time.monotonic()
        lifetime_s = _lifetime_s(answer.expires_in)
        refresh_lifetime_s = _lifetime_s(answer.refresh_expires_in)
        renew_after_s = lifetime_s
        if refresh and not self._can_log_in:
            # Nothing else can renew this login, so do it while the refresh token still lives.
            renew_after_s = min(lifetime_s, refresh_lifetime_s)
        return _Held(
            headers=Headers({"Authorization": f"Bearer {answer.access_token}"}),
            refresh=refresh,
            renew_at=now + renew_after_s - min(AHEAD_S, AHEAD_SHARE * renew_after_s),
            ends_at=now + lifetime_s,
            refresh_ends_at=now + refresh_lifetime_s,
        )


def _lifetime_s(seconds: float | None) -> float:
    """A usable lifetime; unknown ones last until the service answers 401."""
    if seconds is None or not seconds > 0:
        return math.inf
    return seconds if seconds == math.inf else min(seconds, MAX_LIFETIME_S)


def _again(outcome: _Held | WallwidgetsError) -> _Held | WallwidgetsError:
    """An error of its own for every thread, because raising one adds to its traceback."""
    if isinstance(outcome, WallwidgetsError):
        return type(outcome)(outcome.message, status=outcome.status, remedy=outcome.advice)
    return outcome
