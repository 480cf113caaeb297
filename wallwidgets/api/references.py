"""What callers pass: a record or its id, and fields that fit the contract."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from wallwidgets.errors import InvalidRequest
from wallwidgets.schemas.models import ModelConfigRecord, ModelRecord, ModelVersion
from wallwidgets.schemas.pipelines import DeploymentRecord, PipelineRecord

R = TypeVar("R", bound=BaseModel)

ModelLike = ModelRecord | ModelVersion | int
"""A model, one of its versions, or the id of the *model*."""
VersionLike = ModelVersion | int
"""A version of a model, or the id of the *version*."""
PipelineLike = PipelineRecord | DeploymentRecord
"""A pipeline or its deployment."""

Versions = VersionLike | Sequence[VersionLike]
Configs = ModelConfigRecord | int | Sequence[ModelConfigRecord | int]

CLOCK_MARGIN = timedelta(seconds=60)
"""How far the clocks of the instance and of this machine may be apart."""


def checked(kind: type[R], **fields: Any) -> R:
    """A request of this kind.

    Raises:
        InvalidRequest: A field has a value that cannot be used; the message names it.
    """
    try:
        return kind(**fields)
    except ValidationError as invalid:
        first = invalid.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    raise InvalidRequest(f"{where}: {first['msg']}.")


def id_of(value: Any, *kinds: type) -> int:
    """The id of a record of one of ``kinds``, or the id itself.

    A record of another kind is refused: the ids of models and of their versions, for example, come
    from different sequences and must not be mixed.

    Raises:
        InvalidRequest: It is neither.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, kinds):
        found: int = value.id  # type: ignore[attr-defined]  # all kinds have one
        return found
    raise wrong_kind(value, *kinds, id_too=True)


def listed(values: Any) -> list[Any]:
    """One value or several or None, as a list."""
    if values is None:
        return []
    return list(values) if isinstance(values, Sequence) else [values]


def ids(values: Versions | Configs | None, kind: type) -> list[int] | None:
    """The ids of one record or several, or None for none."""
    return [id_of(value, kind) for value in listed(values)] or None


def model_id(model: ModelLike) -> int:
    """The id of a model (parent), also of one of its versions."""
    if isinstance(model, ModelVersion):
        if model.parent_id is None:
            raise InvalidRequest(f"This version of {model.name!r} does not name its model.")
        return model.parent_id
    return id_of(model, ModelRecord)


def pipeline_id(pipeline: PipelineLike | int) -> int:
    """The id of a pipeline, also of one that a deployment is of."""
    if isinstance(pipeline, DeploymentRecord):
        return pipeline.pipeline_id
    return id_of(pipeline, PipelineRecord)


def pipeline_name(pipeline: PipelineLike) -> str:
    """The name of a pipeline; a deployment is called after it."""
    if isinstance(pipeline, PipelineRecord):
        return pipeline.name
    if isinstance(pipeline, DeploymentRecord):
        return pipeline.deploy_id
    raise wrong_kind(pipeline, PipelineRecord, DeploymentRecord)


def wrong_kind(value: Any, *kinds: type, id_too: bool = False) -> InvalidRequest:
    """The error that says what to pass instead of ``value``."""
    wanted = " or ".join(kind.__name__ for kind in kinds)
    given = type(value).__name__
    return InvalidRequest(f"Pass a {wanted}{' or its id' if id_too else ''}, not {given}.")


def made_since(started: datetime, created_at: datetime | None) -> bool:
    """Whether something of the right name was made by the call that began then, not earlier."""
    return created_at is not None and created_at >= started - CLOCK_MARGIN
