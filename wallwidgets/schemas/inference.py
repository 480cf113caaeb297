"""Inference errors and the inference log (api-contract sections 8 and 9)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from wallwidgets.schemas.base import Answer, Id, Request, RequestTime, Text

PANDAS_RECORDS = "application/json; format=pandas-records"
ARROW_FILE = "application/vnd.apache.arrow.file"

CURSOR_HEADER = "x-iteration-cursor"
STATUS_HEADER = "x-iteration-status"
ALL = "All"
RECORD_LIMITED = "RecordLimited"
BYTE_LIMITED = "ByteLimited"
SCHEMA_CHANGE = "SchemaChange"


class InferenceError(Answer):
    """The body of an error on the inference path; ``source`` is engine, sidekick or platform."""

    code: int
    status: str = "error"
    error: str
    source: str = "engine"


class LogQuery(Request):
    """A page of the log of a pipeline, named by ``pipeline_id`` or ``pipeline_name`` (its name)."""

    pipeline_id: Text | None = None
    pipeline_name: Text | None = None
    workspace_id: Id
    order: Literal["Asc", "Desc", "asc", "desc"] | None = None
    cursor: Text | None = None
    page_size: int | None = Field(default=None, strict=True, ge=1, le=2**63 - 1)
    start_time: RequestTime | None = None
    end_time: RequestTime | None = None

    @model_validator(mode="after")
    def _both_times(self) -> LogQuery:
        if (self.start_time is None) != (self.end_time is None):
            raise ValueError("start_time and end_time must be given together")
        return self


class TopicNameQuery(Request):
    pipeline_pk_id: Id | None = None
    pipeline_name: Text | None = None
    workspace_id: Id | None = None


class TopicName(Answer):
    topic_name: str


class PartitionRange(Answer):
    """Offsets of a topic's partition; ``end`` is the next one to be written."""

    start: int
    end: int


class TopicPartitions(Answer):
    partitions: dict[str, PartitionRange]


class TopicPage(Answer):
    """A page of a log topic as JSON; each record is a JSON text."""

    records: list[str]
    next: dict[str, Any] | None = None
    status: str
