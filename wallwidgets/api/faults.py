"""What went wrong, as one error: an exception of requests, or the body of an error answer."""

from __future__ import annotations

import base64
import html
import json
import re
import ssl
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import responses
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

import requests
import urllib3.exceptions

from wallwidgets.errors import (
    InvalidRequest,
    TimedOut,
    UnexpectedAnswer,
    Unreachable,
    UntrustedCertificate,
    WallwidgetsError,
    from_status,
)
from wallwidgets.settings import Secret

EXCERPT = 200
"""Characters of a server's text that an error shows."""


@dataclass(frozen=True)
class Reply:
    """An answer, read completely."""

    status: int
    headers: requests.structures.CaseInsensitiveDict[str]
    content: bytes | bytearray

    @property
    def content_type(self) -> str:
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    def json(self) -> Any:
        """The body as JSON, or None where it is none."""
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            return None


class Redactor:
    """Makes a server's text fit to be shown: no known secret, no control characters, short.

    Example:
        >>> redactor = Redactor()
        >>> redactor.know("password", Secret("canary"))
        >>> redactor.show("you sent password=canary")
        'you sent password=***'
    """

    def __init__(self) -> None:
        self._known: dict[str, Secret] = {}

    def know(self, name: str, secret: Secret | None) -> None:
        """Remember a secret under a name; a newer one of this name replaces it."""
        if secret:
            self._known[name] = secret

    def show(self, text: str) -> str:
        """The text without secrets, on one line and at most 200 characters long."""
        for form in sorted(self._forms(), key=len, reverse=True):
            text = text.replace(form, "***")
        text = re.sub(r"\s+", " ", text).strip()
        text = "".join(char for char in text if unicodedata.category(char)[0] != "C")
        return text if len(text) <= EXCERPT else text[: EXCERPT - 1] + "…"

    def _forms(self) -> Iterator[str]:
        for secret in list(self._known.values()):
            plain = secret.reveal()
            yield from (plain, quote_plus(plain), quote(plain), quote(plain, safe=""))
            yield from (html.escape(plain), json.dumps(plain)[1:-1], repr(plain)[1:-1])
            yield base64.b64encode(plain.encode()).decode()


def shown(reply: Reply, redactor: Redactor) -> str:
    """The beginning of a body that is not what it should be."""
    text = redactor.show(bytes(reply.content[:100_000]).decode("utf-8", "replace"))
    return f"{reply.content_type or 'no content type'}: {text}" if text else "an empty body"


def from_reply(reply: Reply, redactor: Redactor) -> WallwidgetsError | None:
    """The error that an answer stands for; None for a success."""
    if reply.status < 300:
        return None
    if reply.status < 400:
        host = urlsplit(reply.headers.get("Location", "")).netloc.rpartition("@")[2]
        return UnexpectedAnswer(
            f"The instance redirects to {redactor.show(host) or 'another address'};"
            " redirects are not followed.",
            status=reply.status,
            remedy="Connect to the address that answers itself.",
        )
    text = _message(reply.json()) or (
        "" if "html" in reply.content_type else reply.content[:100_000].decode("utf-8", "replace")
    )
    return from_status(reply.status, redactor.show(text) or _phrase(reply.status))


def hidden_error(reply: Reply, redactor: Redactor) -> WallwidgetsError | None:
    """An error inside a 200: the envelope, or the array that inference answered with in 2023."""
    data = reply.json()
    if isinstance(data, list):
        data = data[0] if data else None
        is_error = isinstance(data, dict) and "error" in data
        return InvalidRequest(redactor.show(_message(data)), status=400) if is_error else None
    if isinstance(data, dict) and isinstance(data.get("msg"), str):
        code = data.get("code")
        if isinstance(code, int) and 400 <= code < 600:
            return from_status(code, redactor.show(data["msg"]))
    return None


def _message(data: Any) -> str:
    """The service's words, from any of the bodies that it uses for errors."""
    if isinstance(data, list) and data:
        data = data[0]
    if not isinstance(data, dict):
        return ""
    if isinstance(data.get("msg"), str):
        return str(data["msg"])
    if isinstance(data.get("error_description"), str):
        return f"{data['error_description']} ({data.get('error')})"
    parts = [data.get("error_type"), data.get("error")]
    return ": ".join(part for part in parts if isinstance(part, str))


def _phrase(status: int) -> str:
    return responses.get(status, "The request failed")


def from_exception(
    fault: BaseException, host: str, *, timeout_s: float, status: int | None
) -> WallwidgetsError:
    """The error for an exception of requests; ``status`` if the answer had begun.

    Texts of the exceptions are not used, because they can hold headers.
    """
    causes = list(_causes(fault))

    def caused_by(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = cause.verify_message.rstrip(".")
            return UntrustedCertificate(f"The certificate of {host} is not trusted: {why}.")
    if caused_by(requests.exceptions.SSLError, ssl.SSLError):
        return Unreachable(
            f"No TLS connection to {host}: the other side does not speak it rightly."
        )
    if caused_by(requests.exceptions.ConnectTimeout):
        return TimedOut(f"{host} did not accept a connection in time.")
    if caused_by(requests.exceptions.ProxyError):
        return Unreachable(f"The proxy on the way to {host} does not let the request through.")
    if caused_by(urllib3.exceptions.NameResolutionError):
        return Unreachable(f"The host {host} is unknown.")
    if caused_by(ConnectionRefusedError):
        return Unreachable(f"{host} refuses connections.")
    if caused_by(urllib3.exceptions.NewConnectionError):
        return Unreachable(f"There is no way to {host}.")
    if caused_by(requests.exceptions.Timeout, urllib3.exceptions.TimeoutError, TimeoutError):
        return TimedOut(f"{host} did not answer within {timeout_s:g} s.")
    if caused_by(requests.exceptions.ContentDecodingError):
        return UnexpectedAnswer(
            f"{host} sent an answer that cannot be decompressed.", status=status
        )
    if status is not None:
        return UnexpectedAnswer(f"The answer of {host} broke off.", status=status)
    if isinstance(fault, requests.exceptions.ConnectionError):
        return Unreachable(f"The connection to {host} broke before the answer.")
    return UnexpectedAnswer(f"The request to {host} could not be made ({type(fault).__name__}).")


def _causes(fault: BaseException) -> Iterator[BaseException]:
    """An exception and what it was made from; urllib3 keeps that in ``reason`` and arguments."""
    waiting, seen = [fault], set()
    while waiting:
        cause = waiting.pop(0)
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        linked = (getattr(cause, "reason", None), cause.__cause__, cause.__context__, *cause.args)
        waiting.extend(link for link in linked if isinstance(link, BaseException))
