"""Calls with a token, from a request of the contract to its answer or error."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import to_json

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

    def close(self) -> None: ...


class Transport:
    """Calls with a token: a 401 renews it once and repeats once, which is safe for every call."""

    def __init__(self, wire: Wire, login: Login):
        self.wire = wire
        self._login = login

    def post(
        self,
        endpoint: Endpoint,
        request: BaseModel | Mapping[str, Any] | None,
        answer: TypeAdapter[T],
        *,
        timeout_s: float | None = None,
        cancel: threading.Event | None = None,
    ) -> T:
        """Send a JSON request and read the answer of this endpoint.

        Raises:
            WallwidgetsError: Of the class of its cause.
        """
        reply = self.send(
            endpoint,
            make_body=None if request is None else partial(_json_body, request),
            headers=Headers({} if request is None else {"Content-Type": JSON}),
            timeout_s=timeout_s,
            cancel=cancel,
        )
        return self.read(reply, answer)

    def read(self, reply: Reply, answer: TypeAdapter[T]) -> T:
        """The answer in its type.

        Raises:
            UnexpectedAnswer: It is not of that type; the message names the first field.
        """
        value = _parsed(reply, answer, self.wire.redactor)
        if isinstance(value, WallwidgetsError):
            raise value
        return value

    def send(
        self,
        endpoint: Endpoint,
        *,
        suffix: str = "",
        params: Sequence[tuple[str, str]] = (),
        make_body: Callable[[], Body] | None = None,
        headers: Headers | None = None,
        timeout_s: float | None = None,
        cancel: threading.Event | None = None,
    ) -> Reply:
        """Send a request to the instance's own origin and give the successful answer.

        Raises:
            WallwidgetsError: Of the class of its cause.
        """
        plain = Outgoing(
            endpoint=endpoint,
            base=self.wire.settings.url,
            suffix=suffix,
            params=params,
            make_body=make_body,
            headers=headers or Headers(),
            timeout_s=timeout_s,
            cancel=cancel,
        )
        outcome = self._authorised(plain)
        if isinstance(outcome, BaseException):
            raise outcome
        error = from_reply(outcome, self.wire.redactor)
        if error is not None:
            raise error
        return outcome

    def _authorised(self, plain: Outgoing) -> Reply | BaseException:
        login = self._login.headers()
        outcome = self.wire.exchange(replace(plain, headers=Headers({**plain.headers, **login})))
        if isinstance(outcome, Reply) and outcome.status == 401:
            renewed = self._login.renewed(login)
            if renewed is not None:
                again = replace(plain, headers=Headers({**plain.headers, **renewed}))
                return self.wire.exchange(again)
        return outcome


def _json_body(request: BaseModel | Mapping[str, Any]) -> Body:
    if isinstance(request, BaseModel):
        return Body(request.model_dump_json(by_alias=True, exclude_none=True).encode())
    plain = {
        key: value.reveal() if isinstance(value, Secret) else value
        for key, value in request.items()
    }
    return Body(to_json(plain))


def _parsed(reply: Reply, answer: TypeAdapter[T], redactor: Redactor) -> T | WallwidgetsError:
    """An answer in its type, or the error; values of the answer stay out of the message."""
    if reply.status == 204 or not reply.content:
        content: bytes | bytearray = b"null" if reply.status == 204 else b""
    else:
        content = reply.content
    try:
        return answer.validate_json(content)
    except ValidationError as invalid:
        first = invalid.errors(include_input=False, include_url=False, include_context=False)[0]
    except RecursionError:
        first = {"type": "json_invalid", "loc": (), "msg": "nested too deeply", "input": None}
    if (error := hidden_error(reply, redactor)) is not None:
        return error
    if first["type"] == "json_invalid":
        found = shown(reply, redactor)
        return UnexpectedAnswer(f"The answer is not JSON but {found}", status=reply.status)
    where = ".".join(str(part) for part in first["loc"]) or "the whole"
    return UnexpectedAnswer(
        f"The answer has an unexpected shape: {where}: {redactor.show(first['msg'])}.",
        status=reply.status,
        remedy="The instance may be of a version that this client does not know.",
    )
