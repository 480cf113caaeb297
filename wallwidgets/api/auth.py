"""Who is asking: tokens from one of the grants, renewed once for all threads, or other headers."""

from __future__ import annotations

import base64
import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from pydantic import TypeAdapter, ValidationError

from wallwidgets.api.account import Account, account_of
from wallwidgets.api.faults import Reply, from_reply, shown
from wallwidgets.api.wire import Body, Endpoint, Headers, Outgoing, Repeat, Wire
from wallwidgets.errors import (
    AuthenticationError,
    Cancelled,
    UnexpectedAnswer,
    WallwidgetsError,
)
from wallwidgets.schemas.auth import DeviceAnswer, OAuthError, TokenAnswer
from wallwidgets.settings import Identity, Secret

_REALM = "/auth/realms/master/protocol/openid-connect"
TOKEN = Endpoint(f"{_REALM}/token", Repeat.READ)
# A refresh token that is sent twice counts as stolen, and ends its whole family.
REFRESH = Endpoint(f"{_REALM}/token", Repeat.CREATE)
DEVICE = Endpoint(f"{_REALM}/auth/device", Repeat.READ)

PUBLIC_CLIENT = "sdk-client"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
AHEAD_S = 30.0
AHEAD_SHARE = 0.2
RETRY_S = 5.0
MAX_LIFETIME_S = 365 * 86_400.0
ENDED = "The login has ended and cannot be renewed."

DeviceCall = Callable[[DeviceAnswer], threading.Event | None]
"""Shows the link and the code; may return an event that, once set, gives the login up."""


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
        self._wire = wire
        self._identity = identity
        self._first_refresh = refresh_token
        self._device = device
        self._login_form = _login_form(identity, renewing=bool(refresh_token or device))
        self._held: _Held | None = None
        self._ended: str | None = None
        self._lock = threading.Lock()
        self._round = 0
        self._latest: _Held | WallwidgetsError | None = None
        for name, secret in (
            ("password", identity.password),
            ("client secret", identity.client_secret),
            ("refresh token", refresh_token),
        ):
            wire.redactor.know(name, secret)

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
        self._held, self._latest, self._ended = None, None, "This client is closed."

    def _renew(self, seen: int, refused: Headers | None) -> Headers:
        """One renewal for all who wait; each of them gets its result, an error included."""
        with self._lock:
            held = self._held
            if self._ended is not None:
                outcome: _Held | BaseException | None = AuthenticationError(self._ended)
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
        raise outcome or AuthenticationError(ENDED)

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
            form: dict[str, str | Secret] = {"grant_type": "refresh_token"}
            form["refresh_token"] = refresh
            outcome = self._held_from(self._exchange(REFRESH, form), refresh)
        if isinstance(outcome, _Held):
            return outcome
        if self._login_form:
            return self._held_from(self._exchange(TOKEN, self._login_form))
        if self._device is not None and held is None:
            return self._log_in_by_device(self._device)
        return outcome

    def _log_in_by_device(self, show: DeviceCall) -> _Held | BaseException:
        outcome = self._exchange(DEVICE, {})
        start = outcome if isinstance(outcome, BaseException) else _read(outcome, DeviceAnswer)
        if not isinstance(start, DeviceAnswer):
            return start or _no_login(outcome, self._wire)
        self._wire.redactor.know("device code", Secret(start.device_code))
        cancel = show(start) or threading.Event()
        ends_at = time.monotonic() + min(start.expires_in, MAX_LIFETIME_S)
        interval_s = max(start.interval, 0)
        form: dict[str, str | Secret] = {"grant_type": DEVICE_GRANT}
        form["device_code"] = Secret(start.device_code)
        while time.monotonic() < ends_at:
            if cancel.wait(interval_s):
                return Cancelled("The login was given up.")
            answer = self._exchange(TOKEN, form)
            refused = _read(answer, OAuthError) if isinstance(answer, Reply) else None
            waits = isinstance(refused, OAuthError) and refused.error
            if waits == "slow_down":
                interval_s += 5
            elif waits != "authorization_pending":
                return self._held_from(answer)
        return AuthenticationError("The login was not confirmed in time.")

    def _exchange(self, endpoint: Endpoint, form: Mapping[str, str | Secret]) -> Any:
        headers = Headers({"Content-Type": "application/x-www-form-urlencoded"})
        client_id, secret = self._identity.client_id, self._identity.client_secret
        if client_id and secret:
            pair = f"{client_id}:{secret.reveal()}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
            self._wire.redactor.know("client", Secret(pair.decode()))
        else:
            form = {**form, "client_id": client_id or PUBLIC_CLIENT}
        return self._wire.exchange(
            Outgoing(
                endpoint=endpoint,
                base=self._wire.settings.auth_url,
                make_body=lambda: _form(form),
                headers=headers,
            )
        )

    def _held_from(
        self, outcome: Reply | BaseException, old: Secret | None = None
    ) -> _Held | BaseException:
        if isinstance(outcome, BaseException):
            return outcome
        answer = _read(outcome, TokenAnswer) if outcome.status < 300 else None
        if not isinstance(answer, TokenAnswer):
            return _no_login(outcome, self._wire)
        bearer = answer.access_token
        if not bearer.isascii() or not bearer.isprintable() or " " in bearer:
            return UnexpectedAnswer("The login service gave a token that no header can carry.")
        refresh = Secret(answer.refresh_token) if answer.refresh_token else old
        self._wire.redactor.know("token", Secret(bearer))
        self._wire.redactor.know("refresh token", refresh)
        now = time.monotonic()
        lifetime_s = _lifetime_s(answer.expires_in)
        refresh_lifetime_s = _lifetime_s(answer.refresh_expires_in)
        renew_after_s = lifetime_s
        if refresh and not self._login_form:
            # Nothing else can renew this login, so do it while the refresh token still lives.
            renew_after_s = min(lifetime_s, refresh_lifetime_s)
        return _Held(
            headers=Headers({"Authorization": f"Bearer {bearer}"}),
            refresh=refresh,
            renew_at=now + renew_after_s - min(AHEAD_S, AHEAD_SHARE * renew_after_s),
            ends_at=now + lifetime_s,
            refresh_ends_at=now + refresh_lifetime_s,
        )


