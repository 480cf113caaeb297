"""Calls with a token, from a request of the contract to its answer or error."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, to_json

from wallwidgets.api.faults import Redactor, Reply, from_reply, hidden_error, shown
from wallwidgets.api.wire import Body, Endpoint, Headers, Outgoing, Wire
from wallwidgets.errors import UnexpectedAnswer, WallwidgetsError
from wallwidgets.settings import Secret

JSON = "application/json"

T = TypeVar("T")


class Login(Protocol):
    """Gives the headers that say who is asking, and renews them."""

    def headers(self) -> Headers: ...

    def renewed(self, refused: Headers) -> Headers | None:
        """Other headers than those that were answered with 401, if there are any."""


class Transport:
    """Calls with a token: a 401 renews it once and repeats once, which is safe for every call.

    Every call raises a `WallwidgetsError` of the class of its cause.
    """

    def __init__(self, wire: Wire, login: Login):
        self.wire = wire
        self._login = login

    def take_over(self, other: Transport) -> None:
        """Send from now on as another one does."""
        self.wire, self._login = other.wire, other._login

    def post(
        self,
        endpoint: Endpoint[T],
        request: BaseModel | Mapping[str, Any],
        *,
        timeout_s: float | None = None,
        cancel: threading.Event | None = None,
    ) -> T:
        """Send a JSON request and read the answer of this endpoint."""
        reply = self.ask(endpoint, request, timeout_s=timeout_s, cancel=cancel)
        return self.read(reply, endpoint)

    def ask(
        self,
        endpoint: Endpoint[Any],
        request: BaseModel | Mapping[str, Any],
        *,
        accept: str = JSON,
        timeout_s: float | None = None,
        cancel: threading.Event | None = None,
    ) -> Reply:
        """Send a JSON request and give the successful answer as it came."""
        return self.send(
            Outgoing(
                endpoint,
                make_body=partial(_json_body, request),
                headers=Headers({"Content-Type": JSON, "Accept": accept}),
                timeout_s=timeout_s,
                cancel=cancel,
            )
        )

    def send(self, outgoing: Outgoing) -> Reply:
        """Send a request to the instance's own origin and give the successful answer."""
        outcome = self._authorised(outgoing)
        if isinstance(outcome, BaseException):
            raise outcome
        error = from_reply(outcome, self.wire.redactor)
        if error is not None:
            raise error
        return outcome

    def read(self, reply: Reply, endpoint: Endpoint[T]) -> T:
        """The answer in the endpoint's type.

        Raises:
            UnexpectedAnswer: It is not of that type; the message names the first field.
        """
        try:
            return endpoint.adapter.validate_json(reply.content if reply.status != 204 else b"null")
        except ValidationError as invalid:
            wrong = invalid.errors(include_input=False, include_url=False, include_context=False)[0]
        except RecursionError:
            wrong = ErrorDetails(type="json_invalid", loc=(), msg="nested too deeply", input=None)
        raise hidden_error(reply, self.wire.redactor) or _unexpected(
            reply, wrong, self.wire.redactor
        )

    def _authorised(self, plain: Outgoing) -> Reply | BaseException:
        # Apart from `send`, so that the frames of what that raises hold no token.
        login = self._login.headers()
        outcome = self.wire.exchange(_with(plain, login))
        if isinstance(outcome, Reply) and outcome.status == 401:
            renewed = self._login.renewed(login)
            if renewed is not None:
                return self.wire.exchange(_with(plain, renewed))
        return outcome


def _with(plain: Outgoing, login: Headers) -> Outgoing:
    return replace(plain, headers=Headers({**plain.headers, **login}))


def _json_body(request: BaseModel | Mapping[str, Any]) -> Body:
    if isinstance(request, BaseModel):
        return Body(request.model_dump_json(exclude_none=True).encode())
    plain = {
        key: value.reveal() if isinstance(value, Secret) else value
        for key, value in request.items()
    }
    return Body(to_json(plain))


def _unexpected(reply: Reply, wrong: ErrorDetails, redactor: Redactor) -> WallwidgetsError:
    """The error for an answer of another type; values of the answer stay out of the message."""
    if wrong["type"] == "json_invalid":
        found = shown(reply, redactor)
        return UnexpectedAnswer(f"The answer is not JSON but {found}", status=reply.status)
    where = ".".join(str(part) for part in wrong["loc"]) or "the whole"
    return UnexpectedAnswer(
        f"The answer has an unexpected shape: {where}: {redactor.show(wrong['msg'])}.",
        status=reply.status,
        remedy="The instance may be of a version that this client does not know.",
    )
