"""What stands before every route: the Host header, body limits, strict JSON and safe headers."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wallwidgets.errors import InvalidRequest, TooLarge, UnsupportedFormat, WallwidgetsError
from wallwidgets.instance import strict_json
from wallwidgets.instance.config import InstanceConfig

INFER_PATH = "/v1/api/pipelines/infer/"
UPLOAD_PATHS = frozenset(
    f"/v1/api/models/{name}" for name in ("upload", "upload_stream", "upload_and_convert")
)


class Guard:
    """ASGI middleware around the application.

    It reads each body but an upload's, within its limit, so that routes get it in one piece. The
    API takes JSON with or without a content type, and an empty body for ``{}``, as its callers do.
    """

    def __init__(self, app: ASGIApp, config: InstanceConfig):
        self._app = app
        self._config = config

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Cache-Control"] = "no-store"
            await send(message)

        try:
            self._check_host(Headers(scope=scope).get("host", ""))
            if scope["path"] not in UPLOAD_PATHS:
                body = await self._body(scope, receive)
                if _takes_json(scope):
                    body = _strict_json(scope, body)
                receive = _replay(body, receive)
        except WallwidgetsError as error:
            close = {"Connection": "close"}  # The rest of the body is not read.
            await error_response(scope["path"], error, close)(scope, receive, send_safely)
            return
        await self._app(scope, receive, send_safely)

    def _check_host(self, host: str) -> None:
        """A page that gives its own name our address (DNS rebinding) sends its own name."""
        name = host[1 : host.find("]")] if host.startswith("[") else host.partition(":")[0]
        if name.lower() not in self._config.allowed_hosts:
            raise WallwidgetsError("Misdirected request: this host name is not ours", status=421)

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        infers = scope["path"].startswith(INFER_PATH)
        limit = self._config.max_inference_bytes if infers else self._config.max_json_bytes
        too_large = TooLarge(f"Payload too large: the body has more than {limit} bytes")
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdigit() and int(announced) > limit:
            raise too_large
        chunks, size = [], 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise InvalidRequest("Bad request: the connection ended before the body did")
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if size > limit:
                raise too_large
            if not message.get("more_body", False):
                return b"".join(chunks)


def error_response(
    path: str, error: WallwidgetsError, headers: dict[str, str] | None = None
) -> JSONResponse:
    """An error in the form of its path: inference has its own (contract sections 1 and 8.1)."""
    status = error.status or 500
    headers = dict(headers or {})
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if status == 503:
        headers["Retry-After"] = "1"
    if path.startswith(INFER_PATH):
        source = "platform" if status in (401, 403, 404, 405, 413, 421) else "engine"
        text = error.message.partition(": ")[2] or error.message
        body = {"code": status, "status": "error", "error": text, "source": source}
    else:
        body = {"msg": error.message, "code": status}
    return JSONResponse(body, status, headers)


def _takes_json(scope: Scope) -> bool:
    path: str = scope["path"]
    return scope["method"] == "POST" and path.startswith("/v1/") and not path.startswith(INFER_PATH)


def _strict_json(scope: Scope, body: bytes) -> bytes:
    """The body, once it is known to be a JSON object; and the content type that says so."""
    kind = Headers(scope=scope).get("content-type", "application/json")
    if kind.partition(";")[0].strip().lower() != "application/json":
        raise UnsupportedFormat("Unsupported media type: Content-Type must be application/json")
    body = body if body.strip() else b"{}"
    value = strict_json.loads(body)
    if not isinstance(value, dict):
        raise InvalidRequest("Bad request: the body must be a JSON object")
    headers = [pair for pair in scope["headers"] if pair[0] != b"content-type"]
    scope["headers"] = [*headers, (b"content-type", b"application/json")]
    return body


def _replay(body: bytes, receive: Receive) -> Receive:
    """A receive that gives the body that was read already, then what the server sends."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return pending.pop() if pending else await receive()

    return replay