def _login_form(identity: Identity, *, renewing: bool) -> dict[str, str | Secret]:
    """What logs in anew at any time; empty where only a refresh token can renew the login."""
    if identity.username and identity.password:
        return {
            "grant_type": "password",
            "username": identity.username,
            "password": identity.password,
        }
    if identity.client_secret and not renewing:
        return {"grant_type": "client_credentials"}
    return {}


def _form(fields: Mapping[str, str | Secret]) -> Body:
    pairs = {
        key: value.reveal() if isinstance(value, Secret) else value for key, value in fields.items()
    }
    return Body(urlencode(pairs).encode())


def _read(reply: Reply, kind: type[Any]) -> Any:
    """The answer as ``kind``, or None if it is of another shape."""
    try:
        return TypeAdapter(kind).validate_json(reply.content)
    except (ValidationError, RecursionError):
        return None


def _no_login(reply: Reply, wire: Wire) -> WallwidgetsError:
    """The error for an answer of the login service that holds no token."""
    refused = _read(reply, OAuthError)
    if refused is not None and reply.status in (400, 401, 403):
        words = wire.redactor.show(
            f"{refused.error_description} ({refused.error})"
            if refused.error_description
            else refused.error
        )
        return AuthenticationError(f"The login is refused: {words}.", status=reply.status)
    error = from_reply(reply, wire.redactor)
    if error is not None:
        return error
    found = "JSON without a token" if reply.json() is not None else shown(reply, wire.redactor)
    return UnexpectedAnswer(f"The login service gave no token but {found}", status=reply.status)


def _lifetime_s(seconds: float | None) -> float:
    """A usable lifetime; unknown ones last until the service answers 401."""
    if seconds is None or not seconds > 0:
        return math.inf
    return seconds if seconds == math.inf else min(seconds, MAX_LIFETIME_S)


def _again(outcome: _Held | WallwidgetsError | None) -> _Held | WallwidgetsError | None:
    """An error of its own for every thread, because raising one adds to its traceback."""
    if isinstance(outcome, WallwidgetsError):
        return type(outcome)(outcome.message, status=outcome.status, remedy=outcome.advice)
    return outcome
