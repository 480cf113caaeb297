"""What the windows of an assay are compared with, as versions of the service write it."""

from __future__ import annotations

from typing import Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from wallwidgets.schemas.base import Id, Request, RequestTime, Text


class FixedBaseline(Request):
    """The values of a fixed time range."""

    pipeline: Text
    model: Text | None = None
    start_at: RequestTime
    end_at: RequestTime


class SlidingBaseline(Request):
    """The values of a range that moves with the window."""

    pipeline: Text
    model: Text | None = None
    width: Text
    offset: Text


class UserProvidedBaseline(Request):
    url: Text


class FixedWindow(Request):
    """The values of a fixed time range, as versions since 2024 write it."""

    path: Text | None = None
    pipeline_name: Text
    model_name: Text | None = None
    width: Text
    workspace_id: Id | None = None
    start: RequestTime | None = None


class CalculatedBaseline(Request):
    """A baseline as versions since 2024 write it: exactly one of the variants.

    Example:
        >>> CalculatedBaseline(vector=[1.0, 2.0]).vector
        [1.0, 2.0]
    """

    fixed_window: FixedWindow | None = None
    sliding_window: dict[str, Any] | None = None
    vector: list[float] | None = None

    @model_validator(mode="after")
    def _one_variant(self) -> CalculatedBaseline:
        if sum(value is not None for _, value in self) != 1:
            raise ValueError("needs one of fixed_window, sliding_window, vector")
        return self


class Baseline(Request):
    """What windows are compared with: exactly one of the variants.

    Example:
        >>> january = FixedBaseline(pipeline="p", start_at="2022-01-01", end_at="2022-01-02")
        >>> list(Baseline(fixed=january).model_dump())
        ['Fixed']
    """

    fixed: FixedBaseline | None = Field(default=None, alias="Fixed")
    sliding: SlidingBaseline | None = Field(default=None, alias="Sliding")
    user_provided: UserProvidedBaseline | None = Field(default=None, alias="UserProvided")
    calculated: dict[str, Any] | None = None
    static: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _one_variant(self) -> Baseline:
        if sum(value is not None for _, value in self) != 1:
            raise ValueError("needs one of Fixed, Sliding, UserProvided, calculated, static")
        return self

    @model_serializer(mode="wrap")
    def _only_the_variant(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {key: value for key, value in handler(self).items() if value is not None}
