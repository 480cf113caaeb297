"""What all schemas share: ids, names, times and the two base classes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)

from wallwidgets.schemas.safe_html import record_html

# Field names such as model_id belong to the service, so pydantic must not reserve the prefix.
_CONFIG = ConfigDict(validate_by_name=True, validate_by_alias=True, protected_namespaces=())

MAX_TEXT = 16_384


class Answer(BaseModel):
    """What a service answers; keys that are not known here are kept."""

    model_config = ConfigDict(**_CONFIG, extra="allow", serialize_by_alias=True)

    def _repr_html_(self) -> str:
        """The record as a small table, without the fields that its repr leaves out."""
        fields = type(self).model_fields.items()
        shown = ((name, getattr(self, name)) for name, field in fields if field.repr)
        return record_html(type(self).__name__, shown)


class Request(BaseModel):
    """What a client sends; keys that are not known here are ignored."""

    model_config = ConfigDict(**_CONFIG, extra="ignore", serialize_by_alias=True)


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("the time is not between the years 1 and 9999 in UTC") from None


def _database_form(value: datetime) -> str:
    """``2023-04-27T19:50:01.58+00:00``: microseconds without trailing zeros."""
    text = value.astimezone(UTC).isoformat()
    head, dot, fraction = text.removesuffix("+00:00").partition(".")
    fraction = fraction.rstrip("0")
    return f"{head}{dot if fraction else ''}{fraction}+00:00"


def _result_form(value: datetime) -> str:
    return f"{_database_form(value).removesuffix('+00:00')}Z"


def _not_a_number(value: Any) -> Any:
    if isinstance(value, bool | int | float):
        raise ValueError("a time is a text such as 2022-01-31T00:00:00Z")
    return value


def _from_millis(value: Any) -> Any:
    return datetime.fromtimestamp(value / 1000, UTC) if isinstance(value, int | float) else value


Id = Annotated[int, Field(strict=True, ge=0, le=2**63 - 1)]
"""A number from one sequence per table."""

Text = Annotated[str, Field(max_length=MAX_TEXT)]
Name = Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]

Timestamp = Annotated[
    datetime,
    AfterValidator(_utc),
    PlainSerializer(_database_form, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""An aware UTC datetime; written as the service's database writes it."""

ResultTime = Annotated[
    datetime,
    AfterValidator(_utc),
    PlainSerializer(_result_form, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""An aware UTC datetime; written as the service writes the times of assay results."""

RequestTime = Annotated[
    Timestamp,
    BeforeValidator(_not_a_number),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A time in a request: RFC 3339 text, never a bare number."""

Millis = Annotated[
    datetime,
    BeforeValidator(_from_millis),
    PlainSerializer(lambda value: int(value.timestamp() * 1000), return_type=int, when_used="json"),
]
"""An aware UTC datetime; milliseconds since 1970 on the wire."""


class Envelope(Answer):
    """The body of every error outside of inference."""

    msg: str
    code: int
