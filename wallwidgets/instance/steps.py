"""Pipeline steps (contract section 6.1): a definition becomes a plan of what runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, Field, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from wallwidgets.errors import InvalidRequest
from wallwidgets.instance.tables import ModelRow, ModelVersionRow
from wallwidgets.schemas.pipelines import Definition, ModelRef

_MAX_MODELS = 100
_Options = TypeVar("_Options", bound=BaseModel)


class _Inference(BaseModel):
    models: list[ModelRef] = Field(min_length=1, max_length=_MAX_MODELS)


class _Audit(BaseModel):
    first: int = Field(alias="from", ge=0)
    to: int | None = None


class _Weighted(BaseModel):
    model: ModelRef
    weight: float = Field(ge=0, allow_inf_nan=False)


class _Split(BaseModel):
    hash_key: str | None = None
    weights: list[_Weighted] = Field(min_length=1, max_length=_MAX_MODELS)


@dataclass(frozen=True)
class Stage:
    """Models that take the same input: the first is the champion, the others its challengers.

    Attributes:
        models: The models.
        weights: Shares of a random split, of which each row takes one model; empty when all run.
        hash_key: Input field that decides the split, so that equal values take the same model.
    """

    models: tuple[ModelRef, ...]
    weights: tuple[float, ...] = ()
    hash_key: str | None = None


@dataclass(frozen=True)
class Plan:
    """Stages in order, each fed with the champion's output of the one before; none echoes.

    Example:
        >>> plan_of(Definition(steps=[])).stages
        ()
    """

    stages: tuple[Stage, ...] = field(default=())


def plan_of(definition: Definition | None, named: Sequence[ModelRef] = ()) -> Plan:
    """The plan of a definition; without steps, of the models that the deploy call names.

    Raises:
        InvalidRequest: A step that this instance does not run, or one that is malformed.
    """
    stages: list[Stage] = []
    for index, step in enumerate(definition.steps if definition else ()):
        if len(step) != 1:
            raise _refusal(index, "must be an object with one key, its kind")
        ((kind, value),) = step.items()
        if kind == "ModelInference":
            stages.append(Stage(tuple(_options(_Inference, index, kind, value).models)))
        elif kind == "RandomSplit":
            stages.append(_split(index, _options(_Split, index, kind, value)))
        elif kind in ("AuditResults", "MultiOut"):
            # All outputs of a stage are kept and logged anyway; these only make sense after one.
            if kind == "AuditResults":
                _options(_Audit, index, kind, value)
            if not stages:
                raise _refusal(index, f"{kind} needs a ModelInference before it")
        else:
            raise _refusal(index, f"{kind[:100]!r} is not supported by this instance")
    if not stages and named:
        stages = [Stage(tuple(named))]
    for stage in stages:
        names = [model.name for model in stage.models]
        if len(set(names)) != len(names) and not stage.weights:
            raise InvalidRequest("Bad request: models: two versions of one model in a step")
    return Plan(tuple(stages))


def _split(index: int, options: _Split) -> Stage:
    weights = tuple(each.weight for each in options.weights)
    if not sum(weights):
        raise _refusal(index, "RandomSplit: the weights are all 0")
    return Stage(tuple(each.model for each in options.weights), weights, options.hash_key)


def resolve(session: Session, workspace_id: int, plan: Plan) -> list[ModelVersionRow]:
    """The versions that a plan names, in its order.

    Raises:
        InvalidRequest: One of them is not in the workspace.
    """
    return [
        version_of(session, workspace_id, model) for stage in plan.stages for model in stage.models
    ]


def version_of(session: Session, workspace_id: int, model: ModelRef) -> ModelVersionRow:
    """The version that a step names by value.

    Raises:
        InvalidRequest: There is none with this name, version and hash in the workspace.
    """
    query = (
        select(ModelVersionRow)
        .join(ModelVersionRow.model)
        .where(
            ModelRow.workspace_id == workspace_id,
            ModelRow.name == model.name,
            ModelVersionRow.version == model.version,
            ModelVersionRow.sha == model.sha,
        )
    )
    version = session.scalars(query).one_or_none()
    if version is None:
        raise InvalidRequest(
            f"Bad request: models: no version {model.version[:100]!r} of {model.name[:100]!r} with"
            f" sha {model.sha[:100]!r} in workspace_id {workspace_id}"
        )
    return version


def reference(version: ModelVersionRow) -> ModelRef:
    """A version, named by value."""
    return ModelRef(name=version.model.name, version=version.version, sha=version.sha)


def _options(schema: type[_Options], index: int, kind: str, value: Any) -> _Options:
    try:
        return schema.model_validate(value)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in problem["loc"])
        raise _refusal(index, f"{kind}: {where}: {problem['msg']}") from None


def _refusal(index: int, reason: str) -> InvalidRequest:
    return InvalidRequest(f"Bad request: definition: step {index}: {reason}")
