"""Inference logs (contract section 9): pages of a pipeline's records, and log topics."""

from __future__ import annotations

import base64
import binascii
import json
import re
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Body, Request
from starlette.responses import Response

from wallwidgets.errors import InvalidRequest, NotFound
from wallwidgets.instance.access import Caller, pipeline_for, pipeline_named
from wallwidgets.instance.context import Context, Ctx, User
from wallwidgets.instance.inference_log import partition_of
from wallwidgets.instance.log_batches import millis
from wallwidgets.instance.log_pages import LogPage
from wallwidgets.instance.records import RecordForm, encode, form_of, legacy_records
from wallwidgets.schemas.inference import (
    ARROW_FILE,
    BYTE_LIMITED,
    CURSOR_HEADER,
    STATUS_HEADER,
    LogQuery,
    PartitionRange,
    TopicName,
    TopicNameQuery,
    TopicPage,
    TopicPartitions,
)

router = APIRouter(tags=["logs"])

DEFAULT_PAGE = 1000
DEFAULT_TOPIC_PAGE = 100
MAX_JSON_BYTES = 100_000
MAX_ARROW_BYTES = 2**25
MAX_PAGE = 1_000_000
FAILURES = "-failures"
_TOPIC = re.compile(r"workspace-(\d{1,18})-pipeline-(.+)-inference")
_PAGE: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            "application/json": {"schema": {"type": "array"}},
            ARROW_FILE: {"schema": {"type": "string", "format": "binary"}},
        }
    }
}


@router.post("/v1/api/pipelines/get_logs", response_class=Response, responses=_PAGE)
def get_logs(body: LogQuery, request: Request, ctx: Ctx, user: User) -> Response:
    """A page of a pipeline's records, oldest first; headers say whether and where it goes on."""
    form = form_of(request.query_params.multi_items(), request.headers.get("accept"))
    with ctx.store.read() as session:
        name = body.pipeline_name or body.pipeline_id
        pipeline_id = pipeline_named(session, user, body.workspace_id, name).id
    newest_first = (body.order or "asc").lower() == "desc"
    page = ctx.log.read(
        pipeline_id,
        start=millis(body.start_time),
        end=millis(body.end_time),
        position=_position(body.cursor, pipeline_id),
        newest_first=newest_first,
        limit=min(body.page_size or DEFAULT_PAGE, MAX_PAGE),
        max_bytes=MAX_ARROW_BYTES if form.arrow else MAX_JSON_BYTES,
        wanted=form.reads,
    )
    page, content = _fitting(page, form, newest_first)
    headers = {STATUS_HEADER: page.status}
    if page.position is not None:
        headers[CURSOR_HEADER] = _cursor(pipeline_id, page.position)
    return Response(content, media_type=form.media_type, headers=headers)


@router.post("/v1/api/plateau/get_topic_name", response_model=TopicName)
def get_topic_name(body: TopicNameQuery, ctx: Ctx, user: User) -> Any:
    """The topic of a pipeline's records."""
    with ctx.store.read() as session:
        if body.pipeline_pk_id is not None:
            row = pipeline_for(session, user, body.pipeline_pk_id, "pipeline_pk_id")
        else:
            row = pipeline_named(session, user, body.workspace_id, body.pipeline_name)
        name = f"workspace-{row.workspace_id}-pipeline-{row.name}-inference"
        return TopicName(topic_name=name)


@router.post("/v1/api/plateau/get_pipeline_topic_name", response_model=TopicName)
def get_pipeline_topic_name(body: TopicNameQuery, ctx: Ctx, user: User) -> Any:
    """The same under its other name."""
    return get_topic_name(body, ctx, user)


@router.get("/v1/logs/topic/{topic}", response_model=TopicPartitions)
def partitions(topic: str, ctx: Ctx, user: User) -> Any:
    """The one partition of a topic; inferences that failed leave no records."""
    pipeline_id, failures = _topic(ctx, user, topic)
    start, end = (0, 0) if failures else ctx.log.extent(pipeline_id)
    extent = PartitionRange(start=start, end=end)
    return TopicPartitions(partitions={partition_of(pipeline_id): extent})


