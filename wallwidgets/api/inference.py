"""Inference and its log: frames, records and files to the wire and back."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict
from urllib.parse import quote

import pyarrow as pa

from wallwidgets.api.faults import Reply, hidden_error
from wallwidgets.api.frames import Frame, plain_types, read_arrow, read_json_records
from wallwidgets.api.transport import Transport
from wallwidgets.api.wire import Body, Endpoint, Headers, Outgoing, Repeat
from wallwidgets.errors import InvalidRequest, ServiceBusy, UnexpectedAnswer
from wallwidgets.schemas.inference import (
    ALL,
    ARROW_FILE,
    CURSOR_HEADER,
    PANDAS_RECORDS,
    STATUS_HEADER,
    LogQuery,
)

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

INFER = Endpoint("/v1/api/pipelines/infer/", Repeat.INFER, bytes)
GET_LOGS = Endpoint("/v1/api/pipelines/get_logs", Repeat.READ, bytes)

Rows = list[dict[str, Any]]

PAGE_ROWS = 100_000
BUSY_REMEDY = "Wait until it runs: client.pipelines.wait_until_running(deployment)."


class InferOptions(TypedDict, total=False):
    """What else `infer` takes."""

    dataset: Sequence[str]
    exclude: Sequence[str]
    timeout_s: float | None


@dataclass(frozen=True)
class _Input:
    """Rows ready for the wire, and how an answer of their type becomes what the caller gave."""

    content_type: str
    content: bytes | memoryview
    back: Callable[[pa.Table], Any] | None


def infer(
    transport: Transport,
    deployment: str,
    pipeline: str,
    data: Any,
    *,
    dataset: Sequence[str] = ("*",),
    exclude: Sequence[str] = ("metadata",),
    timeout_s: float | None = None,
) -> Any:
    """Send rows to a pipeline, by the two names; the answer is of the kind of ``data``.

    Raises:
        ServiceBusy: The pipeline is not running yet.
        NotFound: There is no such deployment; nothing was inferred.
    """
    given = _input(data)
    params = [("dataset[]", part) for part in dataset]
    params += [("dataset.exclude[]", part) for part in exclude]
    outgoing = Outgoing(
        INFER,
        suffix=f"{quote(deployment, safe='')}/{quote(pipeline, safe='')}",
        params=[*params, ("dataset.separator", ".")],
        make_body=partial(Body, given.content),
        headers=Headers({"Content-Type": given.content_type, "Accept": given.content_type}),
        timeout_s=timeout_s,
    )
    try:
        reply = transport.send(outgoing)
    except ServiceBusy as error:
        error.advice = BUSY_REMEDY
        raise
    if reply.content_type != ARROW_FILE:
        error_inside = hidden_error(reply, transport.wire.redactor)
        if error_inside is not None:
            raise error_inside
    return _rows(reply) if given.back is None else given.back(_table(reply))


def read_log(
    transport: Transport, query: LogQuery, *, limit: int | None, cancel: threading.Event | None
) -> Frame:
    """The records that a query means, until their end or the limit.

    Columns that only some records have are null in the others.
    """
    try:
        return _read_pages(transport, query, limit, cancel)
    except InvalidRequest as error:
        if "variant" not in error.message or query.order is None:
            raise
    # The service spells the order with a small letter since 2025 and takes no other spelling.
    query = query.model_copy(update={"order": query.order.lower()})
    return _read_pages(transport, query, limit, cancel)


def _read_pages(
    transport: Transport, query: LogQuery, limit: int | None, cancel: threading.Event | None
) -> Frame:
    pages: list[pa.Table] = []
    rows = 0
    while limit is None or rows < limit:
        size = PAGE_ROWS if limit is None else min(PAGE_ROWS, limit - rows)
        query = query.model_copy(update={"page_size": size})
        reply = transport.ask(GET_LOGS, query, accept=ARROW_FILE, cancel=cancel)
        page = read_arrow(reply.content)
        pages.append(page)
        rows += page.num_rows
        cursor = reply.headers.get(CURSOR_HEADER)
        if reply.headers.get(STATUS_HEADER, ALL) == ALL or not cursor:
            break
        if cursor == query.cursor:
            raise UnexpectedAnswer("The log does not go on: the service gave one cursor twice.")
        query = query.model_copy(update={"cursor": cursor})
    filled = [page for page in pages if page.num_rows] or pages[:1]
    return Frame(_combined(filled).slice(0, limit))


def _combined(pages: list[pa.Table]) -> pa.Table:
    if not pages:
        return pa.table({})
    try:
        return pa.concat_tables(pages, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        raise UnexpectedAnswer(
            "The log holds a column of several types.",
            remedy="Read the records before and after the change apart, with start= and end=.",
        ) from None


def _input(data: Any) -> _Input:
    if isinstance(data, str | os.PathLike):
        return _from_path(Path(data))
    if isinstance(data, list):
        if not all(isinstance(row, dict) for row in data):
            raise InvalidRequest("A list for inference holds one dict per row.")
        try:
            content = json.dumps(data, allow_nan=False).encode()
        except (TypeError, ValueError) as error:
            raise InvalidRequest(f"The rows are no plain JSON: {error}. Pass a frame.") from None
        return _Input(PANDAS_RECORDS, content, None)
    if isinstance(data, pa.RecordBatch):
        return _from_table(pa.Table.from_batches([data]), _batch)
    if isinstance(data, pa.Table):
        return _from_table(data, lambda table: table)
    # A frame of a library can only come from where that library is loaded.
    if (pandas := sys.modules.get("pandas")) and isinstance(data, pandas.DataFrame):
        return _from_table(_from_pandas(data), _pandas_frame)
    if (polars := sys.modules.get("polars")) and isinstance(data, polars.DataFrame):
        table = data.to_arrow(compat_level=polars.CompatLevel.oldest())
        return _from_table(table, _polars_frame)
    raise InvalidRequest(
        "infer takes a pandas or polars DataFrame, an Arrow Table or RecordBatch, a list of dicts,"
        f" or the path of a .json or .arrow file, not {type(data).__name__}."
    )


def _from_pandas(frame: pd.DataFrame) -> pa.Table:
    try:
        return pa.Table.from_pandas(frame, preserve_index=False)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, ValueError) as error:
        raise InvalidRequest(f"The frame has a column that is no tensor: {error}.") from None


def _from_table(table: pa.Table, back: Callable[[pa.Table], Any]) -> _Input:
    if not table.num_rows:
        raise InvalidRequest("The frame has no rows.")
    table = plain_types(table.replace_schema_metadata(None))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return _Input(ARROW_FILE, memoryview(sink.getvalue()), back)


def _from_path(path: Path) -> _Input:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InvalidRequest(f"The file {path.name!r} cannot be read: {error.strerror}.") from None
    if content.startswith(b"ARROW1"):
        return _Input(ARROW_FILE, content, _pandas_frame)
    if content.lstrip()[:1] == b"[":
        return _Input(PANDAS_RECORDS, content, _pandas_frame)
    raise InvalidRequest(
        f"The file {path.name!r} is neither a JSON array of records nor an Arrow IPC file."
    )


def _table(reply: Reply) -> pa.Table:
    if reply.content_type == ARROW_FILE or reply.content[:6] == b"ARROW1":
        return read_arrow(reply.content)
    return read_json_records(reply.content)


def _batch(table: pa.Table) -> pa.RecordBatch:
    batches = table.combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=table.schema)


def _pandas_frame(table: pa.Table) -> pd.DataFrame:
    return Frame(table).to_pandas()


def _polars_frame(table: pa.Table) -> pl.DataFrame:
    return Frame(table).to_polars()


def _rows(reply: Reply) -> Rows:
    rows = reply.json()
    if not isinstance(rows, list):
        raise UnexpectedAnswer("The answer is no JSON array of records.", status=reply.status)
    return rows
