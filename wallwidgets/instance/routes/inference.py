"""Inference (contract section 8)."""

from __future__ import annotations

import time
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from wallwidgets.errors import NotFound
from wallwidgets.instance.access import role_in
from wallwidgets.instance.context import Context, Ctx, get_caller
from wallwidgets.instance.engine import run
from wallwidgets.instance.inference_log import partition_of
from wallwidgets.instance.log_batches import LAST_MODEL
from wallwidgets.instance.payloads import decode
from wallwidgets.instance.records import encode, form_of
from wallwidgets.schemas.inference import ARROW_FILE, InferenceError

_STATUSES = (400, 401, 403, 404, 413, 415, 500, 503)
_ROWS = {"type": "array", "items": {"type": "object"}}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"anyOf": [_ROWS, {"type": "object"}]}},
            ARROW_FILE: {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "One record per row, in the form that was asked for.",
        "content": {
            "application/json": {"schema": {"type": "array"}},
            ARROW_FILE: {"schema": {"type": "string", "format": "binary"}},
        },
    },
    **{status: {"model": InferenceError} for status in _STATUSES},
}

router = APIRouter(tags=["inference"], responses=_ANSWERS)


@router.post("/v1/api/pipelines/infer/{deployment}", response_class=Response, openapi_extra=_BODY)
async def infer(deployment: str, request: Request, ctx: Ctx) -> Response:
    """Run a deployed pipeline, such as ``mypipe-7``, on rows; each becomes a log record."""
    body = await request.body()
    return await run_in_threadpool(_infer, ctx, request, body, deployment, None)


@router.post(
    "/v1/api/pipelines/infer/{deployment}/{pipeline_name}",
    response_class=Response,
    openapi_extra=_BODY,
)
async def infer_pipeline(
    deployment: str, pipeline_name: str, request: Request, ctx: Ctx
) -> Response:
    """The same, with the pipeline's name."""
    body = await request.body()
    return await run_in_threadpool(_infer, ctx, request, body, deployment, pipeline_name)


def _infer(
    ctx: Context,
    request: Request,
    body: bytes,
    deployment: str,
    pipeline: str | None,
) -> Response:
    # In the same thread as the rest: a dependency would cost one more hand-over per request.
    caller = get_caller(request)
    live = ctx.deployments.find(deployment, pipeline)
    if not (caller.is_service or caller.is_admin):
        with ctx.store.read() as session:
            if role_in(session, caller, live.workspace_id) is None:
                raise NotFound("Not found: Deployment not found")
    runs = ctx.deployments.running(live)
    headers = request.headers
    form = form_of(request.query_params.multi_items(), headers.get("accept"))
    begin = time.perf_counter_ns()
    payload = decode(body, headers.get("content-type"), headers.get("content-encoding"))
    outcome = run(runs.stages, payload, time.perf_counter_ns() - begin)
    constants = {
        LAST_MODEL: outcome.last_model,
        "metadata.pipeline_version": runs.pipeline_version,
        "metadata.partition": partition_of(live.pipeline_id),
    }
    logged = ctx.log.append(live.pipeline_id, outcome.columns, constants, outcome.elapsed)
    if not runs.stages and payload.is_plain_json:
        # The recorded answer of a pipeline without steps: what was sent, in one more list.
        return Response(b"[" + body + b"]", media_type="application/json")
    return Response(encode(logged.table(form.reads), form), media_type=form.media_type)
