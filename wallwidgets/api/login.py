"""The login service: tokens for a password, a client, a refresh token or a confirmed code."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel, ValidationError

from wallwidgets.api.faults import Reply, from_reply, shown
from wallwidgets.api.wire import Body, Endpoint, Headers, Outgoing, Repeat, Wire
from wallwidgets.errors import AuthenticationError, Cancelled, UnexpectedAnswer, WallwidgetsError
from wallwidgets.schemas.auth import DeviceAnswer, OAuthError, TokenAnswer
from wallwidgets.settings import Identity, Secret

_REALM = "/auth/realms/master/protocol/openid-connect"
TOKEN = Endpoint(f"{_REALM}/token", Repeat.READ, TokenAnswer)
# A refresh token that is sent twice counts as stolen, and ends its whole family.
REFRESH = Endpoint(f"{_REALM}/token", Repeat.CREATE, TokenAnswer)
DEVICE = Endpoint(f"{_REALM}/auth/device", Repeat.READ, DeviceAnswer)

PUBLIC_CLIENT = "sdk-client"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
MAX_LIFETIME_S = 365 * 86_400.0

R = TypeVar("R", bound=BaseModel)

Form = Mapping[str, str | Secret]
DeviceCall = Callable[[DeviceAnswer], threading.Event | None]
"""Shows the link and the code; may return an event that, once set, gives the login up."""


class LoginService:
    """Exchanges what proves an identity for tokens. Errors are returned, as by `Wire`.

    Example:
        >>> def tokens(wire: Wire) -> TokenAnswer | BaseException:
        ...     return LoginService(wire, Identity("ada", Secret("canary"))).log_in()
    """

    def __init__(self, wire: Wire, identity: Identity):
        self._wire = wire
        self._identity = identity
        wire.redactor.know("password", identity.password)
        wire.redactor.know("client secret", identity.client_secret)

    def log_in(self) -> TokenAnswer | BaseException:
        """Tokens for the user and password, or else for the client and its secret."""
        username, password = self._identity.username, self._identity.password
        if username and password:
            form: Form = {"grant_type": "password", "username": username, "password": password}
        else:
            form = {"grant_type": "client_credentials"}
        return self._checked(self._exchange(TOKEN, form))

    def refresh(self, token: Secret) -> TokenAnswer | BaseException:
        """Tokens that continue a login."""
        form: Form = {"grant_type": "refresh_token", "refresh_token": token}
        return self._checked(self._exchange(REFRESH, form))

    def log_in_by_device(self, show: DeviceCall) -> TokenAnswer | BaseException:
        """Tokens for somebody who confirms a code elsewhere."""
        outcome = self._exchange(DEVICE, {})
        if isinstance(outcome, BaseException):
            return outcome
        start = _read(outcome, DeviceAnswer)
        if start is None:
            return self._no_login(outcome)
        code = Secret(start.device_code)
        self._wire.redactor.know("device code", code)
        cancel = show(start) or threading.Event()
        ends_at = time.monotonic() + min(start.expires_in, MAX_LIFETIME_S)
        interval_s = max(start.interval, 0)
        while time.monotonic() < ends_at:
            if cancel.wait(interval_s):
                return Cancelled("The login was given up.")
            answer = self._exchange(TOKEN, {"grant_type": DEVICE_GRANT, "device_code": code})
            refused = _read(answer, OAuthError) if isinstance(answer, Reply) else None
            if refused is not None and refused.error == "slow_down":
                interval_s += 5
            elif refused is None or refused.error != "authorization_pending":
                return self._checked(answer)
        return AuthenticationError("The login was not confirmed in time.")

    def _exchange(self, endpoint: Endpoint[R], form: Form) -> Reply | BaseException:
        headers = Headers({"Content-Type": "application/x-www-form-urlencoded"})
        client_id, secret = self._identity.client_id, self._identity.client_secret
        if client_id and secret:
            pair = f"{client_id}:{secret.reveal()}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
            self._wire.redactor.know("client", Secret(pair))
        else:
            form = {**form, "client_id": client_id or PUBLIC_CLIENT}
        base = self._wire.settings.auth_url
        return self._wire.exchange(
            Outgoing(endpoint, base, make_body=lambda: _form_body(form), headers=headers)
        )

    def _checked(self, outcome: Reply | BaseException) -> TokenAnswer | BaseException:
        if isinstance(outcome, BaseException):
            return outcome
        answer = _read(outcome, TokenAnswer) if outcome.status < 300 else None
        if answer is None:
            return self._no_login(outcome)
        bearer = answer.access_token
        if not bearer.isascii() or not bearer.isprintable() or " " in bearer:
            return UnexpectedAnswer("The login service gave a token that no header can carry.")
        return answer

    def _no_login(self, reply: Reply) -> WallwidgetsError:
        """The error for an answer that holds no token."""
        redactor = self._wire.redactor
        refused = _read(reply, OAuthError)
        if refused is not None and reply.status in (400, 401, 403):
            text = refused.error_description
            words = redactor.show(f"{text} ({refused.error})" if text else refused.error)
            return AuthenticationError(f"The login is refused: {words}.", status=reply.status)
        error = from_reply(reply, redactor)
        if error is not None:
            return error
        found = "JSON without a token" if reply.json() is not None else shown(reply, redactor)
        return UnexpectedAnswer(f"The login service gave no token but {found}", status=reply.status)


def _form_body(form: Form) -> Body:
    pairs = {
        key: value.reveal() if isinstance(value, Secret) else value for key, value in form.items()
    }
    return Body(urlencode(pairs).encode())


def _read(reply: Reply, kind: type[R]) -> R | None:
    """The answer as ``kind``, or None if it is of another shape."""
    try:
        return kind.model_validate_json(reply.content)
    except (ValidationError, RecursionError):
        return None