@router.post("/v1/logs/topic/{topic}/records", response_class=Response, responses=_PAGE)
def records(
    topic: str,
    request: Request,
    ctx: Ctx,
    user: User,
    iterator: dict[str, Any] = Body(default_factory=dict),  # noqa: B008  FastAPI's own way
) -> Response:
    """A page of a topic; the body is ``{}``, the ``next`` of a page, or an offset per partition."""
    query = request.query_params
    form = form_of(query.multi_items(), request.headers.get("accept"))
    pipeline_id, failures = _topic(ctx, user, topic)
    partition = partition_of(pipeline_id)
    position = iterator.get(partition)
    if position is not None and (not isinstance(position, int) or not 0 <= position < 2**62):
        raise InvalidRequest(f"Bad request: {partition}: must be an offset")
    newest_first = query.get("order", "asc").lower() == "desc"
    page = ctx.log.read(
        -1 if failures else pipeline_id,
        start=_query_time(query.get("time.start"), "time.start"),
        end=_query_time(query.get("time.end"), "time.end"),
        position=position,
        newest_first=newest_first,
        limit=_page_size(query.get("page_size") or query.get("limit")),
        max_bytes=MAX_ARROW_BYTES,
        wanted=form.reads if form.arrow else lambda name: True,
    )
    following = None if page.position is None else {partition: page.position}
    if form.arrow:
        status = json.dumps({"status": page.status, "next": following})
        content = encode(page.table, form, {"status": status})
        return Response(content, media_type=form.media_type)
    answer = TopicPage(
        records=legacy_records(page.table, topic), next=following, status=page.status
    )
    return Response(answer.model_dump_json(), media_type="application/json")


def _fitting(page: LogPage, form: RecordForm, newest_first: bool) -> tuple[LogPage, Any]:
    """The page and its content; JSON is cut until it fits the limit."""
    content = encode(page.table, form)
    rows = page.table.num_rows
    while not form.arrow and len(content) > MAX_JSON_BYTES and rows > 1:
        rows = max(1, min(rows - 1, rows * MAX_JSON_BYTES // len(content)))
        content = encode(page.table.slice(0, rows), form)
    if rows == page.table.num_rows:
        return page, content
    position = page.begin - rows if newest_first else page.begin + rows
    return LogPage(page.table.slice(0, rows), BYTE_LIMITED, position, page.begin), content


def _topic(ctx: Context, user: Caller, topic: str) -> tuple[int, bool]:
    """The pipeline of a topic, and whether it is the one of failures."""
    failures = topic.endswith(FAILURES)
    match = _TOPIC.fullmatch(topic.removesuffix(FAILURES))
    if match is None:
        raise NotFound("Not found: no such topic")
    with ctx.store.read() as session:
        return pipeline_named(session, user, int(match[1]), match[2]).id, failures


def _cursor(pipeline_id: int, position: int) -> str:
    return base64.urlsafe_b64encode(f"{pipeline_id}:{position}".encode()).decode()


def _position(cursor: str | None, pipeline_id: int) -> int | None:
    if cursor is None:
        return None
    try:
        match = re.fullmatch(rb"(\d+):(\d{1,18})", base64.urlsafe_b64decode(cursor))
    except (binascii.Error, ValueError):
        match = None
    if match is None or int(match[1]) != pipeline_id:
        raise InvalidRequest("Bad request: cursor: not one of this pipeline's log")
    return int(match[2])


def _query_time(text: str | None, field: str) -> int | None:
    if text is None:
        return None
    try:
        # A plus sign that was not encoded arrives as a blank.
        time = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise InvalidRequest(f"Bad request: {field}: must be an ISO 8601 time") from None
    return millis(time if time.tzinfo else time.replace(tzinfo=UTC))


def _page_size(text: str | None) -> int:
    if text is None:
        return DEFAULT_TOPIC_PAGE
    if not (text.isascii() and text.isdigit() and 1 <= len(text) <= 18 and int(text) > 0):
        raise InvalidRequest("Bad request: page_size: must be a positive number")
    return min(int(text), MAX_PAGE)
