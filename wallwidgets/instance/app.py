"""The instance as a FastAPI application."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.security import HTTPBearer
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

import wallwidgets
from wallwidgets.errors import InvalidRequest, WallwidgetsError
from wallwidgets.instance.config import InstanceConfig
from wallwidgets.instance.context import Context
from wallwidgets.instance.guard import INFER_PATH, Guard, error_response
from wallwidgets.instance.routes import (
    assays,
    auth,
    connections,
    inference,
    logs,
    models,
    pipelines,
    platform,
    realm_users,
    users,
    workspaces,
)
from wallwidgets.schemas.base import Envelope
from wallwidgets.schemas.inference import InferenceError

_log = logging.getLogger(__name__)
_SHOWN_PROBLEMS = 3


def create_app(config: InstanceConfig) -> FastAPI:
    """The application of an instance; its parts are in ``app.state.context``."""
    app = FastAPIOffline(
        title="Wallaroo MLOps API (embedded instance)",
        version=wallwidgets.__version__,
        docs_url="/v1/api/docs",
        redoc_url=None,
        openapi_url="/v1/api/openapi.json",
        static_url="/v1/api/docs-assets",
    )
    app.state.context = Context(config)
    app.add_middleware(Guard, config=config)
    app.add_exception_handler(WallwidgetsError, _on_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(Exception, _on_bug)
    app.include_router(auth.router)
    app.include_router(platform.router)
    app.include_router(realm_users.router, responses=_responses(400, 401, 403, 404))
    app.include_router(inference.router)
    for module in (users, workspaces, models, pipelines, logs, assays, connections):
        app.include_router(module.router, responses=_responses(400, 401, 403, 404, 413, 415))
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]  # FastAPI's own way
    return app


def _responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": Envelope} for status in statuses}


def _openapi(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document: 400 where FastAPI would say 422, bearer tokens, and summaries."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, routes=app.routes)
        for path, operations in document["paths"].items():
            error = InferenceError if path.startswith(INFER_PATH) else Envelope
            for operation in operations.values():
                responses = operation["responses"]
                if responses.pop("422", None) and "400" not in responses:
                    schema = {"$ref": f"#/components/schemas/{error.__name__}"}
                    content = {"application/json": {"schema": schema}}
                    responses["400"] = {"description": "Bad Request", "content": content}
                if "401" in responses and not path.startswith(auth.REALM):
                    operation["security"] = [{"token": []}]
                operation["summary"] = operation.pop("description").split("\n")[0].rstrip(".")
        schemas = document["components"]["schemas"]
        schemas.pop("HTTPValidationError", None)
        schemas.pop("ValidationError", None)
        scheme = HTTPBearer().model.model_dump(mode="json", exclude_none=True, by_alias=True)
        document["components"]["securitySchemes"] = {"token": scheme}
        app.openapi_schema = document
    return app.openapi_schema


async def _on_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, WallwidgetsError):
        raise TypeError("this handler is for our own errors")
    return error_response(request.url.path, error)


async def _on_invalid(request: Request, error: Exception) -> JSONResponse:
    problems = error.errors() if isinstance(error, RequestValidationError) else []
    texts = []
    for problem in problems[:_SHOWN_PROBLEMS]:
        field = ".".join(str(part) for part in problem["loc"][1:]) or str(problem["loc"][0])
        texts.append(f"{field[:100]}: {problem['msg']}")
    return error_response(request.url.path, InvalidRequest(f"Bad request: {'; '.join(texts)}"))


async def _on_http_error(request: Request, error: Exception) -> JSONResponse:
    """No such path, or a wrong method."""
    if not isinstance(error, HTTPException):
        raise TypeError("this handler is for the framework's errors")
    plain = WallwidgetsError(f"{error.detail}: {request.method} here", status=error.status_code)
    return error_response(request.url.path, plain, dict(error.headers or {}))


async def _on_bug(request: Request, error: Exception) -> JSONResponse:
    # The stack goes to the log only: it may hold paths and values.
    _log.error("unexpected error at %s", request.url.path, exc_info=error)
    plain = WallwidgetsError("Internal Server Error: see the instance's log", status=500)
    return error_response(request.url.path, plain)
