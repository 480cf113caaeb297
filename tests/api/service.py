"""A real HTTP service whose answers a test decides, down to the bytes on the socket."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "/auth/realms/master/protocol/openid-connect/token"
DEVICE = "/auth/realms/master/protocol/openid-connect/auth/device"
WORKSPACES = "/v1/api/workspaces/list"


@dataclass
class Received:
    """A request that arrived."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: Any
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return {key: values[0] for key, values in parse_qs(self.body.decode()).items()}

    @property
    def bearer(self) -> str:
        return (self.headers["Authorization"] or "").removeprefix("Bearer ")


@dataclass
class Answer:
    """What to answer: a value as JSON, or the bytes of a body."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class Reset:
    """Break the connection instead of an answer."""


@dataclass
class RawBytes:
    """These bytes instead of an answer, then the end of the connection."""

    content: bytes


@dataclass
class Hang:
    """No answer until the event is set."""

    until: threading.Event


Handler = Callable[[Received], Any]


class Service:
    """Answers by path; an answer may be a list, one per request (the last one stays)."""

    def __init__(self, wrap: Callable[[socket.socket], socket.socket] | None = None) -> None:
        service = self
        self.received: list[Received] = []
        self.answers: dict[str, Any] = {}
        self._lock = threading.Lock()

        class RequestHandler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                service.handle(self)

            do_GET = do_POST  # noqa: N815

            def log_message(self, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *args: object) -> None:
                pass

            request_queue_size = 128

        self._server = Server(("127.0.0.1", 0), RequestHandler)
        if wrap:
            self._server.socket = wrap(self._server.socket)
        self.port = self._server.server_address[1]
        self.url = f"{'https' if wrap else 'http'}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def to(self, path: str) -> list[Received]:
        """The requests to a path."""
        return [one for one in self.received if one.path == path]

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(request.path)
        answer = self._next(parts.path)
        if isinstance(answer, Reset) and answer.__class__ is ResetBeforeReading:
            _reset(request)
            return
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        got = Received(request.command, parts.path, parse_qs(parts.query), request.headers, body)
        with self._lock:
            self.received.append(got)
        if callable(answer):
            answer = answer(got)
        if isinstance(answer, Hang):
            answer.until.wait(30)
            request.close_connection = True
        elif isinstance(answer, Reset):
            _reset(request)
        elif isinstance(answer, RawBytes):
            request.wfile.write(answer.content)
            request.close_connection = True
        else:
            _write(request, answer if isinstance(answer, Answer) else Answer(answer))

    def _next(self, path: str) -> Any:
        with self._lock:
            answer = self.answers.get(
                path, Answer({"msg": "Not found: no route", "code": 404}, 404)
            )
            if isinstance(answer, list):
                return answer.pop(0) if len(answer) > 1 else answer[0]
            return answer


class ResetBeforeReading(Reset):
    """Break the connection before the body is read."""


def _write(request: BaseHTTPRequestHandler, answer: Answer) -> None:
    content = answer.content()
    headers = {"Content-Type": "application/json", "Content-Length": str(len(content))}
    request.send_response(answer.status)
    for name, value in (headers | answer.headers).items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(content)


def _reset(request: BaseHTTPRequestHandler) -> None:
    request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.connection.close()
    request.close_connection = True


def token(access: str = "t1", refresh: str | None = "r1", **more: Any) -> Answer:
    """An answer of the token endpoint."""
    body = {"access_token": access, "expires_in": 3600, "token_type": "Bearer"}
    return Answer(body | ({"refresh_token": refresh} if refresh else {}) | more)


def refused(error: str = "invalid_grant", status: int = 400, words: str | None = None) -> Answer:
    """A refusal of the token endpoint."""
    return Answer({"error": error} | ({"error_description": words} if words else {}), status)


UNAUTHORIZED = Answer({"msg": "Unauthorized: token is expired", "code": 401}, 401)
NO_WORKSPACES: dict[str, list[Any]] = {"workspaces": []}
